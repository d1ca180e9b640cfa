/** Proofs of statements that hold for a time: from their first moment on, at their last no more, checked and filtered. */
import { worldSchema, type World } from '@cairn/contract'
import type { Engine } from '../engine/index.ts'
import { equal, type EngineModule, type Proof } from './proof.ts'

const minute = 60_000
const from = Date.parse('2026-03-05T11:00Z')
const until = Date.parse('2026-03-05T15:00Z')
const window = { from: '2026-03-05T11:00Z', until: '2026-03-05T15:00Z' }

const ann = { principal: 'user:ann' }
const notes = ['a/in.md', 'b/out.md'].map((path) => ({ path, tags: ['x'] }))

/** Which notes ann may do it to, by a check of each and by a filter, which must agree. */
function allowed(
  { filters: { admitsNote } }: EngineModule,
  engine: Engine,
  asked: { readonly action: string; readonly now: number },
): string[] {
  const filter = engine.filter({ subject: ann, vault: 'v', ...asked })
  const found = notes.filter((note) => admitsNote(filter, note)).map(({ path }) => path)
  const checked = notes.filter((note) =>
    engine.check({ subject: ann, resource: `note:v/${note.path}`, facts: note, ...asked }),
  )
  equal(
    found,
    checked.map(({ path }) => path),
    `filter and check at ${new Date(asked.now).toISOString()}`,
  )
  return found
}

const world = (more: object): World =>
  worldSchema.parse({
    org: 'org:acme',
    policy: {
      version: 1,
      grants: [{ id: 'h', principal: 'user:ben', role: 'viewer', scope: 'vault:v' }],
      ...('policy' in more ? (more.policy as object) : {}),
    },
    users: [{ id: 'ann' }, { id: 'ben' }],
    services: [{ id: 'ann' }],
    ...('policy' in more ? {} : more),
  })

const windows: Proof = {
  name: 'lets grants, delegations and emergencies hold from their first moment to before their last',
  run(module) {
    const grant = { id: 'g', principal: 'user:ann', role: 'viewer', scope: 'folder:v/a', ...window }
    const emergency = { id: 'e', user: 'user:ann', approvedBy: 'user:ben', actions: ['read'], scope: 'folder:v/a' }
    const delegation = { id: 'd', by: 'user:ben', to: 'user:ann', role: 'viewer', scope: 'folder:v/a', ...window }
    for (const more of [
      { policy: { grants: [grant] } },
      { delegations: [delegation] },
      { breakGlass: [{ ...emergency, ...window }] },
    ]) {
      const engine = module.compile(world(more))
      const at = (now: number) => allowed(module, engine, { action: 'read', now })
      equal([from - 1, from, until - 1, until].map(at), [[], ['a/in.md'], ['a/in.md'], []], JSON.stringify(more))
      equal(allowed(module, engine, { action: 'write', now: from }), [], 'another action')
    }
  },
}

const emergencies: Proof = {
  name: 'takes no emergency that nobody else approved, that is too long or for a service',
  run(module) {
    const good = {
      id: 'e',
      user: 'user:ann',
      approvedBy: 'user:ben',
      actions: ['read'],
      scope: 'folder:v/a',
      ...window,
    }
    const readable = (emergency: object) =>
      allowed(module, module.compile(world({ breakGlass: [emergency] })), { action: 'read', now: from + minute })
    const { approvedBy: _, ...unapproved } = good
    equal(readable(good), ['a/in.md'])
    equal(readable(unapproved), [], 'approved by nobody')
    equal(readable({ ...good, approvedBy: 'user:ann' }), [], 'approved by oneself')
    equal(readable({ ...good, until: '2026-03-05T15:01Z' }), [], 'for longer than four hours')
    equal(readable({ ...good, scope: 'note:v/a/in.md' }), ['a/in.md'], 'of one note')
    equal(readable({ ...good, scope: 'vault:w' }), [], 'of another vault')
    const service = module.compile(world({ breakGlass: [{ ...good, user: 'service:ann' }] }))
    const asked = { subject: { principal: 'service:ann' }, action: 'read', now: from + minute }
    equal(service.check({ ...asked, resource: 'note:v/a/in.md', facts: null }), false, 'for a service')
  },
}

const examples: Proof = {
  name: 'names in a simulation five notes at most, none that its asker may not know of, and counts all',
  run({ compile }) {
    const before = world({})
    const grants = [{ id: 'g', principal: 'user:ann', role: 'viewer', scope: 'folder:v/a' }]
    const many = Array.from({ length: 30 }, (_, at) => ({ path: `a/${at}.md`, tags: [] }))
    const [counted] = compile(before).simulate(world({ policy: { grants: [...before.policy.grants, ...grants] } }), {
      notes: new Map([['v', many]]),
      actions: ['read'],
      now: from,
      mayName: (_vault, { path }) => Number(/\d+/.exec(path)?.[0]) >= 5,
    }).notes
    equal(counted?.gained, 30, 'all are counted')
    const named = counted?.examples.gained ?? []
    equal(
      named,
      Array.from({ length: named.length }, (_, at) => `note:v/a/${at + 5}.md`),
      'the first that may be named',
    )
    equal(named.length, 5, 'as many as a person reads')
  },
}

export const timeProofs: readonly Proof[] = [windows, emergencies, examples]
