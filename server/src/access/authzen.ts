/**
 * AuthZEN Authorization API 1.0 (OpenID Foundation, January 2026) over the engine, without HTTP: bodies in, status and
 * bodies out. A decision of no is a reply like yes; only a request that is not one is an error. Fields that the
 * specification does not know are ignored. The searches ask the very decision that an evaluation gives.
 */
import { accessContextSchema, accessLimits, type AccessContext } from '@cairn/contract'
import { z } from 'zod'
import { sha256 } from '../base/index.ts'
import { toAction, toPrincipal, toResource, type Adapter, type Entity, type KnownEntity } from './authzen-adapter.ts'
import type { Engine } from './engine/index.ts'

export interface AuthZenReply {
  readonly status: 200 | 400
  readonly body: object
}

export interface AuthZen {
  readonly evaluate: (body: unknown) => AuthZenReply
  readonly evaluations: (body: unknown) => AuthZenReply
  readonly searchSubject: (body: unknown) => AuthZenReply
  readonly searchResource: (body: unknown) => AuthZenReply
  readonly searchAction: (body: unknown) => AuthZenReply
}

export interface AuthZenOptions {
  /** The engine of the epoch in force; asked once for each call. */
  readonly engine: () => Engine
  readonly adapter: Adapter
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export const authZenLimits = { evaluations: 1_000, page: 1_000, usualPage: 100 } as const

const text = z.string().max(accessLimits.resourceLength)
const propertiesSchema = z.record(z.string(), z.unknown()).optional()
const entitySchema = z.object({ type: text.min(1), id: text, properties: propertiesSchema })
const actionSchema = z.object({ name: text.min(1), properties: propertiesSchema })
const contextSchema = z.record(z.string(), z.unknown()).optional()
const soughtSchema = entitySchema.omit({ id: true })
const pageSchema = z
  .object({
    token: z
      .string()
      .max(accessLimits.resourceLength * 2)
      .optional(),
    limit: z.int().min(1).optional(),
  })
  .optional()

const evaluationSchema = z.object({
  subject: entitySchema,
  action: actionSchema,
  resource: entitySchema,
  context: contextSchema,
})
const semantics = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const
const batchSchema = z.object({
  subject: z.unknown().optional(),
  action: z.unknown().optional(),
  resource: z.unknown().optional(),
  context: contextSchema,
  evaluations: z.array(z.record(z.string(), z.unknown())).max(authZenLimits.evaluations).optional(),
  options: z.object({ evaluations_semantic: z.enum(semantics).optional() }).optional(),
})
const defaultsSchema = evaluationSchema.partial()
const subjectSearchSchema = z.object({
  subject: soughtSchema,
  action: actionSchema,
  resource: entitySchema,
  context: contextSchema,
  page: pageSchema,
})
const resourceSearchSchema = z.object({
  subject: entitySchema,
  action: actionSchema,
  resource: soughtSchema,
  context: contextSchema,
  page: pageSchema,
})
const actionSearchSchema = z.object({
  subject: entitySchema,
  resource: entitySchema,
  context: contextSchema,
  page: pageSchema,
})

type Evaluation = z.infer<typeof evaluationSchema>

export function createAuthZen({ engine, adapter, now }: AuthZenOptions): AuthZen {
  const open = () => createDecider(engine(), adapter, now())
  const evaluate = (body: unknown): AuthZenReply => {
    const parsed = evaluationSchema.safeParse(body)
    return parsed.success ? ok({ decision: open()(parsed.data) }) : refuse(parsed.error)
  }
  return {
    evaluate,
    evaluations(body) {
      const parsed = batchSchema.safeParse(body)
      if (!parsed.success) return refuse(parsed.error)
      const { evaluations = [], options, ...defaults } = parsed.data
      if (evaluations.length === 0) return evaluate(body)
      const valid = defaultsSchema.safeParse(defaults)
      if (!valid.success) return refuse(valid.error)
      return ok({ evaluations: runBatch(open(), { evaluations, defaults, semantic: options?.evaluations_semantic }) })
    },
    searchSubject(body) {
      const parsed = subjectSearchSchema.safeParse(body)
      if (!parsed.success) return refuse(parsed.error)
      const { subject, page, ...rest } = parsed.data
      const decide = open()
      const candidates = withProperties(adapter.known('subject', subject.type), subject.properties)
      return paginate(candidates.filter((each) => decide({ ...rest, subject: each })).map(toName), {
        page,
        of: { subject, ...rest },
      })
    },
    searchResource(body) {
      const parsed = resourceSearchSchema.safeParse(body)
      if (!parsed.success) return refuse(parsed.error)
      const { resource, page, ...rest } = parsed.data
      const decide = open()
      const candidates = withProperties(adapter.known('resource', resource.type), resource.properties)
      return paginate(candidates.filter((each) => decide({ ...rest, resource: each })).map(toName), {
        page,
        of: { resource, ...rest },
      })
    },
    searchAction(body) {
      const parsed = actionSearchSchema.safeParse(body)
      if (!parsed.success) return refuse(parsed.error)
      const { page, ...rest } = parsed.data
      const decide = open()
      const names = [...new Set(adapter.actions.map(({ name }) => name))]
      const allowed = names.filter((name) => decide({ ...rest, action: { name } }))
      return paginate(
        allowed.map((name) => ({ name })),
        { page, of: rest },
      )
    },
  }
}

/** The metadata document. `base` is the address without a slash at its end. */
export function describeAuthZen(base: string): Record<string, string> {
  return {
    policy_decision_point: base,
    access_evaluation_endpoint: `${base}/access/v1/evaluation`,
    access_evaluations_endpoint: `${base}/access/v1/evaluations`,
    search_subject_endpoint: `${base}/access/v1/search/subject`,
    search_resource_endpoint: `${base}/access/v1/search/resource`,
    search_action_endpoint: `${base}/access/v1/search/action`,
  }
}

// --- Deciding ---------------------------------------------------------------------------------------------------------

function createDecider(engine: Engine, adapter: Adapter, now: number): (evaluation: Evaluation) => boolean {
  return ({ subject, action, resource, context }) => {
    const principal = toPrincipal(adapter, subject)
    const asked = toAction(adapter, action)
    const place = toResource(adapter, resource)
    if (principal === null || asked === null || place === null) return false
    const { agent, ...told } = readContext(context)
    const acting = agent === undefined ? {} : { agent }
    return engine.check({ subject: { principal, ...acting }, action: asked, ...place, context: told, now })
  }
}

/**
 * What of a context conditions can look at: by our names, or nested as `{ model: { egress } }`. The agent that acts is
 * `agent`, as in COAZ. Values of another kind are left out, so that they count as not told.
 */
function readContext(context: Readonly<Record<string, unknown>> = {}): AccessContext & { agent?: string } {
  const told: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(accessContextSchema.shape)) {
    const value = Object.hasOwn(context, name) ? context[name] : findNested(context, name.split('.'))
    if (schema.safeParse(value).success && value !== undefined) told[name] = value
  }
  const agent = Object.hasOwn(context, 'agent') ? context['agent'] : undefined
  // An agent that is not told as a text is an agent nobody knows, and not no agent.
  return { ...told, ...(agent === undefined ? {} : { agent: typeof agent === 'string' ? agent : '' }) }
}

function findNested(context: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, name)
        ? (at as Record<string, unknown>)[name]
        : undefined,
    context,
  )
}

interface Batch {
  readonly evaluations: readonly Readonly<Record<string, unknown>>[]
  readonly defaults: Readonly<Record<string, unknown>>
  readonly semantic: (typeof semantics)[number] | undefined
}

/** An item replaces a default whole. One that is no evaluation is a no with the reason, whatever the others are. */
function runBatch(
  decide: (evaluation: Evaluation) => boolean,
  { evaluations, defaults, semantic = 'execute_all' }: Batch,
): object[] {
  const results: object[] = []
  for (const item of evaluations) {
    const parsed = evaluationSchema.safeParse({ ...defaults, ...item })
    const decision = parsed.success && decide(parsed.data)
    const failure = parsed.success ? {} : { context: { error: { status: 400, message: describeError(parsed.error) } } }
    results.push({ decision, ...failure })
    if (semantic === 'deny_on_first_deny' && !decision) break
    if (semantic === 'permit_on_first_permit' && decision) break
  }
  return results
}

// --- Searching --------------------------------------------------------------------------------------------------------

/** Properties that the request tells hold for every candidate. */
function withProperties(known: Iterable<KnownEntity>, properties: Entity['properties']): Entity[] {
  return [...known].map(({ type, id, properties: own }) => ({ type, id, properties: { ...own, ...properties } }))
}

function toName({ type, id }: Entity): { type: string; id: string } {
  return { type, id }
}

interface Paging {
  readonly page: z.infer<typeof pageSchema>
  /** The question, which a token belongs to. */
  readonly of: object
}

/**
 * In the order of ids, from behind the last one of the page before: what changes between two pages neither doubles nor
 * hides the others. A token says the last id and belongs to its question. Without `page` everything comes at once.
 */
function paginate(found: readonly ({ id: string } | { name: string })[], { page, of }: Paging): AuthZenReply {
  const idOf = (each: { id: string } | { name: string }) => ('id' in each ? each.id : each.name)
  const sorted = found.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
  if (page === undefined) return ok({ results: sorted })
  const digest = sha256(JSON.stringify(of)).slice(0, 16)
  const after = page.token === undefined || page.token === '' ? undefined : readToken(page.token, digest)
  if (after === null) return badRequest('page.token does not belong to this search; begin again without one.')
  const rest = after === undefined ? sorted : sorted.filter((each) => idOf(each) > after)
  const limit = Math.min(page.limit ?? authZenLimits.usualPage, authZenLimits.page)
  const results = rest.slice(0, limit)
  const last = results.at(-1)
  const isOver = last === undefined || results.length === rest.length
  const next = isOver ? '' : Buffer.from(JSON.stringify([digest, idOf(last)])).toString('base64url')
  return ok({ results, page: { next_token: next, count: results.length, total: found.length } })
}

const tokenSchema = z.tuple([z.string(), z.string()])

function readToken(token: string, digest: string): string | null {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
  } catch {
    return null
  }
  const parsed = tokenSchema.safeParse(value)
  return parsed.success && parsed.data[0] === digest ? parsed.data[1] : null
}

// --- Replies ----------------------------------------------------------------------------------------------------------

function ok(body: object): AuthZenReply {
  return { status: 200, body }
}

function refuse(error: z.ZodError): AuthZenReply {
  return badRequest(describeError(error))
}

function badRequest(message: string): AuthZenReply {
  return { status: 400, body: { error: { status: 400, message } } }
}

function describeError({ issues }: z.ZodError): string {
  const [first] = issues
  const where = first === undefined || first.path.length === 0 ? 'The body' : first.path.join('.')
  return `${where}: ${first?.message ?? 'not as the specification says'}`
}
