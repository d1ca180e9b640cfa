/**
 * `npm run bench -- kills [--seconds N] [--seed N]`: three Cairn processes on a real Redis while connections, Redis and
 * the processes themselves are killed, looking for one stale read and for one invalidation that was lost.
 * `npm run bench -- kills audit [--kills N] [--seed N]`: the audit log, killed at its statements, one after the other, and half as
 * often from outside at any moment.
 */
import { runKills as killLog } from '../server/src/audit/testing/kills.ts'
import { readNumber, type Bench, type BenchResult } from './bench.ts'
import { runKills, type KillReport } from './kills/run.ts'

export const bench: Bench = {
  name: 'kills',
  summary: 'Real processes on real Redis under kill -9, cuts and lost data, looking for one stale read',
  needsPeers: false,
  async run({ quick, args, log }) {
    const seed = readNumber(args, '--seed') ?? Math.floor(Math.random() * 1e9)
    if (args.includes('audit')) return killAudit(readNumber(args, '--kills') ?? (quick ? 40 : 600), seed, log)
    const seconds = readNumber(args, '--seconds') ?? (quick ? 25 : 180)
    log(`seed ${seed}, ${seconds} s under fire`)
    const report = await runKills({ seed, seconds, log })
    for (const line of [...report.stale, ...report.lost].slice(0, 20)) log(`WRONG  ${line}`)
    return describe(report)
  },
}

async function killAudit(kills: number, seed: number, log: (line: string) => void): Promise<BenchResult> {
  log(`seed ${seed}, ${kills} kills of the audit log`)
  const report = await killLog({ kills, outside: Math.ceil(kills / 2), seed })
  for (const line of report.wrong.slice(0, 20)) log(`WRONG  ${line}`)
  const row = (metric: string, value: number) => ({ metric, unit: '', subject: 'cairn', value, spread: null })
  return {
    rows: [
      row('statements that it can be killed at', report.statements),
      row('kills, each at another', report.kills),
      row('kills from outside, at any moment', report.killedOutside),
      row('things that were wrong', report.wrong.length),
    ],
    targets: [{ metric: 'wrong', target: '0', value: report.wrong.length, ok: report.wrong.length === 0 }],
  }
}

function describe(report: KillReport): BenchResult {
  const row = (metric: string, value: number) => ({ metric, unit: '', subject: 'cairn', value, spread: null })
  const { reads, hits } = report
  return {
    rows: [
      row('reads, strict', reads.strict),
      row('reads, bounded', reads.bounded),
      row('hits in memory', hits.memory),
      row('hits on disk', hits.disk),
      row('hits in Redis', hits.shared),
      row('reads marked stale, as bounded asks for', report.marked),
      row('reads that died with their process', report.failedReads),
      row('invalidations committed at once', report.committed),
      row('invalidations told to be pending', report.pending),
      row('invalidations that died with their process', report.unanswered),
      ...Object.entries(report.faults).map(([name, times]) => row(`times: ${name}`, times)),
      row('inconsistencies that the checker found', report.inconsistencies),
    ],
    targets: [
      { metric: 'stale reads', target: '0', value: report.stale.length, ok: report.stale.length === 0 },
      { metric: 'invalidations lost', target: '0', value: report.lost.length, ok: report.lost.length === 0 },
    ],
  }
}
