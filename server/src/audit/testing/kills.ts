/**
 * Kills a log at each of its statements, and from outside at any moment, opens what is left, and asks: does it verify, is all that was acknowledged there,
 * is nothing half done, and does the rest of the work still come to its end?
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { parseCheckpoint } from '../tree/checkpoint.ts'
import { openLogKit, type LogKit } from './log-kit.ts'

export interface KillReport {
  /** At a statement each, every one at another. */
  readonly kills: number
  /** From outside, at any moment: also in the middle of a statement, or while the disk writes. */
  readonly killedOutside: number
  /** Statements that the program makes when nobody kills it. */
  readonly statements: number
  /** What was found wrong, with the statement that it was killed at. */
  readonly wrong: readonly string[]
}

export interface KillOptions {
  /** At most so many; at all statements when there are no more. */
  readonly kills: number
  /** So many more from outside; those that come when the program has ended do not count. */
  readonly outside?: number
  readonly seed: number
  readonly twin?: 'early' | 'loose'
  /** Only at one of the first so many statements, which append. */
  readonly among?: number
  /** Killed at once. */
  readonly atOnce?: number
}

const program = join(import.meta.dir, 'killed-log.ts')
/** Enough that there is something to prune. */
const before = 300

const saidSchema = z.object({
  appended: z.number().optional(),
  kept: z.number().optional(),
  signed: z.string().optional(),
  erased: z.number().nullable().optional(),
  pruned: z.object({ to: z.number() }).nullable().optional(),
  done: z.number().optional(),
})
type Said = z.infer<typeof saidSchema>

export async function runKills({
  kills,
  outside = 0,
  seed,
  twin,
  among,
  atOnce = 2,
}: KillOptions): Promise<KillReport> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-kills-'))
  try {
    const base = join(folder, 'base.db')
    const kit = await openLogKit(place(base))
    await kit.fill(before)
    await kit.log.close()
    const startedAt = performance.now()
    const whole = await runOnce(folder, base, { kill: null, twin: undefined })
    const wholeMs = performance.now() - startedAt
    const statements = whole.said.at(-1)?.done ?? 0
    const wrong = [...whole.wrong, ...(statements === 0 ? ['the program did not come to its end'] : [])]
    const places = pick(Math.min(statements, among ?? statements), kills, seed)
    const waiting: Kill[] = [
      ...places.map((at) => ({ at })),
      // By the golden ratio, so that any number of them is spread over the whole.
      ...Array.from({ length: outside }, (_, at) => ({ afterMs: wholeMs * ((at * 0.618_034) % 1), number: at })),
    ]
    const killed = { inside: 0, outside: 0 }
    const work = async () => {
      for (let kill = waiting.pop(); kill !== undefined; kill = waiting.pop()) {
        const run = await runOnce(folder, base, { kill, twin })
        wrong.push(...run.wrong)
        if (run.isKilled) killed['at' in kill ? 'inside' : 'outside']++
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    return { kills: killed.inside, killedOutside: killed.outside, statements, wrong }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** At its n-th statement, by itself; or so long after it was started, unless it has come to its end by then. */
type Kill = { readonly at: number } | { readonly afterMs: number; readonly number: number }

const place = (file: string) => ({ kind: 'sqlite', file, durability: 'full' }) as const

/** Some of 1 to `most`, by a linear congruential generator (Numerical Recipes, “quick and dirty”), each once. */
function pick(most: number, count: number, seed: number): number[] {
  const all = Array.from({ length: most }, (_, at) => at + 1)
  let state = seed >>> 0
  for (let at = all.length - 1; at > 0; at--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const other = state % (at + 1)
    ;[all[at], all[other]] = [all[other] as number, all[at] as number]
  }
  return all.slice(0, count)
}

async function runOnce(
  folder: string,
  base: string,
  { kill, twin }: { kill: Kill | null; twin: KillOptions['twin'] },
): Promise<{ said: Said[]; wrong: string[]; isKilled: boolean }> {
  const killAt = kill !== null && 'at' in kill ? kill.at : 0
  const name = kill === null ? 'never' : 'at' in kill ? `at ${kill.at}` : `outside ${kill.number}`
  const file = join(folder, `killed-${name.replace(' ', '-')}.db`)
  await copyFile(base, file)
  const child = Bun.spawn([process.execPath, '--no-env-file', program, file, String(killAt), twin ?? ''], {
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const timer = kill !== null && 'afterMs' in kill ? setTimeout(() => child.kill('SIGKILL'), kill.afterMs) : null
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  await child.exited
  if (timer !== null) clearTimeout(timer)
  const isKilled = child.signalCode === 'SIGKILL'
  const said = out
    .split('\n')
    // The last one may be half.
    .slice(0, -1)
    .map((line) => saidSchema.parse(JSON.parse(line)))
  const wrong: string[] = []
  if (err !== '') wrong.push(err.slice(0, 500))
  if (killAt > 0 && !isKilled) wrong.push('it was not killed')
  const kit = await openLogKit(place(file))
  try {
    wrong.push(...(await findWrong(kit, said)))
  } catch (thrown) {
    wrong.push(String(thrown))
  }
  await kit.log.close()
  for (const ending of ['', '-wal', '-shm']) await rm(`${file}${ending}`, { force: true })
  return { said, isKilled, wrong: wrong.map((each) => `killed ${name}: ${each}`) }
}

async function findWrong(kit: LogKit, said: readonly Said[]): Promise<string[]> {
  const { log } = kit
  const wrong: string[] = []
  const seen = said.flatMap(({ signed }) => signed ?? [])
  const verify = async (when: string) => {
    const { errors } = await log.verify({ against: seen })
    if (errors.length > 0) wrong.push(`${when}: ${errors.map(({ code, seq }) => `${code} ${seq}`).join(', ')}`)
  }
  await verify('right after')
  const { size, minIndex } = await log.head()
  const appended = said.flatMap(({ appended: seq }) => seq ?? [])
  if (new Set(appended).size !== appended.length) wrong.push('two were acknowledged with one place')
  const there = new Set((await log.entries({ from: minIndex, to: size })).map(({ seq }) => seq))
  for (const seq of appended) if (seq >= minIndex && !there.has(seq)) wrong.push(`${seq} was acknowledged and is gone`)
  for (const note of seen)
    if ((parseCheckpoint(note)?.size ?? size + 1) > size) wrong.push('a checkpoint is of a longer log')
  wrong.push(...(await findForgotten(kit, said)))
  await finish(kit)
  await verify('when the rest was done')
  return wrong
}

/** Whoever was told to be erased is not readable, and what was told to be pruned is not there. */
async function findForgotten({ log }: LogKit, said: readonly Said[]): Promise<string[]> {
  const wrong: string[] = []
  const { minIndex } = await log.head()
  const to = said.flatMap(({ pruned }) => pruned?.to ?? []).at(-1) ?? 0
  if (minIndex < to) wrong.push('what was pruned is there')
  if (!said.some(({ erased }) => erased !== undefined)) return wrong
  for (let from = minIndex; ;) {
    const page = await log.entries({ from, to: Number.MAX_SAFE_INTEGER })
    if (page.length === 0) return wrong
    if (page.some(({ actor, fields }) => actor === 'person_1' || fields['user'] === 'person_1'))
      return [...wrong, 'somebody who was erased is readable']
    from = (page.at(-1)?.seq ?? from) + 1
  }
}

/** All of it once more: what was done is not done again, and what was begun comes to its end. */
async function finish(kit: LogKit): Promise<void> {
  const { log, clock } = kit
  clock.put('2026-05-03T08:00:00Z')
  await log.appendOnce('spool:1', [])
  await log.checkpoints.sign()
  await log.erase(kit.by(), ['person_1'], { reason: 'request', request: 'r1' })
  await log.retention.run(kit.by())
  for (const { id, releasedBy } of await log.holds.list())
    if (releasedBy === null) await log.holds.release(kit.by(), { id, reason: 'It is over' })
  await log.prune(kit.by(), 256)
  await log.checkpoints.sign()
  const left = await log.connection.run(
    'SELECT COUNT(*) AS n FROM audit_blocks WHERE sealed IS NOT NULL AND subject IN (SELECT ref FROM audit_keys WHERE gone_by IS NOT NULL)',
  )
  if (Number(left.rows[0]?.['n']) > 0) throw new Error('blocks of somebody who was erased are left')
}
