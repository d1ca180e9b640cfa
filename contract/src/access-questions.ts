/** Questions about access and what comes back: explanations, searches, simulations, files of scenarios. */
import { z } from 'zod'
import { accessLimits } from './access.ts'
import {
  accessIdSchema,
  actorSchema,
  boundSchema,
  instantSchema,
  principalSchema,
  resourceSchema,
  scopeSchema,
} from './access-statements.ts'
import { resourceFactsSchema, worldSchema } from './access-world.ts'

/** What the request tells conditions; the note’s own attributes and the time are not taken from here. */
export const accessContextSchema = z.strictObject({
  'model.egress': z.enum(['local', 'external']).optional(),
  'model.provider': z.string().max(accessLimits.valueLength).optional(),
  'session.mfa': z.boolean().optional(),
  ip_zone: z.string().max(accessLimits.valueLength).optional(),
})

export type AccessContext = z.infer<typeof accessContextSchema>

// --- Explanations -----------------------------------------------------------------------------------------------------

/** Who reads an explanation: the one who asked, one who shares that place, or one who may see the whole policy. */
export const audiences = ['requester', 'curator', 'auditor'] as const

export type Audience = (typeof audiences)[number]

/**
 * In one word why a decision came out as it did. `former-place`: the note was taken out of a folder whose rules hold on for
 * it, and these do not allow it. `hidden` is all that a requester is told of what they may not know.
 */
export const decisionReasons = [
  'granted',
  'break-glass',
  'denied',
  'no-grant',
  'former-place',
  'outside-bound',
  'inactive-subject',
  'unknown-credential',
  'unknown-action',
  'not-applicable',
  'malformed-resource',
  'hidden',
] as const

export type DecisionReason = (typeof decisionReasons)[number]

const matchSchema = z.object({
  /** Absent where the reader may not see the statement itself. */
  id: z.string().optional(),
  sentence: z.string(),
  /** From the subject to the principal that the statement names. */
  via: z.array(z.string()),
  at: z.string().optional(),
})

export const explanationSchema = z.object({
  decision: z.boolean(),
  reason: z.enum(decisionReasons),
  audience: z.enum(audiences),
  epoch: z.int(),
  revision: z.string(),
  request: z.object({
    subject: z.string(),
    key: z.string().optional(),
    agent: z.string().optional(),
    action: z.string(),
    resource: z.string(),
    context: accessContextSchema,
  }),
  deny: z.array(matchSchema),
  grants: z.array(
    matchSchema.extend({
      role: z.string().optional(),
      delegatedBy: z.string().optional(),
      overriddenBy: z.string().optional(),
    }),
  ),
  bounds: z.array(z.object({ of: z.string(), holds: z.boolean(), why: z.string() })),
  near_misses: z.array(z.object({ id: z.string(), why: z.string() })),
  /**
   * Former places of the note whose rules hold on, where there are any and the note is allowed where it is now. Denies
   * and near misses of those that do not hold stand above. `at` is absent where the reader may not know of the place.
   */
  places: z.array(z.object({ at: z.string().optional(), holds: z.boolean() })).optional(),
  fix: z.array(z.object({ do: z.string(), needs: z.string().optional(), href: z.string().optional() })),
})

export type Explanation = z.infer<typeof explanationSchema>

/** What a change of the policy would change. Notes are counted for each person and action. */
export const simulationSchema = z.object({
  flips: z.array(
    z.object({
      subject: z.string(),
      action: z.string(),
      resource: z.string(),
      before: z.boolean(),
      after: z.boolean(),
      because: z.array(z.string()),
    }),
  ),
  notes: z.array(
    z.object({
      subject: z.string(),
      action: z.string(),
      gained: z.int(),
      lost: z.int(),
      /** The first few, in order of path, of those that the asker may know of. */
      examples: z.object({ gained: z.array(z.string()), lost: z.array(z.string()) }),
    }),
  ),
  /** Ways in which the change would lock everybody out. */
  lockouts: z.array(z.string()),
})

export type Simulation = z.infer<typeof simulationSchema>

// --- Scenarios --------------------------------------------------------------------------------------------------------

/** `user:ID` or `service:ID`, or what it holds and what acts for it. */
export const scenarioSubjectSchema = z.union([
  actorSchema,
  z.strictObject({ principal: actorSchema, agent: accessIdSchema.optional() }),
  z.strictObject({ key: accessIdSchema, agent: accessIdSchema.optional() }),
])

const modelFactsSchema = accessContextSchema.pick({ 'model.egress': true, 'model.provider': true })

const text = z.string().max(accessLimits.resourceLength)

const scenarioBase = {
  name: z.string().min(1).max(accessLimits.reasonLength),
  because: z.string().max(accessLimits.reasonLength).optional(),
  now: instantSchema.optional(),
  context: accessContextSchema.optional(),
}

const verdict = z.enum(['allow', 'deny'])

/** One question and the answer that is expected. Names of actions and resources are free: wrong ones are denied. */
export const scenarioSchema = z.union([
  z.strictObject({
    ...scenarioBase,
    check: z.strictObject({ subject: scenarioSubjectSchema, action: text, resource: text }),
    expect: verdict,
  }),
  z.strictObject({
    ...scenarioBase,
    assign: z.strictObject({ actor: actorSchema, to: principalSchema, role: accessIdSchema, scope: scopeSchema }),
    expect: verdict,
  }),
  z.strictObject({
    ...scenarioBase,
    issueKey: z.strictObject({ actor: scenarioSubjectSchema, bound: boundSchema }),
    expect: verdict,
  }),
  z.strictObject({
    ...scenarioBase,
    approve: z.strictObject({ approver: actorSchema, proposer: actorSchema }),
    expect: verdict,
  }),
  z.strictObject({
    ...scenarioBase,
    ask: z.strictObject({ subject: scenarioSubjectSchema, model: resourceSchema, notes: z.array(text).max(1_000) }),
    /** The notes that may be used, or `deny` where the question is refused. */
    expect: z.union([z.literal('deny'), z.array(text).max(1_000)]),
  }),
  z.strictObject({
    ...scenarioBase,
    cacheHit: z.strictObject({
      subject: scenarioSubjectSchema,
      namespace: resourceSchema,
      model: resourceSchema,
      sources: z.array(text).max(1_000),
    }),
    expect: verdict,
  }),
])

export type Scenario = z.infer<typeof scenarioSchema>

/** A file of scenarios. Without a world they are asked of the policy in force. */
export const scenarioFileSchema = z.strictObject({
  version: z.literal(1),
  world: worldSchema.optional(),
  /** The time at which everything is asked that does not say its own. */
  now: instantSchema.optional(),
  /** Facts of models, by `model:PROVIDER/NAME`. */
  models: z.record(z.string(), modelFactsSchema).default({}),
  /** Facts of notes, by `note:VAULT/PATH`; a note that is not listed does not exist. */
  notes: z.record(z.string(), resourceFactsSchema).default({}),
  scenarios: z.array(scenarioSchema).min(1).max(10_000),
})

export type ScenarioFile = z.infer<typeof scenarioFileSchema>

export const scenarioOutcomesSchema = z.object({
  outcomes: z.array(z.object({ name: z.string(), passed: z.boolean(), expected: z.string(), got: z.string() })),
})

export type ScenarioOutcomes = z.infer<typeof scenarioOutcomesSchema>
