/**
 * The four statements and the policy document they stand in. What does not parse is no policy: an action that means
 * nothing on its scope, an unknown role, a ring of roles, a condition on something that does not exist.
 */
import { z } from 'zod'
import {
  accessLimits,
  defaultSeparation,
  findAttribute,
  isAction,
  isValidOn,
  operators,
  propertyPrefix,
  roleTable,
  type AttributeType,
  type Operator,
  type RoleSpec,
  type ScopeType,
} from './access.ts'
import { inspectHierarchy, rolesBelow, type Edges } from './access-hierarchy.ts'
import { parseResource, parseScope } from './access-resources.ts'
import { labels } from './labels.ts'

const { listed, idLength } = accessLimits

/** Id of a statement, role, group or person. */
export const accessIdSchema = z
  .string()
  .max(idLength)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._@+-]*$/, 'Use letters, digits and . _ @ + - and begin with a letter or digit.')

/** `user:ID`, `group:ID` or `service:ID`; `group:everyone` are all active people. */
export const principalSchema = z
  .string()
  .max(idLength + 8)
  .regex(/^(user|group|service):[a-zA-Z0-9][a-zA-Z0-9._@+-]*$/, 'Write user:ID, group:ID or service:ID.')

/** Who can act: a person or a service. */
export const actorSchema = z
  .string()
  .max(idLength + 8)
  .regex(/^(user|service):[a-zA-Z0-9][a-zA-Z0-9._@+-]*$/, 'Write user:ID or service:ID.')

export const actionSchema = z.string().refine(isAction, 'There is no such action; see the table of permissions.')

const actionsSchema = z.array(actionSchema).min(1).max(listed)

export const resourceSchema = z
  .string()
  .refine(
    (id) => parseResource(id) !== null,
    'Write TYPE:NAME with a path in composed form, without empty, . or .. parts.',
  )

export const scopeSchema = z
  .string()
  .refine((id) => parseScope(id) !== null, 'Write TYPE:NAME or tag:NAME, without empty, . or .. parts.')
  .refine((id) => !id.startsWith('tag:') || isSmall(id), 'Tags are compared in small letters; write them so.')

/** As the index keeps tags and names of properties; written otherwise a rule would never hold. */
function isSmall(text: string): boolean {
  return text === text.toLowerCase()
}

/** ISO 8601 in UTC: `2026-03-01T00:00Z`, with seconds if need be. */
export const instantSchema = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/, 'Write a time as 2026-03-01T00:00Z.')
  .refine((text) => Number.isFinite(Date.parse(text)), 'There is no such time.')

// --- Conditions -------------------------------------------------------------------------------------------------------

const scalarSchema = z.union([z.string().max(accessLimits.valueLength), z.number(), z.boolean()])

export type Scalar = string | number | boolean

/** `[attribute, operator, value]`. */
export type Condition = readonly [attribute: string, operator: Operator, value: Scalar | readonly Scalar[]]

export const conditionSchema: z.ZodType<Condition> = z
  .tuple([
    z.string().max(propertyPrefix.length + idLength),
    z.enum(operators),
    z.union([scalarSchema, z.array(scalarSchema).min(1).max(listed)]),
  ])
  .superRefine(([attribute, operator, value], context) => {
    const complain = (message: string) => context.addIssue({ code: 'custom', message })
    const spec = findAttribute(attribute)
    if (spec === undefined) return complain(`There is no attribute “${attribute}”.`)
    if (attribute.startsWith(propertyPrefix) && !isSmall(attribute))
      return complain('Names of properties are compared in small letters; write them so.')
    if (Array.isArray(value) !== (operator === 'in')) return complain('“in” needs a list, the others a single value.')
    const values = Array.isArray(value) ? value : [value]
    if (!values.every((each) => fitsAttribute(each, spec.type)))
      return complain(`${attribute} is compared with ${valueWords[spec.type]}.`)
    if (new Set(values.map((each) => typeof each)).size > 1) return complain('The values of a list are of one kind.')
    if (operator === '<' && typeof values[0] === 'boolean') complain('“<” needs a number or a text.')
  })

const valueWords: Record<AttributeType, string> = {
  text: 'a text',
  flag: 'true or false',
  time: 'a time such as 2026-03-01T00:00Z',
  label: `one of ${labels.join(', ')}`,
  scalar: 'a text, a number, true or false',
}

function fitsAttribute(value: Scalar, type: AttributeType): boolean {
  if (type === 'scalar') return true
  if (type === 'flag') return typeof value === 'boolean'
  if (type === 'time') return instantSchema.safeParse(value).success
  if (type === 'label') return labels.some((label) => label === value)
  return typeof value === 'string'
}

/** All must hold. */
export const whenSchema = z.array(conditionSchema).min(1).max(accessLimits.conditions)

// --- Statements -------------------------------------------------------------------------------------------------------

const note = z.string().max(accessLimits.reasonLength).optional()

/** Adds a role’s actions on a scope and below, in a half-open window of time. */
export const grantSchema = z.strictObject({
  id: accessIdSchema,
  principal: principalSchema,
  role: accessIdSchema,
  scope: scopeSchema,
  from: instantSchema.optional(),
  until: instantSchema.optional(),
  when: whenSchema.optional(),
  /** May be passed on by its holder for a time. */
  delegable: z.boolean().optional(),
  note,
})

export type Grant = z.infer<typeof grantSchema>

/** Removes actions on a scope and below, whatever grants them. */
export const denySchema = z
  .strictObject({
    id: accessIdSchema,
    principal: principalSchema,
    except: z.array(principalSchema).max(listed).optional(),
    actions: actionsSchema,
    scope: scopeSchema,
    when: whenSchema.optional(),
    note,
  })
  .superRefine(({ actions, scope }, context) => refuseInvalid(actions, scope, context))

export type Deny = z.infer<typeof denySchema>

/** Keeps grants from above out of a folder or vault. */
export const barrierSchema = z.strictObject({
  scope: scopeSchema.refine((scope) => /^(vault|folder):/.test(scope), 'A barrier stands on a folder or vault.'),
  note,
})

export type Barrier = z.infer<typeof barrierSchema>

/** Caps what a key, an agent or a session can do, whatever its owner may. */
export const boundSchema = z
  .strictObject({
    actions: actionsSchema,
    scopes: z.array(resourceSchema).min(1).max(listed),
    when: whenSchema.optional(),
  })
  .superRefine(({ actions, scopes }, context) => {
    for (const action of actions)
      if (isAction(action) && !scopes.some((scope) => isValidOn(action, typeOf(scope))))
        context.addIssue({ code: 'custom', path: ['actions'], message: `${action} means nothing on these scopes.` })
  })

export type Bound = z.infer<typeof boundSchema>

function refuseInvalid(named: readonly string[], scope: string, context: z.RefinementCtx): void {
  const type = typeOf(scope)
  for (const action of named)
    if (isAction(action) && !isValidOn(action, type))
      context.addIssue({ code: 'custom', path: ['actions'], message: `${action} means nothing on a ${type}.` })
}

function typeOf(scope: string): ScopeType {
  return scope.slice(0, scope.indexOf(':')) as ScopeType
}

// --- The document -----------------------------------------------------------------------------------------------------

export const customRoleSchema = z.strictObject({
  id: accessIdSchema.refine((id) => !Object.hasOwn(roleTable, id), 'A built-in role has this name.'),
  inherits: z.array(accessIdSchema).max(listed).default([]),
  actions: z.array(actionSchema).max(listed).default([]),
  description: z.string().max(accessLimits.reasonLength).optional(),
})

export type CustomRole = z.infer<typeof customRoleSchema>

export const separationSchema = z.strictObject({
  id: accessIdSchema,
  /** Nobody holds two of these. */
  roles: z.array(accessIdSchema).min(2).max(listed),
})

export type Separation = z.infer<typeof separationSchema>

const policyFields = {
  roles: z.array(customRoleSchema).max(accessLimits.roles).default([]),
  grants: z.array(grantSchema).max(accessLimits.grants).default([]),
  denies: z.array(denySchema).max(accessLimits.denies).default([]),
  barriers: z.array(barrierSchema).max(accessLimits.barriers).default([]),
  separation: z
    .array(separationSchema)
    .max(accessLimits.separations)
    .default(() => defaultSeparation.map(({ id, roles }) => ({ id, roles: [...roles] }))),
  /** Whose members may ask for emergency access. */
  breakGlass: z.array(principalSchema).max(listed).default([]),
}

const policySchema = z.strictObject({ version: z.literal(1), ...policyFields })

/** What an administrator writes and a revision stores. */
export const policyDocumentSchema = policySchema.superRefine((policy, context) => refusePolicy(policy, context))

export type PolicyDocument = z.infer<typeof policySchema>

/** Says of every mistake that one statement alone cannot show: doubled ids, rings, roles that are missing or do nothing. */
function refusePolicy(policy: PolicyDocument, context: z.RefinementCtx): void {
  const complain = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
  const custom = new Map(policy.roles.map((role) => [role.id, role]))
  const find = (id: string): RoleSpec | CustomRole | undefined =>
    Object.hasOwn(roleTable, id) ? roleTable[id as keyof typeof roleTable] : custom.get(id)
  for (const kind of ['roles', 'separation'] as const) refuseDoubles(policy[kind], [kind], complain)
  refuseDoubles([...policy.grants, ...policy.denies], ['grants'], complain)
  refuseHierarchy(new Map(policy.roles.map(({ id, inherits }) => [id, inherits])), ['roles'], complain)
  policy.roles.forEach(({ inherits }, at) => {
    for (const role of inherits)
      if (find(role) === undefined) complain(['roles', at, 'inherits'], `There is no role “${role}”.`)
  })
  policy.separation.forEach(({ roles }, at) => {
    for (const role of roles)
      if (find(role) === undefined) complain(['separation', at, 'roles'], `There is no role “${role}”.`)
  })
  policy.grants.forEach(({ role, scope, from, until }, at) => {
    if (find(role) === undefined) return complain(['grants', at, 'role'], `There is no role “${role}”.`)
    const gives = rolesBelow(role, (id) => find(id)?.inherits).flatMap(
      (id): readonly string[] => find(id)?.actions ?? [],
    )
    if (!gives.some((action) => isValidOn(action, typeOf(scope))))
      complain(['grants', at, 'scope'], `The role ${role} gives nothing on a ${typeOf(scope)}.`)
    if (from !== undefined && until !== undefined && Date.parse(from) >= Date.parse(until))
      complain(['grants', at, 'until'], 'A grant ends after it begins.')
  })
}

type Complain = (path: (string | number)[], message: string) => void

/** What the members of a hierarchy are called, one of them. */
const members: Readonly<Record<string, string>> = { roles: 'role', groups: 'group', keys: 'key' }

function describeRing([first = '', ...others]: readonly string[], kind: string): string {
  const shown = others.slice(0, 8).map((name) => `“${name}”`)
  const way = shown.length === 0 ? '' : ` by way of ${shown.join(', ')}${others.length > shown.length ? ', …' : ''}`
  return `${members[kind] ?? 'entry'} “${first}” contains itself${way}.`
}

/** Complains of a ring, and of more levels than `most`. */
export function refuseHierarchy(
  edges: Edges,
  path: readonly string[],
  complain: Complain,
  most: number = accessLimits.depth,
): void {
  const { ring, depths } = inspectHierarchy(edges)
  if (ring !== null) complain([...path], describeRing(ring, path.at(-1) ?? ''))
  for (const [name, depth] of depths)
    if (depth > most) return complain([...path], `${name} stands over more than ${most} levels.`)
}

export function refuseDoubles(
  items: readonly { readonly id: string }[],
  path: readonly string[],
  complain: Complain,
): void {
  const seen = new Set<string>()
  for (const { id } of items) {
    if (seen.has(id)) complain([...path], `The id “${id}” is given twice.`)
    seen.add(id)
  }
}
