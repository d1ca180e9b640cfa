/**
 * `npm run bench -- mutants [NAME]`: every broken twin of the cache against the schedules. A twin that is not caught says
 * that the schedules cannot see the rule it breaks.
 */
import { loadMutant, mutants } from '../server/src/cache/testing/mutants.ts'
import { runSchedules } from '../server/src/cache/testing/schedules.ts'
import type { Bench } from './bench.ts'

const atOnce = 20

export const bench: Bench = {
  name: 'mutants',
  summary: 'Broken twins of the cache, each with one rule taken out: which of them the schedules catch',
  needsPeers: false,
  async run({ quick, args, log }) {
    const most = quick ? 1_000 : 10_000
    const chosen = mutants.filter(({ name }) => args.length === 0 || args.includes(name))
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
    return {
      rows,
      targets: [
        { metric: 'twins that are not caught', target: '0', value: missed, ok: missed === 0 && rows.length > 0 },
      ],
    }
  },
}
