import { beforeAll, describe, expect, test } from 'bun:test'
import { isHarmless, runFaults, strikesBefore, type FaultRun } from './kit/fault-run.ts'

/** A sample; `CAIRN_FAULT_REQUESTS=5000` is the whole run. */
const requests = Number(process.env['CAIRN_FAULT_REQUESTS'] ?? 1_000)
const seed = Number(process.env['CAIRN_FAULT_SEED'] ?? 20_261_123)

function countAt(run: FaultRun, number: number) {
  const entries = run.upstreams.map((upstream) => upstream.stats().requests[String(number)])
  const sum = (pick: (entry: NonNullable<(typeof entries)[number]>) => number) =>
    entries.reduce((total, entry) => total + (entry ? pick(entry) : 0), 0)
  return {
    calls: entries.map((entry) => entry?.calls ?? 0),
    told: sum(({ told }) => told),
    toldInput: sum(({ toldInput }) => toldInput),
    toldOutput: sum(({ toldOutput }) => toldOutput),
  }
}

describe(`over ${requests} requests to three deployments, each failing one in five`, () => {
  let run: FaultRun
  beforeAll(async () => {
    run = await runFaults({ requests, seed, concurrency: 64, retryRatio: 3 })
  }, 300_000)

  test('each request is heard once, and none has a clean but truncated end', () => {
    expect(run.heard).toHaveLength(requests)
    expect(run.heard.flatMap(({ number, wrongs }) => wrongs.map((wrong) => `#${number}: ${wrong}`))).toEqual([])
  })

  test('one that a deployment can still answer before its first word succeeds', () => {
    const failed = run.heard.filter(({ number, streamed, how }) => {
      const canAnswer = run.faultsOf(number).some((fault) => isHarmless(fault, streamed))
      return canAnswer && how === 'refused'
    })
    expect(failed).toEqual([])
    const hopeless = run.heard.filter(({ number, streamed }) =>
      run.faultsOf(number).every((fault) => strikesBefore(fault, streamed)),
    )
    expect(hopeless.length).toBeGreaterThan(0)
    for (const { how, retried } of hopeless) expect({ how, retried }).toEqual({ how: 'refused', retried: true })
  })

  test('a stream that breaks after its first word is told as broken, and only then', () => {
    const partial = run.heard.filter(({ how }) => how === 'partial')
    expect(partial.length).toBeGreaterThan(requests / 100)
    for (const { number, code, streamed } of partial) {
      expect(streamed).toBe(true)
      expect(code).toBe('upstream.broken-stream')
      expect(run.faultsOf(number).some((fault) => fault !== null && !strikesBefore(fault, true))).toBe(true)
    }
  })

  test('no deployment is called twice for one request, none where none was due, and none after the end', () => {
    for (const { number, streamed } of run.heard) {
      const { calls } = countAt(run, number)
      expect(Math.max(...calls)).toBe(1)
      // A cut within the first words may reach us before them: the kernel drops what was not read.
      if (run.faultsOf(number).every((fault) => isHarmless(fault, streamed)))
        expect(calls.reduce((sum, each) => sum + each, 0)).toBe(1)
    }
    for (const upstream of run.upstreams) expect(upstream.stats().open).toBe(0)
  })

  test('the ledger has what the providers told wherever they told it, and marks the rest as estimated', () => {
    for (const { number, how } of run.heard) {
      const upstream = countAt(run, number)
      const ledger = run.ledger.get(number)
      expect(ledger?.rows).toBeGreaterThan(0)
      // What was on its way when the client left may or may not have been told.
      if (how === 'cancelled') continue
      if (how === 'whole' && upstream.told === 1 && ledger?.told === 1)
        expect({ number, input: ledger.toldInput, output: ledger.toldOutput }).toEqual({
          number,
          input: upstream.toldInput,
          output: upstream.toldOutput,
        })
      if (how === 'whole') expect(ledger?.whole).toBe(1)
      if (how === 'whole' && upstream.told === 0) expect(ledger?.estimated).toBeGreaterThan(0)
      if (how === 'partial') expect(ledger?.estimated).toBeGreaterThan(0)
    }
    const told = run.heard.filter(({ number }) => run.ledger.get(number)?.told === 1)
    expect(told.length).toBeGreaterThan(requests / 2)
  })

  test('no reservation stays open', () => {
    expect(run.openReservations).toBe(0)
  })
})

test('a caller whose retries are used up is told the first failure, and is free to try again', async () => {
  const run = await runFaults({ requests: 600, seed, concurrency: 16, retryRatio: 0.02 })
  const calls = run.upstreams.reduce((sum, upstream) => sum + upstream.stats().calls, 0)
  // A burst of 20, and one further attempt for every fifty requests.
  // The burst comes back within a minute.
  expect(calls - 600).toBeLessThanOrEqual(20 + 600 * 0.02 + (20 * run.seconds) / 60 + 1)
  const refused = run.heard.filter(({ number, streamed, how }) => {
    const canAnswer = run.faultsOf(number).some((fault) => !strikesBefore(fault, streamed))
    return canAnswer && how === 'refused'
  })
  expect(refused.filter(({ retried }) => !retried).length).toBeGreaterThan(10)
  expect(run.openReservations).toBe(0)
}, 120_000)

test('with deployments left alone when they fail, nothing is truncated and nothing stays open', async () => {
  const run = await runFaults({ requests: 800, seed: seed + 1, concurrency: 16, retryRatio: 3, withHealth: true })
  expect(run.heard.flatMap(({ wrongs }) => wrongs)).toEqual([])
  expect(run.openReservations).toBe(0)
  const codes = new Set(run.heard.flatMap(({ code }) => (code === null ? [] : [code])))
  for (const code of codes) expect(code).toMatch(/^(upstream\.|model\.unavailable)/)
}, 120_000)
