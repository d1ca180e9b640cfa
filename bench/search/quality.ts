/** How well search ranks: five public collections, through the shipped search, beside the libraries. */
import { createHash } from 'node:crypto'
import type { BenchResult, BenchRow } from '../bench.ts'
import { buildCollection, ndcg10, readCollection, type Judged } from './collection.ts'
import { buildPeers } from './peers.ts'
import { mean, pairedT } from './statistics.ts'

const names = ['cranfield', 'med', 'mtragun', 'noveleval', 'squad-dev-sentences']

/** Weights were chosen on queries with an even hash; those with an odd one judge. */
function isOdd({ text }: Judged): boolean {
  return ((createHash('sha256').update(text).digest()[31] as number) & 1) === 1
}

export async function measureQuality(folder: string, log: (line: string) => void): Promise<BenchResult> {
  const rows: BenchRow[] = []
  const macro = new Map<string, number[]>()
  const halves = { even: [] as number[], odd: [] as number[] }
  const worst: { name: string; t: number }[] = []
  let reciprocal = 0
  for (const name of names) {
    log(`${name} …`)
    const collection = readCollection(folder, name)
    const built = buildCollection(collection)
    const subjects = [
      { name: 'cairn', search: (query: string) => built.search(query, 'hybrid') },
      { name: 'cairn BM25', search: (query: string) => built.search(query, 'keyword') },
      ...(await buildPeers(collection.documents)),
    ]
    const scores = new Map<string, number[]>()
    for (const subject of subjects) {
      const each: number[] = []
      for (const query of collection.queries) each.push(ndcg10(await subject.search(query.text), query.relevant))
      scores.set(subject.name, each)
      rows.push({ metric: `nDCG@10 ${name}`, unit: '', subject: subject.name, value: mean(each), spread: null })
      macro.set(subject.name, [...(macro.get(subject.name) ?? []), mean(each)])
    }
    const hybrid = scores.get('cairn') as number[]
    worst.push({ name, t: pairedT(hybrid, scores.get('cairn BM25') as number[]) })
    for (const half of ['even', 'odd'] as const)
      halves[half].push(
        mean(hybrid.filter((_, index) => isOdd(collection.queries[index] as Judged) === (half === 'odd'))),
      )
    if (name.startsWith('squad'))
      reciprocal = meanReciprocalRank(collection.queries, (query) => built.search(query, 'hybrid'))
  }
  for (const [subject, values] of macro)
    rows.push({ metric: 'nDCG@10 macro', unit: '', subject, value: mean(values), spread: null })
  for (const half of ['even', 'odd'] as const)
    rows.push({
      metric: `nDCG@10 macro, ${half} half`,
      unit: '',
      subject: 'cairn',
      value: mean(halves[half]),
      spread: null,
    })
  for (const { name, t } of worst)
    rows.push({ metric: `t against BM25, ${name}`, unit: '', subject: 'cairn', value: t, spread: null })
  rows.push({ metric: 'MRR squad-dev-sentences', unit: '', subject: 'cairn', value: reciprocal, spread: null })
  return { rows, targets: judge(macro, worst, reciprocal) }
}

function judge(
  macro: ReadonlyMap<string, readonly number[]>,
  worst: readonly { t: number }[],
  reciprocal: number,
): BenchResult['targets'] {
  const of = (subject: string) => mean(macro.get(subject) ?? [])
  const peers = [...macro.keys()].filter((name) => !name.startsWith('cairn'))
  const lowest = Math.min(...worst.map(({ t }) => t))
  const bestPeer = Math.max(...peers.map(of))
  return [
    { metric: 'BM25 macro nDCG@10', target: '≥ .65', value: of('cairn BM25'), ok: of('cairn BM25') >= 0.65 },
    {
      metric: 'gain of LSA and synonyms over BM25',
      target: '≥ .01',
      value: of('cairn') - of('cairn BM25'),
      ok: of('cairn') - of('cairn BM25') >= 0.01,
    },
    { metric: 'lowest t against BM25 of any collection', target: '> −1.98', value: lowest, ok: lowest > -1.98 },
    { metric: 'lead over the best library', target: '> 0', value: of('cairn') - bestPeer, ok: of('cairn') > bestPeer },
    { metric: 'MRR squad-dev-sentences', target: '≥ .74', value: reciprocal, ok: reciprocal >= 0.74 },
  ]
}

function meanReciprocalRank(queries: readonly Judged[], search: (query: string) => string[]): number {
  return mean(
    queries.map(({ text, relevant }) => {
      const rank = search(text)
        .slice(0, 10)
        .findIndex((id) => relevant.has(id))
      return rank === -1 ? 0 : 1 / (rank + 1)
    }),
  )
}
