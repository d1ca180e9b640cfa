/** Notes of which more is in force than they say, or than holds where they are, and letting that go. */
import { z } from 'zod'
import { labelSchema } from './labels.ts'

const scalarSchema = z.union([z.string(), z.number(), z.boolean()])

export const heldNoteSchema = z.object({
  vault: z.string(),
  note: z.string(),
  title: z.string(),
  /** The label in force and the one that the note says now (null: none); null when the label is its own. */
  label: z.object({ held: labelSchema, said: labelSchema.nullable() }).nullable(),
  /** Tags that are in force and that the note does not say any more. */
  tags: z.array(z.string()),
  /**
   * Attributes (`resource.label`, `resource.owner`, `resource.property.NAME`) whose former value is in force. `held` is
   * null when no single value stands for all that was said: then rules take the attribute for unknown. Both values are
   * null for who may not read the note, and `said` where the note does not say it any more.
   */
  attributes: z.array(
    z.object({ attribute: z.string(), held: scalarSchema.nullable(), said: scalarSchema.nullable() }),
  ),
  /** Paths in restricted folders that it was taken out of: rules judge it there too. */
  places: z.array(z.string()),
  /** Send it back to confirm exactly this. */
  revision: z.int(),
})

export type HeldNoteInfo = z.infer<typeof heldNoteSchema>

export const heldListSchema = z.object({
  held: z.array(heldNoteSchema),
  /** There are more; they are told when some of these are confirmed. */
  more: z.boolean(),
})

export type HeldList = z.infer<typeof heldListSchema>

export const heldConfirmSchema = z.strictObject({
  vault: z.string().min(1).max(200),
  note: z.string().min(1).max(4_096),
  /** From the list; without it whatever is held now is confirmed. */
  revision: z.int().min(0).optional(),
})
