/** Rows of the route table about taking the audit log out, and proving it. */
import {
  auditExportQuerySchema,
  auditReceiptListSchema,
  auditSinkListSchema,
  auditVerifyReportSchema,
  auditVerifySchema,
} from '@cairn/contract'
import { z } from 'zod'
import { exportLog } from './handlers/audit-export.ts'
import { listReceipts, listSinks } from './handlers/audit-sinks.ts'
import { readCheckpoint, readKey, readProof, readTile, verifyLog } from './handlers/audit-proofs.ts'
import { protectedRoute, type ReplySpec, type Route } from './route.ts'

const text = (description: string): ReplySpec => ({ status: 200, description, mediaType: 'text/plain' })

const receiptQuery = z.strictObject({
  /** Place of an entry; receipts of those from it on. */
  after: z.coerce.number<string>().int().min(0).max(9e15).default(0),
  /** Receipts of those before it, newest first. */
  before: z.coerce.number<string>().int().min(0).max(9e15).optional(),
  limit: z.coerce.number<string>().int().min(1).max(1_000).default(100),
})

export const auditExportRoutes: readonly Route[] = [
  protectedRoute({
    method: 'GET',
    path: '/api/audit/export',
    audit: { tells: ['audit.export-intended', 'audit.exported'] },
    permission: 'audit.read',
    audience: 'problem',
    query: auditExportQuerySchema,
    summary:
      'Take entries of the audit log out, as of its size at this moment. What names notes needs `audit.content`.',
    replies: [
      { status: 200, description: 'Lines of JSON, with `format=jsonl` or `ocsf`.', mediaType: 'application/x-ndjson' },
      { status: 200, description: 'With `format=csv`.', mediaType: 'text/csv' },
      {
        status: 200,
        description: 'With `format=archive`: what verifies without a server; with `proofs`: a proof for each entry.',
        mediaType: 'application/x-tar',
      },
    ],
    handle: exportLog,
  }),
  protectedRoute({
    method: 'POST',
    path: '/api/audit/verify',
    audit: { tells: ['audit.verified'] },
    permission: 'audit.read',
    audience: 'problem',
    body: auditVerifySchema,
    summary: 'Verify the whole audit log, also against checkpoints that were seen elsewhere. One at a time.',
    replies: [
      { status: 200, description: 'What was verified, and what is wrong.', schema: auditVerifyReportSchema },
      {
        status: 200,
        description: 'To a client that accepts events: `progress`, then `report` or `error`.',
        mediaType: 'text/event-stream',
      },
    ],
    handle: verifyLog,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/audit/checkpoint',
    audit: { exempt: 'A size and a hash.' },
    permission: 'audit.read',
    audience: 'problem',
    summary: 'The newest checkpoint, a signed note (C2SP tlog-checkpoint).',
    replies: [text('The note.')],
    handle: readCheckpoint,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/audit/key',
    audit: { exempt: 'A public key.' },
    permission: 'audit.read',
    audience: 'problem',
    summary: 'The key that verifies checkpoints (C2SP signed-note). Keep a copy elsewhere.',
    replies: [text('The verifier key, in one line.')],
    handle: readKey,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/audit/proof/:seq',
    audit: { tells: ['audit.searched'] },
    permission: 'audit.read',
    audience: 'problem',
    summary: 'The proof that an entry stands in the log (C2SP tlog-proof), with the entry.',
    replies: [text('The proof.'), { status: 404, description: 'There is no such entry, or it was pruned.' }],
    handle: readProof,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/audit/tile/*path',
    audit: { tells: ['audit.searched'] },
    permission: 'audit.read',
    audience: 'problem',
    summary: 'A tile of the tree, or the entries below it (C2SP tlog-tiles).',
    replies: [
      { status: 200, description: 'Hashes, or entries with their lengths.', mediaType: 'application/octet-stream' },
      { status: 404, description: 'It is not there yet, or was pruned.' },
    ],
    handle: readTile,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/audit/sinks',
    audit: { exempt: 'How far receivers are; no entry is in it.' },
    permission: 'audit.read',
    audience: 'problem',
    summary: 'Receivers outside to which the log is delivered: how far each is, and what is wrong with it.',
    replies: [{ status: 200, description: 'The receivers.', schema: auditSinkListSchema }],
    handle: listSinks,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/audit/sinks/:id/receipts',
    audit: { exempt: 'Places and hashes.' },
    permission: 'audit.read',
    audience: 'problem',
    query: receiptQuery,
    summary: 'What a receiver has taken, batch by batch.',
    replies: [
      {
        status: 200,
        description:
          'Receipts, oldest first; `next` is the next page’s `after`, or with `before` newest first and its `before`.',
        schema: auditReceiptListSchema,
      },
      { status: 404, description: 'No such receiver is configured.' },
    ],
    handle: listReceipts,
  }),
]
