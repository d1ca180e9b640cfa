/** Failed sign-ins by account, address and reason, and runs of them: what was tried until it worked stands out. */
import type { ReportRow } from '@cairn/contract'
import { reportWords } from '@cairn/contract/tables'
import type { OpenedEntry } from '../read/read-entries.ts'
import { byNumber, countOf, createGroups, noSpan, personOf, textOf, widen, type Span } from './cells.ts'
import type { MadeReport, ReportTools } from './types.ts'

interface Attempt {
  readonly seq: number
  readonly at: number
  /** Null where nobody here has the address that was given. */
  readonly account: string | null
  readonly address: string
  readonly method: string
  readonly reason: string
}

interface Run extends Span {
  readonly account: string | null
  readonly address: string
  failures: number
  entry: number
  success: Pick<Attempt, 'seq' | 'at'> | null
}

const unknown = reportWords.unknown
/** Of one entry. */
const mostTimes = 100_000

export async function reportSignIns(tools: ReportTools): Promise<MadeReport> {
  const failures: Attempt[] = []
  const successes: Attempt[] = []
  for await (const entry of tools.scan(['sign-in.refused', 'session.created', 'access.refused'], 'period')) {
    if (entry.type === 'session.created') successes.push(attemptOf(entry, entry.actor))
    else if (entry.type === 'sign-in.refused') failures.push(attemptOf(entry, personOf(entry, 'user')))
    // A key that is not known, or not any more, is a sign-in that failed too.
    else if (entry.fields['code'] === 'access.key-unknown')
      for (let left = timesOf(entry); left > 0; left--) failures.push(attemptOf(entry, null, 'key'))
  }
  for (const list of [failures, successes]) list.sort((a, b) => a.at - b.at || a.seq - b.seq)
  const runs = findRuns(failures, successes, tools.parameters)
  const sum = (key: (each: Attempt) => readonly string[]) => summarize(failures, key)
  const count = (of: (run: Run) => boolean) => runs.filter(of).length
  return {
    totals: [
      { title: 'Failures', value: failures.length, kind: 'count' },
      { title: 'Runs', value: runs.length, kind: 'count' },
      { title: 'Runs that ended in a success', value: count(({ success }) => success !== null), kind: 'count' },
      { title: 'Successes', value: successes.length, kind: 'count' },
    ],
    parts: [
      { id: 'runs', rows: runs.map(toRow) },
      {
        id: 'accounts',
        rows: sum(({ account }) => [account ?? unknown]).map(({ names: [who = unknown], addresses, ...rest }) => ({
          who,
          ...rest,
          addresses: addresses.size,
          runs: count(({ account }) => (account ?? unknown) === who),
        })),
      },
      {
        id: 'addresses',
        rows: sum(({ address }) => [address]).map(({ names: [from = unknown], addresses: _, ...rest }) => ({
          address: from,
          ...rest,
          runs: count(({ address }) => address === from),
        })),
      },
      {
        id: 'reasons',
        rows: sum(({ method, reason }) => [method, reason]).map(
          ({ names: [method = '', reason = ''], addresses: _, ...rest }) => ({ method, reason, ...rest }),
        ),
      },
    ],
  }
}

/** An entry may stand for many. */
function timesOf({ fields }: OpenedEntry): number {
  return Math.min(mostTimes, countOf(fields['times']) ?? 1)
}

function attemptOf(entry: OpenedEntry, account: string | null, method?: string): Attempt {
  const { seq, at, fields, context, blocks } = entry
  return {
    seq,
    at,
    account: account ?? (entry.type === 'session.created' ? reportWords.erased : null),
    address: textOf(context['address']) ?? (blocks['actor'] === 'erased' ? reportWords.gone : unknown),
    method: method ?? textOf(fields['method']) ?? '',
    reason: textOf(fields['code']) ?? '',
  }
}

/** Whose failures count together: those of an account, and where none is known those from an address. */
const keyOf = ({ account, address }: Pick<Attempt, 'account' | 'address'>) =>
  account === null ? `address ${address}` : `account ${account}`

interface RunBounds {
  readonly runFailures: number
  readonly runMinutes: number
}

/** Those with a success first, then the longest. */
function findRuns(failures: readonly Attempt[], successes: readonly Attempt[], bounds: RunBounds): Run[] {
  const soonMs = bounds.runMinutes * 60_000
  const open = new Map<string, Run>()
  const all: Run[] = []
  for (const { seq, at, account, address } of failures) {
    const key = keyOf({ account, address })
    const known = open.get(key)
    const isOn = known !== undefined && at - known.last <= soonMs && !hasSuccess(known, at, successes, soonMs)
    const run = isOn ? known : { account, address, failures: 0, entry: seq, success: null, ...noSpan() }
    if (!isOn) all.push(run)
    open.set(key, run)
    run.failures++
    run.entry = seq
    widen(run, at)
  }
  const long = all.filter((run) => run.failures >= bounds.runFailures)
  for (const run of long) run.success = findSuccess(run, successes, soonMs)
  return long.toSorted(
    (a, b) => Number(b.success !== null) - Number(a.success !== null) || b.failures - a.failures || a.entry - b.entry,
  )
}

function hasSuccess(run: Run, before: number, successes: readonly Attempt[], soonMs: number): boolean {
  const found = findSuccess(run, successes, soonMs)
  return found !== null && found.at <= before
}

function findSuccess(run: Run, successes: readonly Attempt[], soonMs: number): Run['success'] {
  for (let at = firstAfter(successes, run.last); at < successes.length; at++) {
    const each = successes[at] as Attempt
    if (each.at - run.last > soonMs) return null
    const isIts = run.account === null ? each.address === run.address : each.account === run.account
    if (isIts) return { seq: each.seq, at: each.at }
  }
  return null
}

/** Place of the first one from a time on, in a list in order of time. */
function firstAfter(list: readonly Attempt[], time: number): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle] as Attempt).at < time) low = middle + 1
    else high = middle
  }
  return low
}

function toRow({ account, address, failures, first, last, entry, success }: Run): ReportRow {
  const found = { success: success?.seq ?? null, successAt: success?.at ?? null }
  return { who: account ?? unknown, address, failures, first, last, entry, ...found }
}

function summarize(failures: readonly Attempt[], key: (each: Attempt) => readonly string[]) {
  const groups = createGroups((names) => ({ names, failures: 0, addresses: new Set<string>(), ...noSpan() }))
  for (const each of failures) {
    const group = groups.of(...key(each))
    group.failures++
    group.addresses.add(each.address)
    widen(group, each.at)
  }
  return groups.list().toSorted(
    byNumber(
      (group) => group.failures,
      ({ names }) => names.join('\n'),
    ),
  )
}
