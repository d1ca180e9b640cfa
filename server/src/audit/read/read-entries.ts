/** Entries as their owner reads them: the header, and what of its blocks still opens. */
import type { AuditCategory, AuditEventType } from '@cairn/contract'
import { z } from 'zod'
import type { SqlSession } from '../../platform/index.ts'
import { parseHeader, type AuditHeader, type AuditOutcome } from '../record/header.ts'
import type { AuditFieldValue } from '../record/prepare.ts'
import { readPage, type StoredBlock, type StoredEntry } from '../verify/source.ts'
import type { ReadBlock } from '../verify/opener.ts'

/** `held` opens only because of a legal hold; `erased`: its key is destroyed; `damaged`: it should open and does not. */
export type BlockState = 'open' | 'held' | 'erased' | 'damaged'

export interface OpenedEntry {
  readonly seq: number
  /** Milliseconds since 1970; to the minute where the exact time is erased. */
  readonly at: number
  readonly category: AuditCategory
  readonly type: AuditEventType
  readonly outcome: AuditOutcome
  /** Null when it is erased. */
  readonly actor: string | null
  /** Public and personal fields, and ids of people; those that are erased are absent. */
  readonly fields: Readonly<Record<string, AuditFieldValue>>
  /** Of the call: request id, address, how it signed in; empty when it is erased. */
  readonly context: Readonly<Record<string, AuditFieldValue>>
  readonly blocks: Readonly<Record<string, BlockState>>
}

const valueSchema = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])
const actorSchema = z
  .object({ at: z.number(), actor: z.string(), fields: z.record(z.string(), valueSchema).optional() })
  .catchall(valueSchema)
const personSchema = z.object({ id: z.string() })
const textSchema = z.strictObject({ text: z.string() })

const states = { full: 'open', held: 'held', sealed: 'erased', COMMITMENT: 'damaged', CIPHERTEXT: 'damaged' } as const

/** Those of a range that are there, in order. A header of a newer version of the server is left out. */
export async function readEntries(
  session: SqlSession,
  range: { readonly from: number; readonly to: number },
  read: ReadBlock,
): Promise<OpenedEntry[]> {
  const opened: OpenedEntry[] = []
  for (const entry of await readPage(session, range)) {
    const header = parseHeader(entry.header)
    if (header !== null) opened.push(await openEntry(entry, header, read))
  }
  return opened
}

/** One that was read, and its header. */
export async function openEntry(entry: StoredEntry, header: AuditHeader, read: ReadBlock): Promise<OpenedEntry> {
  const { seq } = entry
  const blocks: Record<string, BlockState> = {}
  const people: Record<string, string> = {}
  let about: z.infer<typeof actorSchema> | null = null
  for (const block of entry.blocks) {
    const [state, content] = await openBlock({ seq, header }, block, read)
    blocks[block.name] = state
    if (block.name === 'actor') about = actorSchema.safeParse(content).data ?? null
    else {
      const person = personSchema.safeParse(content).data
      if (person) people[block.name] = person.id
    }
  }
  const { at, actor, fields = {}, ...context } = about ?? { at: Date.parse(header.t), actor: null }
  return {
    seq,
    at,
    category: header.cat as AuditCategory,
    type: header.type as AuditEventType,
    outcome: header.out,
    actor,
    fields: { ...header.pub, ...fields, ...people },
    context: context as OpenedEntry['context'],
    blocks,
  }
}

/** What stands in blocks of texts. */
export async function openTexts(
  entry: StoredEntry,
  header: AuditHeader,
  read: ReadBlock,
): Promise<Record<string, string>> {
  const texts: Record<string, string> = {}
  for (const block of entry.blocks) {
    const { data } = textSchema.safeParse((await openBlock({ seq: entry.seq, header }, block, read))[1])
    if (data) texts[block.name] = data.text
  }
  return texts
}

async function openBlock(
  entry: { seq: number; header: AuditHeader },
  block: StoredBlock,
  read: ReadBlock,
): Promise<[BlockState, unknown]> {
  const { state, opened } = await read(entry, block)
  return [states[state], opened === null ? null : (JSON.parse(opened.content) as unknown)]
}
