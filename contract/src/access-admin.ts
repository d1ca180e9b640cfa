/** Shapes of `/api/access`: the policy and its history, single statements, questions, delegations, emergencies. */
import { z } from 'zod'
import { accessLimits } from './access.ts'
import { accessContextSchema, simulationSchema } from './access-questions.ts'
import {
  actionSchema,
  actorSchema,
  barrierSchema,
  customRoleSchema,
  grantSchema,
  instantSchema,
  policyDocumentSchema,
  principalSchema,
  resourceSchema,
  scopeSchema,
  type Deny,
  type PolicyDocument,
} from './access-statements.ts'

const note = z.string().trim().max(accessLimits.reasonLength)

export const revisionInfoSchema = z.object({
  seq: z.int(),
  at: z.int(),
  author: z.string(),
  approver: z.string().nullable(),
  note: z.string(),
})

export type RevisionInfo = z.infer<typeof revisionInfoSchema>

/** The document as it is stored; its parts are checked when it is written. */
const documentSchema: z.ZodType<PolicyDocument, PolicyDocument> = z.looseObject({}) as never

export const revisionSchema = revisionInfoSchema.extend({ document: documentSchema })
export type Revision = z.infer<typeof revisionSchema>
export const revisionListSchema = z.object({ revisions: z.array(revisionInfoSchema) })

/** Something that an administrator should look at. */
export const findingSchema = z.object({
  kind: z.enum(['no-owner', 'orphaned-barrier', 'separation', 'sole-approver', 'unknown-principal', 'unknown-scope']),
  /** Who or what it is about. */
  about: z.string(),
  message: z.string(),
})

export type Finding = z.infer<typeof findingSchema>

export const policyViewSchema = revisionSchema.extend({ epoch: z.int(), findings: z.array(findingSchema) })
export type PolicyView = z.infer<typeof policyViewSchema>

/** `base` is the revision that the document was made from. */
export const policyWriteSchema = z.strictObject({
  base: z.int().min(1),
  note: note.default(''),
  document: policyDocumentSchema,
})

export const policyRestoreSchema = z.strictObject({ base: z.int().min(1), note: note.default('') })

export const proposalInfoSchema = z.object({
  id: z.string(),
  at: z.int(),
  author: z.string(),
  note: z.string(),
  base: z.int(),
  status: z.enum(['open', 'approved', 'rejected']),
  decidedBy: z.string().nullable(),
  decidedAt: z.int().nullable(),
  revision: z.int().nullable(),
})

export type ProposalInfo = z.infer<typeof proposalInfoSchema>

export const proposalSchema = proposalInfoSchema.extend({ document: documentSchema })
export const proposalListSchema = z.object({ proposals: z.array(proposalInfoSchema) })
export const proposalDecideSchema = z.strictObject({ approve: z.boolean() })

/** What became of a change: it is in force, or it waits for a second person. */
export const policyChangedSchema = z.union([
  z.object({ status: z.literal('applied'), revision: z.int(), epoch: z.int() }),
  z.object({ status: z.literal('proposed'), proposal: proposalInfoSchema }),
])

export type PolicyChanged = z.infer<typeof policyChangedSchema>

/** The id is made here. */
export const grantCreateSchema = z.strictObject({
  principal: principalSchema,
  role: grantSchema.shape.role,
  scope: scopeSchema,
  from: instantSchema.optional(),
  until: instantSchema.optional(),
  when: grantSchema.shape.when,
  delegable: z.boolean().optional(),
  note: note.optional(),
})

export type GrantCreate = z.infer<typeof grantCreateSchema>

export const grantCreatedSchema = z.object({ grant: grantSchema, revision: z.int(), epoch: z.int() })
export const barrierWriteSchema = barrierSchema
export const changedSchema = z.object({ revision: z.int(), epoch: z.int() })

/** What stands on a scope: for whoever shares there, and for whoever sees the whole policy. */
export const statementsSchema = z.object({
  scope: z.string(),
  grants: z.array(
    grantSchema.extend({
      isInherited: z.boolean(),
      /** The restricted place that keeps it from here. */
      stoppedAt: z.string().nullable(),
    }),
  ),
  denies: z.array(z.unknown()) as unknown as z.ZodType<(Deny & { isInherited: boolean })[]>,
  barrier: barrierSchema.nullable(),
  /** What the reader may do here. */
  may: z.array(z.string()),
})

export type Statements = z.infer<typeof statementsSchema>

export const simulateSchema = z.strictObject({
  document: policyDocumentSchema,
  /** For which actions notes are counted. */
  actions: z.array(actionSchema).max(accessLimits.listed).optional(),
  context: accessContextSchema.optional(),
})

export const simulatedSchema = simulationSchema.extend({ notesCompared: z.int() })

/** Without a subject it is about oneself. */
export const explainAskSchema = z.strictObject({
  subject: actorSchema.optional(),
  action: z.string().max(accessLimits.resourceLength),
  resource: z.string().max(accessLimits.resourceLength),
  context: accessContextSchema.optional(),
})

export const whoAskSchema = z.object({
  action: actionSchema,
  resource: resourceSchema,
})

export const whoSchema = z.object({
  subjects: z.array(z.object({ principal: z.string(), because: z.array(z.string()) })),
})

export type Who = z.infer<typeof whoSchema>

/** Names of those whom statements can name; `id` is written as statements write it. */
export const principalListSchema = z.object({
  principals: z.array(z.object({ id: z.string(), name: z.string(), isActive: z.boolean() })),
})

export type PrincipalName = z.infer<typeof principalListSchema>['principals'][number]

export const matrixSchema = z.object({
  /** `org:ID`, the scope of everything. */
  org: z.string(),
  /** The reader as statements name them. */
  reader: z.string(),
  /** What the reader may do on the whole server. */
  may: z.array(z.string()),
  roles: z.array(
    z.object({
      id: z.string(),
      builtIn: z.boolean(),
      inherits: z.array(z.string()),
      description: z.string(),
      /** Its own actions, and all with the inherited ones. */
      own: z.array(z.string()),
      all: z.array(z.string()),
      /** Who has it, where, by which grant; as far as the reader may see it. */
      holders: z.array(z.object({ grant: z.string(), principal: z.string(), scope: z.string() })),
    }),
  ),
  actions: z.array(z.object({ id: z.string(), on: z.array(z.string()), description: z.string() })),
})

export type Matrix = z.infer<typeof matrixSchema>

export const delegationCreateSchema = z.strictObject({
  to: actorSchema,
  role: grantSchema.shape.role,
  scope: scopeSchema,
  from: instantSchema,
  until: instantSchema,
})

export const delegationViewSchema = z.object({
  id: z.string(),
  by: z.string(),
  to: z.string(),
  role: z.string(),
  scope: z.string(),
  from: z.string(),
  until: z.string(),
})

export const delegationListSchema = z.object({ delegations: z.array(delegationViewSchema) })
export const delegationCreatedSchema = z.object({ delegation: delegationViewSchema, epoch: z.int() })

export const emergencyCreateSchema = z.strictObject({
  actions: z.array(actionSchema).min(1).max(accessLimits.listed),
  scope: resourceSchema,
  from: instantSchema.optional(),
  until: instantSchema,
  reason: z.string().trim().min(1).max(accessLimits.reasonLength),
})

export const emergencySchema = z.object({
  id: z.string(),
  principal: z.string(),
  actions: z.array(z.string()),
  scope: z.string(),
  from: z.string(),
  until: z.string(),
  reason: z.string(),
  requestedAt: z.int(),
  approvedBy: z.string().nullable(),
  approvedAt: z.int().nullable(),
  endedAt: z.int().nullable(),
  reviewedBy: z.string().nullable(),
  reviewedAt: z.int().nullable(),
  review: z.string().nullable(),
})

export const emergencyListSchema = z.object({ emergencies: z.array(emergencySchema) })
export const emergencyReviewSchema = z.strictObject({ review: z.string().trim().min(1).max(accessLimits.reasonLength) })

export { customRoleSchema as roleWriteSchema }
