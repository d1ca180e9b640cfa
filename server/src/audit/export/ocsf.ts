/**
 * Entries as events of OCSF 1.8.0. Class and activity stand in the table of events; what a class asks for beyond that is
 * made from the fields here. Everything of the entry stands in `unmapped` once more, so that nothing is lost.
 */
import { isIP } from 'node:net'
import { canonicalJson, type JsonValue } from '../tree/canonical-json.ts'
import { severityNames, severityOf } from './severity.ts'
import { kindOf, specOf, type ShownEntry } from './view.ts'

export const ocsfVersion = '1.8.0'

export interface OcsfSource {
  /** Of this program. */
  readonly version: string
  /** Of the log: with the place it names an entry among those of all logs. */
  readonly origin: string
}

/** What an entry of a newer version becomes: something about a log. */
const unknownClass = [1008, 99] as const

const classNames: Readonly<Record<number, string>> = {
  1008: 'Event Log Activity',
  3001: 'Account Change',
  3002: 'Authentication',
  3004: 'Entity Management',
  3005: 'User Access Management',
  3006: 'Group Management',
  6002: 'Application Lifecycle',
  6003: 'API Activity',
  6005: 'Datastore Activity',
}

export function toOcsf(entry: ShownEntry, source: OcsfSource): string {
  return canonicalJson(mapEntry(entry, source) as JsonValue)
}

export function mapEntry(entry: ShownEntry, { version, origin }: OcsfSource): Record<string, unknown> {
  const { seq, at, category, type, outcome, fields, context, blocks, hidden } = entry
  const spec = specOf(type)
  const [classUid, activityId] = spec?.ocsf ?? unknownClass
  const severity = severityOf(entry)
  const model = describeModel(entry)
  return {
    class_uid: classUid,
    class_name: classNames[classUid],
    category_uid: Math.floor(classUid / 1_000),
    activity_id: activityId,
    activity_name: type,
    type_uid: classUid * 100 + activityId,
    severity_id: severity,
    severity: severityNames[severity],
    status_id: outcome === 'ok' ? 1 : 2,
    status: outcome === 'ok' ? 'Success' : 'Failure',
    ...(outcome === 'ok' ? {} : { status_detail: outcome }),
    ...(typeof fields['code'] === 'string' ? { status_code: fields['code'] } : {}),
    time: at,
    message: spec?.description ?? type,
    metadata: {
      version: ocsfVersion,
      product: { name: 'Cairn', vendor_name: 'Cairn', version },
      uid: `${origin}#${seq}`,
      sequence: seq,
      event_code: type,
      log_name: 'audit',
      profiles: model === null ? [] : ['ai_operation'],
      ...(typeof context['requestId'] === 'string' ? { correlation_uid: context['requestId'] } : {}),
    },
    ...model,
    ...describeClass(classUid, entry),
    unmapped: { category, outcome, fields, context, blocks, hidden },
  }
}

// --- Who --------------------------------------------------------------------------------------------------------------

/** Types of users by OCSF. */
const [unknownUser, systemUser] = [0, 3]

function describeUser(id: unknown): Record<string, unknown> {
  if (id === 'server') return { uid: 'server', name: 'Cairn', type_id: systemUser }
  if (id === 'anonymous') return { name: 'anonymous', type_id: unknownUser }
  return typeof id === 'string' && id !== '' ? { uid: id } : { name: 'forgotten', type_id: unknownUser }
}

/** The one whom it is about: the first person among the fields, else who acted. */
function describeSubject({ type, fields, actor }: ShownEntry): Record<string, unknown> {
  const names = Object.keys(specOf(type)?.fields ?? {}).filter((name) => kindOf(type, name) === 'person')
  if (names.length === 0) return describeUser(actor)
  return describeUser(names.map((name) => fields[name]).find((id) => typeof id === 'string'))
}

function describeSource({ context: { address }, actor }: ShownEntry): Record<string, unknown> {
  if (typeof address === 'string' && isIP(address) !== 0 && address.length <= 40) return { ip: address }
  return actor === 'server' ? { svc_name: 'Cairn' } : { name: 'not told' }
}

// --- What -------------------------------------------------------------------------------------------------------------

const service = { name: 'Cairn' }

function describeClass(classUid: number, entry: ShownEntry): Record<string, unknown> {
  const { type, fields, context, actor, outcome } = entry
  const actorOf = { actor: { user: describeUser(actor) } }
  const from = { src_endpoint: describeSource(entry) }
  const noun = type.slice(0, type.indexOf('.'))
  const idOf = (...names: readonly string[]) => names.map((name) => fields[name]).find((id) => typeof id === 'string')
  switch (classUid) {
    case 3001:
      return { ...actorOf, ...from, user: describeSubject(entry) }
    case 3002:
      return { ...actorOf, ...from, user: describeUser(actor), service }
    case 3004:
      return {
        ...actorOf,
        ...from,
        entity: named(noun, idOf('keyId', 'provider', 'vault', 'proposal', 'hold'), { type: noun }),
      }
    case 3005:
      return {
        ...actorOf,
        ...from,
        user: describeSubject(entry),
        privileges: [idOf('role') ?? noun],
      }
    case 3006: {
      const member = fields['member']
      return {
        ...actorOf,
        ...from,
        group: named('group', idOf('group')),
        ...(typeof member === 'string' ? { user: describeUser(member) } : {}),
      }
    }
    case 6002:
      return { ...actorOf, app: { name: 'Cairn', ...(idOf('version') ? { version: idOf('version') } : {}) } }
    case 6003:
      return {
        ...actorOf,
        ...from,
        api: describeApi(type, { request: context['requestId'], code: idOf('code'), outcome }),
      }
    case 6005:
      return {
        ...actorOf,
        ...from,
        database: named(noun === 'cache' ? 'cache' : 'vault', idOf('vault'), { type_id: 99 }),
      }
    default:
      return { ...actorOf, ...from, log_name: 'audit', log_provider: 'Cairn' }
  }
}

function named(name: string, uid: unknown, more: object = {}): Record<string, unknown> {
  return { name, ...(typeof uid === 'string' ? { uid } : {}), ...more }
}

interface Told {
  readonly request: unknown
  readonly code: unknown
  readonly outcome: string
}

function describeApi(operation: string, { request, code, outcome }: Told): Record<string, unknown> {
  return {
    operation,
    service,
    ...(typeof request === 'string' ? { request: { uid: request } } : {}),
    ...(outcome === 'ok' ? {} : { response: { error: typeof code === 'string' ? code : outcome } }),
  }
}

/** The profile `ai_operation`, for what a model did. Only these classes have it. */
function describeModel({ type, fields }: ShownEntry): Record<string, unknown> | null {
  const [classUid] = specOf(type)?.ocsf ?? unknownClass
  const { model, provider, tokensIn, tokensOut } = fields
  if (typeof model !== 'string' || (classUid !== 6003 && classUid !== 6005)) return null
  const counted = [tokensIn, tokensOut].filter((count) => Number.isInteger(count)) as number[]
  return {
    ai_model: { name: model, ai_provider: typeof provider === 'string' ? provider : 'Cairn' },
    message_context: {
      service,
      ...(Number.isInteger(tokensIn) ? { prompt_tokens: tokensIn } : {}),
      ...(Number.isInteger(tokensOut) ? { completion_tokens: tokensOut } : {}),
      ...(counted.length > 0 ? { total_tokens: counted.reduce((sum, count) => sum + count, 0) } : {}),
    },
  }
}
