/**
 * Reports on the audit log. What the one who asks may not know of is left out before anything is counted. That they were
 * given a report, with the hash of it, is durable before they have it.
 */
import {
  auditReportIds,
  auditReportParameters,
  auditReportTable,
  type AuditReport,
  type AuditReportId,
  type AuditReportParameter,
  type AuditReportQuery,
  type ReportSpec,
} from '@cairn/contract'
import { createHash } from 'node:crypto'
import { placeName, type ReportAsked, type ReportBasis, type ReportJob } from '../../audit/index.ts'
import { fail } from '../../base/index.ts'
import type { Call } from '../dependencies.ts'
import { json, type HttpReply } from '../reply.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { watchCall } from '../watch-access.ts'
import { collectState, findNames } from './audit-report-state.ts'
import { lookAt } from './audit-sight.ts'
import { recordCall } from './record.ts'

type Input = ProtectedInput<'/:id', undefined, AuditReportQuery>

const parameterIds = Object.keys(auditReportParameters) as AuditReportParameter[]

export function listReports(): HttpReply {
  return json({
    reports: auditReportIds.map((id) => {
      const { title, answers, hasPeriod, needs, parameters }: ReportSpec = auditReportTable[id]
      return {
        id,
        title,
        answers,
        hasPeriod,
        needs,
        parameters: parameters.map((name) => ({ id: name, ...auditReportParameters[name] })),
      }
    }),
  })
}

export async function giveReport({ call: made, services, exchange, params, query }: Input): Promise<HttpReply> {
  const id = auditReportIds.find((each) => each === params.id) ?? refuseId()
  const { needs }: ReportSpec = auditReportTable[id]
  const { access } = services
  if (needs !== null) access.require(made.principal, needs)
  const asked = readAsked(id, query)
  const call = watchCall({ call: made, exchange, services })
  call.onlyWhile?.(
    () => access.may(call.principal, 'audit.read') && (needs === null || access.may(call.principal, needs)),
  )
  return services.auditReports.make(asked, call.signal, async (job) => {
    const report = await makeReport(job, asked, { call, services })
    const bytes =
      query.format === 'json' ? new TextEncoder().encode(JSON.stringify(report)) : await job.write(report, query.format)
    await recordGiven({ call, services, report, format: query.format, bytes })
    return reply(report, query.format, bytes)
  })
}

function refuseId(): never {
  return fail('request.not-found', { message: `There is no such report. There are: ${auditReportIds.join(', ')}.` })
}

/** Throws `request.invalid` for what this report is not asked with. */
function readAsked(id: AuditReportId, query: AuditReportQuery): ReportAsked {
  const { parameters, hasPeriod }: ReportSpec = auditReportTable[id]
  const refuse = (param: string, message: string) => fail('request.invalid', { param, message: `${param}: ${message}` })
  for (const name of parameterIds)
    if (query[name] !== undefined && !parameters.includes(name))
      refuse(name, `this report is not asked with it. It takes: ${parameters.join(', ') || 'none'}.`)
  const { from = null, to = null, asOf = null, limit } = query
  for (const [name, value] of Object.entries({ from, to }))
    if (value !== null && !hasPeriod) refuse(name, 'this report is about the whole log up to its size.')
  if (from !== null && to !== null && from >= to) refuse('to', 'must be later than “from”; it is exclusive.')
  const filled = parameterIds.map((name) => [name, query[name] ?? auditReportParameters[name].usual])
  return { id, from, to, asOf, limit, parameters: Object.fromEntries(filled) as ReportAsked['parameters'] }
}

interface Making {
  readonly call: Call
  readonly services: RouteServices
}

async function makeReport(job: ReportJob, asked: ReportAsked, { call, services }: Making): Promise<AuditReport> {
  const { basis } = job
  const sight = await lookAt(services, call.principal, basis.places)
  const seen = sight.isTotal ? null : basis.places.filter((place) => sight.sees(place)).map(placeName)
  const state = await collectState(services, asked.id, basis)
  const draft = await job.finish(state, seen)
  const names = await findNames(services, call, asked.id, draft.parts)
  const { parameters }: ReportSpec = auditReportTable[asked.id]
  const { pin, period } = basis
  return {
    id: asked.id,
    pin,
    period,
    parameters: Object.fromEntries(parameters.map((name) => [name, asked.parameters[name]])),
    query: writeQuery(asked, basis, parameters),
    stateSha256: createHash('sha256')
      .update(JSON.stringify([state, names]))
      .digest('hex'),
    ...draft,
    names,
  }
}

/** With everything that was left to the usual, so that it means the same for ever. */
function writeQuery(
  { id, limit, parameters }: ReportAsked,
  { pin, period }: ReportBasis,
  names: readonly AuditReportParameter[],
): string {
  const words = new URLSearchParams({ asOf: String(pin.size) })
  if (period !== null) {
    words.set('from', String(period.from))
    words.set('to', String(period.to))
  }
  for (const name of names) words.set(name, String(parameters[name]))
  words.set('limit', String(limit))
  return `/api/audit/reports/${id}?${words.toString()}`
}

interface Given extends Making {
  readonly report: AuditReport
  readonly format: AuditReportQuery['format']
  readonly bytes: Uint8Array
}

/** By the names of what it was asked with, as with other looks at the log. */
function recordGiven({ call, services, report, format, bytes }: Given): Promise<void> {
  const { id, pin, period, parameters, parts } = report
  return recordCall(services, call, 'audit.reported', {
    report: id,
    format,
    parameters: [...(period === null ? [] : ['from', 'to']), ...Object.keys(parameters)].toSorted(),
    size: pin.size,
    results: parts.reduce((sum, { rows }) => sum + rows.length, 0),
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  })
}

const mediaTypes = {
  json: 'application/json',
  csv: 'text/csv; charset=utf-8; header=present',
  pdf: 'application/pdf',
} as const

function reply({ id, pin }: AuditReport, format: AuditReportQuery['format'], body: Uint8Array): HttpReply {
  const name = `cairn-${id}-${pin.size}.${format}`
  return {
    status: 200,
    headers: {
      'content-type': mediaTypes[format],
      ...(format === 'json' ? {} : { 'content-disposition': `attachment; filename="${name}"` }),
      'x-cairn-audit-size': String(pin.size),
      'x-cairn-audit-root': pin.root,
    },
    body,
  }
}
