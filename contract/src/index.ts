/** The words that server, console and plugin share: shapes and tables, no behaviour. */
export { labels, labelSchema, labelRank, highestLabel, type Label } from './labels.ts'
export { errorTable, type ErrorCode, type ErrorSpec, type OpenAiErrorType } from './errors.ts'
export { permissionTable, type Permission, type PermissionSpec } from './permissions.ts'
export { auditEventTable, type AuditEventType, type AuditEventSpec } from './audit-events.ts'
export { sourceSchema, citationSchema, type Source, type Citation } from './citations.ts'
export {
  limits,
  historyTurnSchema,
  askRequestSchema,
  attemptSchema,
  cacheStatusSchema,
  receiptSchema,
  outcomeSchema,
  askReplySchema,
  askDryRunSchema,
  type AskRequest,
  type HistoryTurn,
  type AttemptReport,
  type Receipt,
  type Outcome,
  type AskReply,
  type AskDryRun,
  type AskEvent,
} from './ask.ts'
export {
  searchModeSchema,
  searchRequestSchema,
  searchResultSchema,
  searchReplySchema,
  relatedReplySchema,
  type SearchMode,
  type SearchRequest,
  type SearchResult,
  type RelatedReply,
} from './search.ts'
export {
  chatRequestSchema,
  embeddingsRequestSchema,
  modelListSchema,
  type ChatRequest,
  type EmbeddingsRequest,
  type ModelList,
} from './chat.ts'
export {
  indexStateSchema,
  vaultSchema,
  vaultListSchema,
  vaultCreateSchema,
  noteListSchema,
  noteSchema,
  modelInfoSchema,
  modelsReplySchema,
  keyCreateSchema,
  keyInfoSchema,
  keyListSchema,
  keyCreatedSchema,
  signInSchema,
  signInLinkSchema,
  sessionSchema,
  healthSchema,
  problemSchema,
  openAiErrorSchema,
  type IndexState,
  type VaultInfo,
  type NoteView,
  type ModelInfo,
  type KeyInfo,
  type SessionInfo,
  type Problem,
} from './admin.ts'
export {
  cacheLimits,
  cacheTierSchema,
  cacheInvalidateSchema,
  cacheReceiptSchema,
  cacheStatsSchema,
  type CacheTier,
  type CacheTierState,
  type CacheNamespace,
  type CacheHistoryPoint,
  type CacheReceipt,
  type CacheReport,
} from './cache.ts'
export {
  configSchema,
  modelConfigSchema,
  upstreamSchema,
  type Config,
  type Upstream,
  type SettingMeta,
} from './config.ts'
