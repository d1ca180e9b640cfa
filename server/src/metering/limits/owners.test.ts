import { expect, test } from 'bun:test'
import { silentLogger } from '../../base/index.ts'
import { createTestClock } from '../testing/kit.ts'
import { createHostLimits } from './host-limits.ts'
import { createLimitOwner } from './owners.ts'
import type { LimitOwner } from './types.ts'

const base = { logger: silentLogger, deploymentId: 'd', redis: null, workers: 4 }
const one = (limit: number, amount = 1) => [{ key: 'k', limit, amount }]

async function takeAll(owner: LimitOwner, limit: number): Promise<number> {
  for (let granted = 0; ; granted++) if ((await owner.take(one(limit))).refused !== null) return granted
}

test('what the supervisor answers is what counts, and peeking remembers what it refused', async () => {
  const clock = createTestClock()
  const supervisor = createHostLimits(clock)
  const askOwner = async (_topic: string, question: unknown) => supervisor(question)
  const [a, b] = [createLimitOwner({ ...base, clock, askOwner }), createLimitOwner({ ...base, clock, askOwner })]
  expect(await takeAll(a, 8)).toBe(8)
  expect(b.peek(one(8))).toBeNull()
  expect((await b.take(one(8))).refused).toEqual({ index: 0, retryAfterMs: 7_500 })
  expect(b.peek(one(8))).toEqual({ index: 0, retryAfterMs: 7_500 })
  clock.advance(7_500)
  expect(b.peek(one(8))).toBeNull()
  expect((await b.take(one(8))).refused).toBeNull()
})

test('takes of one turn go to the supervisor in one message', async () => {
  const clock = createTestClock()
  const supervisor = createHostLimits(clock)
  let messages = 0
  const askOwner = async (_topic: string, question: unknown) => {
    messages++
    return supervisor(question)
  }
  const owner = createLimitOwner({ ...base, clock, askOwner })
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => owner.take(one(20))))
  expect(outcomes.filter(({ refused }) => refused === null)).toHaveLength(20)
  expect(messages).toBe(1)
})

test('without its supervisor a process counts its own share, is never refused by an error, and comes back', async () => {
  const clock = createTestClock()
  let isDown = true
  const supervisor = createHostLimits(clock)
  const askOwner = async (_topic: string, question: unknown) => {
    if (isDown) throw new Error('gone')
    return supervisor(question)
  }
  const owner = createLimitOwner({ ...base, clock, askOwner })
  expect(await takeAll(owner, 8)).toBe(2)
  expect(owner.peek(one(8))).not.toBeNull()
  isDown = false
  clock.advance(1_000)
  expect(await takeAll(owner, 8)).toBe(8)
})

test('a share too small for a call lets one through while nothing else is taken', async () => {
  const clock = createTestClock()
  const askOwner = () => Promise.reject(new Error('gone'))
  const owner = createLimitOwner({ ...base, clock, askOwner })
  expect((await owner.take(one(1_000, 900))).refused).toBeNull()
  expect((await owner.take(one(1_000, 900))).refused).not.toBeNull()
})
