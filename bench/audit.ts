/**
 * `npm run bench -- audit [--data DIR] [--events N] [--asked N]`: durable events a second beside the bare store, the cost of
 * verifying, questions to a log of `--asked` events on SQLite and PostgreSQL, what the log costs the gateway, Go's verdict
 * on an archive, and, with `--data`, the test vectors of others.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from 'bun:sqlite'
import { createOpenFiles } from '../server/src/audit/export/open-files.ts'
import type { AuditLog } from '../server/src/audit/index.ts'
import type { StoreLocation } from '../server/src/storage/index.ts'
import { openLogKit, someEvent, testSecrets } from '../server/src/audit/testing/log-kit.ts'
import { startServices } from '../scripts/services.ts'
import { measureGatewayCost, type GatewayCost } from './audit/gateway.ts'
import { verifyWithGo } from './audit/go.ts'
import { measureQuestions } from './audit/questions.ts'
import { runVectors } from './audit/vectors.ts'
import { readNumber, type Bench, type BenchRow, type BenchTarget } from './bench.ts'

/** Callers that wait for one event each, as requests do. */
const callers = 256

export const bench: Bench = {
  name: 'audit',
  summary: 'Durable audit events a second beside the bare store, verifying, and what others say of the log',
  needsPeers: false,
  async run({ quick, args, log }) {
    const events = readNumber(args, '--events') ?? (quick ? 10_000 : 60_000)
    const rounds = quick ? 3 : 5
    const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-audit-'))
    const rows: BenchRow[] = []
    const targets: BenchTarget[] = []
    try {
      log(`${events} events, ${rounds} times …`)
      const [ours, bare]: [number[], number[]] = [[], []]
      const kit = await openLogKit({ kind: 'sqlite', file: join(folder, 'audit.db'), durability: 'full' })
      for (let round = 0; round < rounds; round++) {
        bare.push(measureBare(join(folder, `bare-${round}.db`), events))
        ours.push(await measureEvents((at) => kit.log.append(someEvent(at, Date.now())), events))
      }
      const perSecond = middle(ours)
      rows.push(row('durable events', '/s', 'cairn', ours), row('durable events', '/s', 'sqlite', bare))
      targets.push(target('durable events a second', '≥ 15,000', perSecond, perSecond >= 15_000))
      log('verifying …')
      await kit.log.checkpoints.sign()
      const start = performance.now()
      const report = await kit.log.verify()
      const verified = Math.round((report.entries / (performance.now() - start)) * 1_000)
      rows.push(row('entries verified, with their blocks', '/s', 'cairn', [verified]))
      targets.push(
        target('entries verified a second', '≥ 50,000', verified, verified >= 50_000),
        target('findings in an untouched log', '0', report.errorCount, report.errorCount === 0),
      )
      const taken = await measureExport(kit.log)
      log(`an export of ${taken.megabytes} MB …`)
      rows.push(row('entries taken out as OCSF', '/s', 'cairn', [taken.perSecond]))
      // A page, and what the collector has not come to yet.
      targets.push(target('memory that an export takes, MB', '≤ 96', taken.grownMegabytes, taken.grownMegabytes <= 96))
      log('Go …')
      const go = await verifyWithGo(kit.log.archive(false))
      if (go === null) log('there is no Go on this machine')
      else {
        log(go.said)
        targets.push(target('archive is ok for golang.org/x/mod', '1', Number(go.ok), go.ok))
      }
      await kit.log.close()
      const asked = readNumber(args, '--asked') ?? (quick ? 20_000 : 1_000_000)
      await askStores(folder, { events: asked, rounds: quick ? 3 : 9 }, { rows, targets, log })
      log('the gateway, recorded and silent …')
      const cost = await measureGatewayCost(rounds, quick ? 1 : 4)
      describeCost(cost, rows, targets)
      const at = args.indexOf('--data')
      if (at >= 0) {
        const { passed, wrong } = runVectors(args[at + 1] ?? '')
        for (const name of wrong.slice(0, 10)) log(`WRONG  ${name}`)
        rows.push(row('vectors of others', '', 'cairn', [passed]))
        targets.push(target('vectors that failed', '0', wrong.length, wrong.length === 0 && passed > 0))
      }
      return { rows, targets }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

interface Found {
  readonly rows: BenchRow[]
  readonly targets: BenchTarget[]
  readonly log: (line: string) => void
}

async function askStores(
  folder: string,
  size: { readonly events: number; readonly rounds: number },
  { rows, targets, log }: Found,
): Promise<void> {
  const file = (name: string): StoreLocation => ({ kind: 'sqlite', file: join(folder, name), durability: 'full' })
  const services = await startServices(['postgres'], log)
  const url = services.env['CAIRN_TEST_DATABASE_URL'] ?? process.env['CAIRN_TEST_DATABASE_URL']
  const stores: [name: string, log: StoreLocation, index: StoreLocation][] = [
    ['sqlite', file('asked.db'), file('asked-index.db')],
  ]
  if (url !== undefined) stores.push(['postgres', { kind: 'postgres', url }, { kind: 'postgres', url }])
  try {
    for (const [name, store, index] of stores) {
      log(`${size.events} events on ${name}, and questions about the last of 100 days …`)
      const { perSecond, ms } = await measureQuestions({ log: store, index }, size)
      rows.push(row('durable events, many callers', '/s', name, [perSecond]))
      for (const [question, took] of ms) rows.push(row(`the last day, ${question}`, 'ms', name, [took]))
      const slowest = Math.max(...ms.values())
      targets.push(target(`slowest question on ${name}, ms`, '≤ 100', slowest, slowest <= 100))
      if (name === 'postgres')
        targets.push(target('durable events a second on postgres', '≥ 5,000', perSecond, perSecond >= 5_000))
    }
  } finally {
    await services.stop()
  }
}

function describeCost(cost: GatewayCost, rows: BenchRow[], targets: BenchTarget[]): void {
  rows.push(
    row('JSON through the gateway, 64 at once', '/s', 'recorded', cost.recorded),
    row('JSON through the gateway, 64 at once', '/s', 'silent', cost.silent),
    row('99 of 100 requests, one after another', 'ms', 'recorded', cost.recordedP99),
    row('99 of 100 requests, one after another', 'ms', 'silent', cost.silentP99),
  )
  const share = middle(cost.recorded) / middle(cost.silent)
  const added = middle(cost.recordedP99) - middle(cost.silentP99)
  targets.push(
    target('share of the gateway’s throughput with the log', '≥ 0.5', share, share >= 0.5),
    target('added to 99 of 100 requests, ms', '≤ 10', added, added <= 10),
  )
}

async function measureEvents(append: (at: number) => Promise<unknown>, events: number): Promise<number> {
  const start = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let at = next++; at < events; at = next++) await append(at)
    }),
  )
  return Math.round((events / (performance.now() - start)) * 1_000)
}

/** The same amount of bytes as rows, as many to a transaction as there are callers: what the store alone can do. */
function measureBare(file: string, events: number): number {
  const database = new Database(file)
  database.run('PRAGMA journal_mode = WAL')
  database.run('PRAGMA synchronous = FULL')
  database.run('CREATE TABLE entries (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL, block BLOB NOT NULL)')
  const insert = database.prepare('INSERT INTO entries VALUES (?, ?, ?)')
  const [entry, block] = ['x'.repeat(300), new Uint8Array(260)]
  const start = performance.now()
  for (let from = 0; from < events; from += callers)
    database.transaction(() => {
      for (let at = from; at < Math.min(from + callers, events); at++) insert.run(at, entry, block)
    })()
  const perSecond = Math.round((events / (performance.now() - start)) * 1_000)
  database.close()
  return perSecond
}

async function measureExport(log: AuditLog): Promise<{ perSecond: number; megabytes: number; grownMegabytes: number }> {
  const files = createOpenFiles(log, { secrets: testSecrets, version: '0' })
  Bun.gc(true)
  const [before, start] = [process.memoryUsage.rss(), performance.now()]
  const { id, size } = await files.begin({ format: 'ocsf', content: true, bom: false })
  let [bytes, most] = [0, before]
  for (let piece = await files.next(id); piece !== null; piece = await files.next(id)) {
    bytes += piece.bytes.length
    most = Math.max(most, process.memoryUsage.rss())
  }
  const mega = (count: number) => Math.round(count / 1e6)
  const perSecond = Math.round((size / (performance.now() - start)) * 1_000)
  return { perSecond, megabytes: mega(bytes), grownMegabytes: mega(most - before) }
}

const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

function row(metric: string, unit: string, subject: string, values: readonly number[]): BenchRow {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
  return { metric, unit, subject, value: middle(values), spread: values.length < 3 ? null : (at(0.75) - at(0.25)) / 2 }
}

const target = (metric: string, wanted: string, value: number, ok: boolean): BenchTarget => ({
  metric,
  target: wanted,
  value,
  ok,
})
