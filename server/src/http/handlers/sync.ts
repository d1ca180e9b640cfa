/** Handlers of vaults that devices sync: compare, store, delete, exclude, take over. */
import {
  deviceHeader,
  deviceIdSchema,
  noteVersionSchema,
  type NotesWrite,
  type NotesWritten,
  type SyncConflict,
  type SyncReply,
  type SyncRequest,
} from '@cairn/contract'
import { findPathFault } from '@cairn/contract/tables'
import { admitsNote, fail, type NoteFilter } from '../../base/index.ts'
import { json, noContent, type HttpReply } from '../reply.ts'
import type { Call } from '../dependencies.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { recordCall } from './record.ts'
import { requireVault } from './vaults.ts'

type VaultInput<B> = ProtectedInput<'/:id', B, undefined>
type NoteInput<B> = ProtectedInput<'/:id/*path', B, undefined>

const publishing = ['create', 'write', 'delete'] as const

export async function syncVault({ call, services, params: { id }, body }: VaultInput<SyncRequest>): Promise<HttpReply> {
  const { synced } = requireSynced(services, id)
  const vault = await becomePublisher(services, call, id, body)
  const isPublisher = vault.publisher?.device === body.device
  const may = await judgePaths(services, call, id, [...body.files.map(({ path }) => path), ...body.deleted])
  const excluded = isPublisher ? await exclude(services, call, id, body) : { count: 0, isPruned: true }
  const compared = await synced.compare(id, body, {
    files: body.files.filter(({ path }) => may(path)),
    deleted: body.deleted.filter(may),
    range: body.range,
  })
  const deleted = isPublisher ? await confirmDeleted(services, call, id, body.device, compared.deletions) : null
  const told = await judgePaths(services, call, id, [...compared.gone, ...missingOf(compared.conflicts)])
  const forbidden = [...body.files.map(({ path }) => path), ...body.deleted].filter((path) => !may(path))
  const reply: SyncReply = {
    need: compared.need,
    // What the caller may not write to is told without whether it is there.
    conflicts: [
      ...compared.conflicts.filter(({ kind, path }) => kind !== 'missing' || told(path)),
      ...(deleted?.conflicts ?? []),
      ...forbidden.map((path): SyncConflict => ({ path, kind: 'forbidden', version: null })),
    ],
    gone: compared.gone.filter(told),
    seq: deleted?.seq ?? (await synced.get(id)).seq,
    publisher: vault.publisher,
    isPublisher,
    isPruned: excluded.isPruned,
  }
  if (excluded.count > 0)
    await recordCall(services, call, 'vault.synced', { ...about(id, body.device), excluded: excluded.count })
  return json(reply)
}

export async function writeNotes({ call, services, params: { id }, body }: VaultInput<NotesWrite>): Promise<HttpReply> {
  const { synced } = requireSynced(services, id)
  const paths = [...body.notes, ...body.deleted].map(({ path }) => path)
  const may = await judgePaths(services, call, id, paths)
  const written = await synced.write(id, {
    device: body.device,
    notes: body.notes.filter(({ path }) => may(path)),
    deleted: body.deleted.filter(({ path }) => may(path)),
  })
  const forbidden = paths.filter((path) => !may(path))
  const conflicts = [
    ...written.conflicts,
    ...forbidden.map((path): SyncConflict => ({ path, kind: 'forbidden', version: null })),
  ]
  await recordWritten(services, call, id, body.device, { ...written, conflicts })
  return json({ ...written, conflicts } satisfies NotesWritten)
}

export async function writeNote({
  call,
  exchange,
  services,
  params: { id, path },
  body,
}: NoteInput<{ text: string; mtime?: number | undefined }>): Promise<HttpReply> {
  const { synced } = requireSynced(services, id, () => requireOnNote(services, call, id, path, ['write']))
  const fault = findPathFault(path)
  if (fault !== null) fail('request.invalid', { param: 'path', message: `path: it ${fault}.` })
  const may = await judgePaths(services, call, id, [path])
  if (!may(path)) requireOnNote(services, call, id, path, publishing)
  const match = matchOf(exchange.request.headers)
  const device = deviceOf(exchange.request.headers)
  const note = { path, match, text: body.text, mtime: body.mtime ?? services.clock.now() }
  const written = await synced.write(id, { device, notes: [note], deleted: [] })
  await recordWritten(services, call, id, device, written)
  const [stored] = written.stored
  if (stored === undefined) return refuseChanged(written.conflicts)
  return { ...noContent(), headers: { etag: `"${stored.version}"` } }
}

export async function deleteNote({
  call,
  exchange,
  services,
  params: { id, path },
}: NoteInput<undefined>): Promise<HttpReply> {
  const { synced } = requireSynced(services, id, () => requireOnNote(services, call, id, path, ['delete']))
  const may = await judgePaths(services, call, id, [path])
  if (!may(path)) requireOnNote(services, call, id, path, publishing)
  const match = matchOf(exchange.request.headers)
  const device = deviceOf(exchange.request.headers)
  const written = await synced.write(id, { device, notes: [], deleted: [{ path, match }] })
  await recordWritten(services, call, id, device, written)
  return written.conflicts.length > 0 ? refuseChanged(written.conflicts) : noContent()
}

// --- Who may ----------------------------------------------------------------------------------------------------------

/** Throws `vault.watched`, after `first` had its chance to refuse. */
function requireSynced({ vaults }: RouteServices, id: string, first: () => void = () => {}) {
  const { source } = requireVault({ vaults } as RouteServices, id)
  if (source === 'folder') {
    first()
    fail('vault.watched')
  }
  return vaults
}

function requireOnNote(
  { access }: RouteServices,
  { principal }: Call,
  vault: string,
  path: string,
  actions: readonly (typeof publishing)[number][],
): void {
  for (const action of actions) access.require(principal, action, `note:${vault}/${path}`)
}

/** Which of these paths the caller may create, change and delete; what is known of the notes counts. */
async function judgePaths(
  { access, vaults }: RouteServices,
  { principal }: Call,
  vault: string,
  paths: readonly string[],
) {
  const filters: NoteFilter[] = publishing.map((action) => access.filter(principal, action, vault))
  const facts = filters.every(({ kind }) => kind === 'all')
    ? new Map<string, never>()
    : await vaults.factsOf(vault, paths)
  return (path: string): boolean =>
    filters.every((filter) => admitsNote(filter, { ...(facts.get(path) ?? { tags: [] }), path }))
}

const missingOf = (conflicts: readonly SyncConflict[]): string[] =>
  conflicts.filter(({ kind }) => kind === 'missing').map(({ path }) => path)

/** A vault without a publisher takes the first device; another device takes over when a person said so. */
async function becomePublisher(services: RouteServices, call: Call, id: string, body: SyncRequest) {
  const { synced } = services.vaults
  const vault = await synced.get(id)
  const before = body.takeOver === undefined ? null : body.takeOver
  const isAsked = body.takeOver !== undefined || vault.publisher === null
  if (!isAsked || vault.publisher?.device === body.device) return vault
  for (const action of publishing) services.access.require(call.principal, action, `vault:${id}`)
  const name = body.deviceName ?? 'A device without a name'
  if (await synced.takeOver(id, body.device, name, before))
    await recordCall(services, call, 'vault.taken-over', { ...about(id, body.device), before: before ?? 'none' })
  return synced.get(id)
}

// --- What is done -----------------------------------------------------------------------------------------------------

async function exclude(services: RouteServices, call: Call, id: string, { device, excluded }: SyncRequest) {
  if (excluded.length === 0) return { count: 0, isPruned: true }
  services.access.require(call.principal, 'delete', `vault:${id}`)
  const count = await services.vaults.synced.purge(id, device, excluded)
  return { count, isPruned: await services.vaults.untilPruned(id, excluded) }
}

async function confirmDeleted(
  services: RouteServices,
  call: Call,
  id: string,
  device: string,
  deletions: NotesWrite['deleted'],
) {
  if (deletions.length === 0) return null
  const written = await services.vaults.synced.write(id, { device, notes: [], deleted: deletions })
  await recordWritten(services, call, id, device, written)
  return written
}

const about = (vault: string, device: string) => ({ vault, device })

async function recordWritten(
  services: RouteServices,
  call: Call,
  vault: string,
  device: string,
  { stored, deleted, conflicts }: NotesWritten,
): Promise<void> {
  await recordCall(services, call, 'vault.synced', {
    ...about(vault, device),
    stored: stored.length,
    deleted: deleted.length,
    conflicts: conflicts.length,
  })
}

// --- Headers of a single write ----------------------------------------------------------------------------------------

/** Throws `request.invalid`. */
function deviceOf(headers: Headers): string {
  const device = deviceIdSchema.safeParse(headers.get(deviceHeader))
  if (device.success) return device.data
  return fail('request.invalid', {
    param: deviceHeader,
    message: `Name the device in the header “${deviceHeader}”: 16 to 40 small letters and digits.`,
  })
}

/** The version that the note must have; null for none. Throws `request.invalid`. */
function matchOf(headers: Headers): string | null {
  const [match, none] = [headers.get('if-match'), headers.get('if-none-match')]
  if (match === null && none === '*') return null
  const version = noteVersionSchema.safeParse(/^"(.*)"$/.exec(match ?? '')?.[1])
  if (version.success && none === null) return version.data
  return fail('request.invalid', {
    param: 'if-match',
    message: 'Say with If-Match: "VERSION" which version is replaced, or with If-None-Match: * that there is none.',
  })
}

function refuseChanged([conflict]: readonly SyncConflict[]): never {
  const { kind, version } = conflict ?? { kind: 'edited', version: null }
  if (kind === 'full') fail('note.changed', { message: 'The vault has as many notes as it may. Delete some first.' })
  return fail('note.changed', {
    message:
      version === null
        ? 'The note is not on the server. Sync again to see what happened.'
        : `The server has version ${version}. Sync again to see what happened.`,
  })
}
