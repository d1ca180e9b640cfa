/** Handlers of what is held of notes against edits: shown to who may let it go, and let go. */
import type { HeldNoteInfo } from '@cairn/contract'
import { admitsNote, bothFilters, fail, type NoteFilter } from '../../base/index.ts'
import type { Call, HeldNote } from '../dependencies.ts'
import { json, noContent, type HttpReply } from '../reply.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { recordCall } from './record.ts'
import { requireVault } from './vaults.ts'

type Input<B = undefined, Q = undefined> = ProtectedInput<string, B, Q>

export async function listHeld({
  call,
  services,
  query: { limit },
}: Input<undefined, { limit: number }>): Promise<HttpReply> {
  services.access.requireSignedIn(call.principal)
  const found: HeldNoteInfo[] = []
  for (const { id } of await services.vaults.list()) {
    if (!services.access.seesVault(call.principal, id)) continue
    const reads = services.access.filter(call.principal, 'read', id)
    // One more than is shown tells whether there are more.
    const held = await services.vaults.listHeld(id, filterOf(call, services, id), limit + 1 - found.length)
    found.push(...held.map((each) => describe(each, reads)))
    if (found.length > limit) break
  }
  return json({ held: found.slice(0, limit), more: found.length > limit })
}

export async function confirmHeld({
  call,
  services,
  body: { vault, note, revision },
}: Input<{ vault: string; note: string; revision?: number | undefined }>): Promise<HttpReply> {
  const { access, vaults } = services
  access.requireSignedIn(call.principal)
  if (!access.seesVault(call.principal, vault)) fail('vault.not-found', { message: 'There is no such vault.' })
  requireVault(services, vault)
  const path = note.normalize('NFC')
  const facts = (await vaults.factsOf(vault, [path])).get(path)
  // For whom a note is hidden, it does not exist.
  if (!facts || !admitsNote(access.filter(call.principal, 'discover', vault), { ...facts, path }))
    fail('note.not-found', { message: 'There is no such note in this vault.' })
  if (!admitsNote(access.filter(call.principal, 'restrict', vault), { ...facts, path }))
    fail('access.forbidden', { message: 'You need `restrict` on this note.' })
  const held = await vaults.releaseHeld(vault, path, revision ?? null)
  await recordCall(services, call, 'note.released', {
    vault,
    note: path,
    label: held.label,
    tags: held.tags,
    attributes: attributesOf(held),
    places: held.places,
  })
  return noContent()
}

function filterOf({ principal }: Call, { access }: RouteServices, vault: string): NoteFilter {
  return bothFilters(access.filter(principal, 'discover', vault), access.filter(principal, 'restrict', vault))
}

function attributesOf({ values, unclear }: HeldNote['held']): string[] {
  return [...Object.keys(values), ...unclear]
}

function describe({ vault, note, title, own, held, judged, revision }: HeldNote, reads: NoteFilter): HeldNoteInfo {
  const mayRead = admitsNote(reads, judged)
  const said = (attribute: string) => {
    if (attribute === 'resource.label') return own.label
    if (attribute === 'resource.owner') return own.owner
    const name = attribute.slice('resource.property.'.length)
    return Object.hasOwn(own.properties, name) ? (own.properties[name] ?? null) : null
  }
  return {
    vault,
    note,
    title,
    label: held.label === null ? null : { held: held.label, said: own.label },
    tags: held.tags,
    attributes: attributesOf(held).map((attribute) => ({
      attribute,
      held: mayRead && Object.hasOwn(held.values, attribute) ? (held.values[attribute] ?? null) : null,
      said: mayRead ? said(attribute) : null,
    })),
    places: held.places,
    revision,
  }
}
