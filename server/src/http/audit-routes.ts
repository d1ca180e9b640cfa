/** Rows of the route table: asking the audit log. */
import {
  auditEntrySchema,
  auditPageSchema,
  auditQuerySchema,
  auditStreamQuerySchema,
  auditSummaryQuerySchema,
  auditSummarySchema,
  auditWitnessReplySchema,
  auditWitnessSchema,
  ownAuditQuerySchema,
} from '@cairn/contract'
import { z } from 'zod'
import { followEvents, listEvents, listOwnEvents, readEvent, reportSeen, summarizeEvents } from './handlers/audit.ts'
import { protectedRoute, type Route } from './route.ts'

export const auditRoutes: readonly Route[] = [
  protectedRoute({
    method: 'GET',
    path: '/api/audit/events',
    audit: { tells: ['audit.searched'] },
    permission: 'audit.read',
    audience: 'problem',
    query: auditQuerySchema,
    summary: 'Ask the audit log, page by page; the same question has the same answer for the same size of the log.',
    replies: [{ status: 200, description: 'One page.', schema: auditPageSchema }],
    handle: listEvents,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/audit/events/:seq',
    audit: { tells: ['audit.searched'] },
    permission: 'audit.read',
    audience: 'problem',
    summary: 'Show one entry of the audit log, with what became of its parts.',
    replies: [{ status: 200, description: 'The entry.', schema: auditEntrySchema }],
    handle: readEvent,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/audit/summary',
    audit: { tells: ['audit.searched'] },
    permission: 'audit.read',
    audience: 'problem',
    query: auditSummaryQuerySchema,
    summary: 'Count entries by up to two dimensions and by time.',
    replies: [{ status: 200, description: 'The groups.', schema: auditSummarySchema }],
    handle: summarizeEvents,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/audit/stream',
    audit: { tells: ['audit.searched'] },
    permission: 'audit.read',
    audience: 'problem',
    query: auditStreamQuerySchema,
    headers: [
      {
        name: 'Last-Event-ID',
        description: 'Number of the last entry that the client has; without it the stream begins with what comes.',
        schema: z.string(),
      },
    ],
    summary: 'Follow the audit log live.',
    replies: [
      {
        status: 200,
        description: 'First `ready`, then `entry` for each with its number as id; `error` when it breaks.',
        mediaType: 'text/event-stream',
      },
    ],
    handle: followEvents,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/account/events',
    audit: { exempt: 'What the log has of oneself.' },
    permission: 'signed-in',
    audience: 'problem',
    query: ownAuditQuerySchema,
    summary: 'What the audit log has of oneself, page by page.',
    replies: [{ status: 200, description: 'One page.', schema: auditPageSchema }],
    handle: listOwnEvents,
  }),
  protectedRoute({
    method: 'POST',
    path: '/api/audit/witness',
    audit: { exempt: 'It compares; what does not fit is on record as `audit.fork`.' },
    permission: 'signed-in',
    audience: 'problem',
    body: auditWitnessSchema,
    summary: 'Tell the last checkpoint of the audit log that one has seen, and get the newest.',
    replies: [{ status: 200, description: 'Whether the log begins with it.', schema: auditWitnessReplySchema }],
    handle: reportSeen,
  }),
]
