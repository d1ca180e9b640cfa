/**
 * Requests to deployments in virtual time: Poisson arrivals, a queue of events in the order of their times, and
 * deployments with a number of places and a queue behind them. The board and the ranking are the real ones.
 */
import { silentLogger } from '../../../base/index.ts'
import { createRandom } from '../../../base/testing/random.ts'
import { rankDeployments } from '../../rank.ts'
import { createHealthBoard } from '../board.ts'
import type { HealthBoard, HealthTrial } from '../types.ts'
import { createHandClock, makeDeployment, someNeeds } from './rig.ts'

export interface SimulatedDeployment {
  readonly places: number
  /** Milliseconds that one request takes in a place; `random` is of the deployment. */
  takes(random: () => number, nowMs: number): number
  /** Whether a request that begins now fails, at once. */
  isDown?(nowMs: number): boolean
}

export interface Simulation {
  readonly deployments: readonly SimulatedDeployment[]
  readonly requestsPerSecond: number
  readonly forMs: number
  readonly seed: number
  /** The broken twin: any deployment, whatever is known of it. */
  readonly choosesBlindly?: boolean
  readonly slowStartMs?: number
  readonly cooldownMs?: number
}

export interface SimulatedRequest {
  readonly atMs: number
  readonly deployment: number
  readonly tookMs: number
  readonly failed: boolean
}

const attemptsEach = 3

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its functions is short
export function simulate(simulation: Simulation): SimulatedRequest[] {
  const { deployments, requestsPerSecond, forMs, seed, choosesBlindly = false } = simulation
  const clock = createHandClock()
  const startMs = clock.ms
  const arrivals = createRandom(seed)
  const choices = createRandom(seed + 1)
  const events = createEvents()
  const settings = {
    openAfterFailures: 5,
    cooldownMs: simulation.cooldownMs ?? 5_000,
    slowStartMs: simulation.slowStartMs ?? 10_000,
  }
  const board = createHealthBoard({
    clock,
    settings,
    share: null,
    logger: silentLogger,
    random: createRandom(seed + 2),
  })
  const servers = deployments.map((deployment, index) => createServer(deployment, createRandom(seed + 10 + index)))
  const known = deployments.map((_, index) => makeDeployment({ provider: `p${index}`, model: 'm' }))
  const indexOf = new Map(known.map(({ id }, index) => [id, index]))
  const done: SimulatedRequest[] = []

  function createServer({ places, takes, isDown }: SimulatedDeployment, random: () => number) {
    const queue: (() => void)[] = []
    let busy = 0
    const serve = (onDone: () => void) => {
      busy++
      events.after(clock.ms, takes(random, clock.ms - startMs), () => {
        busy--
        queue.shift()?.()
        onDone()
      })
    }
    return {
      isDown: () => isDown?.(clock.ms - startMs) ?? false,
      ask: (onDone: () => void) => (busy < places ? serve(onDone) : void queue.push(() => serve(onDone))),
    }
  }

  const order = (): number[] =>
    choosesBlindly
      ? shuffle(known.length, choices)
      : rankDeployments({
          deployments: known,
          strategy: 'balanced',
          needs: someNeeds,
          view: board.view,
          random: choices,
          affinity: null,
          nowMs: clock.ms,
        }).order.map(({ deployment }) => indexOf.get(deployment.id) as number)

  function request(): void {
    const atMs = clock.ms - startMs
    let last = -1
    for (const index of order().slice(0, attemptsEach)) {
      const trial = beginAt(board, known[index]?.id)
      if (trial === null) continue
      last = index
      const server = servers[index]
      if (server === undefined || server.isDown()) {
        trial.failed('unreachable', null)
        continue
      }
      server.ask(() => {
        trial.firstToken()
        trial.succeeded(null)
        done.push({ atMs, deployment: index, tookMs: clock.ms - startMs - atMs, failed: false })
      })
      return
    }
    done.push({ atMs, deployment: last, tookMs: 0, failed: true })
  }

  function arrive(): void {
    const nextMs = (-Math.log(1 - arrivals()) * 1_000) / requestsPerSecond
    events.after(clock.ms, nextMs, () => {
      if (clock.ms - startMs >= forMs) return
      request()
      arrive()
    })
  }

  arrive()
  for (let event = events.next(); event; event = events.next()) {
    clock.ms = event.atMs
    event.run()
  }
  return done.sort((one, other) => one.atMs - other.atMs)
}

function beginAt(board: HealthBoard, id: string | undefined): HealthTrial | null {
  return id === undefined ? null : board.begin(id)
}

/** The time that `share` of the requests stay below, of those that came after `fromMs`. */
export function percentile(requests: readonly SimulatedRequest[], share: number, fromMs = 0): number {
  const times = requests.filter(({ atMs }) => atMs >= fromMs).map(({ tookMs }) => tookMs)
  times.sort((one, other) => one - other)
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN
}

function shuffle(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, index) => index)
  for (let at = count - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    ;[order[at], order[other]] = [order[other] as number, order[at] as number]
  }
  return order
}

interface Event {
  readonly atMs: number
  readonly nth: number
  readonly run: () => void
}

/** A binary heap by time; what has the same time keeps the order in which it was added. */
function createEvents() {
  const heap: Event[] = []
  let added = 0
  const isBefore = (one: Event, other: Event) =>
    one.atMs < other.atMs || (one.atMs === other.atMs && one.nth < other.nth)

  function swap(one: number, other: number): void {
    ;[heap[one], heap[other]] = [heap[other] as Event, heap[one] as Event]
  }

  function sink(): void {
    for (let at = 0; ;) {
      let first = at
      for (const child of [at * 2 + 1, at * 2 + 2])
        if (child < heap.length && isBefore(heap[child] as Event, heap[first] as Event)) first = child
      if (first === at) return
      swap(at, first)
      at = first
    }
  }

  return {
    after(nowMs: number, ms: number, run: () => void): void {
      heap.push({ atMs: nowMs + ms, nth: added++, run })
      for (let at = heap.length - 1; at > 0;) {
        const parent = (at - 1) >> 1
        if (!isBefore(heap[at] as Event, heap[parent] as Event)) return
        swap(at, parent)
        at = parent
      }
    },
    next(): Event | undefined {
      const [first] = heap
      const last = heap.pop()
      if (first && last && heap.length > 0) {
        heap[0] = last
        sink()
      }
      return first
    },
  }
}
