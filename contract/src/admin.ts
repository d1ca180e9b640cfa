/** Shapes under `/api` and `/auth`: vaults, notes, models, health. */
import { z } from 'zod'
import { labelSchema } from './labels.ts'

export const indexStateSchema = z.object({
  state: z.enum(['waiting', 'indexing', 'ready', 'failed']),
  done: z.int(),
  total: z.int(),
  notesPerSecond: z.number(),
  secondsLeft: z.number().nullable(),
  /** How many files could not be read, and the first hundred of them with the reason. */
  problemCount: z.int(),
  problems: z.array(z.object({ path: z.string(), reason: z.string() })),
  /** Version of the stored index; grows with every change. */
  version: z.int(),
})

export type IndexState = z.infer<typeof indexStateSchema>

export const vaultSchema = z.object({
  id: z.string(),
  name: z.string(),
  source: z.enum(['folder', 'sync']),
  /** The folder, for those who may manage the vault; null otherwise. */
  path: z.string().nullable(),
  notes: z.int(),
  passages: z.int(),
  index: indexStateSchema,
})

export type VaultInfo = z.infer<typeof vaultSchema>

export const vaultListSchema = z.object({ vaults: z.array(vaultSchema) })

const vaultNameSchema = z.string().trim().min(1).max(120)

/** A folder on the server’s machine, or a vault that devices sync. */
export const vaultCreateSchema = z.union([
  z.strictObject({ path: z.string().min(1).max(4_096), name: vaultNameSchema.optional() }),
  z.strictObject({ source: z.literal('sync'), name: vaultNameSchema }),
])

export type VaultCreate = z.output<typeof vaultCreateSchema>

export const noteListSchema = z.object({
  notes: z.array(
    z.object({
      note: z.string(),
      title: z.string(),
      version: z.string(),
      tags: z.array(z.string()),
      label: labelSchema,
    }),
  ),
  /** Pass as `after` to get the next page; null at the end. */
  next: z.string().nullable(),
})

export const noteSchema = z.object({
  vault: z.string(),
  note: z.string(),
  version: z.string(),
  title: z.string(),
  text: z.string(),
  tags: z.array(z.string()),
  label: labelSchema,
  links: z.array(z.string()),
  backlinks: z.array(z.string()),
})

export type NoteView = z.infer<typeof noteSchema>

export const healthSchema = z.object({
  status: z.enum(['ok', 'starting', 'stopping', 'failed']),
  /** `failing`: what has to be on record is refused at the moment. `forked`: a witness has seen another log. `damaged`: a verification found something wrong. */
  audit: z.enum(['ok', 'failing', 'forked', 'damaged']),
  /** `behind`: a witness outside could not be told of the newest checkpoints. Absent where none is configured. */
  auditWitnesses: z.enum(['ok', 'behind']).optional(),
})

/** RFC 9457 problem details, the error shape under `/api` and `/auth`. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  param: z.string().nullable(),
  requestId: z.string(),
})

export type Problem = z.infer<typeof problemSchema>

/** The error shape under `/v1`. */
export const openAiErrorSchema = z.object({
  error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }),
})
