/** Whether the log is whole and looked after: what is missing and why, who verified it, who receives it, what was let go. */
import type { AuditEventType, ReportRow } from '@cairn/contract'
import { auditCategoryTable } from '@cairn/contract/tables'
import { readPolicy } from '../retention/policy.ts'
import type { OpenedEntry } from '../read/read-entries.ts'
import { actorOf, countOf, textOf, wordOf } from './cells.ts'
import { minuteIn } from './read-log.ts'
import type { MadeReport, ReportTools } from './types.ts'

const trust: readonly AuditEventType[] = ['audit.verified', 'audit.fork']
const receivers: readonly AuditEventType[] = ['sink.configured', 'sink.failed', 'sink.recovered', 'sink.skipped']
const gaps: readonly AuditEventType[] = [
  'audit.gap',
  'privacy.erased',
  'privacy.shredded',
  'privacy.blocks-removed',
  'privacy.pruned',
]
const keeping: readonly AuditEventType[] = [
  'levels.changed',
  'retention.changed',
  'retention.run',
  'privacy.hold-placed',
  'privacy.hold-released',
]
const runs: readonly AuditEventType[] = ['server.started', 'server.stopped']

const [ok, look] = ['ok', 'look at it']

export async function reportHealth(tools: ReportTools): Promise<MadeReport> {
  const found: Record<'gaps' | 'trust' | 'receivers' | 'keeping' | 'runs', ReportRow[]> = {
    gaps: [],
    trust: [],
    receivers: [],
    keeping: [],
    runs: [],
  }
  let isUp: number | null = null
  const seen: { lost: number; verified: OpenedEntry | null; forks: number; failed: number; crashes: number } = {
    lost: 0,
    verified: null,
    forks: 0,
    failed: 0,
    crashes: 0,
  }
  for await (const entry of tools.scan([...gaps, ...trust, ...receivers, ...keeping, ...runs], 'period')) {
    const { type, fields } = entry
    if (gaps.includes(type)) found.gaps.push(rowOfGap(entry))
    else if (trust.includes(type)) found.trust.push(rowOfTrust(entry))
    else if (receivers.includes(type)) found.receivers.push(rowOfReceiver(entry))
    else if (keeping.includes(type)) found.keeping.push(rowOfKeeping(entry))
    else {
      const isCrash = type === 'server.started' && isUp !== null
      if (isCrash) seen.crashes++
      isUp = type === 'server.started' ? entry.seq : null
      found.runs.push(rowOfRun(entry, isCrash))
    }
    if (type === 'audit.gap') seen.lost += countOf(fields['lost']) ?? 0
    if (type === 'audit.verified') seen.verified = entry
    if (type === 'audit.fork') seen.forks++
    if (type === 'sink.failed') seen.failed++
  }
  const missing = await countMissing(tools)
  const steps = await findSteps(tools)
  const checks = listChecks(tools, { ...seen, missing, steps: steps.length })
  const newest = (rows: readonly ReportRow[]) => rows.toReversed()
  return {
    totals: [
      { title: 'Entries', value: tools.pin.size - tools.pin.minIndex, kind: 'count' },
      { title: 'To look at', value: checks.filter(({ state }) => state === look).length, kind: 'count' },
      { title: 'Entries missing', value: missing, kind: 'count' },
      { title: 'Events lost', value: seen.lost, kind: 'count' },
    ],
    parts: [
      { id: 'checks', rows: checks },
      { id: 'gaps', rows: [...rowsOfMissing(tools, missing), ...newest(found.gaps)] },
      { id: 'trust', rows: newest(found.trust) },
      { id: 'receivers', rows: [...rowsOfState(tools), ...newest(found.receivers)] },
      { id: 'keeping', rows: [...(await rowsOfHorizons(tools)), ...rowsOfLevels(tools), ...newest(found.keeping)] },
      { id: 'runs', rows: [...steps, ...newest(found.runs)] },
    ],
  }
}

// --- Checks -----------------------------------------------------------------------------------------------------------

interface Seen {
  readonly lost: number
  readonly verified: OpenedEntry | null
  readonly forks: number
  readonly failed: number
  readonly crashes: number
  readonly missing: number
  readonly steps: number
}

const none = { entry: null, when: null }

function listChecks({ state, pin, unsigned }: ReportTools, seen: Seen): ReportRow[] {
  const { verified, missing, lost, forks, failed, crashes, steps } = seen
  const row = (
    check: string,
    isOk: boolean,
    value: string,
    at: { entry: number | null; when: number | null } = none,
  ) => ({
    check,
    state: isOk ? ok : look,
    value,
    ...at,
  })
  const behind = state.receivers.map(({ cursor }) => Math.max(0, pin.size - cursor))
  const { health } = state
  return [
    row(
      'Every entry is there',
      missing === 0,
      missing === 0 ? 'none is missing' : `${missing} missing, and no entry says why`,
    ),
    row(
      'Every entry is the one that was signed',
      unsigned() === 0,
      unsigned() === 0 ? 'each is below the signed root' : `some among ${unsigned()} are not`,
    ),
    verified === null
      ? row('Verified in this period', false, 'not on record: run `npx cairn audit verify`')
      : row('Verified in this period', verified.outcome === 'ok', sayVerified(verified), {
          entry: verified.seq,
          when: verified.at,
        }),
    row(
      'Witnesses saw this log',
      forks === 0,
      forks === 0 ? 'no other log was seen' : `${forks} times another log was seen`,
    ),
    row('No event was lost', lost === 0, lost === 0 ? 'none' : `${lost} lost while the log could not be written`),
    row(
      'Receivers',
      failed === 0 && state.receivers.every((each) => each.state === 'ok'),
      sayReceivers(behind, failed),
    ),
    ...(health === null
      ? []
      : [
          row(
            'The log is written',
            health.state === 'ok' && health.waiting === 0,
            `${health.state}, ${health.waiting} events wait`,
          ),
        ]),
    row(
      'The server stopped in good order',
      crashes === 0,
      crashes === 0 ? 'always' : `${crashes} starts without a stop before`,
    ),
    row('The clock did not step back', steps === 0, steps === 0 ? 'never' : `${steps} times`),
  ]
}

const sayVerified = ({ fields }: OpenedEntry) =>
  `${wordOf(fields['size'])} entries, ${wordOf(fields['errors'])} findings`

function sayReceivers(behind: readonly number[], failed: number): string {
  if (behind.length === 0 && failed === 0) return 'none is configured'
  const lag = behind.reduce((sum, each) => sum + each, 0)
  return `${behind.length} configured, ${lag} entries behind, failed ${failed} times`
}

// --- Rows -------------------------------------------------------------------------------------------------------------

function rowOfGap(entry: OpenedEntry): ReportRow {
  const { seq, at, type, fields } = entry
  const names: Partial<Record<AuditEventType, [check: string, value: string]>> = {
    'audit.gap': ['Not recorded in time', `${wordOf(fields['kept'])} kept aside, ${wordOf(fields['lost'])} lost`],
    'privacy.erased': ['People forgotten', `${countOf(fields['keys']) ?? wordOf(fields['keys'])}`],
    'privacy.shredded': ['Months shredded', wordOf(fields['periods'])],
    'privacy.blocks-removed': ['Parts removed', wordOf(fields['count'])],
    'privacy.pruned': ['Entries pruned', `${wordOf(fields['from'])} to ${wordOf(fields['to'])}`],
  }
  const [check, value] = names[type] ?? [type, '']
  const isLost = type === 'audit.gap' && (countOf(fields['lost']) ?? 0) > 0
  const detail = type === 'privacy.erased' ? textOf(fields['reason']) : null
  return { check, state: isLost ? look : 'authorised', value: shorten(value), entry: seq, when: at, detail }
}

const longest = 300

function shorten(text: string): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}

function rowOfTrust(entry: OpenedEntry): ReportRow {
  const { seq, at, type, outcome, fields } = entry
  const isVerified = type === 'audit.verified'
  return {
    check: isVerified ? 'Verified' : 'Another log was seen',
    state: isVerified && outcome === 'ok' ? ok : look,
    value: isVerified
      ? sayVerified(entry)
      : `${wordOf(fields['witness'])}: ${wordOf(fields['verdict'])} at ${wordOf(fields['size'])}`,
    entry: seq,
    when: at,
    who: actorOf(entry),
  }
}

function rowOfReceiver(entry: OpenedEntry): ReportRow {
  const { seq, at, type, fields } = entry
  const names: Partial<Record<AuditEventType, [state: string, detail: string]>> = {
    'sink.configured': ['configured', `${wordOf(fields['kind'])}, ${wordOf(fields['format'])}`],
    'sink.failed': [look, `${wordOf(fields['code'])}, ${wordOf(fields['lag'])} entries behind`],
    'sink.recovered': ['recovered', `after ${wordOf(fields['attempts'])} tries in ${wordOf(fields['seconds'])} s`],
    'sink.skipped': [look, `pruned before it had them: ${wordOf(fields['from'])} to ${wordOf(fields['to'])}`],
  }
  const [state, detail] = names[type] ?? [type, '']
  return { check: wordOf(fields['sink']), state, value: wordOf(fields['kind']), entry: seq, when: at, detail }
}

function rowsOfState({ state, pin }: ReportTools): ReportRow[] {
  return state.receivers.map(({ id, kind, state: how, cursor, failingSince, lastError }) => {
    const lag = Math.max(0, pin.size - cursor)
    return {
      check: id,
      state: how === 'ok' ? ok : look,
      value: `${kind}, ${lag} entries behind`,
      entry: Math.min(cursor, pin.size),
      when: failingSince,
      detail: lastError,
    }
  })
}

const sayScope = (scope: OpenedEntry['fields'][string] | undefined) =>
  wordOf(scope) === '' ? 'of one person' : `on ${wordOf(scope)}`

function rowOfKeeping(entry: OpenedEntry): ReportRow {
  const { seq, at, type, fields } = entry
  const names: Partial<Record<AuditEventType, [check: string, value: string]>> = {
    'levels.changed': ['Levels changed', `${wordOf(fields['levels'])}, texts for ${wordOf(fields['keepDays'])} days`],
    'retention.changed': ['Horizons changed', wordOf(fields['categories'])],
    'retention.run': ['Let go by hand', `${wordOf(fields['periods'])} months, ${wordOf(fields['blocks'])} parts`],
    'privacy.hold-placed': ['Hold placed', `${wordOf(fields['hold'])} ${sayScope(fields['scope'])}`],
    'privacy.hold-released': ['Hold released', wordOf(fields['hold'])],
  }
  const [check, value] = names[type] ?? [type, '']
  return { check, value: shorten(value), entry: seq, when: at, who: actorOf(entry), detail: textOf(fields['reason']) }
}

async function rowsOfHorizons({ session }: ReportTools): Promise<ReportRow[]> {
  const policy = await readPolicy(session)
  return Object.entries(policy).map(([category, { personalMonths, headerMonths }]) => ({
    check: `Category ${category}`,
    value: `${personalMonths === null ? 'names nobody' : `people ${personalMonths} months`}, entries ${headerMonths} months`,
    entry: null,
    when: null,
    who: null,
    detail: `when the log cannot be written: ${auditCategoryTable[category as keyof typeof auditCategoryTable].mode}`,
  }))
}

function rowsOfLevels({ state }: ReportTools): ReportRow[] {
  return state.levels.map(({ level, categories, place, provider }, at) => ({
    check: `Level, rule ${at + 1}`,
    value: level,
    place,
    entry: null,
    when: null,
    who: null,
    detail: [
      categories.length === 0 ? 'notes, models and tools' : categories.join(', '),
      ...(provider === null ? [] : [`provider ${provider}`]),
    ].join('; '),
  }))
}

function rowOfRun({ seq, at, type, fields }: OpenedEntry, isCrash: boolean): ReportRow {
  return {
    check: type === 'server.started' ? 'Started' : 'Stopped',
    state: isCrash ? look : ok,
    value: wordOf(fields['version']),
    entry: seq,
    when: at,
    detail: isCrash ? 'no stop is on record before it; other servers of the same log start alike' : null,
  }
}

// --- What is not there ------------------------------------------------------------------------------------------------

async function countMissing({ session, pin }: ReportTools): Promise<number> {
  const { rows } = await session.run('SELECT COUNT(*) AS n FROM audit_entries WHERE seq >= ? AND seq < ?', [
    pin.minIndex,
    pin.size,
  ])
  return pin.size - pin.minIndex - Number(rows[0]?.['n'])
}

function rowsOfMissing({ pin }: ReportTools, missing: number): ReportRow[] {
  const rest = { entry: null, when: null }
  return [
    ...(missing === 0
      ? []
      : [{ check: 'Entries missing', state: look, value: String(missing), ...rest, detail: 'no entry allows it' }]),
    ...(pin.minIndex === 0
      ? []
      : [{ check: 'Pruned until now', state: 'authorised', value: `before ${pin.minIndex}`, ...rest, detail: null }]),
  ]
}

/** What waits outside the log comes some minutes late; a clock that was set back comes with more. */
const stepMinutes = 10
const mostSteps = 100

/** Places where an entry is older than the one before it. */
async function findSteps({ session, pin, period }: ReportTools): Promise<ReportRow[]> {
  const found: ReportRow[] = []
  let newest = 0
  for (let from = pin.minIndex; from < pin.size && found.length < mostSteps; from += pageEntries) {
    const { rows } = await session.run(
      'SELECT seq, header FROM audit_entries WHERE seq >= ? AND seq < ? ORDER BY seq',
      [from, Math.min(from + pageEntries, pin.size)],
    )
    for (const row of rows) {
      const at = minuteIn(String(row['header'])) ?? newest
      const back = Math.round((newest - at) / 60_000)
      if (back >= stepMinutes && newest >= period.from && newest < period.to && found.length < mostSteps)
        found.push({
          check: 'Step back in time',
          state: look,
          value: `${back} minutes`,
          entry: Number(row['seq']),
          when: at,
          detail: 'a clock that was set back, or events that waited outside the log',
        })
      newest = back >= stepMinutes ? at : Math.max(newest, at)
    }
  }
  return found
}

const pageEntries = 5_000
