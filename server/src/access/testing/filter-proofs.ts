/** Proofs of what filters are made of: sets of paths, filters put together, and which scope is in which. */
import { parseResource, parseScope, type Resource, type World } from '@cairn/contract'
import fc from 'fast-check'
import type { JudgedNote, NoteFilter } from '../../base/index.ts'
import { equal, type EngineModule, type Proof } from './proof.ts'
import { isActive, principalsOf } from './specification.ts'
import { factsArbitrary, nowArbitrary, questionArbitrary, subjectArbitrary, worldArbitrary } from './worlds.ts'

type PathRanges = readonly string[]
type Range = readonly [from: string, to: string | null]

/** Neighbours in the order of code units, and folders beside what is in them. */
const path = fc.constantFrom('', 'a', 'a\0', 'a!', 'a/', 'a/b', 'a/b/c', 'a0', 'aa', 'b', '日', '😀', '～')
const range = fc
  .tuple(path, fc.option(path, { nil: null }))
  .map(([a, b]): Range[] => (b === null ? [[a, null]] : a === b ? [] : a < b ? [[a, b]] : [[b, a]]))
const listed = fc.array(range, { maxLength: 4 }).map((each) => each.flat())
const probes = [
  '',
  'a',
  'a\0',
  'a!',
  'a/',
  'a/b',
  'a/b\0',
  'a/b/c',
  'a0',
  'aa',
  'b',
  '日',
  '日本',
  '😀',
  '😀a',
  '～',
  '～～',
]

const isIn = (ranges: readonly Range[], each: string) =>
  ranges.some(([from, to]) => from <= each && (to === null || each < to))

/** Boundaries each once and in order, so that one set has one form. */
function isPlain(ranges: PathRanges): boolean {
  return ranges.every((boundary, at) => at === 0 || (ranges[at - 1] as string) < boundary)
}

const sets: Proof = {
  name: 'joins, cuts and takes away sets of paths as sets do',
  run(
    { ranges: { everyPath, folderRange, intersect, isInRanges, noPath, pathRange, subtract, unite } },
    { runs, seed },
  ) {
    const same = (got: PathRanges, wanted: (each: string) => boolean, about: string) => {
      equal(isPlain(got), true, `${about}, its form: ${JSON.stringify(got)}`)
      for (const each of probes) equal(isInRanges(got, each), wanted(each), `${about}, ${JSON.stringify(each)}`)
    }
    const make = (ranges: readonly Range[]) => unite(ranges.map(([from, to]) => (to === null ? [from] : [from, to])))
    const property = fc.property(listed, listed, (one, other) => {
      const [a, b] = [make(one), make(other)]
      same(a, (each) => isIn(one, each), 'unite')
      same(unite([a, b]), (each) => isIn([...one, ...other], each), 'unite both')
      same(intersect(a, b), (each) => isIn(one, each) && isIn(other, each), 'intersect')
      same(subtract(a, b), (each) => isIn(one, each) && !isIn(other, each), 'subtract')
      // What changes nothing copies nothing: most filters have no bounds and no denies.
      equal(
        [intersect(a, everyPath) === a, subtract(a, noPath) === a, unite([a]) === a],
        [true, true, true],
        'the same',
      )
    })
    fc.assert(property, { numRuns: runs * 4, seed })
    equal(unite([]), noPath)
    same(folderRange('a'), (each) => each.startsWith('a/'), 'a folder')
    same(pathRange('a'), (each) => each === 'a', 'one path')
  },
}

const note: fc.Arbitrary<JudgedNote> = fc
  .tuple(fc.constantFrom('a', 'a/b', 'a/b/c', 'aa', 'b', '日', '😀'), factsArbitrary)
  .map(([at, facts]) => ({ ...facts, path: at }))

const combined: Proof = {
  name: 'admits through two filters together what both admit, and calls empty only what admits nothing',
  run(module, { runs, seed }) {
    const { admitsNote, bothFilters, isEmptyFilter, someNotes } = module.filters
    const all: NoteFilter = { kind: 'all' }
    const asked = fc.tuple(subjectArbitrary, fc.constantFrom('read', 'discover', 'retrieve'), nowArbitrary)
    const notes = fc.array(note, { minLength: 5, maxLength: 15 })
    const property = fc.property(worldArbitrary, asked, asked, notes, (world, one, other, among) => {
      const engine = module.compile(world)
      const [a, b] = [one, other].map(([subject, action, now]) =>
        engine.filter({ subject, action, vault: 'v1', now }),
      ) as [NoteFilter, NoteFilter]
      const both = bothFilters(a, b)
      for (const each of among) {
        equal(admitsNote(both, each), admitsNote(a, each) && admitsNote(b, each), 'both')
        for (const filter of [a, b, both]) if (isEmptyFilter(filter)) equal(admitsNote(filter, each), false, 'empty')
      }
      equal(isEmptyFilter(both), isEmptyFilter(a) || isEmptyFilter(b), 'empty with another')
      equal([bothFilters(a, all), bothFilters(all, b)], [a, b], 'with all')
      equal(bothFilters(a, structuredClone(a)), a, 'with itself')
      equal(structuredClone(both), both, 'can be sent')
    })
    fc.assert(property, { numRuns: runs, seed })
    equal([isEmptyFilter(all), admitsNote(all, { path: 'a', tags: [] })], [false, true], 'all')

    const plain = fc.property(listed, listed, listed, (within, allow, breakGlass) => {
      const [bounds, open, urgent] = [within, allow, breakGlass].map((each) =>
        module.ranges.unite(each.map(([from, to]) => (to === null ? [from] : [from, to]))),
      ) as [PathRanges, PathRanges, PathRanges]
      const filter = someNotes({ within: bounds, allow: open, breakGlass: urgent })
      // Where two sets meet, they meet at a boundary of one of them.
      const places = [...bounds, ...open, ...urgent]
      const admits = (each: string) => isIn(within, each) && (isIn(allow, each) || isIn(breakGlass, each))
      equal(isEmptyFilter(filter), !places.some(admits), 'empty by paths')
      for (const each of [...probes, ...places])
        equal(admitsNote(filter, { path: each, tags: [] }), admits(each), `by path, ${JSON.stringify(each)}`)
      for (const more of [{ allowTags: ['x'] }, { allowWhen: [{ paths: bounds, tag: null, when: [] }] }])
        equal(isEmptyFilter(someNotes({ within: bounds, ...more })), bounds.length === 0, 'may admit by what notes say')
      equal(isEmptyFilter(bothFilters(filter, someNotes({ allow: module.ranges.everyPath }))), isEmptyFilter(filter))
    })
    fc.assert(plain, { numRuns: runs * 2, seed })
  },
}

// --- Scopes -----------------------------------------------------------------------------------------------------------

const places = [
  'org:acme',
  'org:other',
  'vault:v',
  'vault:w',
  'folder:v/a',
  'folder:v/a/b',
  'folder:v/ab',
  'folder:w/a',
  'note:v/a',
  'note:v/a/b',
  'note:v/a/b/c',
  'note:w/a/b',
  'model:*',
  'model:near/*',
  'model:near/one',
  'model:nearer/one',
  'cache:*',
  'cache:eng',
]

/** What a resource is in, spelled out. */
function around(id: string): string[] {
  const [type = '', name = ''] = id.split(/:(.*)/s)
  if (type === 'model') return [id, `model:${name.split('/')[0]}/*`, 'model:*']
  if (type === 'cache') return [id, 'cache:*']
  const [vault = '', ...parts] = name.split('/')
  const folders = parts.slice(0, -1).map((_, at) => `folder:${vault}/${parts.slice(0, at + 1).join('/')}`)
  return type === 'org' ? [] : [id, ...folders, `vault:${vault}`]
}

const coverage: Proof = {
  name: 'puts a scope around exactly what is at or below it',
  run({ covers }) {
    for (const outer of places)
      for (const inner of places) {
        const [scope, resource] = [parseScope(outer), parseScope(inner)]
        if (scope === null || resource === null || scope.type === 'tag' || resource.type === 'tag')
          throw new Error(`${outer} or ${inner} is no resource`)
        const wanted = outer === 'org:acme' || (outer !== 'org:other' && around(inner).includes(outer))
        equal(covers(scope as Resource, resource as Resource, 'org:acme'), wanted, `${outer} around ${inner}`)
      }
  },
}

// --- Lockouts ---------------------------------------------------------------------------------------------------------

/** Barriers in which nobody active has a grant of their own. */
function orphaned(world: World, covers: EngineModule['covers'], now: number): string[] {
  const isAround = (outer: string, inner: string) => {
    const [scope, resource] = [parseScope(outer), parseScope(inner)]
    return (
      scope !== null &&
      resource !== null &&
      scope.type !== 'tag' &&
      resource.type !== 'tag' &&
      covers(scope, resource, world.org)
    )
  }
  const people = [...world.users.map(({ id }) => `user:${id}`), ...world.services.map(({ id }) => `service:${id}`)]
  const held = new Set(people.filter((each) => isActive(world, each)).flatMap((each) => principalsOf(world, each)))
  const barriers = world.policy.barriers.map(({ scope }) => scope)
  return barriers.filter((barrier) => {
    const inner = barriers.filter((each) => each !== barrier && isAround(barrier, each))
    return !world.policy.grants.some(
      ({ principal, scope, until }) =>
        held.has(principal) &&
        (until === undefined || Date.parse(until) > now) &&
        isAround(barrier, scope) &&
        !inner.some((each) => isAround(each, scope)),
    )
  })
}

const emptied: Proof = {
  name: 'finds in random worlds every barrier in which nobody is left',
  run({ compile, covers }, { runs, seed }) {
    const property = fc.property(worldArbitrary, nowArbitrary, (world, now) => {
      const found = compile(world).findLockouts(now)
      equal(
        found.filter(({ kind }) => kind === 'orphaned-barrier').map(({ scope }) => scope),
        orphaned(world, covers, now),
      )
    })
    fc.assert(property, { numRuns: runs, seed })
  },
}

// --- What cannot be read ----------------------------------------------------------------------------------------------

const unreadable: Proof = {
  name: 'counts a statement for nothing when its scope cannot be read, and fails at none',
  run({ compile }, { runs, seed }) {
    const questions = fc.array(questionArbitrary, { minLength: 3, maxLength: 8 })
    const scope = fc.constantFrom('nonsense', 'note:v1/../a', 'vault:', '')
    const property = fc.property(worldArbitrary, questions, scope, nowArbitrary, (world, asked, junk, now) => {
      const { policy } = world
      const hours = { from: '2026-03-05T11:00:00.000Z', until: '2026-03-05T13:00:00.000Z' }
      const spoiled: World = {
        ...world,
        policy: {
          ...policy,
          grants: [{ id: 'gx', principal: 'group:everyone', role: 'org-owner', scope: junk }, ...policy.grants],
          denies: [{ id: 'dx', principal: 'group:everyone', actions: ['read'], scope: junk }, ...policy.denies],
          barriers: [...policy.barriers, { scope: 'tag:x' }],
        },
        delegations: [
          { id: 'px', by: 'user:ana', to: 'user:ben', role: 'viewer', scope: junk, ...hours },
          ...world.delegations,
        ],
        breakGlass: [
          { id: 'bx', user: 'user:ana', approvedBy: 'user:ben', actions: ['read'], scope: 'tag:x', ...hours },
          { id: 'by', user: 'user:ana', approvedBy: 'user:ben', actions: ['read'], scope: junk, ...hours },
          ...world.breakGlass,
        ],
      }
      const [clean, other] = [compile(world), compile(spoiled)]
      for (const question of asked) {
        equal(other.check(question), clean.check(question), `check with ${junk}`)
        equal(other.explain(question, { audience: 'auditor' }).decision, clean.check(question), `explain with ${junk}`)
        const { subject, action } = question
        const move = { subject, from: 'note:v1/a/a', to: 'note:v1/a-b', facts: { tags: ['x'] }, now }
        equal(other.mayMove(move), clean.mayMove(move), 'move')
        if (parseResource(question.resource)?.type !== 'note') continue
        const tagged = [{ path: 'a/a', tags: ['x'] }]
        equal(
          other.whichNotes({ subject, action, vault: 'v1', now }, tagged),
          clean.whichNotes({ subject, action, vault: 'v1', now }, tagged),
          'notes',
        )
      }
      const barriersOf = (engine: typeof clean) => engine.findLockouts(now).filter(({ scope: at }) => at !== 'tag:x')
      equal(barriersOf(other), barriersOf(clean), 'lockouts')
    })
    fc.assert(property, { numRuns: Math.ceil(runs / 3), seed })
  },
}

export const filterProofs: readonly Proof[] = [sets, combined, coverage, emptied, unreadable]
