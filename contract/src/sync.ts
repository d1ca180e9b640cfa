/** Shapes of keeping a vault on the server equal to one on a device. */
import { z } from 'zod'
import { findPathFault } from './note-path.ts'

export const syncLimits = {
  /** Notes that one call compares, deletes or excludes. */
  files: 1_000,
  /** Notes and characters of text that one call stores. */
  notes: 100,
  characters: 4_000_000,
  noteBytes: 10 * 1_024 * 1_024,
  notesOfVault: 200_000,
} as const

export const syncPathSchema = z
  .string()
  .min(1)
  .superRefine((path, context) => {
    const fault = findPathFault(path)
    if (fault !== null) context.addIssue({ code: 'custom', message: `the path ${fault}` })
  })

/** First 32 hexadecimal digits of the SHA-256 of the text in UTF-8. */
export const noteVersionSchema = z.string().regex(/^[0-9a-f]{32}$/)

/** Chosen by the device at random, once. */
export const deviceIdSchema = z.string().regex(/^[a-z0-9]{16,40}$/)

export const syncRequestSchema = z.strictObject({
  device: deviceIdSchema,
  /** Shown to people: “Ann’s phone”. */
  deviceName: z.string().trim().min(1).max(60).optional(),
  /** `seq` of the last pass over the whole vault that ended without a conflict; 0 before. */
  base: z.int().min(0),
  /** Notes that the device has. */
  files: z
    .array(z.strictObject({ path: syncPathSchema, version: noteVersionSchema, size: z.int().min(0) }))
    .max(syncLimits.files)
    .default([]),
  /** Notes that the device had and has not any more. */
  deleted: z.array(syncPathSchema).max(syncLimits.files).default([]),
  /** `files` are all that the device has after the first path up to the second, in the order of code points. */
  range: z.strictObject({ after: syncPathSchema.nullable(), upTo: syncPathSchema.nullable() }).optional(),
  /** Not to be on the server: they are deleted there whoever changed them, and nothing of them is kept. */
  excluded: z.array(syncPathSchema).max(syncLimits.files).default([]),
  /** Make this device the publisher in place of the one that the person was shown; null for none. */
  takeOver: deviceIdSchema.nullable().optional(),
})

export type SyncRequest = z.output<typeof syncRequestSchema>

export const syncConflictSchema = z.object({
  path: z.string(),
  /**
   * `behind`: the device has an earlier version. `edited`: both sides changed it. `deleted`: it was deleted elsewhere.
   * `changed`: the device deleted what was changed elsewhere. `missing`: the device never had it. `forbidden`: the
   * caller may not write there. `full`: the vault has as many notes as it may.
   */
  kind: z.enum(['behind', 'edited', 'deleted', 'changed', 'missing', 'forbidden', 'full']),
  /** What the server has; null when it has none or it is not the caller’s to know. */
  version: z.string().nullable(),
})

export type SyncConflict = z.output<typeof syncConflictSchema>

export const syncReplySchema = z.object({
  /** Notes to send, each with what has to be the server’s version then: null for none. */
  need: z.array(z.object({ path: z.string(), match: z.string().nullable() })),
  conflicts: z.array(syncConflictSchema),
  /** In the range: on the server, and not on the device, which had them. To be sent as `deleted` when that is meant. */
  gone: z.array(z.string()),
  /** State of the vault; grows with each change. */
  seq: z.int(),
  publisher: z.object({ device: z.string(), name: z.string(), since: z.string() }).nullable(),
  /** Whether this device is the publisher. For others the reply only says how they differ. */
  isPublisher: z.boolean(),
  /** What was excluded is not found any more either; false when the index needs longer. */
  isPruned: z.boolean(),
})

export type SyncReply = z.output<typeof syncReplySchema>

const precondition = {
  path: syncPathSchema,
  /** The server’s version; null for none. */
  match: noteVersionSchema.nullable(),
}

/** What is not well-formed Unicode is stored as U+FFFD. */
const noteTextSchema = z
  .string()
  .max(syncLimits.noteBytes)
  .refine((text) => !text.includes('\0'), 'a note has no zero bytes')

export const notesWriteSchema = z
  .strictObject({
    device: deviceIdSchema,
    notes: z
      .array(
        z.strictObject({
          ...precondition,
          text: noteTextSchema,
          /** When it was last changed, in milliseconds since 1970. */
          mtime: z.int().min(0).max(8.64e15),
        }),
      )
      .max(syncLimits.notes)
      .default([]),
    /** In the same step, so that a renamed note stays the same note. */
    deleted: z.array(z.strictObject(precondition)).max(syncLimits.notes).default([]),
  })
  .refine(({ notes }) => new Set(notes.map(({ path }) => path)).size === notes.length, 'one path stands there twice')

export type NotesWrite = z.output<typeof notesWriteSchema>

export const notesWrittenSchema = z.object({
  stored: z.array(z.object({ path: z.string(), version: z.string() })),
  deleted: z.array(z.string()),
  conflicts: z.array(syncConflictSchema),
  seq: z.int(),
})

export type NotesWritten = z.output<typeof notesWrittenSchema>

export const noteWriteSchema = z.strictObject({
  text: noteTextSchema,
  mtime: z.int().min(0).max(8.64e15).optional(),
})

/** The header that names the device of a single write. */
export const deviceHeader = 'cairn-device'
