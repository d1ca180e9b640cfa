/** Ranking and health together, in virtual time: what callers feel of a slow deployment and of one that comes back. */
import { describe, expect, test } from 'bun:test'
import { createRandom } from '../base/testing/random.ts'
import { percentile, simulate, type SimulatedDeployment, type Simulation } from './health/testing/simulation.ts'

type Draw = (random: () => number) => number

const normal: Draw = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** Shapes of service times with mean or middle 1. */
const shapes: readonly (readonly [name: string, draw: Draw])[] = [
  ['always the same', () => 1],
  ['a little uneven', (random) => Math.exp(0.3 * normal(random))],
  ['with a long tail', (random) => -Math.log(1 - random())],
]

const usualMs = 300
const places = 64

function createDeployment(draw: Draw, factor = 1): SimulatedDeployment {
  return { places, takes: (random) => usualMs * factor * draw(random) }
}

describe.each(shapes)('one of three deployments five times slower, replies %s', (_, draw) => {
  // Two fast deployments are at six tenths of what they can do: the slow one could not carry a third of it.
  const load: Omit<Simulation, 'deployments'> = {
    requestsPerSecond: (0.6 * 2 * places * 1_000) / usualMs,
    forMs: 40_000,
    seed: 11,
  }
  const [fast, slow] = [createDeployment(draw), createDeployment(draw, 5)]

  test('the slowest hundredth is within 1.3 × of the run without it', () => {
    const without = percentile(simulate({ ...load, deployments: [fast, fast] }), 0.99)
    const requests = simulate({ ...load, deployments: [fast, slow, fast] })
    expect(requests.some(({ failed }) => failed)).toBe(false)
    expect(percentile(requests, 0.99) / without).toBeLessThan(1.3)
  })

  test('and with blind choice it is clearly worse, also at a load that the slow one can carry', () => {
    const light = { ...load, requestsPerSecond: (0.2 * 2 * places * 1_000) / usualMs }
    const without = percentile(simulate({ ...light, deployments: [fast, fast] }), 0.99)
    const blind = simulate({ ...light, deployments: [fast, slow, fast], choosesBlindly: true })
    expect(percentile(blind, 0.99) / without).toBeGreaterThan(2.5)
    const seeing = simulate({ ...light, deployments: [fast, slow, fast] })
    expect(percentile(seeing, 0.99) / without).toBeLessThan(1.3)
  })
})

test('a deployment that turns slow is left, and used again after it has become fast', () => {
  const [fromMs, toMs] = [30_000, 90_000]
  const changing: SimulatedDeployment = {
    places,
    takes: (random, nowMs) => usualMs * (0.5 + random()) * (nowMs > fromMs && nowMs < toMs ? 10 : 1),
  }
  const steady: SimulatedDeployment = { places, takes: (random) => usualMs * (0.5 + random()) }
  const requests = simulate({ deployments: [steady, changing], requestsPerSecond: 100, forMs: 300_000, seed: 3 })
  const shareIn = (from: number, to: number) => {
    const within = requests.filter(({ atMs }) => atMs >= from && atMs < to)
    return within.filter(({ deployment }) => deployment === 1).length / within.length
  }
  expect(shareIn(5_000, fromMs)).toBeGreaterThan(0.4)
  expect(shareIn(fromMs + 10_000, toMs)).toBeLessThan(0.02)
  expect(shareIn(270_000, 300_000)).toBeGreaterThan(0.4)
})

describe('a deployment that comes back after an outage', () => {
  const outage = { fromMs: 20_000, toMs: 40_000 }
  const random = createRandom(1)
  const seeds = Array.from({ length: 3 }, () => Math.floor(random() * 1e6))

  function runWith(slowStartMs: number) {
    const always: SimulatedDeployment = { places, takes: (draw) => usualMs * (0.5 + draw()) }
    const ill = { ...always, isDown: (nowMs: number) => nowMs > outage.fromMs && nowMs < outage.toMs }
    return seeds.map((seed) => {
      const requests = simulate({
        deployments: [always, ill, always],
        requestsPerSecond: 200,
        forMs: 80_000,
        seed,
        slowStartMs,
        cooldownMs: 2_000,
      })
      const first = requests.find(({ atMs, deployment }) => deployment === 1 && atMs > outage.toMs)
      return { requests, backMs: first === undefined ? Number.NaN : first.atMs + first.tookMs }
    })
  }

  const slowly = runWith(10_000)

  /** Part of a full share, over all seeds, so that chance evens out. */
  function shareOf(runs: ReturnType<typeof runWith>, fromMs: number, toMs: number): number {
    const within = runs.flatMap(({ requests, backMs }) =>
      requests.filter(({ atMs }) => atMs >= backMs + fromMs && atMs < backMs + toMs),
    )
    return (3 * within.filter(({ deployment }) => deployment === 1).length) / within.length
  }

  test('gets at most a tenth of its share in the first second and its full share within ten, and nobody fails', () => {
    for (const { requests, backMs } of slowly) {
      expect(backMs).toBeGreaterThan(outage.toMs)
      expect(requests.some(({ failed }) => failed)).toBe(false)
    }
    expect(shareOf(slowly, 0, 1_000)).toBeLessThanOrEqual(0.1)
    expect(shareOf(slowly, 0, 1_000)).toBeGreaterThan(0)
    expect(shareOf(slowly, 10_000, 15_000)).toBeGreaterThan(0.93)
    expect(shareOf(slowly, 10_000, 15_000)).toBeLessThan(1.07)
  })

  test('without a slow start it would get far more than a tenth at once', () => {
    expect(shareOf(runWith(0), 0, 1_000)).toBeGreaterThan(0.2)
  })

  test('while it is down it is tried by few: one at a time, and ever less often', () => {
    for (const { requests } of slowly) {
      const during = requests.filter(({ atMs }) => atMs > outage.fromMs + 1_000 && atMs < outage.toMs)
      expect(during.filter(({ deployment }) => deployment === 1)).toEqual([])
    }
  })
})
