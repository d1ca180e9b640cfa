/**
 * THE route table: every address the server answers, with who may call it, what it takes and what it gives. The router,
 * the checks before a handler and the OpenAPI document are all made from these rows. The vendors’ dialects and what is
 * about models have files of their own.
 */
import {
  askDryRunSchema,
  askReplySchema,
  askRequestSchema,
  cacheInvalidateSchema,
  cacheLimits,
  cacheReceiptSchema,
  cacheStatsSchema,
  healthSchema,
  indexStateSchema,
  noteListSchema,
  noteSchema,
  relatedReplySchema,
  searchReplySchema,
  searchRequestSchema,
  vaultCreateSchema,
  vaultListSchema,
  vaultSchema,
} from '@cairn/contract'
import { z } from 'zod'
import { ask, search } from './handlers/ask.ts'
import { describeCache, invalidateCache } from './handlers/cache.ts'
import { listNotes, readNote, relatedNotes } from './handlers/notes.ts'
import { consoleAsset, health, metrics, openApi, ready } from './handlers/operations.ts'
import { addVault, listVaults, reindexVault, removeVault } from './handlers/vaults.ts'
import { accessRoutes } from './access-routes.ts'
import { auditExportRoutes } from './audit-export-routes.ts'
import { authZenRoutes } from './authzen-routes.ts'
import { auditKeepingRoutes } from './audit-keeping-routes.ts'
import { auditReportRoutes } from './audit-report-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { heldRoutes } from './held-routes.ts'
import { gatewayRoutes } from './gateway-routes.ts'
import { identityRoutes } from './identity-routes.ts'
import { modelRoutes } from './model-routes.ts'
import { peopleRoutes } from './people-routes.ts'
import { syncRoutes } from './sync-routes.ts'
import { protectedRoute, publicRoute, type ReplySpec, type Route } from './route.ts'

const pageQuery = z.strictObject({
  after: z.string().max(4_096).optional(),
  limit: z.coerce.number<string>().int().min(1).max(1_000).default(200),
})
const relatedQuery = z.strictObject({ limit: z.coerce.number<string>().int().min(1).max(50).default(10) })

const historyQuery = z.strictObject({
  minutes: z.coerce.number<string>().int().min(0).max(cacheLimits.historyMinutes).default(cacheLimits.historyMinutes),
})

const events = (description: string): ReplySpec => ({ status: 200, description, mediaType: 'text/event-stream' })
const nothing: ReplySpec = { status: 204, description: 'Done.' }

export const routes: readonly Route[] = [
  ...gatewayRoutes,
  ...accessRoutes,
  ...authZenRoutes,
  ...heldRoutes,
  protectedRoute({
    method: 'POST',
    path: '/v1/ask',
    audit: { tells: ['question.asked', 'egress.intended'] },
    permission: 'signed-in',
    audience: 'openai',
    body: askRequestSchema,
    summary: 'Ask a question of the notes.',
    replies: [
      {
        status: 200,
        description: 'The answer with citations and receipt; with `dryRun`, what would be sent where.',
        schema: z.union([askReplySchema, askDryRunSchema]),
      },
      events('With `stream: true`: `token`, `citation`, `related`, `receipt`, `error`, always last `done`.'),
    ],
    handle: ask,
  }),
  protectedRoute({
    method: 'POST',
    path: '/v1/search',
    audit: { tells: ['search.run'] },
    permission: 'signed-in',
    audience: 'openai',
    body: searchRequestSchema,
    summary: 'Search the notes.',
    replies: [{ status: 200, description: 'Places in notes, best first.', schema: searchReplySchema }],
    handle: search,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/vaults',
    audit: { exempt: 'Names and counts of what the caller may see.' },
    permission: 'signed-in',
    audience: 'problem',
    summary: 'List the vaults and how far each is indexed.',
    replies: [
      { status: 200, description: 'The vaults.', schema: vaultListSchema },
      events('The event `vaults` at once and after each change.'),
    ],
    handle: listVaults,
  }),
  protectedRoute({
    method: 'POST',
    path: '/api/vaults',
    audit: { changes: ['vault.registered'] },
    permission: 'vault.configure',
    audience: 'problem',
    body: vaultCreateSchema,
    summary: 'Register a folder on the server’s machine as a vault, or make one that devices sync.',
    replies: [{ status: 201, description: 'The vault; its indexing has begun.', schema: vaultSchema }],
    handle: addVault,
  }),
  protectedRoute({
    method: 'DELETE',
    path: '/api/vaults/:id',
    audit: { changes: ['vault.removed'] },
    permission: 'vault.configure',
    on: 'vault',
    audience: 'problem',
    summary: 'Remove a vault from the server. A folder stays as it is; what devices sent goes.',
    replies: [nothing],
    handle: removeVault,
  }),
  protectedRoute({
    method: 'POST',
    path: '/api/vaults/:id/reindex',
    audit: { changes: ['vault.reindexed'] },
    permission: 'vault.configure',
    on: 'vault',
    audience: 'problem',
    summary: 'Index a vault again from its files.',
    replies: [
      { status: 202, description: 'Begun; the state at this moment.', schema: indexStateSchema },
      events('To a client that accepts events: `index` with each state, last `done`, or `error`.'),
    ],
    handle: reindexVault,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/vaults/:id/notes',
    audit: { exempt: 'Paths that the caller may see, without text.' },
    permission: 'signed-in',
    on: 'vault',
    audience: 'problem',
    query: pageQuery,
    summary: 'List the notes of a vault, page by page.',
    replies: [{ status: 200, description: 'One page.', schema: noteListSchema }],
    handle: listNotes,
  }),
  protectedRoute({
    method: 'GET',
    path: '/api/vaults/:id/notes/*path',
    audit: { tells: ['note.read'] },
    permission: 'signed-in',
    on: 'vault',
    audience: 'problem',
    summary: 'Read a note.',
    replies: [{ status: 200, description: 'The note; its version is the ETag.', schema: noteSchema }],
    handle: readNote,
  }),
  ...syncRoutes,
  protectedRoute({
    method: 'GET',
    path: '/api/vaults/:id/related/*path',
    audit: { exempt: 'Paths that the caller may see, without text.' },
    permission: 'signed-in',
    on: 'vault',
    audience: 'problem',
    query: relatedQuery,
    summary: 'Notes that are linked with a note or about the same things.',
    replies: [{ status: 200, description: 'Related notes, closest first.', schema: relatedReplySchema }],
    handle: relatedNotes,
  }),
  ...modelRoutes,
  protectedRoute({
    method: 'GET',
    path: '/api/cache/stats',
    audit: { exempt: 'Numbers of the server.' },
    permission: 'cache.read',
    audience: 'problem',
    query: historyQuery,
    summary: 'What the cache holds and how well it does, over all processes of this host.',
    replies: [
      { status: 200, description: 'The numbers; reads by minute for the asked time.', schema: cacheStatsSchema },
    ],
    handle: describeCache,
  }),
  protectedRoute({
    method: 'POST',
    path: '/api/cache/invalidate',
    audit: { changes: ['cache.invalidated'] },
    permission: 'signed-in',
    audience: 'problem',
    body: cacheInvalidateSchema,
    summary: 'Declare what the cache holds under some scopes no longer true.',
    replies: [
      { status: 200, description: 'The log has it.', schema: cacheReceiptSchema },
      {
        status: 202,
        description: 'It is in force in this process, kept on disk and tried again until the log has it.',
        schema: cacheReceiptSchema,
      },
    ],
    handle: invalidateCache,
  }),
  ...auditExportRoutes,
  ...identityRoutes,
  ...peopleRoutes,
  ...auditRoutes,
  ...auditReportRoutes,
  ...auditKeepingRoutes,
  publicRoute({
    method: 'GET',
    path: '/healthz',
    audit: { exempt: 'It says whether the server works.' },
    permission: 'public',
    audience: 'problem',
    summary: 'Whether the server is alive.',
    replies: [{ status: 200, description: 'It is.', schema: healthSchema }],
    handle: health,
  }),
  publicRoute({
    method: 'GET',
    path: '/readyz',
    audit: { exempt: 'It says whether the server works.' },
    permission: 'public',
    audience: 'problem',
    summary: 'Whether the server can be sent work.',
    replies: [
      { status: 200, description: 'It can.', schema: healthSchema },
      { status: 503, description: 'Not now.', schema: healthSchema },
    ],
    handle: ready,
  }),
  publicRoute({
    method: 'GET',
    path: '/metrics',
    audit: { exempt: 'Numbers of the server.' },
    permission: { unlessLocal: 'metrics.read' },
    audience: 'problem',
    summary: 'Metrics in Prometheus’ text format.',
    replies: [{ status: 200, description: 'The metrics.', mediaType: 'text/plain' }],
    handle: metrics,
  }),
  publicRoute({
    method: 'GET',
    path: '/openapi.json',
    audit: { exempt: 'It says what there is, to everybody.' },
    permission: 'public',
    audience: 'problem',
    summary: 'This document.',
    replies: [{ status: 200, description: 'OpenAPI 3.1.', mediaType: 'application/json' }],
    handle: openApi,
  }),
  publicRoute({
    method: 'GET',
    path: '/',
    audit: { exempt: 'Files of the console.' },
    permission: 'public',
    audience: 'problem',
    summary: 'The console. Its files and pages are served from the addresses that no other row takes.',
    replies: [{ status: 200, description: 'The page.', mediaType: 'text/html' }],
    handle: consoleAsset,
  }),
]
