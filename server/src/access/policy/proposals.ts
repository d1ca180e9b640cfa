/** Changes of the policy that wait for a second person. */
import { policyDocumentSchema, type PolicyDocument } from '@cairn/contract'
import { createId, fail, type Clock } from '../../base/index.ts'
import { toNumber, toText, type Statement, type Store, type StoredRow } from '../../storage/index.ts'

export interface ProposalInfo {
  readonly id: string
  readonly at: number
  /** `user:ID`. */
  readonly author: string
  readonly note: string
  /** The revision that it was made from. */
  readonly base: number
  readonly status: 'open' | 'approved' | 'rejected'
  readonly decidedBy: string | null
  readonly decidedAt: number | null
  /** The revision that it became. */
  readonly revision: number | null
}

export interface Proposal extends ProposalInfo {
  readonly document: PolicyDocument
}

export interface Proposals {
  /** Open ones first, then newest first. */
  list(): Promise<ProposalInfo[]>
  /** Throws `access.proposal-missing`. */
  find(id: string): Promise<Proposal>
  create(proposal: Pick<Proposal, 'author' | 'note' | 'base' | 'document'>): Promise<ProposalInfo>
  reject(id: string, by: string): Promise<void>
  /** What marks it approved, together with the revision that it becomes. */
  approval(id: string, by: string, revision: number): Statement
}

const mostListed = 500

export function createProposals({ store, clock }: { store: Store; clock: Clock }): Proposals {
  async function find(id: string): Promise<Proposal> {
    const [row] = await store.read(`SELECT ${columns}, document FROM access_proposals WHERE id = ?`, [id])
    if (!row) fail('access.proposal-missing', { message: 'There is no such proposal.' })
    return { ...toInfo(row), document: policyDocumentSchema.parse(JSON.parse(String(row['document']))) }
  }

  return {
    find,
    async list() {
      const rows = await store.read(
        `SELECT ${columns} FROM access_proposals
          ORDER BY CASE WHEN status = 'open' THEN 0 ELSE 1 END, at DESC, id LIMIT ${mostListed}`,
      )
      return rows.map(toInfo)
    },
    async create({ author, note, base, document }) {
      const id = createId('proposal')
      await store.write([
        {
          text: "INSERT INTO access_proposals (id, at, author, note, base, document, status) VALUES (?, ?, ?, ?, ?, ?, 'open')",
          params: [id, clock.now(), author, note, base, JSON.stringify(document)],
        },
      ])
      return find(id)
    },
    async reject(id, by) {
      const done = await store.write([
        {
          text: "UPDATE access_proposals SET status = 'rejected', decided_by = ?, decided_at = ? WHERE id = ? AND status = 'open'",
          params: [by, clock.now(), id],
          expectChanges: 1,
        },
      ])
      if (done === null) fail('access.proposal-missing', { message: 'There is no such open proposal.' })
    },
    approval: (id, by, revision) => ({
      text: "UPDATE access_proposals SET status = 'approved', decided_by = ?, decided_at = ?, revision = ? WHERE id = ? AND status = 'open'",
      params: [by, clock.now(), revision, id],
      expectChanges: 1,
    }),
  }
}

const columns = 'id, at, author, note, base, status, decided_by, decided_at, revision'

function toInfo(row: StoredRow): ProposalInfo {
  return {
    id: String(row['id']),
    at: Number(row['at']),
    author: String(row['author']),
    note: String(row['note']),
    base: Number(row['base']),
    status: row['status'] as ProposalInfo['status'],
    decidedBy: toText(row['decided_by']),
    decidedAt: toNumber(row['decided_at']),
    revision: toNumber(row['revision']),
  }
}
