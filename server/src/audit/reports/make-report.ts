/**
 * Makes a report in two steps. The first says which state of the log it is of and which other state it needs: which
 * revisions of the rules, and what the reader knows of which places. The second makes it from both.
 */
import type { AuditReportId, ReportCell, ReportRow } from '@cairn/contract'
import { auditReportTable, reportWords } from '@cairn/contract/tables'
import { createHmac } from 'node:crypto'
import { fail } from '../../base/index.ts'
import type { SqlSession } from '../../platform/index.ts'
import type { AuditLog } from '../log/log.ts'
import type { AuditSecrets } from '../record/key-book.ts'
import type { SignedTree } from '../verify/prove-tiles.ts'
import { reportAccess } from './access-review.ts'
import { reportEgress } from './egress.ts'
import { reportExports } from './exports.ts'
import { reportHealth } from './health.ts'
import { findRevisions, reportPermissions } from './permissions.ts'
import { pinLog } from './pin.ts'
import { findPlaces, placeName } from './places.ts'
import { createScan } from './read-log.ts'
import { reportSignIns } from './sign-ins.ts'
import type {
  MadeReport,
  MakeReport,
  ReportAsked,
  ReportBasis,
  ReportDraft,
  ReportPeriod,
  ReportPin,
  ReportPlace,
  ReportState,
} from './types.ts'
import { reportUsage } from './usage.ts'

const makers: Readonly<Record<AuditReportId, MakeReport>> = {
  'access-review': reportAccess,
  'permission-changes': reportPermissions,
  exports: reportExports,
  'failed-sign-ins': reportSignIns,
  usage: reportUsage,
  egress: reportEgress,
  health: reportHealth,
}

const usualMs = 30 * 86_400_000

interface Made {
  readonly basis: ReportBasis
  readonly asked: ReportAsked
  readonly secrets: Pick<AuditSecrets, 'wrapping' | 'naming'>
  readonly log: AuditLog
}

/** Throws `request.invalid` for a size that the log does not have. */
export async function beginReport(
  log: AuditLog,
  secrets: Pick<AuditSecrets, 'wrapping' | 'naming'>,
  asked: ReportAsked,
): Promise<ReportBasis> {
  const pin = await pinLog(log, asked.asOf)
  const spec = auditReportTable[asked.id]
  const period = periodOf(asked, pin)
  const { scan, unsigned } = createScan({
    session: log.connection,
    secrets,
    from: pin.minIndex,
    tree: treeOf(pin),
    period,
  })
  const isReview = asked.id === 'access-review'
  const revisions =
    isReview || asked.id === 'permission-changes' ? await findRevisions({ scan }, isReview ? 'log' : 'period') : []
  const places = await placesOf(asked.id, { scan })
  refuseUnsigned(asked.id, unsigned())
  return {
    pin,
    period: spec.hasPeriod ? period : null,
    revision: revisions.at(-1) ?? null,
    revisions: isReview ? [] : revisions,
    places,
  }
}

const treeOf = ({ size, root }: ReportPin): SignedTree => ({ size, root: Buffer.from(root, 'base64') })

/** A report carries a signed root, so nothing is told that is not below it. The health of the log says that itself. */
function refuseUnsigned(id: AuditReportId, unsigned: number): void {
  if (unsigned > 0 && id !== 'health')
    fail('storage.failed', {
      message: `Among ${unsigned} entries of the audit log are some that are not those it signed, so no report is made of them. Run \`npx cairn audit verify\`, and make the report on the health of the log.`,
    })
}

/** Without a period it is the last thirty days of the log, counted from its newest entry. */
function periodOf({ from, to }: ReportAsked, { at }: ReportPin): ReportPeriod {
  const end = to ?? at + 60_000
  return { from: from ?? Math.max(0, end - usualMs), to: end }
}

async function placesOf(id: AuditReportId, tools: Parameters<typeof findPlaces>[0]): Promise<ReportPlace[]> {
  if (id === 'usage' || id === 'egress') return findPlaces(tools, ['question.asked'])
  return id === 'permission-changes' ? findPlaces(tools, ['note.released', 'emergency.requested']) : []
}

/** `seen`: names of places that the reader may know of; null for who knows of all. */
export async function finishReport(
  { basis: { pin, period }, asked, secrets, log }: Made,
  state: ReportState,
  seen: readonly string[] | null,
): Promise<ReportDraft> {
  const within = period ?? periodOf(asked, pin)
  const session = log.connection
  const { counts, ...scans } = createScan({ session, secrets, from: pin.minIndex, tree: treeOf(pin), period: within })
  const known = seen === null ? null : new Set(seen)
  const made = await makers[asked.id]({
    ...scans,
    session,
    naming: secrets.naming,
    pin,
    period: within,
    parameters: asked.parameters,
    state,
    sees: (place) => known === null || known.has(placeName(place)),
  })
  refuseUnsigned(asked.id, scans.unsigned())
  const forgotten = await findForgotten(session, secrets.naming, asked.id, made)
  const parts = made.parts.map(({ id, rows }) => ({
    id,
    total: rows.length,
    rows: rows.slice(0, asked.limit).map((row) => shapeRow(row, { id: asked.id, part: id, forgotten })),
  }))
  return { totals: made.totals, parts, read: counts() }
}

// --- Cells ------------------------------------------------------------------------------------------------------------

interface Shaping {
  readonly id: AuditReportId
  readonly part: string
  readonly forgotten: ReadonlySet<string>
}

/** A value for each column of its part and no other; whoever is forgotten is so in what came from the state too. */
function shapeRow(row: ReportRow, { id, part, forgotten }: Shaping): ReportRow {
  const columnsOf = columnsIn(id, part)
  return Object.fromEntries(
    columnsOf.map(([column, kind]) => {
      const value: ReportCell = row[column] ?? null
      if (typeof value !== 'string') return [column, value]
      if (kind === 'who') return [column, forgotten.has(bareId(value)) ? reportWords.erased : value]
      return [
        column,
        value.replace(idsInText, (found, who: string) => (forgotten.has(who) ? reportWords.erased : found)),
      ]
    }),
  )
}

/** As they are made, alone or as `user:ID`. */
const idsInText = /(?:user:|service:)?\b((?:person|service)_[0-9a-z]{20,40})\b/g

function columnsIn(id: AuditReportId, part: string): [column: string, kind: string][] {
  const spec = auditReportTable[id] as unknown as AuditReportSpec
  return (spec.parts[part]?.columns ?? []).map((column) => [column, spec.columns[column]?.kind ?? 'text'])
}

interface AuditReportSpec {
  readonly columns: Readonly<Record<string, { readonly kind: string }>>
  readonly parts: Readonly<Record<string, { readonly columns: readonly string[] }>>
}

const bareId = (who: string): string => who.replace(/^(?:user|service):/, '')

function idsIn(value: ReportCell, kind: string): string[] {
  if (typeof value !== 'string') return []
  return kind === 'who' ? [bareId(value)] : [...value.matchAll(idsInText)].map(([, who = '']) => who)
}

const idsAtOnce = 200

/** Of those whom the rows name, the ones whose key was destroyed. */
async function findForgotten(
  session: SqlSession,
  naming: Uint8Array,
  id: AuditReportId,
  { parts }: MadeReport,
): Promise<ReadonlySet<string>> {
  const named = new Set(
    parts.flatMap((part) => {
      const columns = columnsIn(id, part.id)
      return part.rows.flatMap((row) => columns.flatMap(([column, kind]) => idsIn(row[column] ?? null, kind)))
    }),
  )
  const byName = new Map([...named].map((who) => [createHmac('sha256', naming).update(who).digest('base64url'), who]))
  const names = [...byName.keys()]
  const gone = new Set<string>()
  for (let at = 0; at < names.length; at += idsAtOnce) {
    const some = names.slice(at, at + idsAtOnce)
    const { rows } = await session.run(
      `SELECT name FROM audit_keys WHERE kind = 'subject' AND gone_by IS NOT NULL
        AND name IN (${some.map(() => '?').join(', ')})`,
      some,
    )
    for (const row of rows) gone.add(byName.get(String(row['name'])) ?? '')
  }
  return gone
}
