/**
 * Everything a decision depends on: the policy, the people, and what caps or extends their access for a while. The
 * server makes one world of each epoch; a file of scenarios can bring its own.
 */
import { z } from 'zod'
import { accessLimits } from './access.ts'
import {
  accessIdSchema,
  actionSchema,
  actorSchema,
  boundSchema,
  instantSchema,
  policyDocumentSchema,
  refuseDoubles,
  refuseHierarchy,
  resourceSchema,
  scopeSchema,
} from './access-statements.ts'
import { labelSchema } from './labels.ts'

const groupIdSchema = accessIdSchema.refine((id) => id !== 'everyone', 'Everyone is in “everyone” already.')

const membershipsSchema = z.array(groupIdSchema).max(1_000).default([])

/** A person or a service. Ids of groups are without `group:`. */
export const memberSchema = z.strictObject({
  id: accessIdSchema,
  groups: membershipsSchema,
  suspended: z.boolean().default(false),
})

export type Member = z.infer<typeof memberSchema>

export const groupSchema = z.strictObject({ id: groupIdSchema, memberOf: membershipsSchema })

export type Group = z.infer<typeof groupSchema>

/** An API key: its owner’s access, capped by its own bound and those of all keys above it. */
export const accessKeySchema = z.strictObject({
  id: accessIdSchema,
  owner: actorSchema,
  parent: accessIdSchema.optional(),
  bound: boundSchema,
  until: instantSchema.optional(),
  revoked: z.boolean().default(false),
})

export type AccessKey = z.infer<typeof accessKeySchema>

/** A program that acts for a person; it adds nothing and is capped by its bound. */
export const agentSchema = z.strictObject({ id: accessIdSchema, bound: boundSchema })

export type Agent = z.infer<typeof agentSchema>

/** What one person lets another do for a time, as far as they may do it themselves at that moment. */
export const delegationSchema = z.strictObject({
  id: accessIdSchema,
  by: actorSchema,
  to: actorSchema,
  role: accessIdSchema,
  scope: scopeSchema,
  from: instantSchema,
  until: instantSchema,
})

export type Delegation = z.infer<typeof delegationSchema>

/** Emergency access that a second person approved. Passes barriers and denies, never suspension. */
export const breakGlassSchema = z.strictObject({
  id: accessIdSchema,
  user: actorSchema,
  approvedBy: actorSchema.optional(),
  actions: z.array(actionSchema).min(1).max(accessLimits.listed),
  scope: resourceSchema,
  from: instantSchema,
  until: instantSchema,
  reason: z.string().max(accessLimits.reasonLength).optional(),
})

export type BreakGlass = z.infer<typeof breakGlassSchema>

export const worldSchema = z
  .strictObject({
    /** `org:ID`, the root of everything. */
    org: resourceSchema.refine((id) => id.startsWith('org:'), 'The root is an org:ID.'),
    epoch: z.int().min(0).default(0),
    revision: z.string().max(accessLimits.idLength).default(''),
    policy: policyDocumentSchema,
    users: z.array(memberSchema).max(100_000).default([]),
    services: z.array(memberSchema).max(10_000).default([]),
    groups: z.array(groupSchema).max(10_000).default([]),
    keys: z.array(accessKeySchema).max(100_000).default([]),
    agents: z.array(agentSchema).max(10_000).default([]),
    delegations: z.array(delegationSchema).max(10_000).default([]),
    breakGlass: z.array(breakGlassSchema).max(10_000).default([]),
  })
  .superRefine((world, context) => {
    const complain = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
    for (const kind of ['users', 'services', 'groups', 'keys', 'agents', 'delegations', 'breakGlass'] as const)
      refuseDoubles(world[kind], [kind], complain)
    refuseHierarchy(new Map(world.groups.map(({ id, memberOf }) => [id, memberOf])), ['groups'], complain)
    const parents = new Map(world.keys.map(({ id, parent }) => [id, parent === undefined ? [] : [parent]]))
    refuseHierarchy(parents, ['keys'], complain, accessLimits.keyDepth + 1)
  })

/** What is known of a note; `properties` are those of its front matter. */
export const resourceFactsSchema = z.strictObject({
  tags: z.array(z.string().max(accessLimits.valueLength)).max(1_000).default([]),
  label: labelSchema.optional(),
  owner: z.string().max(accessLimits.valueLength).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  /** Former paths in its vault whose rules hold on. */
  places: z.array(z.string().min(1).max(accessLimits.resourceLength)).max(1_000).optional(),
})

export type World = z.infer<typeof worldSchema>
