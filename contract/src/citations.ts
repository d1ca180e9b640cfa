/** References into notes. Offsets are UTF-16 units into the stored file text, front matter included, end exclusive. */
import { z } from 'zod'

/** `note` is the vault-relative path, NFC, with extension; `version` is the hash of the text that was read. */
export const sourceSchema = z.object({ vault: z.string(), note: z.string(), version: z.string() })

export type Source = z.infer<typeof sourceSchema>

/** `quote` equals `text.slice(start, end)` of that version of the note. `n` is the number in the answer, from 1. */
export const citationSchema = sourceSchema.extend({
  n: z.int().positive(),
  heading: z.string(),
  start: z.int().nonnegative(),
  end: z.int().nonnegative(),
  quote: z.string(),
})

export type Citation = z.infer<typeof citationSchema>
