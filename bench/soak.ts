/**
 * `npm run bench -- soak --gateway [--requests N] [--cancelled N] [--seed N]`: the real server under a million requests
 * that nobody asked before and a hundred thousand streams whose clients leave. Without `--gateway`:
 *
 * `npm run bench -- soak [--schedules N] [--seed N] [--keys N]`: random schedules over the cache's engine in virtual time,
 * looking for one stale read; then three processes that write a million keys to one disk tier while they are killed. A
 * schedule that fails is told with its seed; `--seed SEED --schedules 1` replays it.
 */
import { openCache } from '../server/src/cache/engine.ts'
import { runSchedules, type ScheduleReport } from '../server/src/cache/testing/schedules.ts'
import { readNumber, type Bench, type BenchResult } from './bench.ts'
import { runDiskSoak, type DiskSoakResult } from './cache-disk-soak/soak.ts'
import { mostAtProvider, runGatewaySoak, type SoakResult } from './gateway/soak.ts'

const wholeSoak = 100_000
const quickSoak = 2_000
const batch = 1_000
const wholeKeys = 1_000_000
const quickKeys = 50_000
const wholeRequests = 1_000_000
const quickRequests = 10_000
const diskBytes = 256 * 1_024 * 1_024

export const bench: Bench = {
  name: 'soak',
  summary: 'Random schedules of faults and races over the cache, looking for one stale read',
  needsPeers: false,
  async run({ quick, args, log }) {
    const count = readNumber(args, '--schedules') ?? (quick ? quickSoak : wholeSoak)
    const first = readNumber(args, '--seed') ?? Math.floor(Math.random() * 1e9)
    if (args.includes('--gateway')) {
      const requests = readNumber(args, '--requests') ?? (quick ? quickRequests : wholeRequests)
      const cancelled = readNumber(args, '--cancelled') ?? requests / 10
      log(`seed ${first}`)
      return describeGateway(
        await runGatewaySoak({ requests, cancelled, seed: first, slowSeconds: quick ? 5 : 60, log }),
      )
    }
    log(`seeds ${first} to ${first + count - 1}`)
    const start = performance.now()
    const reports: ScheduleReport[] = []
    for (let done = 0; done < count; done += batch) {
      const report = await runSchedules({ openCache, seed: first + done, count: Math.min(batch, count - done) })
      reports.push(report)
      for (const failure of report.failures) log(`STALE  ${failure}`)
      if ((done / batch) % 10 === 9) log(`${done + batch} schedules, ${failedIn(reports)} wrong`)
    }
    const seconds = (performance.now() - start) / 1_000
    const keys = readNumber(args, '--keys') ?? (quick ? quickKeys : wholeKeys)
    const disk = await runDiskSoak({
      subject: 'segments',
      processes: 3,
      maxBytes: diskBytes,
      keys,
      deletes: 0.3,
      killEveryMs: 3_000,
      longReader: false,
      seed: first,
      mostSeconds: 1_200,
      log,
    })
    const [schedules, ofDisk] = [describe(reports, seconds), describeDisk(disk)]
    return { rows: [...schedules.rows, ...ofDisk.rows], targets: [...schedules.targets, ...ofDisk.targets] }
  },
}

const failedIn = (reports: readonly ScheduleReport[]) => reports.reduce((sum, { failed }) => sum + failed, 0)

function describe(reports: readonly ScheduleReport[], seconds: number): BenchResult {
  const sum = (pick: (report: ScheduleReport) => number) => reports.reduce((total, report) => total + pick(report), 0)
  const row = (metric: string, value: number, unit = '') => ({ metric, unit, subject: 'cairn', value, spread: null })
  const failed = failedIn(reports)
  const reads = sum((report) => report.reads)
  return {
    rows: [
      row(
        'schedules',
        sum((report) => report.schedules),
      ),
      row('reads', reads),
      row(
        'reads that were hits',
        sum((report) => report.hits),
      ),
      row(
        'reads served stale and marked, as asked for',
        sum((report) => report.marked),
      ),
      row(
        'invalidations',
        sum((report) => report.invalidations),
      ),
      row('schedules with a stale read', failed),
      row('time', seconds, 's'),
    ],
    targets: [{ metric: 'schedules with a stale read', target: '0', value: failed, ok: failed === 0 && reads > 0 }],
  }
}

function describeDisk(disk: DiskSoakResult): BenchResult {
  const row = (metric: string, value: number, unit = '') => ({ metric, unit, subject: 'cairn', value, spread: null })
  const broken = disk.wrong + disk.thrown + disk.crashes.length
  return {
    rows: [
      row('disk: keys written', disk.sets),
      row('disk: processes killed', disk.kills),
      row('disk: largest folder', disk.mostBytes, 'bytes'),
      row('disk: writes and reads that failed', disk.errors),
    ],
    targets: [
      {
        metric: 'disk: wrong values, exceptions, crashes',
        target: '0',
        value: broken,
        ok: broken === 0 && disk.isFinished,
      },
      {
        metric: 'disk: largest folder to its bound',
        target: '≤ 1 ×',
        value: disk.mostBytes / diskBytes,
        ok: disk.mostBytes <= diskBytes,
      },
    ],
  }
}

const megabyte = 1_000_000
/** Each slow reader may have as much on its way as is recorded for the cache, twice. */
const slowBytes = 100 * megabyte

function describeGateway(soak: SoakResult): BenchResult {
  const row = (metric: string, value: number, unit = '') => ({ metric, unit, subject: 'cairn', value, spread: null })
  const { surplusCalls, surplusWhole, surplusCancelled, failures } = soak
  const astray = Math.abs(surplusCalls) + Math.abs(surplusWhole) + Math.abs(surplusCancelled)
  const growth = soak.rssAtEnd / soak.rssAtFifth
  return {
    rows: [
      row('gateway: requests', soak.requests),
      row('gateway: streams whose client left', soak.cancelled),
      row('gateway: memory when a fifth was done', soak.rssAtFifth / megabyte, 'MB'),
      row('gateway: memory at the end', soak.rssAtEnd / megabyte, 'MB'),
      row('gateway: most under way at the provider', soak.mostOpen),
      row('gateway: slow readers, growth', soak.slowGrowth / megabyte, 'MB'),
      row('gateway: slow readers, taken from the provider for each', soak.slowTakenBytes / megabyte, 'MB'),
      row('gateway: time', soak.seconds, 's'),
    ],
    targets: [
      { metric: 'gateway: wrong or missing replies', target: '0', value: failures, ok: failures === 0 },
      { metric: 'gateway: calls the provider counted otherwise', target: '0', value: astray, ok: astray === 0 },
      { metric: 'gateway: memory at the end to a fifth', target: '≤ 1.1 ×', value: growth, ok: growth <= 1.1 },
      {
        metric: 'gateway: most under way at the provider',
        target: `≤ ${mostAtProvider}`,
        value: soak.mostOpen,
        ok: soak.mostOpen <= mostAtProvider,
      },
      { metric: 'gateway: left under way', target: '0', value: soak.leftOpen, ok: soak.leftOpen === 0 },
      {
        metric: 'gateway: growth with slow readers',
        target: '≤ 100 MB',
        value: soak.slowGrowth / megabyte,
        ok: soak.slowGrowth <= slowBytes,
      },
    ],
  }
}
