/** `POST /v1/search` and related notes. */
import { z } from 'zod'
import { limits } from './ask.ts'

export const searchModeSchema = z.enum(['hybrid', 'keyword', 'semantic'])

export type SearchMode = z.infer<typeof searchModeSchema>

export const searchRequestSchema = z.strictObject({
  vault: z.string().min(1).max(200).optional(),
  query: z.string().trim().min(1).max(limits.queryChars),
  limit: z.int().min(1).max(100).optional(),
  mode: searchModeSchema.optional(),
})

export type SearchRequest = z.infer<typeof searchRequestSchema>

export const searchResultSchema = z.object({
  vault: z.string(),
  note: z.string(),
  heading: z.string(),
  score: z.number(),
  start: z.int(),
  end: z.int(),
  snippet: z.string(),
})

export type SearchResult = z.infer<typeof searchResultSchema>

export const searchReplySchema = z.object({ results: z.array(searchResultSchema) })

export const relatedReplySchema = z.object({
  results: z.array(
    z.object({
      vault: z.string(),
      note: z.string(),
      title: z.string(),
      score: z.number(),
      /** Why it is here: it links to the note, the note links to it, or it is about the same things. */
      reasons: z.array(z.enum(['links-here', 'linked-from-here', 'similar'])),
    }),
  ),
})

export type RelatedReply = z.infer<typeof relatedReplySchema>
