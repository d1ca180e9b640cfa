import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createGhosts, shiftTimes } from './ghosts.ts'
import { hashKey, mixHash } from './hash.ts'
import { createQueues } from './queues.ts'
import { evictionRules } from './rules.ts'
import { createShadow } from './shadow.ts'

describe.each(evictionRules)('the queues under $name', (rules) => {
  test('give back every entry once, and count bytes and prices as a plain list does, through changes of rules', () => {
    const entry = fc.record({
      size: fc.integer({ min: 1, max: 500 }),
      credit: fc.nat(3),
      touches: fc.nat(3),
      rules: fc.nat(20),
    })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 300, size: 'max' }), (entries) => {
        const queues = createQueues(rules)
        queues.grow(entries.length)
        queues.setCapacity(5_000)
        queues.setGhosts(createGhosts(50))
        const held = new Map<number, number>()
        const sum = () => [...held.values()].reduce((total, size) => total + size, 0)
        for (const [hash, { size, credit, touches, rules: change }] of entries.entries()) {
          const other = evictionRules[change]
          if (other !== undefined) queues.setRules(other)
          let isFilling = true
          while (queues.bytes() + size > 5_000) {
            expect(held.delete(queues.evict())).toBe(true)
            isFilling = false
          }
          const slot = queues.add({ hash, size, price: 2, credit }, isFilling)
          expect(held.has(slot)).toBe(false)
          held.set(slot, size)
          for (let at = 0; at < touches; at++) queues.touch([...held.keys()][(hash * 7 + at) % held.size]!)
          expect([queues.count(), queues.bytes(), queues.price()]).toEqual([held.size, sum(), 2 * held.size])
        }
        expect(new Set(queues.slotsByAge())).toEqual(new Set(held.keys()))
        while (queues.count() > 0) expect(held.delete(queues.evict())).toBe(true)
        expect(queues.evict()).toBe(-1)
        expect([held.size, queues.bytes(), queues.price()]).toEqual([0, 0, 0])
      }),
      { numRuns: 60 },
    )
  })
})

test('a shadow hits what a map of the same keys would, as long as all fit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ key: fc.nat(40), drop: fc.boolean() }), { maxLength: 300, size: 'max' }),
      (steps) => {
        const shadow = createShadow(evictionRules[0], 50)
        shadow.setCapacity(1_000)
        const model = new Set<number>()
        for (const { key, drop } of steps) {
          const hash = mixHash(key)
          expect(shadow.hit(hash)).toBe(model.has(key) ? 3 : 0)
          if (drop) {
            shadow.delete(hash)
            model.delete(key)
          } else {
            shadow.put({ hash, size: 10, price: 3, credit: 0 })
            model.add(key)
          }
        }
      },
    ),
  )
})

test('ghosts remember the last use of the newest keys, once', () => {
  const ghosts = createGhosts(1_000)
  for (let key = 1; key <= 5_000; key++) ghosts.put(mixHash(key), key)
  const newest = Array.from({ length: 300 }, (_, at) => 5_000 - at)
  const known = newest.filter((key) => ghosts.take(mixHash(key)) === key)
  expect(known.length).toBeGreaterThan(295)
  expect(known.every((key) => ghosts.take(mixHash(key)) === -1)).toBe(true)
  const old = Array.from({ length: 3_000 }, (_, at) => at + 1)
  expect(old.filter((key) => ghosts.take(mixHash(key)) !== -1).length).toBeLessThan(60)
})

test('times that are moved back keep their order and never become "free"', () => {
  const times = Uint32Array.of(0, 1, 2 ** 31, 2 ** 31 + 5, 2 ** 32 - 1)
  shiftTimes(times, 2 ** 31)
  expect([...times]).toEqual([0, 1, 1, 5, 2 ** 31 - 1])
})

test('hashes of similar keys fill the range evenly and depend on the seed', () => {
  const buckets = Array.from({ length: 64 }, () => 0)
  for (let at = 0; at < 64_000; at++) buckets[Math.floor((hashKey(`answers/${at}`, 1) / 2 ** 32) * 64)]!++
  expect(Math.min(...buckets)).toBeGreaterThan(850)
  expect(Math.max(...buckets)).toBeLessThan(1_150)
  expect(hashKey('answers/1', 1)).not.toBe(hashKey('answers/1', 2))
})
