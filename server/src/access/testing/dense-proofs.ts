/** Proofs on worlds that are counted through instead of drawn: every combination of what random ones seldom bring together. */
import { worldSchema, type World } from '@cairn/contract'
import type { JudgedNote } from '../../base/index.ts'
import type { Engine, Question, Subject } from '../engine/index.ts'
import { equal, type Proof } from './proof.ts'
import { specify } from './specification.ts'
import { start } from './worlds.ts'

const everywhere = { id: 'all', principal: 'user:ann', role: 'viewer', scope: 'org:acme' }
const grants = {
  none: [],
  owner: [
    { id: 'o', principal: 'user:ann', role: 'viewer', scope: 'vault:v', when: [['resource.owner', '==', 'ann']] },
  ],
  tagged: [
    { id: 't', principal: 'user:ann', role: 'viewer', scope: 'tag:x' },
    { id: 'u', principal: 'user:ann', role: 'viewer', scope: 'tag:y', when: [['resource.owner', '==', 'ann']] },
  ],
  inside: [{ id: 'i', principal: 'group:everyone', role: 'viewer', scope: 'folder:v/a/b' }],
}
const barriers = { none: [], folder: ['folder:v/a'], nested: ['folder:v/a', 'folder:v/a/b'], vault: ['vault:v'] }
const deny = { id: 'd', principal: 'user:ann', actions: ['read'] }
const denies = {
  none: [],
  path: [{ ...deny, scope: 'folder:v/a/b' }],
  tag: [{ ...deny, scope: 'tag:x' }],
  helper: [{ ...deny, principal: 'user:ben', scope: 'tag:y' }],
  label: [{ ...deny, scope: 'vault:v', when: [['resource.label', 'in', ['restricted']]] }],
  both: [
    {
      ...deny,
      scope: 'tag:x',
      when: [
        ['resource.owner', '==', 'ann'],
        ['session.mfa', '==', false],
      ],
    },
  ],
}
const window = { from: '2026-03-05T11:00Z', until: '2026-03-05T15:00Z' }
const extras = {
  none: {},
  emergency: {
    breakGlass: [
      { id: 'b', user: 'user:ann', approvedBy: 'user:ben', actions: ['read'], scope: 'folder:v/a', ...window },
    ],
  },
  delegated: {
    delegations: [{ id: 'p', by: 'user:ben', to: 'user:ann', role: 'viewer', scope: 'folder:v/a', ...window }],
  },
  passedOn: {
    delegations: [
      { id: 'p', by: 'user:ben', to: 'user:ann', role: 'viewer', scope: 'tag:x', ...window },
      { id: 'q', by: 'user:cho', to: 'user:ben', role: 'viewer', scope: 'org:acme', ...window },
    ],
  },
}

function worlds(): World[] {
  const parts = [true, false].flatMap((isEverywhere) =>
    Object.values(grants).flatMap((granted) =>
      Object.values(barriers).flatMap((scopes) =>
        Object.values(denies).flatMap((denied) =>
          Object.values(extras).map((extra): Parts => ({ isEverywhere, granted, scopes, denied, extra })),
        ),
      ),
    ),
  )
  return parts.map(makeWorld)
}

interface Parts {
  readonly isEverywhere: boolean
  readonly granted: readonly object[]
  readonly scopes: readonly string[]
  readonly denied: readonly object[]
  readonly extra: object
}

function makeWorld({ isEverywhere, granted, scopes, denied, extra }: Parts): World {
  const helper = { id: 'h', principal: 'user:ben', role: 'viewer', scope: 'folder:v/a' }
  return worldSchema.parse({
    org: 'org:acme',
    policy: {
      version: 1,
      grants: [
        helper,
        { ...helper, id: 'c', principal: 'user:cho', scope: 'vault:v' },
        ...(isEverywhere ? [everywhere] : []),
        ...granted,
      ],
      denies: denied,
      barriers: scopes.map((scope) => ({ scope })),
    },
    users: [{ id: 'ann' }, { id: 'ben' }, { id: 'cho' }],
    keys: [
      { id: 'wide', owner: 'user:ann', bound: { actions: ['read'], scopes: ['org:acme', 'model:local/*'] } },
      {
        id: 'narrow',
        owner: 'user:ann',
        bound: {
          actions: ['read'],
          scopes: ['folder:v/a', 'note:v/c', 'vault:w'],
          when: [['resource.owner', '==', 'ann']],
        },
      },
      { id: 'child', owner: 'user:ann', parent: 'narrow', bound: { actions: ['read', 'write'], scopes: ['vault:v'] } },
      { id: 'other', owner: 'user:ann', bound: { actions: ['discover'], scopes: ['vault:v'] } },
      {
        id: 'stepped',
        owner: 'user:ann',
        bound: { actions: ['read'], scopes: ['vault:v'], when: [['session.mfa', '==', true]] },
      },
    ],
    agents: [{ id: 'scribe', bound: { actions: ['read'], scopes: ['vault:v'] } }],
    ...extra,
  })
}

const ann = { principal: 'user:ann' }
const subjects: readonly Subject[] = [
  ann,
  { key: 'wide' },
  { key: 'narrow' },
  { key: 'child' },
  { key: 'other' },
  { key: 'stepped' },
  { ...ann, agent: 'scribe' },
  { ...ann, bounds: [{ actions: ['read'], scopes: ['folder:v/a/b', 'note:v/a/b'] }] },
]
const notes: readonly JudgedNote[] = [
  { path: 'a', tags: [] },
  { path: 'a/b', tags: ['x'], owner: 'ann' },
  { path: 'a/b/c', tags: [], label: 'restricted' },
  { path: 'a/b/d', tags: ['x/y', 'y'], label: 'public', owner: 'ben' },
  { path: 'a/e', tags: ['y'], label: 'public', owner: 'ann' },
  { path: 'c', tags: ['x'], label: 'public', owner: 'ann' },
  { path: 'a!', tags: ['xy'], label: 'public' },
]

const filters: Proof = {
  name: 'filters like it checks, and checks like the specification, in every combination of statements',
  run({ compile, filters: { admitsNote } }, { runs }) {
    // A number that none of the counts divides, so that a part of the worlds still has everything.
    const stride = runs < 1_000 ? 7 : 1
    const compare = (engine: Engine, asked: Omit<Question, 'action' | 'resource'>) => {
      const filter = engine.filter({ ...asked, action: 'read', vault: 'v' })
      for (const note of notes) {
        const question: Question = { ...asked, action: 'read', resource: `note:v/${note.path}`, facts: note }
        const isAllowed = engine.check(question)
        equal(admitsNote(filter, note), isAllowed, 'filter')
        equal(isAllowed, specify(engine.world, question), 'check')
      }
    }
    for (const world of worlds().filter((_, at) => at % stride === 0)) {
      const engine = compile(world)
      for (const subject of subjects) compare(engine, { subject, now: start })
      compare(engine, { subject: { key: 'stepped' }, now: start, context: { 'session.mfa': true } })
    }
  },
}

const credentials: Proof = {
  name: 'takes a key until it ends, for its owner, with every key above it, and no longer chain than may be',
  run({ compile }) {
    const bound = { actions: ['read'], scopes: ['org:acme'] }
    const chain = Array.from({ length: 6 }, (_, at) => ({
      id: `c${at}`,
      owner: 'user:ann',
      bound,
      ...(at === 0 ? {} : { parent: `c${at - 1}` }),
    }))
    const { keys, ...world } = makeWorld({ isEverywhere: true, granted: [], scopes: [], denied: [], extra: {} })
    const parsed = worldSchema.parse({
      ...world,
      keys: [
        ...chain.slice(0, 5),
        { id: 'ends', owner: 'user:ann', bound, until: '2026-03-05T12:00Z' },
        { id: 'below', parent: 'ends', owner: 'user:ann', bound },
        { id: 'stolen', parent: 'c0', owner: 'user:ben', bound },
        { id: 'gone', owner: 'user:ann', bound, revoked: true },
        { id: 'lost', parent: 'nothing', owner: 'user:ann', bound },
      ],
    })
    const deep: World = {
      ...parsed,
      keys: [...parsed.keys, ...(chain.slice(5).map((key) => ({ ...key, revoked: false })) as World['keys'])],
    }
    const engine = compile(deep)
    const reads = (subject: Subject, now = start) =>
      engine.check({ subject, action: 'read', resource: 'note:v/a', facts: null, now })
    equal(keys.length, 5)
    equal(
      [
        reads({ key: 'ends' }, start - 1),
        reads({ key: 'ends' }),
        reads({ key: 'below' }, start - 1),
        reads({ key: 'below' }),
      ],
      [true, false, true, false],
    )
    equal([reads({ key: 'c0' }), reads({ key: 'c4' }), reads({ key: 'c5' })], [true, true, false])
    equal(
      ['stolen', 'gone', 'lost', 'nothing'].map((key) => reads({ key })),
      [false, false, false, false],
    )
    equal(
      [reads({ key: 'c0', principal: 'user:ann' }), reads({ key: 'c0', principal: 'user:ben' }), reads({})],
      [true, false, false],
    )
    equal([reads({ ...ann, agent: 'scribe' }), reads({ ...ann, agent: 'nobody' })], [true, false])
  },
}

const wholes: Proof = {
  name: 'says of a filter that it admits everything only when nothing depends on the note',
  run({ compile }) {
    const parts = { isEverywhere: true, granted: [], scopes: [], denied: [], extra: {} }
    const kind = (change: Partial<Parts>, subject: Subject = ann) =>
      compile(makeWorld({ ...parts, ...change })).filter({ subject, action: 'read', vault: 'v', now: start }).kind
    equal(kind({}), 'all')
    equal(kind({}, { key: 'wide' }), 'all')
    equal(kind({ isEverywhere: false }), 'some')
    equal(kind({ scopes: barriers.folder }), 'some')
    for (const denied of [denies.path, denies.tag, denies.label, denies.both]) equal(kind({ denied }), 'some')
    equal(kind({}, { key: 'narrow' }), 'some')
    equal(kind({}, { principal: 'user:zoe' }), 'some')
    const owned = { actions: ['read' as const], scopes: ['org:acme'], when: [['resource.owner', '==', 'ann'] as const] }
    equal(kind({}, { ...ann, bounds: [owned as never] }), 'some')
  },
}

const composites: Proof = {
  name: 'serves a cached answer only with namespace, model and every source, and uses a note only to retrieve and to cite',
  run({ compile }) {
    const all = ['cache.hit', 'model.use', 'retrieve', 'cite']
    const withActions = (actions: readonly string[]) =>
      compile(
        worldSchema.parse({
          org: 'org:acme',
          policy: {
            version: 1,
            roles: [{ id: 'r', actions }],
            grants: [{ id: 'g', principal: 'user:ann', role: 'r', scope: 'org:acme' }],
          },
          users: [{ id: 'ann' }],
        }),
      )
    const places = { subject: ann, model: 'model:local/s', now: start }
    const sources = [
      { resource: 'note:v/a', facts: null },
      { resource: 'note:v/b', facts: null },
    ]
    const serve = (actions: readonly string[]) =>
      withActions(actions).mayServe({ ...places, namespace: 'cache:c', sources })
    const use = (actions: readonly string[]) => withActions(actions).usableNotes({ ...places, notes: sources })
    equal(serve(all), true)
    equal(use(all), ['note:v/a', 'note:v/b'])
    for (const missing of ['cache.hit', 'model.use', 'cite'])
      equal(serve(all.filter((each) => each !== missing)), false, missing)
    for (const missing of ['retrieve', 'cite']) equal(use(all.filter((each) => each !== missing)), [], missing)
    equal(use(['retrieve', 'cite']), null)
  },
}

const orders: Proof = {
  name: 'compares labels by rank, numbers and texts by size, and nothing else',
  run({ compile }) {
    const reads = (condition: readonly unknown[], facts: object) => {
      const granted = [{ id: 'w', principal: 'user:ann', role: 'viewer', scope: 'vault:v', when: [condition] }]
      const engine = compile(makeWorld({ isEverywhere: false, granted, scopes: [], denied: [], extra: {} }))
      return engine.check({
        subject: ann,
        action: 'read',
        resource: 'note:v/c',
        facts: { tags: [], ...facts },
        now: start,
      })
    }
    const below = ['resource.label', '<', 'confidential']
    equal(
      ['public', 'internal', 'confidential', 'restricted', 'unheard'].map((label) => reads(below, { label })),
      [true, true, false, false, false],
    )
    const rank = ['resource.property.rank', '<', 5]
    equal(
      [4, 5, 6, '4', Number.NaN, [4]].map((value) => reads(rank, { properties: { rank: value } })),
      [true, false, false, false, false, false],
    )
    const due = ['resource.property.due', '<', '2026-04']
    equal(
      ['2026-03-31', '2026-04', 3].map((value) => reads(due, { properties: { due: value } })),
      [true, false, false],
    )
    equal([reads(rank, {}), reads(['resource.property.constructor', '==', 'x'], { properties: {} })], [false, false])
  },
}

export const denseProofs: readonly Proof[] = [wholes, composites, credentials, orders, filters]
