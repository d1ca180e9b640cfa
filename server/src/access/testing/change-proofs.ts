/** Proofs of the rules on changes of notes and policies, and on worlds that lead back to themselves. */
import type { World } from '@cairn/contract'
import { now, office, open, say } from './office.ts'
import { equal, type Proof } from './proof.ts'

const changes: Proof = {
  name: 'keeps those without restrict from lifting a deny by tag, property or path',
  run(module) {
    const engine = open(module)
    equal(engine.protectedFacts(), { tags: ['secret', 'secret/keys'], attributes: ['resource.property.status'] })
    equal(
      ['secret', 'secret/old', 'secrets', 'w'].map((tag) => engine.isProtectedTag(tag)),
      [true, true, false, false],
    )
    const note = 'note:v/team/a.md'
    const change = (who: string, before: object, after: object, resource = note) =>
      say(
        engine.mayChangeFacts({
          subject: { principal: who },
          resource,
          before: { tags: [], ...before },
          after: { tags: [], ...after },
          now,
        }),
      )
    equal(change('user:eve', {}, { tags: ['secret'] }), 'allow', 'added')
    equal(change('user:eve', { tags: ['secret'] }, {}), 'protected', 'removed')
    equal(change('user:ann', { tags: ['secret'] }, {}), 'allow', 'removed with restrict')
    equal(change('user:eve', { tags: ['secret/keys'] }, { tags: ['secret'] }), 'protected', 'the narrower deny lifted')
    equal(change('user:eve', { tags: ['secret', 'secret/old'] }, { tags: ['secret'] }), 'allow', 'another of the same')
    equal(change('user:eve', { tags: ['w'] }, {}), 'allow', 'not protected')
    equal(change('user:eve', { properties: { status: 'draft' } }, { properties: { status: 'final' } }), 'protected')
    equal(change('user:eve', { properties: { status: 'final' } }, { properties: { status: 'draft' } }), 'allow')
    equal(change('user:eve', {}, { properties: { status: 'final' } }), 'protected', 'unknown counted as draft')
    equal(change('user:fay', { tags: [] }, { tags: ['w'] }), 'not-permitted', 'a viewer does not tag')
    equal(change('user:eve', { tags: ['secret'] }, {}, 'note:v/../a'), 'not-permitted')
    const writer = open(module, {
      policy: {
        roles: [{ id: 'writer', actions: ['write'] }],
        grants: [{ id: 'w', principal: 'user:eve', role: 'writer', scope: 'vault:v' }],
      },
    })
    const write = (tags: string[]) =>
      say(
        writer.mayChangeFacts({
          subject: { principal: 'user:eve' },
          resource: note,
          before: { tags: ['a'] },
          after: { tags },
          now,
        }),
      )
    equal(write(['a']), 'allow')
    equal(write(['b']), 'not-permitted')
    equal(write(['a', 'b']), 'not-permitted')
  },
}

const moves: Proof = {
  name: 'moves across a barrier or a deny only with restrict on both sides',
  run(module) {
    const engine = open(module)
    const move = (who: object, from: string, to: string) =>
      say(engine.mayMove({ subject: who, from, to, facts: { tags: [] }, now }))
    const [ann, eve] = [{ principal: 'user:ann' }, { principal: 'user:eve' }]
    equal(move(eve, 'note:v/a.md', 'note:v/b/a.md'), 'allow')
    equal(move(eve, 'folder:v/team', 'folder:v/other'), 'allow')
    equal(move(eve, 'note:v/team/a.md', 'note:v/team/sealed/a.md'), 'barrier-crossed', 'into a deny')
    equal(move(eve, 'note:v/team/sealed/a.md', 'note:v/team/a.md'), 'barrier-crossed', 'out of a deny')
    equal(move(ann, 'note:v/team/sealed/a.md', 'note:v/team/a.md'), 'allow', 'with restrict')
    equal(move(ann, 'note:v/team/a.md', 'note:v/closed/a.md'), 'allow', 'restrict on both sides of a barrier')
    equal(move(eve, 'note:v/a.md', 'note:v/closed/a.md'), 'not-permitted', 'behind the barrier she may not create')
    equal(move(ann, 'note:v/a.md', 'note:v/team/a.md'), 'not-permitted', 'may not delete at the source')
    equal(move(ann, 'note:v/team/a.md', 'note:v/a.md'), 'not-permitted', 'may not create at the target')
    equal(move(eve, 'note:v/a.md', 'folder:v/b'), 'malformed')
    equal(move(eve, 'vault:v', 'vault:w'), 'malformed')
    equal(move(eve, 'note:v/a.md', 'note:v/../a.md'), 'malformed')
    equal(move({ principal: 'user:hal' }, 'note:v/a.md', 'note:v/b.md'), 'not-permitted')
    const oneSided = open(module, {
      policy: {
        grants: [
          { id: 'a', principal: 'user:eve', role: 'curator', scope: 'folder:v/closed' },
          { id: 'b', principal: 'user:eve', role: 'editor', scope: 'vault:v' },
        ],
      },
    })
    const cross = (from: string, to: string) =>
      say(oneSided.mayMove({ subject: eve, from, to, facts: { tags: [] }, now }))
    equal(cross('note:v/closed/a.md', 'note:v/a.md'), 'barrier-crossed', 'restrict at the source only')
    equal(cross('note:v/a.md', 'note:v/closed/a.md'), 'barrier-crossed', 'restrict at the target only')
    equal(cross('note:v/closed/a.md', 'note:v/closed/b.md'), 'allow', 'on one side')
    for (const missing of ['move', 'delete', 'create']) {
      const acts = ['move', 'delete', 'create'].filter((each) => each !== missing)
      const roles = [{ id: 'mover', actions: acts }]
      const partly = open(module, {
        policy: { roles, grants: [{ id: 'm', principal: 'user:eve', role: 'mover', scope: 'vault:v' }] },
      })
      equal(
        say(partly.mayMove({ subject: eve, from: 'note:v/a.md', to: 'note:v/b.md', facts: null, now })),
        'not-permitted',
        `without ${missing}`,
      )
    }
  },
}

const lockouts: Proof = {
  name: 'sees when nobody would own the organisation or be left inside a barrier',
  run(module) {
    const engine = open(module)
    const without = (id: string) => ({ policy: { grants: office().policy.grants.filter((grant) => grant.id !== id) } })
    equal(engine.findLockouts(now), [])
    equal(engine.newLockouts(open(module), now), [])
    equal(engine.newLockouts(open(module, without('owns')), now), [{ kind: 'no-owner', scope: 'org:acme' }])
    equal(engine.newLockouts(open(module, without('inside')), now), [
      { kind: 'orphaned-barrier', scope: 'folder:v/closed' },
    ])
    equal(open(module, without('owns')).newLockouts(open(module, without('owns')), now), [], 'no news')
    const inside = (change: object) => {
      const grants = office().policy.grants.map((grant) => (grant.id === 'inside' ? { ...grant, ...change } : grant))
      return open(module, { policy: { grants } }).findLockouts(now).length
    }
    equal(inside({ scope: 'note:v/closed/a.md' }), 0, 'a grant on one note inside')
    equal(inside({ scope: 'vault:v' }), 1, 'a grant above')
    equal(inside({ scope: 'tag:secret' }), 1, 'a grant by tag')
    equal(inside({ principal: 'user:hal' }), 1, 'a suspended person')
    equal(inside({ principal: 'group:helpers' }), 0, 'a group with members')
    equal(inside({ principal: 'service:bot' }), 0, 'a service')
    equal(inside({ until: '2026-03-05T12:00Z' }), 1, 'over')
    equal(inside({ until: '2026-03-05T12:01Z' }), 0, 'for another minute')
    const nested = { policy: { barriers: [{ scope: 'folder:v/closed' }, { scope: 'folder:v/closed/deep' }] } }
    equal(open(module, nested).findLockouts(now), [{ kind: 'orphaned-barrier', scope: 'folder:v/closed/deep' }])
    const lift = (who: string, scope = 'folder:v/closed') =>
      say(engine.mayLiftBarrier({ subject: { principal: who }, scope, now }))
    equal(
      ['user:ann', 'user:dee', 'user:eve', 'user:ben'].map((who) => lift(who)),
      ['allow', 'allow', 'not-permitted', 'not-permitted'],
    )
  },
}

const rings: Proof = {
  name: 'ends on rings of groups, roles and keys, and takes their members as members',
  run({ compile }) {
    const world = office()
    const ring: World = {
      ...world,
      groups: [
        { id: 'a', memberOf: ['b', 'everyone'] },
        { id: 'b', memberOf: ['a'] },
      ],
      services: [{ id: 'bot', groups: ['a', 'everyone'], suspended: false }],
      keys: [
        {
          id: 'k',
          owner: 'service:bot',
          parent: 'l',
          revoked: false,
          bound: { actions: ['read'], scopes: ['org:acme'] },
        },
        {
          id: 'l',
          owner: 'service:bot',
          parent: 'k',
          revoked: false,
          bound: { actions: ['read'], scopes: ['org:acme'] },
        },
      ],
      policy: {
        ...world.policy,
        denies: [],
        grants: [
          { id: 'r', principal: 'group:b', role: 'r1', scope: 'vault:v' },
          { id: 'e', principal: 'group:everyone', role: 'viewer', scope: 'vault:w' },
        ],
        roles: [
          { id: 'r1', inherits: ['r2'], actions: [] },
          { id: 'r2', inherits: ['r1', 'missing'], actions: ['read'] },
        ],
      },
    }
    const engine = compile(ring)
    const read = (subject: object, resource: string) =>
      engine.check({ subject, action: 'read', resource, facts: null, now })
    equal(read({ principal: 'service:bot' }, 'note:v/a'), true)
    equal(read({ principal: 'service:bot' }, 'note:w/a'), false, 'a service is not in everyone, even by a membership')
    equal(read({ key: 'k' }, 'note:v/a'), false, 'a ring of keys is no chain')
    equal(engine.groupsOf('service:bot'), ['a', 'b'])
  },
}

const team: Proof = {
  name: 'tells the groups of who is active, also through others, and whether more than one person is active',
  run(module) {
    const engine = open(module, { users: [{ id: 'ira', groups: ['junior', 'auditors'] }] })
    equal(engine.groupsOf('user:ira'), ['auditors', 'helpers', 'junior'])
    equal(engine.groupsOf('user:zoe'), [], 'nobody')
    equal(engine.isTeam(), false, 'one person, and a service')
    const suspended = { id: 'hal', groups: ['junior'], suspended: true }
    const left = open(module, { users: [{ id: 'ira' }, suspended] })
    equal([left.groupsOf('user:hal'), left.isTeam()], [[], false])
    equal(open(module, { users: [{ id: 'ira' }, { ...suspended, suspended: false }] }).isTeam(), true)
  },
}

export const changeProofs: readonly Proof[] = [changes, moves, lockouts, rings, team]
