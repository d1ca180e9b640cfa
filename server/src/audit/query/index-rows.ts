/** One entry of the log as rows of the index. */
import { sha256 } from '../../base/index.ts'
import type { OpenedEntry } from '../read/read-entries.ts'
import type { AuditHeader } from '../record/header.ts'
import { parseNotes } from '../record/note-names.ts'
import { nobody } from '../record/key-book.ts'
import type { StoredEntry } from '../verify/source.ts'
import { refKinds } from './index-tables.ts'
import type { References } from './references.ts'

export interface Shape {
  /** Hash of all of it. */
  readonly name: string
  readonly category: string
  readonly type: string
  readonly outcome: string
  readonly model: string | null
  readonly provider: string | null
  /** In small letters. */
  readonly words: string
}

export interface IndexRow {
  readonly seq: number
  /** Since 1970. */
  readonly minute: number
  /** Since the year 0: twelve times the year, and the month from 0. */
  readonly month: number
  readonly shape: Shape
  readonly tokensIn: number
  readonly tokensOut: number
  readonly actor: Uint8Array | null
  readonly request: Uint8Array | null
  readonly refs: readonly { readonly kind: number; readonly ref: Uint8Array }[]
}

/** Public fields that are numbers of their own entry, and nobody’s word for anything. */
const hashes: ReadonlySet<string> = new Set(['root', 'keys', 'sha256'])
const longestWord = 200

export function monthOf(iso: string): number {
  return Number(iso.slice(0, 4)) * 12 + Number(iso.slice(5, 7)) - 1
}

/** Only what opens by its own keys gets references: not what a legal hold keeps readable. */
export function toIndexRow(stored: StoredEntry, header: AuditHeader, opened: OpenedEntry, refs: References): IndexRow {
  const { fields, context, blocks } = opened
  const keyRefOf = (name: string) => stored.blocks.find((block) => block.name === name)?.subject ?? null
  const isOpen = (name: string) => blocks[name] === 'open'
  const found = new Map<string, { kind: number; ref: Uint8Array }>()
  const add = (kind: number, ref: Uint8Array) => void found.set(Buffer.from(ref).toString('hex'), { kind, ref })

  let actor: Uint8Array | null = null
  let request: Uint8Array | null = null
  if (isOpen('actor') && opened.actor !== null) {
    const keyRef = keyRefOf('actor')
    actor = keyRef === null || keyRef === nobody.ref ? refs.nobody(opened.actor) : refs.person(keyRef)
    const { requestId } = context
    if (typeof requestId === 'string') request = refs.request(requestId)
    for (const vault of vaultsIn(fields)) add(refKinds.vault, refs.vault(vault))
    const { vault, note, notes } = fields
    if (typeof vault === 'string' && typeof note === 'string') add(refKinds.note, refs.note(vault, note))
    for (const { vault: of, path } of parseNotes(notes)) add(refKinds.note, refs.note(of, path))
  }
  for (const name of Object.keys(blocks)) {
    const keyRef = keyRefOf(name)
    if (name !== 'actor' && isOpen(name) && keyRef !== null) add(refKinds.person, refs.person(keyRef))
  }
  return {
    seq: stored.seq,
    minute: Math.floor(Date.parse(header.t) / 60_000),
    month: monthOf(header.t),
    shape: shapeOf(header),
    tokensIn: countIn(header.pub['tokensIn']),
    tokensOut: countIn(header.pub['tokensOut']),
    actor,
    request,
    refs: [...found.values()],
  }
}

/** Ids of the vaults that an entry names. */
export function vaultsIn({ vault, vaults }: OpenedEntry['fields']): string[] {
  const listed = Array.isArray(vaults) ? (vaults as readonly string[]) : []
  return typeof vault === 'string' ? [vault, ...listed] : [...listed]
}

/** The words of an entry’s public part, in small letters: what full text looks through. */
export function wordsOf({ cat, type, out, pub }: Pick<AuditHeader, 'cat' | 'type' | 'out' | 'pub'>): string {
  const said = Object.keys(pub)
    .filter((name) => !hashes.has(name))
    .toSorted()
    .flatMap((name) => pub[name] ?? [])
    .filter((value) => typeof value === 'string')
  return [type, cat, out, ...said]
    .map((word) => storable(word).slice(0, longestWord))
    .join('\n')
    .toLowerCase()
}

function shapeOf(header: AuditHeader): Shape {
  const { cat, type, out, pub } = header
  const textOf = (value: unknown) => (typeof value === 'string' ? storable(value) : null)
  const [model, provider, words] = [textOf(pub['model']), textOf(pub['provider']), wordsOf(header)]
  return {
    name: sha256(JSON.stringify([cat, type, out, model, provider, words])),
    category: cat,
    type,
    outcome: out,
    model,
    provider,
    words,
  }
}

/** PostgreSQL holds no zero characters. */
function storable(text: string): string {
  return text.replaceAll('\0', '')
}

function countIn(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
}
