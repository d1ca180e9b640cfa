/**
 * Times calls that take nanoseconds beside each other: in each round every contestant runs once, in another order, so
 * that a disturbance of the machine hits all of them alike. Told are the median over the rounds and its spread. What
 * only computes is timed by what its thread has spent on the processor, which other programs do not lengthen; what
 * waits for another process by the clock on the wall.
 */

export interface Contestant {
  readonly name: string
  /** Makes so many calls; throws when one of them was not what is measured. */
  readonly run: (calls: number) => void | Promise<void>
  /** Called before each round, not timed. */
  readonly prepare?: () => void | Promise<void>
}

export interface Timing {
  readonly name: string
  /** Nanoseconds for one call: the median of the rounds, and half the distance between the quartiles. */
  readonly ns: number
  readonly spread: number
}

/** `roundMs`: about how long a contestant runs in each round. */
export async function timeRounds(
  contestants: readonly Contestant[],
  { rounds, roundMs, by }: { rounds: number; roundMs: number; by: 'thread' | 'wall' },
): Promise<Timing[]> {
  const calls = new Map<string, number>()
  for (const contestant of contestants) calls.set(contestant.name, await findCalls(contestant, roundMs, by))
  const times = new Map<string, number[]>(contestants.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const shift = round % contestants.length
    const order = [...contestants.slice(shift), ...contestants.slice(0, shift)]
    for (const contestant of round % 2 === 0 ? order : order.reverse()) {
      const count = calls.get(contestant.name) ?? 1
      times.get(contestant.name)?.push(((await timeOnce(contestant, count, by)) * 1e6) / count)
    }
  }
  return contestants.map(({ name }) => {
    const sorted = (times.get(name) ?? []).toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
    return { name, ns: at(0.5), spread: (at(0.75) - at(0.25)) / 2 }
  })
}

/** Runs it warm, and finds how many calls fill a round. */
async function findCalls(contestant: Contestant, roundMs: number, by: 'thread' | 'wall'): Promise<number> {
  let calls = 64
  for (;;) {
    const ms = await timeOnce(contestant, calls, by)
    if (ms >= roundMs / 4) {
      await timeOnce(contestant, calls, by)
      return Math.max(64, Math.round((calls * roundMs) / ms))
    }
    calls *= 2
  }
}

/** Milliseconds. What waits to be done, such as timers, is let through before. */
async function timeOnce({ run, prepare }: Contestant, calls: number, by: 'thread' | 'wall'): Promise<number> {
  await Bun.sleep(0)
  await prepare?.()
  const now = by === 'thread' ? threadMs : () => performance.now()
  const start = now()
  await run(calls)
  return now() - start
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
