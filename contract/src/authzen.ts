/**
 * How an AuthZEN client’s names become ours, as configuration: rules for subjects, resources and actions, other ids of
 * the same subject, and what its searches look among. Without it a client speaks of our own types, ids and actions.
 */
import { z } from 'zod'
import { accessLimits } from './access.ts'
import { actionSchema } from './access-statements.ts'

const text = z.string().min(1).max(accessLimits.valueLength)
const wanted = z.record(text, z.union([z.string(), z.number(), z.boolean()])).optional()
const known = z.strictObject({
  type: text,
  id: z.string().max(accessLimits.resourceLength),
  properties: z.record(text, z.unknown()).optional(),
})

export const authZenAdapterSchema = z.strictObject({
  /** `user:{id}` takes the client’s id. */
  subjects: z
    .array(z.strictObject({ type: text, when: wanted, principal: z.string().regex(/^(user|service):.+$/) }))
    .min(1)
    .max(accessLimits.listed),
  /** `note:VAULT/FOLDER/{id}` takes it as a segment of a path; `takes` says which properties become attributes. */
  resources: z
    .array(
      z.strictObject({
        type: text,
        resource: z.string().regex(/^(org|vault|folder|note|model|cache):.+$/),
        takes: z
          .record(text, z.templateLiteral([z.literal('property.'), z.string()]).or(z.literal('owner')))
          .optional(),
      }),
    )
    .min(1)
    .max(accessLimits.listed),
  actions: z
    .array(z.strictObject({ name: text, when: wanted, action: actionSchema }))
    .min(1)
    .max(accessLimits.listed),
  aliases: z.record(text, text).default({}),
  known: z
    .strictObject({
      subject: z.array(known).max(10_000).default([]),
      resource: z.array(known).max(10_000).default([]),
    })
    .prefault({}),
})

export type AuthZenAdapter = z.infer<typeof authZenAdapterSchema>
