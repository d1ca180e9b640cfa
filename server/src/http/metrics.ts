/**
 * Counters and histograms in Prometheus' text format 0.0.4. No label names a person, key, vault or note: label values
 * are route templates, methods and other words from our own tables. A server of several processes shows the sum of
 * theirs.
 */

export type Labels = Readonly<Record<string, string>>

export interface MetricSample {
  readonly labels?: Labels
  readonly value: number
  /** `_bucket`, `_sum` or `_count` of a histogram. */
  readonly suffix?: string
  /** Where one sample of a family is merged otherwise than the rest. */
  readonly merge?: Merge
}

/** How the numbers of several processes become one. */
export type Merge = 'sum' | 'max' | 'min'

export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Added when absent. */
  readonly merge?: Merge
  readonly samples: readonly MetricSample[]
}

/** Any module may offer its numbers in this shape; they are asked for when somebody reads the metrics. */
export type MetricSource = () => readonly MetricFamily[]

export interface Counter {
  add(labels: Labels, by?: number): void
}

export interface Histogram {
  observe(labels: Labels, value: number): void
}

export interface MetricsRegistry {
  counter(name: string, help: string): Counter
  histogram(name: string, help: string, buckets: readonly number[]): Histogram
  /** A number read when asked for. */
  gauge(name: string, help: string, read: () => number): void
  register(source: MetricSource): void
  /** Everything as it stands now. */
  families(): MetricFamily[]
}

/** On which the processes of a host tell each other their numbers. */
export const metricsTopic = 'metrics'

/** A family with more label sets than this has a label it should not have; further sets are dropped. */
const maxSeries = 1_000

export function createMetricsRegistry(): MetricsRegistry {
  const sources: MetricSource[] = []
  return {
    counter(name, help) {
      const series = new Map<string, { labels: Labels; value: number }>()
      sources.push(() => [
        { name, help, type: 'counter', samples: [...series.values()].map(({ labels, value }) => ({ labels, value })) },
      ])
      return {
        add(labels, by = 1) {
          const entry = openSeries(series, labels, () => ({ labels, value: 0 }))
          if (entry) entry.value += by
        },
      }
    },
    histogram(name, help, buckets) {
      const series = new Map<string, HistogramSeries>()
      sources.push(() => [
        {
          name,
          help,
          type: 'histogram',
          samples: [...series.values()].flatMap((entry) => listSamples(entry, buckets)),
        },
      ])
      return {
        observe(labels, value) {
          const entry = openSeries(series, labels, () => ({ labels, counts: buckets.map(() => 0), sum: 0, count: 0 }))
          if (!entry) return
          const at = buckets.findIndex((bound) => value <= bound)
          if (at >= 0) entry.counts[at] = (entry.counts[at] ?? 0) + 1
          entry.sum += value
          entry.count += 1
        },
      }
    },
    gauge(name, help, read) {
      sources.push(() => [{ name, help, type: 'gauge', samples: [{ value: read() }] }])
    },
    register(source) {
      sources.push(source)
    },
    families: () => sources.flatMap((source) => [...source()]),
  }
}

/** One list out of those of several processes, in the order of the first. */
export function mergeFamilies(lists: readonly (readonly MetricFamily[])[]): MetricFamily[] {
  const merged = new Map<string, { family: MetricFamily; samples: Map<string, MetricSample> }>()
  for (const family of lists.flat()) {
    const known = merged.get(family.name) ?? { family, samples: new Map<string, MetricSample>() }
    merged.set(family.name, known)
    for (const sample of family.samples) {
      const key = JSON.stringify([sample.suffix, sample.labels])
      const before = known.samples.get(key)?.value
      known.samples.set(
        key,
        before === undefined
          ? sample
          : { ...sample, value: combine(sample.merge ?? family.merge, before, sample.value) },
      )
    }
  }
  return [...merged.values()].map(({ family, samples }) => ({ ...family, samples: [...samples.values()] }))
}

function combine(merge: Merge | undefined, one: number, other: number): number {
  if (merge === 'max') return Math.max(one, other)
  return merge === 'min' ? Math.min(one, other) : one + other
}

/** What stays of processes that have ended: what they counted. What they had open is gone with them. */
export function foldFamilies(earlier: readonly MetricFamily[], last: readonly MetricFamily[]): MetricFamily[] {
  return mergeFamilies([earlier, last]).filter(({ type }) => type !== 'gauge')
}

export function renderFamilies(families: readonly MetricFamily[]): string {
  return `${families.map(formatFamily).join('\n')}\n`
}

interface HistogramSeries {
  readonly labels: Labels
  readonly counts: number[]
  sum: number
  count: number
}

function openSeries<T>(series: Map<string, T>, labels: Labels, create: () => T): T | undefined {
  // Every reply is counted twice, so this is a lighter text than JSON.
  let key = ''
  for (const name in labels) key += `${name}=${labels[name]}\n`
  const known = series.get(key)
  if (known || series.size >= maxSeries) return known
  const made = create()
  series.set(key, made)
  return made
}

function listSamples({ labels, counts, sum, count }: HistogramSeries, buckets: readonly number[]): MetricSample[] {
  let below = 0
  const samples = buckets.map((bound, i): MetricSample => {
    below += counts[i] ?? 0
    return { suffix: '_bucket', labels: { ...labels, le: String(bound) }, value: below }
  })
  return [
    ...samples,
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, value: sum },
    { suffix: '_count', labels, value: count },
  ]
}

function formatFamily({ name, help, type, samples }: MetricFamily): string {
  const lines = samples.map(({ labels = {}, suffix = '', value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`)
    return `${name}${suffix}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
  })
  return [
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${type}`,
    ...lines,
  ].join('\n')
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
