/** A sample of `npm run bench -- kills audit`: a log that is killed at any of its statements, and twins that break it. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { runKills } from '../src/audit/testing/kills.ts'

setDefaultTimeout(120_000)

test('killed at any moment, the log verifies, has all that was acknowledged, and nothing half done', async () => {
  const { kills, killedOutside, statements, wrong } = await runKills({ kills: 12, outside: 6, seed: 20_261_123 })
  expect(wrong).toEqual([])
  expect(kills).toBe(12)
  expect(killedOutside).toBeGreaterThan(0)
  expect(statements).toBeGreaterThan(100)
})

test.each([
  ['early', 'was acknowledged and is gone'],
  ['loose', 'The store cannot be used'],
] as const)('a log that is broken on purpose (%s) is found out', async (twin, how) => {
  const { wrong } = await runKills({ kills: 16, seed: 20_261_123, among: 16, twin })
  expect(wrong.some((each) => each.includes(how))).toBe(true)
})
