/** `npm run bench -- palette`: how often the command that was meant comes first, and how long a key takes, beside five matchers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPalette } from '../plugin/src/core/palette/index.ts'
import type { Bench, BenchRow, BenchTarget } from './bench.ts'
import { buildPeers, type Peer } from './palette/peers.ts'

interface Query {
  readonly half: 'even' | 'odd'
  readonly kind: string
  readonly query: string
  readonly title: string
}

const data = join(import.meta.dirname, 'questions/palette')
const timedCommands = 2_000
const mostMs = 8

export const bench: Bench = {
  name: 'palette',
  summary: 'How often the palette puts the command that was meant first, and how long a key takes.',
  needsPeers: true,
  async run({ quick, log }) {
    const titles = JSON.parse(readFileSync(join(data, 'commands.json'), 'utf8')) as string[]
    const queries = readFileSync(join(data, 'queries.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Query)
    const subjects = [cairn(titles), ...(await buildPeers(titles))]
    log(`${titles.length} commands, ${queries.length} queries`)
    const rows = [
      ...judge(subjects, queries, 'odd'),
      ...judge(subjects, queries, 'even'),
      ...judgeKinds(subjects, queries),
    ]
    const long = [...titles, ...titles.slice(0, timedCommands - titles.length).map((title) => `${title} again`)]
    const timed = [cairn(long), ...(await buildPeers(long))]
    const timedQueries = queries.filter(({ half }) => half === 'odd')
    for (const subject of timed) {
      log(`timing ${subject.name} over ${long.length} commands`)
      rows.push(...time(subject, timedQueries, quick ? 1 : 2))
    }
    log(`timing the palette itself, in Chromium, over ${long.length} commands`)
    rows.push(...(await timeInModal(long, quick ? timedQueries.slice(0, 10) : timedQueries, log)))
    return { rows: rows.toSorted(byMetric(rows)), targets: targetsOf(rows) }
  },
}

function cairn(titles: readonly string[]): Peer {
  const palette = createPalette(titles.map((title, index) => ({ id: String(index), title })))
  return { name: 'cairn', search: (query) => palette.search(query).map(({ command }) => command.title) }
}

/** Place of the command that was meant, from 0; −1 when it is not among the first fifty. */
const placeOf = (subject: Peer, { query, title }: Query): number => subject.search(query).indexOf(title)

const share = (places: readonly number[], below: number): number =>
  (100 * places.filter((place) => place >= 0 && place < below).length) / places.length

function judge(subjects: readonly Peer[], queries: readonly Query[], half: Query['half']): BenchRow[] {
  const own = queries.filter((query) => query.half === half)
  return subjects.flatMap((subject) => {
    const places = own.map((query) => placeOf(subject, query))
    return [1, 3].map((below) => ({
      metric: `top-${below}, ${half} half (${own.length})`,
      unit: '%',
      subject: subject.name,
      value: share(places, below),
      spread: null,
    }))
  })
}

function judgeKinds(subjects: readonly Peer[], queries: readonly Query[]): BenchRow[] {
  const odd = queries.filter(({ half }) => half === 'odd')
  return [...new Set(odd.map(({ kind }) => kind))].flatMap((kind) => {
    const own = odd.filter((query) => query.kind === kind)
    return subjects.map((subject) => ({
      metric: `top-1, ${kind} (${own.length})`,
      unit: '%',
      subject: subject.name,
      value: share(
        own.map((query) => placeOf(subject, query)),
        1,
      ),
      spread: null,
    }))
  })
}

/** Each query is typed key by key; the first time over is not counted. */
function time(subject: Peer, queries: readonly Query[], rounds: number): BenchRow[] {
  const typed = keysOf(queries)
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    for (const text of typed) {
      const started = performance.now()
      subject.search(text)
      if (round > 0) times.push(performance.now() - started)
    }
  }
  return rowsOf(subject.name, 'a key', times)
}

/** In the shipped plugin, with its rows and preview, laid out by a real browser. */
async function timeInModal(
  titles: readonly string[],
  queries: readonly Query[],
  log: (line: string) => void,
): Promise<BenchRow[]> {
  const [{ startServices }, { openBrowser }, { timeModal }] = await Promise.all([
    import('../scripts/services.ts'),
    import('../server/test/browser.ts'),
    import('./palette/modal.ts'),
  ])
  const services = await startServices(['chromium'], log)
  await using browser = await openBrowser(services.env['CAIRN_TEST_CHROMIUM'])
  const { keys, openings } = await timeModal(titles, keysOf(queries), browser)
  await services.stop()
  const row = (metric: string, value: number): BenchRow => ({
    metric,
    unit: 'ms',
    subject: 'cairn',
    value,
    spread: null,
  })
  return [
    ...rowsOf('cairn', 'a key in the palette', keys),
    row('opening the palette, first', openings[0]),
    row('opening the palette, again', openings[1]),
  ]
}

/** Each query typed key by key. */
const keysOf = (queries: readonly Query[]): string[] =>
  queries.flatMap(({ query }) => Array.from(query, (_, at) => query.slice(0, at + 1)))

function rowsOf(subject: string, metric: string, times: readonly number[]): BenchRow[] {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
  const row = (of: string, value: number): BenchRow => ({
    metric: `${metric}, ${of}`,
    unit: 'ms',
    subject,
    value,
    spread: null,
  })
  return [row('median', at(0.5)), row('99 of 100', at(0.99)), row('longest', at(1))]
}

/** Rows of one metric together, in the order in which metrics were first measured. */
function byMetric(rows: readonly BenchRow[]): (a: BenchRow, b: BenchRow) => number {
  const order = [...new Set(rows.map(({ metric }) => metric))]
  return (a, b) => order.indexOf(a.metric) - order.indexOf(b.metric)
}

function targetsOf(rows: readonly BenchRow[]): BenchTarget[] {
  const own = (metric: string): BenchRow[] => rows.filter((row) => row.metric.startsWith(metric))
  const ahead = ['top-1, odd', 'top-3, odd'].map((metric): BenchTarget => {
    const found = own(metric)
    const value = found.find(({ subject }) => subject === 'cairn')?.value ?? 0
    const best = found.filter(({ subject }) => subject !== 'cairn').toSorted((a, b) => b.value - a.value)[0]
    const target = `> ${best?.value.toFixed(1)} % (${best?.subject})`
    return { metric: `${metric} half`, target, value, ok: value > (best?.value ?? 100) }
  })
  const timed = ['a key', 'a key in the palette'].map((metric): BenchTarget => {
    const found = own(`${metric}, 99`).find(({ subject }) => subject === 'cairn')
    const value = found?.value ?? Number.POSITIVE_INFINITY
    return {
      metric: `${metric}, ${timedCommands} commands, 99 of 100`,
      target: `≤ ${mostMs} ms`,
      value,
      ok: value <= mostMs,
    }
  })
  return [...ahead, ...timed]
}
