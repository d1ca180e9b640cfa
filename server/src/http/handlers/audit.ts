/** Handlers of the audit log: asking it, one entry, counting, and following it live. Each look is an entry itself. */
import type {
  AuditEventsQuery,
  AuditPageView,
  AuditStreamQuery,
  AuditSummaryQuery,
  AuditSummaryView,
  AuditWitnessList,
  OwnAuditEventsQuery,
} from '@cairn/contract'
import { auditLimits } from '@cairn/contract'
import type { AuditFilter } from '../../audit/index.ts'
import { errorFields, fail, type CairnError } from '../../base/index.ts'
import type { Call } from '../dependencies.ts'
import { followChanges } from '../follow-changes.ts'
import { eventStream, json, type HttpReply } from '../reply.ts'
import type { Exchange, ProtectedInput, RouteServices } from '../route.ts'
import { createEventStream, describeError, type ServerEvent } from '../sse.ts'
import { endWithAccess } from '../watch-access.ts'
import { requireSession } from './account.ts'
import { lookAt, showEntries, type AuditView } from './audit-sight.ts'
import { recordCall } from './record.ts'

type Input<Q, P extends string = string> = ProtectedInput<P, undefined, Q>
type FilterQuery = Omit<AuditSummaryQuery, 'by' | 'bucket' | 'asOf' | 'fresh'>

export function listEvents({ call, services, query }: Input<AuditEventsQuery>): Promise<HttpReply> {
  return answer(call, services, query, 'log')
}

/** What the log has of oneself: everybody’s right, and nobody else’s. */
export function listOwnEvents({ call, services, query }: Input<OwnAuditEventsQuery>): Promise<HttpReply> {
  requireSession(call.principal)
  return answer(call, services, { ...query, actor: call.principal.id }, 'own')
}

async function answer(
  call: Call,
  services: RouteServices,
  query: AuditEventsQuery,
  view: AuditView,
): Promise<HttpReply> {
  const { order, limit, cursor, asOf, fresh } = query
  const filter = await readFilter(query, call, services)
  const page = await services.auditReader.query({ filter, order, limit, cursor, asOf, fresh })
  // The pages of one question are one look.
  if (cursor === undefined || page.entries.length > 0)
    await recordLook(call, services, namesOf(query), { size: page.size, results: page.entries.length })
  const entries = await showEntries(services, call.principal, page.entries, view)
  return json({ entries, next: page.next, size: page.size, behind: page.behind } satisfies AuditPageView)
}

export async function readEvent({ call, services, params }: Input<undefined, '/:seq'>): Promise<HttpReply> {
  const seq = /^\d{1,15}$/.test(params.seq) ? Number(params.seq) : fail('audit.entry-missing', { message: noSuch })
  const { entry, size, minIndex } = await services.auditReader.find(seq)
  if (entry === null)
    return fail('audit.entry-missing', {
      message: seq < minIndex ? `This entry was pruned, as retention says; the log begins with ${minIndex}.` : noSuch,
    })
  await recordLook(call, services, ['seq'], { size, results: 1 })
  return json((await showEntries(services, call.principal, [entry], 'log'))[0])
}

const noSuch = 'The log has no such entry.'

export async function summarizeEvents({ call, services, query }: Input<AuditSummaryQuery>): Promise<HttpReply> {
  const { by = [], bucket, asOf, fresh } = query
  const filter = await readFilter(query, call, services)
  const known = await services.vaults.list()
  const sight = await lookAt(
    services,
    call.principal,
    known.map(({ id }) => ({ vault: id, path: null })),
  )
  const vaults = known.map(({ id }) => id).filter((vault) => sight.sees({ vault, path: null }))
  const summary = await services.auditReader.summarize({ filter, by, bucket, vaults, asOf, fresh })
  await recordLook(call, services, namesOf(query), { size: summary.size, results: summary.rows.length })
  const { rows, truncated, size, behind } = summary
  const told = rows.map(({ group, ...row }) => ({ ...row, group: [...group] }))
  return json({ by, bucket: bucket ?? null, rows: told, truncated, size, behind } satisfies AuditSummaryView)
}

// --- Live -------------------------------------------------------------------------------------------------------------

/** Streams of one process; each asks the reader’s thread whenever something is appended. */
const mostTails = 50
const entriesAtOnce = 100
let tails = 0

export async function followEvents({ call, exchange, services, query }: Input<AuditStreamQuery>): Promise<HttpReply> {
  const last = readLastEventId(exchange)
  const filter = await readFilter(query, call, services)
  if (tails >= mostTails)
    fail('server.busy', { message: 'Too many follow the audit log already. Try again later.', retryAfterMs: 10_000 })
  const head = await services.auditReader.query({ filter: {}, order: 'desc', limit: 1, fresh: true })
  await recordLook(call, services, ['stream', ...namesOf(query)], { size: head.size, results: 0 })
  const after = last === null ? head.size - 1 : Math.min(last, head.size - 1)
  return eventStream(
    createEventStream(tail({ call, exchange, services, filter, after }), {
      signal: call.signal,
      heartbeatMs: services.heartbeatMs,
      onError: lastEvents(services),
    }),
  )
}

interface Tail {
  readonly call: Call
  readonly exchange: Exchange
  readonly services: RouteServices
  readonly filter: AuditFilter
  /** The last entry that the client has. */
  readonly after: number
}

/** The reader asks for one event at a time, so a slow one makes nobody remember anything for it. */
async function* tail(of: Tail): AsyncGenerator<ServerEvent> {
  const { call, exchange, services } = of
  const watched = endWithAccess({ exchange, services }, () => services.access.may(call.principal, 'audit.read'))
  const ends = [exchange.stopping, call.signal, watched.signal]
  let { after } = of
  tails++
  try {
    // Or else a client would hear nothing, not even that it is let in, until something happens.
    yield { event: 'ready', data: { after } }
    for await (const _ of followChanges((listener) => services.auditReader.subscribe(listener), ends))
      after = yield* tellSince({ ...of, after }, ends)
  } finally {
    tails--
    watched.stop()
  }
}

/** All there is by now. Gives the place up to which it was looked at. */
async function* tellSince(
  { call, services, filter, after: from }: Tail,
  ends: readonly AbortSignal[],
): AsyncGenerator<ServerEvent, number> {
  const { access, auditReader } = services
  for (let after = from; ;) {
    const page = await auditReader.query({ filter, order: 'asc', limit: entriesAtOnce, after })
    await access.confirm()
    access.require(call.principal, 'audit.read')
    for (const entry of await showEntries(services, call.principal, page.entries, 'log')) {
      if (ends.some(({ aborted }) => aborted)) return after
      yield { event: 'entry', id: String(entry.seq), data: entry }
    }
    after = Math.max(after, page.through)
    if (after >= page.size - 1) return after
  }
}

function readLastEventId({ request }: Exchange): number | null {
  const text = request.headers.get('last-event-id')
  if (text === null) return null
  if (/^\d{1,15}$/.test(text)) return Number(text)
  return fail('request.invalid', {
    param: 'Last-Event-ID',
    message: 'Last-Event-ID: expected the number of an entry.',
  })
}

function lastEvents({ logger }: RouteServices) {
  return (error: CairnError, thrown: unknown): ServerEvent[] => {
    const isUsual = error.code === 'server.stopping' || error.code.startsWith('access.')
    if (!isUsual) logger.error('a live tail of the audit log failed', errorFields(thrown))
    return [{ event: 'error', data: describeError(error) }]
  }
}

// --- Filters ----------------------------------------------------------------------------------------------------------

/** Nobody’s: the answer is the one for a vault that is not there. */
const nowhere = '\0'

async function readFilter(query: FilterQuery, { principal }: Call, services: RouteServices): Promise<AuditFilter> {
  const { category, type, outcome, request, q, note, vault, from, to, actor, person, model, provider } = query
  if (from !== undefined && to !== undefined && from >= to)
    fail('request.invalid', { param: 'to', message: 'to: must be later than “from”; it is exclusive.' })
  const words = q?.split(/\s+/).filter((word) => word !== '') ?? []
  if (words.length > auditLimits.words)
    fail('request.invalid', { param: 'q', message: `q: at most ${auditLimits.words} words.` })
  const asked = note === undefined ? undefined : parseNote(note)
  const places = [...(vault === undefined ? [] : [{ vault, path: null }]), ...(asked === undefined ? [] : [asked])]
  const sight = await lookAt(services, principal, places)
  const isHidden = places.some((place) => !sight.sees(place))
  return {
    from,
    to,
    categories: category,
    types: type,
    outcomes: outcome,
    actor,
    person,
    vault: isHidden ? nowhere : vault,
    note: isHidden ? undefined : asked,
    model,
    provider,
    requestId: request,
    ...(words.length > 0 ? { words } : {}),
  }
}

function parseNote(note: string): { vault: string; path: string } {
  const at = note.indexOf('/')
  if (at < 1 || at === note.length - 1)
    fail('request.invalid', { param: 'note', message: 'note: write VAULT/PATH, with the id of the vault.' })
  return { vault: note.slice(0, at), path: note.slice(at + 1).normalize('NFC') }
}

const noFilters: ReadonlySet<string> = new Set(['order', 'limit', 'cursor', 'asOf', 'fresh'])

function namesOf(query: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(query).filter((name) => query[name] !== undefined && !noFilters.has(name))
}

/** Clients that remember what they saw are witnesses of the log; from anybody who is let in. */
export async function reportSeen({
  services: { audit },
  body,
}: ProtectedInput<string, { checkpoint: string }, undefined>): Promise<HttpReply> {
  const { verdict, seen, size } = await audit.reportSeen(body.checkpoint)
  return json({ verdict, seen, size, checkpoint: audit.checkpoint()?.note ?? null })
}

/** Beside those outside, what this process knows of the file and of clients. */
export async function listWitnesses({ services: { audit, auditWitnesses } }: Input<undefined>): Promise<HttpReply> {
  const outside = await auditWitnesses.list()
  return json({ witnesses: [...outside, ...audit.witnesses()], alarms: audit.alarms() } satisfies AuditWitnessList)
}

/** By the names of the filters: what was looked for may name somebody. */
function recordLook(
  call: Call,
  services: RouteServices,
  filters: readonly string[],
  told: { size: number; results: number },
): Promise<void> {
  return recordCall(services, call, 'audit.searched', { filters: filters.toSorted(), ...told })
}
