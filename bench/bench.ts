/** What a benchmark is. Each `bench/<name>.ts` exports one as `bench`; `bench/run.ts` runs it and prints what it found. */

export interface BenchOptions {
  /** Under a minute: fewer repetitions and smaller data; targets that need the whole are left out. */
  readonly quick: boolean
  /** Arguments that the dispatcher does not know, for the benchmark itself (`--data DIR`, `--sizes …`). */
  readonly args: readonly string[]
  /** Says what is going on; goes to the error output. */
  readonly log: (line: string) => void
}

export interface BenchRow {
  readonly metric: string
  readonly unit: string
  /** `cairn`, a peer, or a limit such as `disk` or `loopback`. */
  readonly subject: string
  readonly value: number
  /** Half the distance between the quartiles, in the row’s unit; null for one measurement. */
  readonly spread: number | null
}

export interface BenchTarget {
  readonly metric: string
  /** In words: `≤ 5 ms`. */
  readonly target: string
  readonly value: number
  readonly ok: boolean
}

export interface BenchResult {
  readonly rows: readonly BenchRow[]
  readonly targets: readonly BenchTarget[]
}

export interface Bench {
  readonly name: string
  readonly summary: string
  /** True when it compares with packages of bench/package.json, which are then installed. */
  readonly needsPeers: boolean
  readonly run: (options: BenchOptions) => Promise<BenchResult>
}

/** Throws for a flag without a whole number. */
export function readNumber(args: readonly string[], flag: string): number | undefined {
  const at = args.indexOf(flag)
  if (at < 0) return undefined
  const value = Number(args[at + 1])
  if (!Number.isInteger(value) || value < 0) throw new Error(`${flag} needs a whole number`)
  return value
}
