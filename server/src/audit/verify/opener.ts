/** Opens blocks for a verifier that has the keys. */
import type { SqlSession } from '../../platform/index.ts'
import { expandKey, openBlock, opensCommitment, type BlockPlace, type OpenedBlock } from '../record/blocks.ts'
import type { AuditHeader } from '../record/header.ts'
import type { KeyBook } from '../record/key-book.ts'
import { openHeld, openHolds } from '../gaps/holds.ts'
import type { StoredBlock } from './source.ts'
import type { BlockState, OpenBlock } from './verify.ts'

export interface BlockAt {
  readonly seq: number
  readonly header: AuditHeader
}

export interface BlockRead {
  readonly state: BlockState
  readonly opened: OpenedBlock | null
}

/** At once where its keys are known: that is nearly every block, and waiting for nothing would cost as much as opening it. */
export type ReadBlock = (entry: BlockAt, block: StoredBlock) => BlockRead | Promise<BlockRead>

/** Keys and holds as they are now. `sealed`: a key of the block is destroyed, and nobody holds another. */
export async function createReadBlock(
  session: SqlSession,
  { book, wrapping, origin }: { book: KeyBook; wrapping: Uint8Array; origin: string },
): Promise<ReadBlock> {
  const holds = await openHolds(session, wrapping)

  function openFull({ header }: BlockAt, name: string, sealed: Uint8Array, extracted: Uint8Array): BlockRead {
    const place = { origin, nonce: header.n, name }
    return openWith({ key: expandKey(extracted, place), place, header, sealed, state: 'full' })
  }

  async function openHeldOne({ seq, header }: BlockAt, name: string, sealed: Uint8Array): Promise<BlockRead> {
    const key = await findHeld(session, holds, { seq, name })
    if (key === null) return { state: 'sealed', opened: null }
    return openWith({ key, place: { origin, nonce: header.n, name }, header, sealed, state: 'held' })
  }

  async function openLater(at: BlockAt, block: StoredBlock, sealed: Uint8Array): Promise<BlockRead> {
    await book.findByRef(session, 'subject', block.subject === null ? [] : [block.subject])
    await book.findByRef(session, 'period', block.period === null ? [] : [block.period])
    const extracted = extractedOf(book, block)
    return extracted === null ? openHeldOne(at, block.name, sealed) : openFull(at, block.name, sealed, extracted)
  }

  return (at, block) => {
    const { name, subject, period, sealed } = block
    if (sealed === null || subject === null || period === null) return { state: 'sealed', opened: null }
    const extracted = extractedOf(book, block)
    return extracted === null ? openLater(at, block, sealed) : openFull(at, name, sealed, extracted)
  }
}

/** Null when a key is destroyed, or not known yet. */
function extractedOf(book: KeyBook, { subject, period }: StoredBlock): Uint8Array | null {
  const [of, at] = [book.byRef('subject', subject ?? ''), book.byRef('period', period ?? '')]
  return of && at ? book.extracted(of, at) : null
}

interface KeyedBlock {
  readonly key: Uint8Array
  readonly place: BlockPlace
  readonly header: AuditHeader
  readonly sealed: Uint8Array
  readonly state: 'full' | 'held'
}

function openWith({ key, place, header, sealed, state }: KeyedBlock): BlockRead {
  const opened = openBlock(key, place, sealed)
  if (opened === null) return { state: 'CIPHERTEXT', opened: null }
  const commitment = Buffer.from(header.b[place.name] ?? '', 'base64url')
  return opensCommitment(place.name, opened, commitment) ? { state, opened } : { state: 'COMMITMENT', opened: null }
}

async function findHeld(
  session: SqlSession,
  holds: Awaited<ReturnType<typeof openHolds>>,
  block: { seq: number; name: string },
): Promise<Uint8Array | null> {
  if (holds.length === 0) return null
  const { rows } = await session.run('SELECT hold, wrapped FROM audit_held WHERE seq = ? AND name = ?', [
    block.seq,
    block.name,
  ])
  for (const row of rows) {
    const held = holds.find(({ hold }) => hold.id === row['hold'])
    const key = held ? openHeld(held.key, block, String(row['wrapped'])) : null
    if (key !== null) return key
  }
  return null
}

export function toVerify(read: ReadBlock): OpenBlock {
  return (entry, block) => {
    const result = read(entry, block)
    return result instanceof Promise ? result.then(({ state }) => state) : result.state
  }
}
