/** What an archive holds beside checkpoint, tiles and entries. */
import { z } from 'zod'

export const factsFile = 'facts.json'

/** Of the entries of one bundle: a line for each block. */
export function gapsPath(index: number): string {
  return `blocks/${index}.jsonl`
}

export const archiveFactsSchema = z.strictObject({
  v: z.literal(1),
  origin: z.string().max(200),
  size: z.int().min(0),
  minIndex: z.int().min(0),
  /** Base 64, as all hashes here. */
  frontier: z.string().max(4_000),
  prunes: z
    .array(z.strictObject({ upto: z.int().min(0), goneBy: z.int().min(0), frontier: z.string().max(4_000) }))
    .max(100_000),
  goneKeys: z
    .array(z.strictObject({ kind: z.enum(['subject', 'period']), ref: z.string().max(200), goneBy: z.int().min(0) }))
    .max(10_000_000),
  /** Signed notes that the log has kept. */
  checkpoints: z.array(z.string().max(64_000)).max(10_000_000),
})

export type ArchiveFacts = z.infer<typeof archiveFactsSchema>

/** There and shut; gone, with the entry that let it go; or open, with what its commitment is over. */
export const archiveBlockSchema = z.union([
  z.strictObject({ seq: z.int().min(0), name: z.string().max(40), goneBy: z.int().min(0), goneProof: z.string() }),
  z.strictObject({ seq: z.int().min(0), name: z.string().max(40), salt: z.string().max(64), content: z.string() }),
  z.strictObject({ seq: z.int().min(0), name: z.string().max(40) }),
])

export type ArchiveBlock = z.infer<typeof archiveBlockSchema>
