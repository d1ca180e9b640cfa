/** Files that are being taken out, on the thread that reads: a piece at a time, as the receiver takes them. */
import type { AuditExportQuery } from '@cairn/contract'
import { createId, fail } from '../../base/index.ts'
import type { SignedCheckpoint } from '../log/checkpoints.ts'
import type { AuditLog } from '../log/log.ts'
import type { AuditSecrets } from '../record/key-book.ts'
import { createFormat } from './format.ts'
import { takeOut, type Piece } from './take-out.ts'
import { takeProofs } from './take-proofs.ts'

export interface BegunFile {
  readonly id: string
  /** Of the tree that the file is of, and its root in base 64. */
  readonly size: number
  readonly root: string
}

export interface OpenFiles {
  /** Throws `server.busy` when too many are open. */
  begin(query: AuditExportQuery): Promise<BegunFile>
  /** Null at the end. A piece may be empty. */
  next(id: string): Promise<Piece | null>
  end(id: string): Promise<void>
}

/** Each has a page of entries in memory. */
const mostOpen = 8
/** Headers of a tar file are sent with what they are of. */
const leastBytes = 64 * 1_024

export function createOpenFiles(
  log: AuditLog,
  { secrets, version }: { readonly secrets: AuditSecrets; readonly version: string },
): OpenFiles {
  const open = new Map<string, AsyncIterator<Piece>>()

  async function* archive(content: boolean, signed: SignedCheckpoint): AsyncIterable<Piece> {
    const { minIndex } = await log.head()
    let kept: Uint8Array[] = []
    let length = 0
    for await (const bytes of log.archive(content, signed)) {
      kept.push(bytes)
      length += bytes.length
      if (length < leastBytes) continue
      yield { bytes: Buffer.concat(kept), results: 0 }
      kept = []
      length = 0
    }
    yield { bytes: Buffer.concat(kept), results: signed.size - minIndex }
  }

  function choose(query: AuditExportQuery, signed: SignedCheckpoint): AsyncIterable<Piece> {
    const { format, content, bom: mark, fromSeq = 0, toSeq = signed.size } = query
    if (format === 'archive') return archive(content, signed)
    const { verifier } = log.checkpoints.signer
    const tree = log.checkpoints.read(signed.note) ?? refuseForged()
    const selection = { session: log.connection, tree, fromSeq, toSeq: Math.min(toSeq, signed.size), filter: query }
    if (format === 'proofs') return takeProofs({ ...selection, signed, key: verifier.text })
    const written = createFormat(format, { mark, version, origin: verifier.name })
    return takeOut({ ...selection, secrets, content, format: written })
  }

  return {
    async begin(query) {
      if (open.size >= mostOpen)
        fail('server.busy', {
          message: 'Too many exports of the audit log at once. Wait for one to end, then try again.',
          retryAfterMs: 5_000,
        })
      const signed = await log.checkpoints.sign()
      const { size, note } = signed
      const { root } = log.checkpoints.read(note) ?? refuseForged()
      const id = createId('export')
      const pieces = choose(query, signed)
      open.set(id, pieces[Symbol.asyncIterator]())
      return { id, size, root: Buffer.from(root).toString('base64') }
    },
    async next(id) {
      const pieces = open.get(id) ?? fail('internal.error', { internal: 'this export has ended' })
      const { done, value } = await pieces.next()
      if (done === true) open.delete(id)
      return done === true ? null : value
    },
    async end(id) {
      const pieces = open.get(id)
      open.delete(id)
      await pieces?.return?.()
    },
  }
}

function refuseForged(): never {
  return fail('storage.failed', {
    message: 'The newest checkpoint of the audit log is not one that it signed. Run `npx cairn audit verify`.',
  })
}
