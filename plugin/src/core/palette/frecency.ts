/**
 * How often and how lately each command was used, as one number that can be merged between devices.
 *
 * A use counts 1 when it happens and half of that after each half-life. Instead of letting old numbers decay, later
 * uses weigh more (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009): a use at time t adds 2^(t/H), kept as
 * its logarithm, and only when asked is the sum divided by 2^(now/H). So each device's number only grows, the larger of two
 * is the later one, and merging is taking the larger: in any order, as often as one likes. Forgetting notes up to which
 * number a command is forgotten, which only grows as well.
 */
/** `uses`: logarithms to base 2 by device and command. `forgotten`: up to which of them nothing counts any more. */
export interface Frecency {
  readonly uses: Readonly<Record<string, number>>
  readonly forgotten: Readonly<Record<string, number>>
}

export const halfLifeMs = 10 * 24 * 60 * 60 * 1_000
/** Numbers kept of each kind; those of the least used go first. */
export const mostEntries = 400
const longestKey = 300

export const noFrecency: Frecency = { uses: {}, forgotten: {} }

/** From what was stored; what is no such state is none. */
export function parseFrecency(stored: unknown): Frecency {
  if (typeof stored !== 'object' || stored === null || !('uses' in stored) || !('forgotten' in stored))
    return noFrecency
  const uses = parseNumbers(stored.uses)
  const forgotten = parseNumbers(stored.forgotten)
  return uses === null || forgotten === null ? noFrecency : { uses, forgotten }
}

const highest = 1e6

function parseNumbers(stored: unknown): Record<string, number> | null {
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return null
  const entries = Object.entries(stored)
  const isValid = ([key, value]: [string, unknown]): boolean =>
    key.length <= longestKey && typeof value === 'number' && Math.abs(value) <= highest
  return entries.every(isValid) ? keepHighest(Object.fromEntries(entries) as Record<string, number>) : null
}

/** `device` has no space in it. */
export function recordUse(state: Frecency, device: string, command: string, nowMs: number): Frecency {
  const key = keyOf(device, command)
  const uses = { ...state.uses, [key]: addLogs(state.uses[key] ?? Number.NEGATIVE_INFINITY, nowMs / halfLifeMs) }
  return { ...state, uses: keepHighest(uses) }
}

/** What any device is known to have done with the command counts no more, here and where this state is merged into. */
export function forgetUses(state: Frecency, command: string): Frecency {
  const ended = Object.entries(state.uses).filter(([key]) => commandOf(key) === command)
  return { ...state, forgotten: keepHighest({ ...state.forgotten, ...Object.fromEntries(ended) }) }
}

/** As `forgetUses`, for all commands at once. */
export function forgetAll(state: Frecency): Frecency {
  return { ...state, forgotten: keepHighest(larger(state.forgotten, state.uses)) }
}

export function mergeFrecency(a: Frecency, b: Frecency): Frecency {
  return { uses: keepHighest(larger(a.uses, b.uses)), forgotten: keepHighest(larger(a.forgotten, b.forgotten)) }
}

/** Uses of each command, old ones counting less. */
export function readUses({ uses, forgotten }: Frecency, nowMs: number): Map<string, number> {
  const now = nowMs / halfLifeMs
  const all = new Map<string, number>()
  for (const [key, log] of Object.entries(uses)) {
    const count = 2 ** (log - now) - 2 ** ((forgotten[key] ?? Number.NEGATIVE_INFINITY) - now)
    if (count > 0) all.set(commandOf(key), (all.get(commandOf(key)) ?? 0) + count)
  }
  return all
}

/** 0 to 1: one use just now is a half, many come near one. For `SearchOptions.habit`. */
export function readHabits(state: Frecency, nowMs: number): (command: string) => number {
  const uses = readUses(state, nowMs)
  return (command) => {
    const count = Math.min(uses.get(command) ?? 0, 1e9)
    return count / (count + 1)
  }
}

/** Most used first; equally used by name. */
export function listHabits(state: Frecency, nowMs: number, limit: number): string[] {
  const uses = [...readUses(state, nowMs)]
  return uses
    .toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([command]) => command)
}

const keyOf = (device: string, command: string): string =>
  `${device.replaceAll(' ', '')} ${command}`.slice(0, longestKey)
const commandOf = (key: string): string => key.slice(key.indexOf(' ') + 1)

/** log2(2^a + 2^b). */
function addLogs(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a]
  return high + Math.log2(1 + 2 ** (low - high))
}

function larger(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const all = new Map(Object.entries(a))
  for (const [key, value] of Object.entries(b)) all.set(key, Math.max(value, all.get(key) ?? value))
  return Object.fromEntries(all)
}

/**
 * A number that is dropped had `mostEntries` above it, and these only grow: merging before or after makes no difference.
 */
function keepHighest(values: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(values)
  const kept = entries.toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, mostEntries)
  return Object.fromEntries(kept)
}
