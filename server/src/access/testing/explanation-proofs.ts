/** Proofs of what explanations and simulations say, and of what they keep to themselves. */
import { explanationSchema, scenarioFileSchema, simulationSchema, type Explanation, type World } from '@cairn/contract'
import fc from 'fast-check'
import decisions from '../../../test/access/decisions.json'
import type { Engine, Question, Reader } from '../engine/index.ts'
import { equal, type EngineModule, type Proof } from './proof.ts'
import { questionArbitrary, start, worldArbitrary } from './worlds.ts'

function readFile() {
  const file = scenarioFileSchema.parse(decisions)
  const { world } = file
  if (world === undefined) throw new Error('the scenarios bring no world')
  return { world, notes: file.notes }
}

function open({ compile }: EngineModule, change: (world: World) => World = (world) => world): Engine {
  const { world, notes } = readFile()
  return compile(change(world), { factsOf: (id) => (Object.hasOwn(notes, id) ? notes[id] : null) })
}

function ask(principal: string, action: string, resource: string, more: Partial<Question> = {}): Question {
  return { subject: { principal }, action, resource, now: start, ...more }
}

const auditor: Reader = { audience: 'auditor' }
const requester: Reader = { audience: 'requester' }

const contractor: Proof = {
  name: 'tells an auditor which deny won, over which grant, by which group, and what would help',
  run(module) {
    const engine = open(module)
    const context = { 'model.egress': 'local' as const }
    const explanation = engine.explain(ask('user:ben', 'retrieve', 'note:eng/specs/api.md', { context }), auditor)
    equal(explanationSchema.parse(explanation), explanation)
    equal(explanation, {
      audience: 'auditor',
      epoch: 4182,
      revision: 'p-2026-03-05.2',
      request: { subject: 'user:ben', action: 'retrieve', resource: 'note:eng/specs/api.md', context },
      decision: false,
      reason: 'denied',
      deny: [
        {
          id: 'd1',
          sentence: 'Group contractors may not retrieve or export in vault eng.',
          via: ['user:ben', 'group:contractors'],
          at: 'vault:eng',
        },
      ],
      grants: [
        {
          id: 'g1',
          sentence: 'Group engineering has the role asker on vault eng.',
          via: ['user:ben', 'group:engineering'],
          at: 'vault:eng',
          role: 'asker',
          overriddenBy: 'd1',
        },
      ],
      bounds: [],
      near_misses: [],
      fix: [
        { do: 'add exception for user:ben to d1', needs: 'policy.propose' },
        { do: 'request access', href: '/access/requests' },
      ],
    })
  },
}

const reasons: Proof = {
  name: 'names in one word what decided, and what came near',
  run(module) {
    const engine = open(module)
    const told = (question: Question) => {
      const { reason, near_misses: misses, fix, bounds } = engine.explain(question, auditor)
      return {
        reason,
        misses,
        fix: fix.map((each) => each.do),
        bounds: bounds.map(({ of, holds, why }) => `${of} ${holds} ${why}`),
      }
    }
    const help = 'request access'
    equal(told(ask('user:jon', 'write', 'note:eng/specs/api.md')), {
      reason: 'no-grant',
      misses: [{ id: 'g10', why: 'expired 2026-03-01T00:00Z' }],
      fix: ['renew g10', 'give user:jon the role contributor on note:eng/specs/api.md', help],
      bounds: [],
    })
    equal(told(ask('user:dia', 'delete', 'note:eng/specs/secret/merger.md')), {
      reason: 'no-grant',
      misses: [{ id: 'g6', why: 'stopped by barrier folder:eng/specs/secret' }],
      fix: ['give user:dia the role editor on folder:eng/specs/secret', help],
      bounds: [],
    })
    equal(told(ask('user:ivy', 'read', 'note:eng/specs/api.md')).misses, [
      { id: 'g20', why: 'only when session.mfa is true' },
    ])
    equal(told({ ...ask('', 'write', 'note:eng/specs/api.md'), subject: { key: 'k1w' } }), {
      reason: 'outside-bound',
      misses: [],
      fix: ['use other credentials than key k1', help],
      bounds: ['key k1w true holds', 'key k1 false does not contain the action'],
    })
    equal(told({ ...ask('', 'read', 'note:eng/specs/api.md'), subject: { key: 'k5' } }).bounds, [
      'key k5 false its condition does not hold',
    ])
    equal(told({ ...ask('', 'read', 'note:people/a.md'), subject: { key: 'k5' } }).bounds, [
      'key k5 false does not contain the resource',
    ])
    const words = (question: Question) => told(question).reason
    equal(words(ask('user:hal', 'read', 'vault:eng')), 'inactive-subject')
    equal(words({ ...ask('', 'read', 'vault:eng'), subject: { key: 'k9' } }), 'unknown-credential')
    equal(words(ask('user:ana', 'fly', 'vault:eng')), 'unknown-action')
    equal(words(ask('user:ana', 'model.use', 'vault:eng')), 'not-applicable')
    equal(words(ask('user:ana', 'read', 'note:eng/..')), 'malformed-resource')
    equal(words(ask('user:ivy', 'read', 'note:eng/specs/secret/merger.md')), 'break-glass')
    equal(engine.explain(ask('user:ivy', 'read', 'note:eng/specs/secret/merger.md'), auditor).grants[0]?.id, 'b1')
    equal(told(ask('user:hal', 'read', 'vault:eng')).fix, ['resume user:hal', help].slice(0, 1))
    const gus = engine.explain(ask('user:gus', 'read', 'note:eng/postmortems/2026-01.md'), auditor)
    equal([gus.decision, gus.grants[0]?.delegatedBy], [true, 'user:ana'])
    equal(engine.explain(ask('user:gus', 'read', 'note:eng/public/readme.md'), auditor).near_misses, [
      { id: 'dl3', why: 'the one who delegated it may not do this' },
    ])
    const early = engine.explain(
      ask('user:gus', 'read', 'note:eng/postmortems/2026-01.md', { now: Date.parse('2026-02-01T00:00Z') }),
      auditor,
    )
    equal(early.near_misses, [{ id: 'dl1', why: 'begins 2026-03-01T00:00Z' }])
    equal(told(ask('user:ana', 'fly', 'vault:eng')).fix, [])
    equal(told({ ...ask('', 'read', 'vault:eng'), subject: { key: 'k9' } }).fix, ['use a key or agent that is valid'])
  },
}

/** All that may differ between two explanations is what was asked. */
function withoutRequest({ request: _, ...rest }: Explanation): object {
  return rest
}

const hidden: Proof = {
  name: 'answers a requester about a hidden note exactly as about a missing one',
  run(module, { runs: numRuns, seed }) {
    const engine = open(module)
    const about = (principal: string, action: string, resource: string) =>
      withoutRequest(engine.explain(ask(principal, action, resource), requester))
    const missing = about('user:gus', 'read', 'note:eng/nowhere/nothing.md')
    for (const action of ['read', 'discover', 'retrieve', 'write'])
      for (const resource of [
        'note:eng/specs/secret/merger.md',
        'note:people/policies/bands.md',
        'note:people/policies/none.md',
        'vault:people',
        'folder:eng/specs',
        'model:cloud/big',
        'note:eng/..',
        'nothing',
      ])
        equal(about('user:gus', action, resource), missing, `${action} ${resource}`)
    equal(about('user:ana', 'read', 'note:eng/specs/unknown.md'), missing, 'a missing note where she may look')
    const property = fc.property(worldArbitrary, questionArbitrary, (world, question) => {
      const random = module.compile(world)
      const isKnown = ['discover', 'read'].some((action) => random.check({ ...question, action }))
      if (question.resource.startsWith('org:') || isKnown) return
      if (/^(model|cache):/.test(question.resource) && random.check(question)) return
      equal(withoutRequest(random.explain(question, requester)), { ...missing, epoch: 1, revision: 'r1' })
    })
    fc.assert(property, { numRuns, seed: seed + 3 })
  },
}

const requesters: Proof = {
  name: 'shows a requester only statements of places they may know of',
  run(module) {
    const engine = open(module)
    const kim = engine.explain(ask('user:kim', 'write', 'note:eng/specs/api.md'), requester)
    equal(
      [kim.reason, kim.near_misses, kim.fix],
      ['no-grant', [], [{ do: 'request access', href: '/access/requests' }]],
    )
    const ben = engine.explain(ask('user:ben', 'retrieve', 'note:eng/specs/api.md'), requester)
    equal(
      ben.deny.map(({ id }) => id),
      ['d1'],
      'he may discover the vault',
    )
    equal(ben.fix, [{ do: 'request access', href: '/access/requests' }])
    const hideVault = (world: World): World => ({
      ...world,
      policy: {
        ...world.policy,
        grants: world.policy.grants.map((grant) =>
          grant.id === 'g1' ? { ...grant, scope: 'folder:eng/specs' } : grant,
        ),
      },
    })
    const narrow = open(module, hideVault).explain(ask('user:ben', 'retrieve', 'note:eng/specs/api.md'), requester)
    equal(narrow.deny, [{ sentence: 'A rule that you may not see decides this.', via: [] }])
    equal(
      narrow.grants.map(({ id, overriddenBy }) => [id, overriddenBy]),
      [['g1', undefined]],
    )
    const tagged = engine.explain(ask('user:ana', 'retrieve', 'note:eng/specs/roadmap.md'), requester)
    equal(
      tagged.deny.map(({ id }) => id),
      ['d2'],
    )
    const org = engine.explain(ask('user:ana', 'policy.view', 'org:acme'), requester)
    equal([org.decision, org.reason], [false, 'no-grant'], 'the organisation is no secret')
    const owner = engine.explain(ask('user:fay', 'org.configure', 'org:acme'), requester)
    equal(
      owner.grants.map(({ id }) => id),
      ['g8'],
    )
    const model = engine.explain(ask('user:ana', 'model.use', 'model:cloud/big'), requester)
    equal([model.decision, model.grants.map(({ id }) => id)], [true, ['g13']])
    const hal = engine.explain({ ...ask('user:hal', 'policy.view', 'org:acme') }, requester)
    equal([hal.reason, hal.fix], ['inactive-subject', []])
  },
}

const curators: Proof = {
  name: 'shows a curator the statements of the places they share, and says who is which reader',
  run(module) {
    const engine = open(module)
    const dia = { principal: 'user:dia' }
    const question = ask('user:ben', 'retrieve', 'note:eng/specs/api.md')
    equal(
      engine.explain(question, { audience: 'curator', subject: dia }).deny.map(({ id }) => id),
      ['d1'],
    )
    equal(engine.explain(question, { audience: 'curator', subject: dia }).fix.length, 2)
    const stranger = engine.explain(question, { audience: 'curator', subject: { principal: 'user:cho' } })
    equal(stranger.deny, [{ sentence: 'A rule that you may not see decides this.', via: [] }])
    equal(
      stranger.grants.map(({ id }) => id),
      [undefined],
    )
    const behind = ask('user:ana', 'read', 'note:eng/specs/secret/merger.md')
    equal(engine.explain(behind, { audience: 'curator', subject: dia }).near_misses, [], 'a barrier that is not hers')
    const audience = (principal: string, about: Question) => engine.audienceOf({ principal }, about)
    equal(audience('user:eli', question), 'auditor')
    equal(audience('user:fay', question), 'auditor')
    equal(audience('user:dia', question), 'curator')
    equal(audience('user:ben', question), 'requester')
    equal(audience('user:gus', question), null)
    equal(audience('user:dia', behind), null)
    equal(engine.audienceOf({ key: 'k2' }, question), 'requester')
    equal(engine.audienceOf({ key: 'k9' }, { ...question, subject: { key: 'k9' } }), null)
  },
}

const formerPlaces: Proof = {
  name: 'explains a note that a place it was in keeps back, and names the place to who may know of it only',
  run(module) {
    const facts = { tags: [], places: ['public/old.md', 'specs/secret/merger.md'] }
    const moved = (principal: string, action = 'read') => ask(principal, action, 'note:eng/specs/moved.md', { facts })
    const engine = open(module)
    const held = engine.explain(moved('user:ana'), auditor)
    equal(explanationSchema.parse(held), held)
    equal([held.decision, held.reason, held.deny], [false, 'former-place', []])
    const here = 'note:eng/public/old.md'
    const there = 'note:eng/specs/secret/merger.md'
    equal(held.places, [
      { at: here, holds: true },
      { at: there, holds: false },
    ])
    const stopped = 'stopped by barrier folder:eng/specs/secret'
    equal(
      held.near_misses.filter(({ id }) => id === 'g1'),
      [{ id: 'g1', why: stopped }],
    )
    equal(held.fix[0], { do: 'confirm that the note was moved', needs: 'restrict' })
    // Whoever shares the vault and is not inside the barrier is told of neither.
    equal(engine.audienceOf({ principal: 'user:dia' }, moved('user:ana')), null)
    const curator = engine.explain(moved('user:ana'), { audience: 'curator', subject: { principal: 'user:dia' } })
    equal([curator.near_misses, curator.places], [[], [{ at: here, holds: true }, { holds: false }]])
    equal(engine.explain(moved('user:ana'), requester).reason, 'hidden')
    // Somebody who may read one note inside, and know of nothing there.
    const inside = open(module, (world) => ({
      ...world,
      policy: {
        ...world.policy,
        roles: [...world.policy.roles, { id: 'reads', inherits: [], actions: ['read', 'retrieve'] }],
        grants: [...world.policy.grants, { id: 'gx', principal: 'user:ana', role: 'reads', scope: there }],
        denies: [
          ...world.policy.denies,
          { id: 'dx', principal: 'group:everyone', actions: ['retrieve'], scope: 'folder:eng/specs/secret' },
        ],
      },
    }))
    equal(inside.check(moved('user:ana')), true)
    const told = inside.explain(moved('user:ana', 'retrieve'), requester)
    equal(
      [told.reason, told.deny, told.places],
      [
        'former-place',
        [{ sentence: 'A rule that you may not see decides this.', via: [] }],
        [{ at: here, holds: true }, { holds: false }],
      ],
    )
    equal(/secret|merger/.test(JSON.stringify(told)), false, 'the name of the place')
    equal(
      inside.explain(moved('user:ana', 'retrieve'), auditor).deny.map(({ id }) => id),
      ['dx'],
    )
  },
}

const simulations: Proof = {
  name: 'simulates a change: decisions that flip with their reasons, notes gained and lost, lockouts',
  run(module) {
    const engine = open(module)
    const { world } = readFile()
    const change = (policy: Partial<World['policy']>): World => ({ ...world, policy: { ...world.policy, ...policy } })
    const notes = new Map([
      [
        'eng',
        ['specs/api.md', 'specs/creds.md', 'specs/roadmap.md', 'public/readme.md'].map((path) => ({
          path,
          tags: path.endsWith('creds.md') ? ['secret/keys'] : [],
        })),
      ],
    ])
    const questions = [
      ask('user:ben', 'retrieve', 'note:eng/specs/api.md'),
      ask('user:ana', 'read', 'note:eng/specs/api.md'),
    ]
    const lifted = engine.simulate(change({ denies: world.policy.denies.filter(({ id }) => id !== 'd1') }), {
      questions,
      notes,
      now: start,
    })
    equal(simulationSchema.parse(lifted), lifted)
    equal(lifted.flips, [
      {
        subject: 'user:ben',
        action: 'retrieve',
        resource: 'note:eng/specs/api.md',
        before: false,
        after: true,
        because: [
          'Group engineering has the role asker on vault eng.',
          'Group contractors may not retrieve or export in vault eng.',
        ],
      },
    ])
    equal(lifted.notes, [
      {
        subject: 'user:ben',
        action: 'retrieve',
        gained: 3,
        lost: 0,
        examples: {
          gained: ['note:eng/specs/api.md', 'note:eng/specs/roadmap.md', 'note:eng/public/readme.md'],
          lost: [],
        },
      },
    ])
    equal(lifted.lockouts, [])
    const closed = change({
      barriers: [...world.policy.barriers, { scope: 'vault:eng' }],
      grants: world.policy.grants.filter(({ id }) => id !== 'g8'),
    })
    const result = engine.simulate(closed, { questions, notes, actions: ['read', 'fly'], now: start })
    equal(
      result.flips.map(({ subject, before, after }) => [subject, before, after]),
      [],
    )
    equal(result.lockouts, ['no-owner org:acme'])
    const emptied = engine.simulate(change({ grants: [] }), { questions, notes, actions: ['read'], now: start })
    equal(
      emptied.flips.map(({ subject, after }) => [subject, after]),
      [['user:ana', false]],
    )
    equal(
      emptied.flips[0]?.because,
      [
        'Group engineering has the role asker on vault eng.',
        'Group platform has the role editor on folder eng/specs.',
      ].toReversed(),
    )
    equal(
      emptied.notes.filter(({ subject }) => subject === 'user:ana').map(({ gained, lost }) => [gained, lost]),
      [[0, 3]],
    )
    equal(engine.simulate(world, { questions, notes, now: start }), { flips: [], notes: [], lockouts: [] })
    equal(engine.simulate(closed, { now: start }).notes, [])
  },
}

export const explanationProofs: readonly Proof[] = [
  contractor,
  reasons,
  hidden,
  requesters,
  curators,
  formerPlaces,
  simulations,
]
