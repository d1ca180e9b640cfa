/**
 * `npm run bench -- mutants [NAME] [--every N]`: every broken twin of the cache against the schedules, and every small
 * wrong change of the access engine (`access`, or every N-th) against its proofs. One that is not caught says that the
 * proofs cannot see what it breaks.
 */
import { loadMutant, mutants } from '../server/src/cache/testing/mutants.ts'
import { runSchedules } from '../server/src/cache/testing/schedules.ts'
import { readNumber, type Bench, type BenchResult } from './bench.ts'
import { mutateAccess } from './mutants/access.ts'

const atOnce = 20

export const bench: Bench = {
  name: 'mutants',
  summary: 'Broken twins of the cache and of the access engine: which of them the proofs catch',
  needsPeers: false,
  async run({ quick, args, log }) {
    const every = readNumber(args, '--every')
    const names = args.filter((word, at) => word !== '--every' && args[at - 1] !== '--every')
    const cache =
      names.length === 1 && names[0] === 'access' ? null : await tryTwins(names, quick ? 1_000 : 10_000, log)
    const isAccessAsked = names.length === 0 || names.includes('access')
    const access = isAccessAsked ? await tryAccess(every ?? (quick ? 10 : 1), log) : null
    return {
      rows: [...(cache?.rows ?? []), ...(access?.rows ?? [])],
      targets: [...(cache?.targets ?? []), ...(access?.targets ?? [])],
    }
  },
}

async function tryTwins(names: readonly string[], most: number, log: (line: string) => void): Promise<BenchResult> {
  const chosen = mutants.filter(({ name }) => names.length === 0 || names.includes(name))
  const rows = []
  for (const mutant of chosen) {
    const openCache = await loadMutant(mutant)
    let needed = 0
    for (let isCaught = false; !isCaught && needed < most; needed += atOnce)
      isCaught = (await runSchedules({ openCache, seed: needed + 1, count: atOnce })).failed > 0
    log(`${needed < most ? 'caught' : 'MISSED'}  ${mutant.name}: ${mutant.breaks}`)
    rows.push({ metric: mutant.name, unit: 'schedules', subject: 'cairn', value: needed, spread: null })
  }
  const missed = rows.filter(({ value }) => value >= most).length
  const target = {
    metric: 'twins that are not caught',
    target: '0',
    value: missed,
    ok: missed === 0 && rows.length > 0,
  }
  return { rows, targets: [target] }
}

async function tryAccess(every: number, log: (line: string) => void): Promise<BenchResult> {
  const { tried, killed, survivors } = await mutateAccess(every, log)
  const percent = (100 * killed) / tried
  const row = (metric: string, value: number) => ({ metric, unit: 'changes', subject: 'cairn', value, spread: null })
  return {
    rows: [row('changes of the access engine', tried), row('of these not caught', survivors.length)],
    targets: [
      { metric: 'changes of the access engine that are caught', target: '≥ 90 %', value: percent, ok: percent >= 90 },
    ],
  }
}
