/** The server’s resources of access, one function a call. They are loaded with the page that uses them. */
import {
  changedSchema,
  epochSchema,
  explanationSchema,
  grantCreatedSchema,
  groupListSchema,
  groupSchema,
  heldListSchema,
  keyCreatedSchema,
  keyListSchema,
  matrixSchema,
  noteListSchema,
  policyChangedSchema,
  policyViewSchema,
  principalListSchema,
  proposalListSchema,
  proposalSchema,
  revisionListSchema,
  revisionSchema,
  simulatedSchema,
  statementsSchema,
  userChangedSchema,
  userInvitedSchema,
  userLinkSchema,
  userListSchema,
  userSchema,
  whoSchema,
  type GrantCreate,
  type PolicyDocument,
} from '@cairn/contract'
import { requestJson, requestNothing } from '../api/request.ts'

const segment = encodeURIComponent
const query = (params: Record<string, string>) => new URLSearchParams(params).toString()
const post = (body?: unknown) => ({ method: 'POST' as const, ...(body !== undefined && { body }) })
const put = (body: unknown) => ({ method: 'PUT' as const, body })
const remove = { method: 'DELETE' as const }

// --- People and groups ------------------------------------------------------------------------------------------------

const userPath = (id: string) => `/api/access/users/${segment(id)}`
const groupPath = (id: string) => `/api/access/groups/${segment(id)}`

export const listUsers = () => requestJson('/api/access/users', userListSchema)
export const inviteUser = (name: string, email: string) =>
  requestJson('/api/access/users', userInvitedSchema, post({ name, email }))
export const changeUser = (id: string, change: { name?: string; status?: 'active' | 'suspended'; isOwner?: boolean }) =>
  requestJson(userPath(id), userChangedSchema, put(change))
export const removeUser = (id: string) => requestJson(userPath(id), epochSchema, remove)
export const createResetLink = (id: string) => requestJson(`${userPath(id)}/link`, userLinkSchema, post())
export const confirmLink = (id: string, link: string) =>
  requestJson(`${userPath(id)}/link/confirm`, userSchema, post({ link }))
export const endSessions = (id: string) => requestNothing(`${userPath(id)}/sessions`, remove)
export const clearSecondFactor = (id: string) => requestNothing(`${userPath(id)}/totp`, remove)
export const listKeysOf = (id: string) => requestJson(`${userPath(id)}/keys`, keyListSchema)
export const createService = (name: string) => requestJson('/api/access/services', userSchema, post({ name }))
export const createServiceKey = (service: string, name: string, expiresInDays: number | null) =>
  requestJson('/api/access/keys', keyCreatedSchema, post({ service, name, ...(expiresInDays && { expiresInDays }) }))
export const listGroups = () => requestJson('/api/access/groups', groupListSchema)
export const createGroup = (name: string) => requestJson('/api/access/groups', groupSchema, post({ name }))
export const renameGroup = (id: string, name: string) => requestJson(groupPath(id), groupSchema, put({ name }))
export const removeGroup = (id: string) => requestJson(groupPath(id), epochSchema, remove)
export const addMember = (group: string, kind: 'user' | 'group', id: string) =>
  requestJson(`${groupPath(group)}/members`, epochSchema, post({ kind, id }))
export const removeMember = (group: string, kind: 'user' | 'group', id: string) =>
  requestJson(`${groupPath(group)}/${kind}s/${segment(id)}`, epochSchema, remove)

// --- Statements -------------------------------------------------------------------------------------------------------

export const getMatrix = () => requestJson('/api/access/matrix', matrixSchema)
/** All names for who shares the named scope. */
export const listPrincipals = (scope?: string) =>
  requestJson(`/api/access/principals${scope === undefined ? '' : `?${query({ scope })}`}`, principalListSchema)
export const getStatements = (scope: string, signal: AbortSignal) =>
  requestJson(`/api/access/statements?${query({ scope })}`, statementsSchema, { signal })
export const createGrant = (grant: GrantCreate) => requestJson('/api/access/grants', grantCreatedSchema, post(grant))
export const revokeGrant = (id: string) => requestJson(`/api/access/grants/${segment(id)}`, changedSchema, remove)
export const restrictScope = (scope: string) => requestJson('/api/access/barriers', changedSchema, post({ scope }))
export const openScope = (scope: string) =>
  requestJson(`/api/access/barriers?${query({ scope })}`, changedSchema, remove)
export const listWhoMay = (action: string, resource: string, signal: AbortSignal) =>
  requestJson(`/api/access/who?${query({ action, resource })}`, whoSchema, { signal })

/** A page of notes after a path, in the order of paths. */
export const listNotesAfter = (vault: string, after: string, limit: number, signal?: AbortSignal) =>
  requestJson(
    `/api/vaults/${segment(vault)}/notes?${query({ limit: String(limit), ...(after && { after }) })}`,
    noteListSchema,
    { ...(signal && { signal }) },
  )

// --- Notes that are held back -----------------------------------------------------------------------------------------

export const listHeld = (limit: number) => requestJson(`/api/held?${query({ limit: String(limit) })}`, heldListSchema)
/** `revision` as it was listed: what has changed since is not let go. */
export const confirmHeld = (vault: string, note: string, revision: number) =>
  requestNothing('/api/held/confirm', post({ vault, note, revision }))

// --- The policy -------------------------------------------------------------------------------------------------------

export const getPolicy = () => requestJson('/api/access/policy', policyViewSchema)
export const savePolicy = (base: number, note: string, document: PolicyDocument) =>
  requestJson('/api/access/policy', policyChangedSchema, put({ base, note, document }))
export const simulatePolicy = (document: PolicyDocument) =>
  requestJson('/api/access/simulate', simulatedSchema, post({ document }))
export const listRevisions = (before?: number) =>
  requestJson(
    `/api/access/revisions?${query({ limit: '20', ...(before && { before: String(before) }) })}`,
    revisionListSchema,
  )
export const getRevision = (seq: number) => requestJson(`/api/access/revisions/${seq}`, revisionSchema)
export const restoreRevision = (seq: number, base: number, note: string) =>
  requestJson(`/api/access/revisions/${seq}/restore`, policyChangedSchema, post({ base, note }))
export const listProposals = () => requestJson('/api/access/proposals', proposalListSchema)
export const getProposal = (id: string) => requestJson(`/api/access/proposals/${segment(id)}`, proposalSchema)
export const decideProposal = (id: string, approve: boolean) =>
  requestNothing(`/api/access/proposals/${segment(id)}/decision`, post({ approve }))

// --- Questions --------------------------------------------------------------------------------------------------------

export interface WhyQuestion {
  readonly subject?: string
  readonly action: string
  readonly resource: string
  readonly context?: { readonly 'model.egress': 'local' | 'external' }
}

export const explain = (question: WhyQuestion, signal: AbortSignal) =>
  requestJson('/api/access/explain', explanationSchema, { ...post(question), signal })
