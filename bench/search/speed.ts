/** How fast: 10,000 notes indexed, started with, edited and searched, in a process of its own, beside the libraries. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchResult, BenchRow } from '../bench.ts'
import { chunkNote } from '../../server/src/vaults/notes/chunk.ts'
import { parseNote } from '../../server/src/vaults/notes/parse-note.ts'
import type { Document } from './collection.ts'
import { makeVault } from './make-vault.ts'
import { buildPeers } from './peers.ts'
import { quantile, spread } from './statistics.ts'

interface Measured {
  readyMs: number
  answerableMs: number
  peakMb: number
  notes: number
  passages: number
}

const seed = 20_261_122

export async function measureSpeed(
  vaults: string,
  { notes, queries, log }: { notes: number; queries: number; log: (line: string) => void },
): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-speed-'))
  try {
    const vault = join(folder, 'vault')
    log(`making ${notes} notes …`)
    await makeVault(
      vault,
      ['handbook-18f', 'tasks'].map((name) => join(vaults, name)),
      notes,
      seed,
    )
    const asked = await drawQueries(vault, queries)
    const queriesFile = join(folder, 'queries.json')
    await Bun.write(queriesFile, JSON.stringify(asked))
    log('indexing …')
    const [indexed] = (await runChild([vault, join(folder, 'data')])) as [Measured]
    log('starting with the finished index, searching, editing …')
    const [restarted, searched, edited] = (await runChild([vault, join(folder, 'data'), queriesFile])) as [
      Measured,
      { searchMs: number[] },
      { editMs: number[] },
    ]
    log('the libraries, on the same passages …')
    const peers = await measurePeers(vault, asked.slice(0, Math.min(200, queries)))
    const rows = describe(indexed, restarted, { searched, edited, peers })
    return { rows, targets: notes < 10_000 ? [] : judge(rows) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Timed {
  searched: { searchMs: number[] }
  edited: { editMs: number[] }
  peers: readonly { name: string; times: number[] }[]
}

function describe(indexed: Measured, restarted: Measured, { searched, edited, peers }: Timed): BenchRow[] {
  return [
    { metric: 'notes', unit: '', subject: 'cairn', value: indexed.notes, spread: null },
    { metric: 'passages', unit: '', subject: 'cairn', value: indexed.passages, spread: null },
    { metric: 'full index', unit: 's', subject: 'cairn', value: indexed.readyMs / 1_000, spread: null },
    { metric: 'memory while indexing, peak', unit: 'MB', subject: 'cairn', value: indexed.peakMb, spread: null },
    {
      metric: 'start with a finished index',
      unit: 's',
      subject: 'cairn',
      value: restarted.readyMs / 1_000,
      spread: null,
    },
    { metric: 'memory after a start, peak', unit: 'MB', subject: 'cairn', value: restarted.peakMb, spread: null },
    {
      metric: 'one edit until it is found',
      unit: 'ms',
      subject: 'cairn',
      value: quantile(edited.editMs, 0.5),
      spread: spread(edited.editMs),
    },
    {
      metric: 'search p50',
      unit: 'ms',
      subject: 'cairn',
      value: quantile(searched.searchMs, 0.5),
      spread: spread(searched.searchMs),
    },
    ...peers.map(({ name, times }) => ({
      metric: 'search p50',
      unit: 'ms',
      subject: name,
      value: quantile(times, 0.5),
      spread: spread(times),
    })),
    { metric: 'search p99', unit: 'ms', subject: 'cairn', value: quantile(searched.searchMs, 0.99), spread: null },
    ...peers.map(({ name, times }) => ({
      metric: 'search p99',
      unit: 'ms',
      subject: name,
      value: quantile(times, 0.99),
      spread: null,
    })),
  ]
}

function judge(rows: readonly BenchRow[]): BenchResult['targets'] {
  const bounds: [string, number][] = [
    ['full index', 60],
    ['memory while indexing, peak', 600],
    ['start with a finished index', 2],
    ['search p50', 5],
    ['search p99', 20],
  ]
  return bounds.map(([metric, bound]) => {
    const { value, unit } = rows.find((row) => row.metric === metric && row.subject === 'cairn') as BenchRow
    return { metric, target: `≤ ${bound} ${unit}`, value, ok: value <= bound }
  })
}

async function runChild(args: readonly string[]): Promise<object[]> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'speed-child.ts'), ...args], {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const text = await new Response(child.stdout).text()
  if ((await child.exited) !== 0) throw new Error('the measured process failed')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object)
}

/** Three to eight words that stand together in some passage: half as written, half with one word left out. */
async function drawQueries(vault: string, count: number): Promise<string[]> {
  const files = (await readdir(vault, { recursive: true })).filter((name) => name.endsWith('.md')).toSorted()
  let state = seed
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 4_294_967_296) * below)
  }
  const queries: string[] = []
  while (queries.length < count) {
    const text = await readFile(join(vault, files[next(files.length)] as string), 'utf8')
    const words = text.replace(/^---[\s\S]*?---/, '').match(/[a-zA-Z]{3,}/g) ?? []
    if (words.length < 20) continue
    const at = next(words.length - 10)
    const size = 3 + next(6)
    const chosen = words.slice(at, at + size)
    if (queries.length % 2 === 1) chosen.splice(next(chosen.length), 1)
    queries.push(chosen.join(' '))
  }
  return queries
}

async function measurePeers(vault: string, queries: readonly string[]): Promise<{ name: string; times: number[] }[]> {
  const documents: Document[] = []
  for (const name of (await readdir(vault, { recursive: true })).filter((each) => each.endsWith('.md'))) {
    const text = await readFile(join(vault, name), 'utf8')
    const note = parseNote(name, text)
    for (const { start, end } of chunkNote(text, note))
      documents.push({ id: `${name}:${start}`, title: note.title, text: text.slice(start, end) })
  }
  const peers = await buildPeers(documents)
  const measured: { name: string; times: number[] }[] = []
  for (const peer of peers) {
    const times: number[] = []
    for (const query of queries) {
      const from = performance.now()
      await peer.search(query)
      times.push(performance.now() - from)
    }
    measured.push({ name: peer.name, times })
  }
  return measured
}
