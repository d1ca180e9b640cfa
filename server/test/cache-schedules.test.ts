/**
 * The promise of the cache over random schedules: a seeded sample here, a hundred thousand by `npm run bench -- soak`.
 * CAIRN_TEST_SEED replays a seed that failed.
 */
import { describe, expect, test } from 'bun:test'
import { openCache } from '../src/cache/index.ts'
import { loadMutant, mutants } from '../src/cache/testing/mutants.ts'
import { runSchedules } from '../src/cache/testing/schedules.ts'

const given = process.env['CAIRN_TEST_SEED']
const seed = given === undefined ? Math.floor(Math.random() * 1_000_000_000) : Number(given)
const minuteMs = 60_000

test(
  'no read is served stale, by cache.md’s definition, in any schedule',
  async () => {
    const count = given === undefined ? 200 : 1
    const report = await runSchedules({ openCache, seed, count })
    // What failed is told with its own seed.
    expect(report.failures).toEqual([])
    // A sample in which nothing happens would prove nothing.
    if (given === undefined) expect(report.hits).toBeGreaterThan(report.reads / 10)
  },
  5 * minuteMs,
)

describe('a twin is caught that breaks the rule:', () => {
  for (const mutant of mutants)
    test(
      mutant.breaks,
      async () => {
        const broken = await loadMutant(mutant)
        let failed = 0
        // Seeds that are known to go through much; a twin that survives them all is as good as none.
        for (let from = 1; from <= 1_000 && failed === 0; from += 20)
          failed += (await runSchedules({ openCache: broken, seed: from, count: 20 })).failed
        expect(failed).toBeGreaterThan(0)
      },
      5 * minuteMs,
    )
})
