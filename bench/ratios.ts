/**
 * `npm run bench -- ratios [--runs N] [--write]`: the figures of the performance check that `npm test` makes, measured
 * again and again, with how far they scatter. `--write` stores their medians in `bench/ratios.json`, to be done when a
 * change made something faster or slower on purpose; say why in the commit.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import stored from './ratios.json'
import { figures, measureRatios, type Band, type Figure, type Ratios } from '../server/test/kit/performance-lab.ts'
import { readNumber, type Bench } from './bench.ts'
import { middleOf } from './gateway/measure.ts'

export const bench: Bench = {
  name: 'ratios',
  summary: 'The figures of the performance check in npm test, with their scatter',
  needsPeers: false,
  async run({ quick, args, log }) {
    const count = readNumber(args, '--runs') ?? (quick ? 2 : 12)
    const runs: Partial<Ratios>[] = []
    for (let run = 0; run < count; run++) {
      const ratios = await measureRatios()
      runs.push(ratios)
      log(figures.map((figure) => `${figure} ${ratios[figure]?.toFixed(2)}`).join(', '))
    }
    const valuesOf = (figure: Figure) => runs.flatMap((run) => run[figure] ?? [])
    if (args.includes('--write')) {
      const bands = Object.fromEntries(
        figures.map((figure): [Figure, Band] => [
          figure,
          { ratio: Number(middleOf(valuesOf(figure)).value.toPrecision(3)), band: stored[figure].band },
        ]),
      )
      await writeFile(join(import.meta.dirname, 'ratios.json'), `${JSON.stringify(bands, null, 2)}\n`)
    }
    return {
      rows: figures.flatMap((figure) => {
        const values = valuesOf(figure)
        const unit = '× bare'
        return [
          { metric: figure, unit, subject: 'cairn', ...middleOf(values) },
          { metric: figure, unit, subject: 'slowest run', value: Math.max(...values), spread: null },
          { metric: figure, unit, subject: 'stored', value: stored[figure].ratio, spread: null },
        ]
      }),
      targets: figures.map((figure) => {
        const value = worstOfThree(valuesOf(figure)) / stored[figure].ratio
        const { band } = stored[figure]
        return {
          metric: `${figure}: as npm test sees it, to the stored ratio`,
          target: `≤ ${band} ×`,
          value,
          ok: value <= band,
        }
      }),
    }
  },
}

/** `npm test` measures what seems slow up to three times and takes the best. */
function worstOfThree(values: readonly number[]): number {
  const least = (at: number) => Math.min(...values.slice(at, at + 3))
  return Math.max(...Array.from({ length: Math.max(1, values.length - 2) }, (_, at) => least(at)))
}
