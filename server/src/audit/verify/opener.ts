/** Opens blocks for a verifier that has the keys. */
import type { SqlSession } from '../../platform/index.ts'
import { expandKey, openBlock, opensCommitment, type OpenedBlock } from '../record/blocks.ts'
import type { AuditHeader } from '../record/header.ts'
import type { KeyBook } from '../record/key-book.ts'
import { openHeld, openHolds } from '../gaps/holds.ts'
import type { StoredBlock } from './source.ts'
import type { OpenBlock } from './verify.ts'

export interface BlockAt {
  readonly seq: number
  readonly header: AuditHeader
}

export type ReadBlock = (
  entry: BlockAt,
  block: StoredBlock,
) => Promise<{
  readonly state: 'full' | 'held' | 'sealed' | 'COMMITMENT' | 'CIPHERTEXT'
  readonly opened: OpenedBlock | null
}>

/** Keys and holds as they are now. `sealed`: a key of the block is destroyed, and nobody holds another. */
export async function createReadBlock(
  session: SqlSession,
  { book, wrapping, origin }: { book: KeyBook; wrapping: Uint8Array; origin: string },
): Promise<ReadBlock> {
  const holds = await openHolds(session, wrapping)
  return async ({ seq, header }, { name, subject, period, sealed }) => {
    if (sealed === null || subject === null || period === null) return { state: 'sealed', opened: null }
    await book.findByRef(session, 'subject', [subject])
    await book.findByRef(session, 'period', [period])
    const [of, at] = [book.byRef('subject', subject), book.byRef('period', period)]
    const place = { origin, nonce: header.n, name }
    const extracted = of && at ? book.extracted(of, at) : null
    const key = extracted === null ? await findHeld(session, holds, { seq, name }) : expandKey(extracted, place)
    if (key === null) return { state: 'sealed', opened: null }
    const opened = openBlock(key, place, sealed)
    if (opened === null) return { state: 'CIPHERTEXT', opened: null }
    const commitment = Buffer.from(header.b[name] ?? '', 'base64url')
    if (!opensCommitment(name, opened, commitment)) return { state: 'COMMITMENT', opened: null }
    return { state: extracted === null ? 'held' : 'full', opened }
  }
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
  return async (entry, block) => (await read(entry, block)).state
}
