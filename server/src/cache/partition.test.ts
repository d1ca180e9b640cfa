import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Principal } from '../base/index.ts'
import {
  cacheKey,
  partitionOf,
  partitionOfPassages,
  type CacheKey,
  type CachePartition,
  type KeyedNamespace,
  type KeyPart,
} from './partition.ts'
import type { Namespace } from './types.ts'

const ann: Principal = { id: 'ann', name: 'Ann', kind: 'owner', via: 'key', credentialId: 'key_1' }
const bob: Principal = { ...ann, id: 'bob', name: 'Bob' }
const passage = { vault: 'v', note: 'Tide.md', version: 'v1', start: 0, end: 10 }

/** Never called: it is compiled, and a line that the compiler accepts where it should not fails the build. */
export function unwritable(namespace: KeyedNamespace<string>, whole: Namespace<string>): void {
  const fill = async () => ''
  // @ts-expect-error -- a text is no key
  void namespace.reuse('chat/hello', fill)
  // @ts-expect-error -- a text is no partition
  cacheKey('ann', ['hello'])
  // @ts-expect-error -- a partition is made of a principal, not of an id that a request may say
  partitionOf('ann', 'user')
  // @ts-expect-error -- nor put together by hand
  const forged: CachePartition = { name: 'ann', scope: null, isShared: false }
  // @ts-expect-error -- a key cannot be had without a partition
  const key: CacheKey = 'hello'
  void [forged, key]
  const keyed: KeyedNamespace<string> = whole
  void keyed.reuse(cacheKey(partitionOf(ann, 'user'), ['hello']), fill)
}

describe('a partition', () => {
  test('of one person is nobody else’s, and of a team is no person’s', () => {
    const names = [
      partitionOf(ann, 'user'),
      partitionOf(bob, 'user'),
      partitionOf(ann, 'team'),
      partitionOf(bob, 'team'),
      partitionOf(ann, 'org'),
    ].map(({ name }) => name)
    // Who is in no group has no team; a team are those in the very same groups.
    expect(new Set(names).size).toBe(3)
    const crew = { ...ann, groups: ['crew'] }
    const team = partitionOf(crew, 'team')
    expect(names).not.toContain(team.name)
    expect(partitionOf({ ...bob, groups: ['crew'] }, 'team')).toEqual(team)
    expect(partitionOf({ ...bob, groups: ['crew', 'mates'] }, 'team').name).not.toBe(team.name)
    expect(partitionOf(crew, 'user')).toEqual(partitionOf(ann, 'user'))
    expect(partitionOf(bob, 'org')).toEqual(partitionOf(ann, 'org'))
    expect(partitionOf({ ...ann, name: 'Other', credentialId: 'key_2', via: 'session' }, 'user')).toEqual(
      partitionOf(ann, 'user'),
    )
  })

  test('cannot be reached by a person whose id imitates another', () => {
    for (const id of ['user:6:string', 'org', 'ann\u0000', 'team:ann', ''])
      expect(partitionOf({ ...ann, id }, 'user').name).not.toBe(partitionOf(ann, 'user').name)
  })

  test('of passages is another for each other passage, version, range and order', () => {
    const other = { ...passage, note: 'Boat.md' }
    const sets = [
      [passage],
      [passage, other],
      [other, passage],
      [{ ...passage, version: 'v2' }],
      [{ ...passage, start: 1 }],
      [{ ...passage, end: 11 }],
      [{ ...passage, vault: 'w' }],
      [{ ...passage, note: 'Tide.md2' }],
    ]
    expect(new Set(sets.map((set) => partitionOfPassages(set).name)).size).toBe(sets.length)
    expect(partitionOfPassages([{ ...passage }])).toEqual(partitionOfPassages([passage]))
  })

  test('of no passages does not exist', () => {
    expect(() => partitionOfPassages([])).toThrow(RangeError)
  })
})

test('two keys are equal exactly when their partitions and parts are', () => {
  const part = fc.oneof(
    fc.string(),
    fc.constantFrom('', '1', 'null', 'true', 'string:1:a', '潮', 'number:1:1'),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  )
  const parts = fc.array(part, { maxLength: 5 })
  const same = (a: readonly KeyPart[], b: readonly KeyPart[]) =>
    a.length === b.length && a.every((each, index) => each === b[index])
  fc.assert(
    fc.property(parts, parts, fc.boolean(), (a, b, isAnn) => {
      const first = cacheKey(partitionOf(ann, 'user'), a)
      const second = cacheKey(partitionOf(isAnn ? ann : bob, 'user'), b)
      expect(first === second).toBe(isAnn && same(a, b))
      expect(first).toMatch(/^[\w-]{43}$/)
    }),
    { numRuns: 3_000 },
  )
  // The same texts cut at other places.
  expect(cacheKey(partitionOf(ann, 'user'), ['ab', 'c'])).not.toBe(cacheKey(partitionOf(ann, 'user'), ['a', 'bc']))
  expect(cacheKey(partitionOf(ann, 'user'), ['\ud800'])).not.toBe(cacheKey(partitionOf(ann, 'user'), ['\ud801']))
})
