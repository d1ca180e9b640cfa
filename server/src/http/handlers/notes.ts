/** Handlers of notes: listing, reading, related ones. */
import { json, type HttpReply } from '../reply.ts'
import type { ProtectedInput } from '../route.ts'
import { recordCall } from './record.ts'
import { requireVault } from './vaults.ts'

type NoteInput<Q = undefined> = ProtectedInput<'/:id/*path', undefined, Q>

export async function listNotes({
  call,
  services,
  params: { id },
  query,
}: ProtectedInput<'/:id', undefined, { after?: string | undefined; limit: number }>): Promise<HttpReply> {
  requireVault(services, id)
  const filter = services.access.filter(call.principal, 'discover', id)
  return json(await services.vaults.listNotes(id, { after: query.after ?? null, limit: query.limit, filter }))
}

export async function readNote({ call, services, params: { id, path } }: NoteInput): Promise<HttpReply> {
  requireVault(services, id)
  const note = await services.vaults.readNote(id, path, services.access.filter(call.principal, 'read', id))
  await recordCall(services, call, 'note.read', { vault: id, note: note.note })
  return json(note, 200, { etag: `"${note.version}"` })
}

export async function relatedNotes({
  call,
  services,
  params: { id, path },
  query,
}: NoteInput<{ limit: number }>): Promise<HttpReply> {
  requireVault(services, id)
  return json(
    await services.vaults.related(id, path, services.access.filter(call.principal, 'discover', id), query.limit),
  )
}
