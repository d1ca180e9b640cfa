/**
 * Broken twins of the cache: the same code with one rule taken out. Every proof is also run against them, and must fail.
 * A twin is made by changing the source in a copy, so that the product has no switch for being wrong.
 */
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { openCache } from '../engine.ts'

export interface Mutant {
  readonly name: string
  /** Which rule of docs/decisions/0008-fenced-log.md it breaks, in words. */
  readonly breaks: string
  readonly edits: readonly { readonly file: string; readonly find: string; readonly put: string }[]
}

export const mutants: readonly Mutant[] = [
  {
    name: 'stamp-after-factory',
    breaks: 'the stamp is taken before the source is read',
    edits: [
      {
        file: 'fill.ts',
        find: 'return { made, record }',
        put: 'record.asOf = view.newest\n    return { made, record }',
      },
    ],
  },
  {
    name: 'memory-unchecked',
    breaks: 'every read of memory is checked against the marks',
    edits: [{ file: 'read.ts', find: "if (view.judge(entry.header) !== 'valid') return undefined\n", put: '' }],
  },
  {
    name: 'marks-ignored',
    breaks: 'an entry with a newer mark on one of its scopes is not valid',
    edits: [{ file: 'log/log-view.ts', find: '(hard.get(scope) ?? 0) > asOf || ', put: '' }],
  },
  {
    name: 'soft-marks-ignored',
    breaks: 'a soft mark ends freshness',
    edits: [
      {
        file: 'log/log-view.ts',
        find: "if ((soft.get(scope) ?? 0) > asOf || suspended.soft.has(scope)) validity = 'soft'",
        put: '',
      },
    ],
  },
  {
    name: 'hard-as-soft',
    breaks: 'what was hard-invalidated is never served, not even marked',
    edits: [
      {
        file: 'log/log-view.ts',
        find: "suspended.hard.has(scope)) return 'invalid'",
        put: "suspended.hard.has(scope)) validity = 'soft'",
      },
    ],
  },
  {
    name: 'floor-ignored',
    breaks: 'an entry older than the floor is not valid',
    edits: [{ file: 'log/log-view.ts', find: ' || asOf < floor', put: '' }],
  },
  {
    name: 'epoch-ignored',
    breaks: 'an entry of another epoch is not valid',
    edits: [
      { file: 'log/log-view.ts', find: 'entry.epoch !== epoch || ', put: '' },
      { file: 'engine.ts', find: 'invalidator.noticeEpoch()\n        dropAll()', put: 'invalidator.noticeEpoch()' },
    ],
  },
  {
    name: 'no-lease',
    breaks: 'a node that has lost touch with the log does not trust what it knows',
    edits: [
      { file: 'read.ts', find: ' || now >= view.now.leasedUntil', put: '' },
      {
        file: 'read.ts',
        find: 'follower.isLeased() && view.judge(entry.header) ===',
        put: 'view.judge(entry.header) ===',
      },
    ],
  },
  {
    name: 'long-lease',
    breaks: 'the lease is as long as it is said to be',
    edits: [{ file: 'log/log-view.ts', find: 'atMs + leaseMs', put: 'atMs + 4 * leaseMs' }],
  },
  {
    name: 'unfenced-flights',
    breaks: 'who comes after an invalidation does not join a fill from before it',
    edits: [
      {
        file: 'flights.ts',
        find: 'view.tickOf(scopes) <= tick && view.tickOf([...learnt]) <= tick',
        put: 'tick >= 0 && scopes.length + learnt.size >= 0',
      },
      { file: 'read.ts', find: 'view.tickOf(result.scopes) > fillTick) continue', put: 'false) continue' },
    ],
  },
  {
    name: 'old-fills-joined-out-of-touch',
    breaks: 'a node that has lost touch with the log does not share a fill from before that',
    edits: [{ file: 'flights.ts', find: ' && isInTouch(fill))', put: ' && isInTouch !== undefined)' }],
  },
  {
    name: 'inputs-forgotten',
    breaks: 'a derived entry depends on what its inputs depend on',
    edits: [
      { file: 'fill.ts', find: 'for (const scope of header.scopes) record.scopes.add(scope)', put: '' },
      { file: 'fill.ts', find: 'record.asOf = Math.min(record.asOf, header.asOf)', put: '' },
    ],
  },
  {
    name: 'lagging-source-trusted',
    breaks: 'a value from a source that lags is stamped with what the source contains',
    edits: [{ file: 'fill.ts', find: 'record.asOf = Math.min(record.asOf, seq)', put: 'void seq' }],
  },
  {
    name: 'pending-dropped',
    breaks: 'an invalidation that could not be committed is tried until it is',
    edits: [{ file: 'log/invalidate.ts', find: 'pending.push(entry)\n    await save(entry)', put: 'entry.settle()' }],
  },
  {
    name: 'pending-not-local',
    breaks: 'an invalidation holds on its own node at once',
    edits: [
      { file: 'log/log-view.ts', find: ' || suspended.hard.has(scope)', put: '' },
      { file: 'log/log-view.ts', find: ' || suspended.soft.has(scope)', put: '' },
    ],
  },
  {
    name: 'all-not-waited-for',
    breaks: 'wait: "all" resolves when no node serves the old value any more',
    edits: [
      { file: 'log/invalidate.ts', find: "if (wait === 'commit' || isOver", put: "if (wait !== 'never' || isOver" },
    ],
  },
  {
    name: 'disk-unchecked',
    breaks: 'what a disk kept over a restart is checked against the log',
    edits: [
      {
        file: 'places.ts',
        find: "if (stored && isPlaced && view.judge(stored.header) !== 'invalid') {",
        put: 'if (stored && isPlaced) {',
      },
      {
        file: 'read.ts',
        find: "follower.isLeased() && view.judge(entry.header) === 'valid'",
        put: 'follower.isLeased()',
      },
    ],
  },
]

/** The engine of a broken twin. Throws when an edit no longer fits the source: then the twin must be made anew. */
export async function loadMutant({ name, edits }: Mutant): Promise<typeof openCache> {
  const source = resolve(import.meta.dirname, '../..')
  // Below node_modules, where packages are found from, and where nobody looks for sources.
  const folder = resolve(source, '../../node_modules/.cache/cairn-mutants', name)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await cp(join(source, 'cache'), join(folder, 'cache'), { recursive: true })
  for (const room of ['base', 'platform', 'storage']) await symlink(join(source, room), join(folder, room))
  for (const { file, find, put } of edits) {
    const path = join(folder, 'cache', file)
    const text = await readFile(path, 'utf8')
    if (text.split(find).length !== 2) throw new Error(`mutant ${name}: ${file} does not have exactly one “${find}”`)
    await writeFile(
      path,
      text.replace(find, () => put),
    )
  }
  const engine = (await import(join(folder, 'cache/engine.ts'))) as { openCache: typeof openCache }
  return engine.openCache
}
