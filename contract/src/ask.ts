/** `POST /v1/ask`: a question to the notes, and its answer with citations and receipt. */
import { z } from 'zod'
import { citationSchema, sourceSchema } from './citations.ts'
import { labelSchema } from './labels.ts'

export const limits = {
  questionChars: 8_000,
  historyTurns: 100,
  historyChars: 200_000,
  queryChars: 2_000,
} as const

export const historyTurnSchema = z.strictObject({
  role: z.enum(['user', 'assistant']),
  content: z.string().max(limits.historyChars),
  /** The signed `receipt.label` of an earlier answer, sent back unchanged. */
  label: z.string().max(1_000).optional(),
})

const scopePathSchema = z.string().min(1).max(1_000)

/** Which notes a question is asked of: those that `notes` and `folders` name, and of them those with one of `tags`. */
export const askScopeSchema = z
  .strictObject({
    /** Paths in the vault, with extension. */
    notes: z.array(scopePathSchema).min(1).max(500).optional(),
    /** With all that is below them. */
    folders: z.array(scopePathSchema).min(1).max(100).optional(),
    /** Without `#`; those below them count. */
    tags: z.array(z.string().min(1).max(200)).min(1).max(100).optional(),
  })
  .refine((scope) => Object.keys(scope).length > 0, 'it names neither notes nor folders nor tags')

export type AskScope = z.infer<typeof askScopeSchema>

export const askRequestSchema = z.strictObject({
  vault: z.string().min(1).max(200).optional(),
  question: z.string().trim().min(1).max(limits.questionChars),
  /** Narrows what may be answered from, and never widens it. */
  scope: askScopeSchema.optional(),
  history: z.array(historyTurnSchema).max(limits.historyTurns).optional(),
  stream: z.boolean().optional(),
  model: z.string().min(1).max(200).optional(),
  limit: z.int().min(1).max(20).optional(),
  dryRun: z.boolean().optional(),
})

export type AskRequest = z.infer<typeof askRequestSchema>
export type HistoryTurn = z.infer<typeof historyTurnSchema>

export const attemptSchema = z.object({
  provider: z.string(),
  model: z.string(),
  outcome: z.string(),
  ms: z.number(),
})

export type AttemptReport = z.infer<typeof attemptSchema>

export const cacheStatusSchema = z.enum(['hit', 'stale', 'miss', 'bypass'])

export const receiptSchema = z.object({
  requestId: z.string(),
  model: z.string(),
  provider: z.string(),
  egress: z.enum(['local', 'external', 'none']),
  attempts: z.array(attemptSchema),
  cache: z.object({ status: cacheStatusSchema, tier: z.string().nullable() }),
  sources: z.array(sourceSchema),
  /** Signed; its readable part before the first dot is the label. */
  label: z.string(),
  tokens: z.object({ input: z.number(), output: z.number() }),
  costUsd: z.number(),
  savedUsd: z.number(),
  overheadMs: z.number(),
  auditSeq: z.number().nullable(),
})

export type Receipt = z.infer<typeof receiptSchema>

export const outcomeSchema = z.enum(['answered', 'not-found', 'refused'])

export type Outcome = z.infer<typeof outcomeSchema>

export const askReplySchema = z.object({
  outcome: outcomeSchema,
  answer: z.string(),
  /** How sure the answerer is, 0 to 1; null when a language model answered. */
  confidence: z.number().nullable(),
  citations: z.array(citationSchema),
  related: z.array(citationSchema).optional(),
  receipt: receiptSchema,
})

export type AskReply = z.infer<typeof askReplySchema>

/** The reply to `dryRun: true`: what would be sent where, and nothing is. */
export const askDryRunSchema = z.object({
  passages: z.array(citationSchema.extend({ label: labelSchema })),
  /** The exact messages a model would get; empty for the built-in extractive model. */
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  plan: z.array(z.object({ provider: z.string(), model: z.string(), egress: z.enum(['local', 'external']) })),
  rejected: z.array(z.object({ provider: z.string(), model: z.string(), reason: z.string() })),
  label: labelSchema,
  estimate: z.object({ inputTokens: z.number(), outputTokens: z.number(), costUsd: z.number() }),
})

export type AskDryRun = z.infer<typeof askDryRunSchema>

/** What an ask stream sends: SSE events named by `event`, with `data` as JSON. `done` is always last. */
export type AskEvent =
  | { event: 'token'; data: { text: string } }
  | { event: 'citation'; data: z.infer<typeof citationSchema> }
  | { event: 'related'; data: z.infer<typeof citationSchema> }
  | { event: 'receipt'; data: Receipt }
  | { event: 'error'; data: { error: { code: string; message: string } } }
  | { event: 'done'; data: { outcome: Outcome | 'error'; confidence?: number | null } }
