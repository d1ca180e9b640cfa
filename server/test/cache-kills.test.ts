/**
 * Three real Cairn processes on a real Redis of their own while connections, Redis and the processes are killed: the
 * seeded sample of `npm run bench -- kills`. Needs a Redis program, which is there when CAIRN_TEST_REDIS_URL is.
 */
import { resolve } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { faults } from '../../bench/kills/faults.ts'
import { runKills } from '../../bench/kills/run.ts'
import { loadMutant, mutants } from '../src/cache/testing/mutants.ts'

const seed = 20_261_123
const log = () => undefined

/** The engine of a twin, in a place that no other test uses. */
async function buildTwin(name: string): Promise<string> {
  const mutant = mutants.find((each) => each.name === name)
  if (mutant === undefined) throw new Error(`there is no mutant “${name}”`)
  const place = `kills-${name}`
  await loadMutant({ ...mutant, name: place })
  return resolve(import.meta.dirname, '../../node_modules/.cache/cairn-mutants', place, 'cache/engine.ts')
}

describe('processes that are killed, cut off and lied to', () => {
  test('serve nothing stale in strict, only what is marked and young in bounded, and lose no invalidation', async () => {
    const report = await runKills({ seed, seconds: 8, log })
    expect(report.stale).toEqual([])
    expect(report.lost).toEqual([])
    expect(report.inconsistencies).toBe(0)
    expect(Object.keys(report.faults).toSorted()).toEqual(Object.keys(faults).toSorted())
    expect(report.reads.strict).toBeGreaterThan(300)
    expect(report.reads.bounded).toBeGreaterThan(100)
    expect(report.hits.memory).toBeGreaterThan(100)
    expect(report.committed).toBeGreaterThan(10)
    expect(report.pending).toBeGreaterThan(0)
  }, 120_000)

  test('are found out when they only say that they invalidate', async () => {
    const only = ['CLIENT KILL TYPE pubsub']
    const report = await runKills({ seed, seconds: 1, log, only, twin: { engine: null } })
    expect(report.stale.length).toBeGreaterThan(0)
    expect(report.lost.length).toBeGreaterThan(0)
  }, 60_000)

  test('are found out when they stamp a value after it was made', async () => {
    const only = ['CLIENT KILL TYPE pubsub']
    const twin = { engine: await buildTwin('stamp-after-factory') }
    const report = await runKills({ seed, seconds: 6, log, only, twin })
    expect(report.stale.length).toBeGreaterThan(0)
  }, 60_000)
})
