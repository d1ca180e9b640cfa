/**
 * The policy document and its history. A write names the revision that it was made from, so that of two edits made at
 * the same time the second is refused and nothing of the first is lost.
 */
import { policyDocumentSchema, type PolicyDocument } from '@cairn/contract'
import { fail, type Clock } from '../../base/index.ts'
import { toText, type Statement, type Store, type StoredRow } from '../../storage/index.ts'
import type { Changes } from '../identity/changes.ts'

export interface RevisionInfo {
  readonly seq: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** `user:ID`, or `server` for the first. */
  readonly author: string
  /** The second person, where there was one. */
  readonly approver: string | null
  readonly note: string
}

export interface Revision extends RevisionInfo {
  readonly document: PolicyDocument
}

export interface NewRevision extends Pick<RevisionInfo, 'author' | 'approver' | 'note'> {
  /** The revision that the document was made from. */
  readonly base: number
  readonly document: PolicyDocument
  /** Written in the same transaction; when one meets no row, nothing is written. */
  readonly also?: readonly Statement[]
}

export interface Saved {
  readonly seq: number
  readonly epoch: number
}

export interface Revisions {
  current(): Promise<Revision>
  /** Newest first. */
  list(options: { readonly before: number | null; readonly limit: number }): Promise<RevisionInfo[]>
  /** Throws `access.revision-missing`. */
  find(seq: number): Promise<Revision>
  /** Throws `access.revision-conflict` when `base` is not the newest any more. */
  save(revision: NewRevision): Promise<Saved>
}

export interface RevisionsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly changes: Pick<Changes, 'write'>
}

const infoColumns = 'seq, at, author, approver, note'

export function createRevisions({ store, clock, changes }: RevisionsOptions): Revisions {
  return {
    async current() {
      const [row] = await store.read(`SELECT ${infoColumns}, document FROM access_revisions ORDER BY seq DESC LIMIT 1`)
      return row ? toRevision(row) : fail('internal.error', { internal: 'there is no policy' })
    },
    async list({ before, limit }) {
      const rows = await store.read(
        `SELECT ${infoColumns} FROM access_revisions WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
        [before ?? Number.MAX_SAFE_INTEGER, limit],
      )
      return rows.map(toInfo)
    },
    async find(seq) {
      const [row] = await store.read(`SELECT ${infoColumns}, document FROM access_revisions WHERE seq = ?`, [seq])
      return row
        ? toRevision(row)
        : fail('access.revision-missing', { message: 'There is no such revision of the policy.' })
    },
    async save({ author, approver, note, base, document, also = [] }) {
      const seq = base + 1
      const change = await changes.write([
        {
          text: `INSERT INTO access_revisions (seq, at, author, approver, note, document)
            SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT)
            WHERE (SELECT MAX(seq) FROM access_revisions) = ?`,
          params: [seq, clock.now(), author, approver, note, JSON.stringify(document), base],
          expectChanges: 1,
        },
        ...also,
      ])
      if (change === null)
        fail('access.revision-conflict', {
          message: 'The policy was changed meanwhile. Read it again and repeat your change on it.',
        })
      return { seq, epoch: change.epoch }
    },
  }
}

/** The first policy of a deployment; of two processes that start together one writes it. */
export function firstRevision(document: PolicyDocument, at: number): Statement {
  return {
    text: `INSERT INTO access_revisions (seq, at, author, approver, note, document)
      SELECT 1, CAST(? AS BIGINT), 'server', NULL, 'The first policy', CAST(? AS TEXT)
      WHERE NOT EXISTS (SELECT 1 FROM access_revisions) ON CONFLICT (seq) DO NOTHING`,
    params: [at, JSON.stringify(document)],
  }
}

function toInfo(row: StoredRow): RevisionInfo {
  return {
    seq: Number(row['seq']),
    at: Number(row['at']),
    author: String(row['author']),
    approver: toText(row['approver']),
    note: String(row['note']),
  }
}

function toRevision(row: StoredRow): Revision {
  return { ...toInfo(row), document: policyDocumentSchema.parse(JSON.parse(String(row['document']))) }
}
