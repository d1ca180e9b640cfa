/**
 * What of an audit entry its reader is shown. Who may read the log learns who did what and when. What names a place in a
 * vault is for who may know of that place now, or may read logged texts; one’s own deeds one knows. All else is null, and
 * the entry says that something is hidden, so that nobody takes it for empty.
 */
import { auditEventTable, parseScope, type AuditEntryView, type AuditFieldKind } from '@cairn/contract'
import { admitsNote, type Principal } from '../../base/index.ts'
import type { OpenedEntry } from '../../audit/index.ts'
import type { RouteServices } from '../route.ts'

/** `own`: only what the log has of the reader, without those who are named beside them. */
export type AuditView = 'log' | 'own'

/**
 * Personal fields that name no place: ids, and names of keys and groups. One that is listed neither here nor below is
 * shown to nobody else than who did it and who may read logged texts.
 */
export const placelessFields: ReadonlySet<string> = new Set([
  'keyId',
  'name',
  'group',
  'statement',
  'proposal',
  'delegation',
  'emergency',
  'request',
  'reason',
  'purpose',
  'purposes',
  'device',
  'before',
])

/** Of a note, and shown with it. */
const noteFields: ReadonlySet<string> = new Set(['note', 'tags', 'attributes'])

/** Personal fields that are shown by place; former places of a note count as logged text. */
export const placeFields: ReadonlySet<string> = new Set([...noteFields, 'vault', 'vaults', 'notes', 'scope', 'places'])

export interface Place {
  readonly vault: string
  /** Null for the vault itself. */
  readonly path: string | null
}

export interface AuditSight {
  /** Knows of every place. */
  readonly isTotal: boolean
  sees(place: Place): boolean
}

/** What a reader knows of some places, as of now. */
export async function lookAt(
  { access, vaults }: RouteServices,
  principal: Principal,
  places: readonly Place[],
): Promise<AuditSight> {
  if (access.may(principal, 'audit.content')) return { isTotal: true, sees: () => true }
  const seen = new Set<string>()
  const nameOf = ({ vault, path }: Place) => JSON.stringify([vault, path])
  for (const [vault, inVault] of Map.groupBy(places, (place) => place.vault)) {
    // Whoever may read a note knows of it, as with a key that is for reading alone.
    const filters = (['discover', 'read'] as const).map((action) => access.filter(principal, action, vault))
    const seesAll = filters.some(({ kind }) => kind === 'all')
    const isThere = vaults.find(vault) !== undefined
    const paths = [...new Set(inVault.flatMap(({ path }) => path ?? []))]
    const facts = isThere && !seesAll && paths.length > 0 ? await vaults.factsOf(vault, paths) : new Map()
    for (const place of inVault) {
      const { path } = place
      const judged = path === null ? undefined : (facts as Awaited<ReturnType<typeof vaults.factsOf>>).get(path)
      const admits =
        judged !== undefined && filters.some((filter) => admitsNote(filter, { ...judged, path: path ?? '' }))
      if (seesAll || admits || (path === null && isThere && access.seesVault(principal, vault))) seen.add(nameOf(place))
    }
  }
  return { isTotal: false, sees: (place) => seen.has(nameOf(place)) }
}

export async function showEntries(
  services: RouteServices,
  principal: Principal,
  entries: readonly OpenedEntry[],
  view: AuditView,
): Promise<AuditEntryView[]> {
  const sight = await lookAt(services, principal, entries.flatMap(placesIn))
  return entries.map((entry) => showEntry(entry, { sight, principal, view }))
}

/** What an entry says of where something was done. */
function placesIn({ fields }: OpenedEntry): Place[] {
  const { vault, vaults, note, scope } = fields
  const place = typeof scope === 'string' ? placeOf(scope) : null
  return [
    ...listPlaces(fields['notes']),
    ...(typeof vault === 'string' ? [{ vault, path: null }] : []),
    ...(typeof vault === 'string' && typeof note === 'string' ? [{ vault, path: note }] : []),
    ...(Array.isArray(vaults) ? (vaults as readonly string[]).map((each) => ({ vault: each, path: null })) : []),
    ...(place === null ? [] : [place]),
  ]
}

/** Of `note:VAULT/PATH` each. */
function listPlaces(notes: unknown): Place[] {
  return Array.isArray(notes) ? (notes as readonly string[]).flatMap((each) => placeOf(each) ?? []) : []
}

function placeOf(written: string): Place | null {
  const scope = parseScope(written)
  if (scope === null || !('vault' in scope)) return null
  return { vault: scope.vault, path: 'path' in scope ? scope.path : null }
}

interface Showing {
  readonly sight: AuditSight
  readonly principal: Principal
  readonly view: AuditView
}

function showEntry(entry: OpenedEntry, { sight, principal, view }: Showing): AuditEntryView {
  const { seq, at, category, type, outcome, actor, context, blocks } = entry
  const isOwn = actor === principal.id && principal.isBounded !== true
  const kinds = (auditEventTable as Partial<Record<string, { fields: Readonly<Record<string, AuditFieldKind>> }>>)[type]
  const fields: AuditEntryView['fields'] = {}
  let hidden = false
  for (const [name, value] of Object.entries(entry.fields)) {
    const kind = kinds?.fields[name] ?? 'personal'
    const isShown =
      kind === 'public' ||
      (kind === 'person' ? view === 'log' || value === principal.id : isOwn || showsPersonal(name, entry, sight))
    fields[name] = isShown ? (value as AuditEntryView['fields'][string]) : null
    hidden ||= !isShown
  }
  const states = view === 'own' ? Object.entries(blocks).filter(([name]) => name === 'actor') : Object.entries(blocks)
  return {
    seq,
    at,
    category,
    type,
    outcome,
    actor,
    fields,
    hidden,
    context: { ...context } as AuditEntryView['context'],
    blocks: Object.fromEntries(states),
  }
}

function showsPersonal(name: string, { fields }: OpenedEntry, sight: AuditSight): boolean {
  const { vault, vaults, note, scope } = fields
  if (sight.isTotal || placelessFields.has(name)) return true
  if (noteFields.has(name))
    return typeof vault === 'string' && typeof note === 'string' && sight.sees({ vault, path: note })
  if (name === 'notes') {
    const { notes } = fields
    const places = listPlaces(notes)
    return Array.isArray(notes) && places.length === notes.length && places.every((place) => sight.sees(place))
  }
  if (name === 'vault') return typeof vault === 'string' && (vault === '' || sight.sees({ vault, path: null }))
  if (name === 'vaults')
    return (
      Array.isArray(vaults) && (vaults as readonly string[]).every((each) => sight.sees({ vault: each, path: null }))
    )
  if (name !== 'scope' || typeof scope !== 'string') return false
  const place = placeOf(scope)
  // The whole server, a model: nothing to hide. What cannot be read is not shown.
  return place === null ? parseScope(scope) !== null && !scope.startsWith('tag:') : sight.sees(place)
}
