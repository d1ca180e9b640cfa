/**
 * `npm run bench -- search [--data DIR]`: quality, abstaining and speed of search, beside MiniSearch, Orama and SQLite
 * FTS5. DIR holds the collections; the vaults stand in `vaults` beside it.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Bench, BenchResult } from './bench.ts'
import { measureAbstention } from './search/abstention.ts'
import { measureAnswers } from './search/answers.ts'
import { measureQuality } from './search/quality.ts'
import { measureSpeed } from './search/speed.ts'

export const bench: Bench = {
  name: 'search',
  summary: 'How well and how fast search finds, and whether answers cite the right note.',
  needsPeers: true,
  async run({ quick, args, log }) {
    const at = args.indexOf('--data')
    const folder = resolve(at === -1 ? '../shared/data/ir' : (args[at + 1] ?? ''))
    if (!existsSync(folder)) throw new Error(`There is no folder ${folder}; name the collections with --data DIR.`)
    const vaults = join(folder, '..', 'vaults')
    const results: BenchResult[] = [await measureQuality(folder, log), measureAbstention(folder)]
    if (existsSync(vaults)) {
      results.push(await measureAnswers(join(vaults, 'handbook-18f')))
      results.push(
        await measureSpeed(
          vaults,
          quick ? { notes: 1_000, queries: 200, log } : { notes: 10_000, queries: 1_000, log },
        ),
      )
    } else log(`no vaults at ${vaults}: answers and speed are left out`)
    return { rows: results.flatMap(({ rows }) => rows), targets: results.flatMap(({ targets }) => targets) }
  },
}
