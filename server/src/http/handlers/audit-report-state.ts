/** What a report says beside the log: how things are now, as far as its pin does not decide it; and what ids are called. */
import type { AuditReport, AuditReportId, PolicyDocument, ReportSpec } from '@cairn/contract'
import { auditReportTable } from '@cairn/contract'
import { listFindings, listRuleChanges, type Directory } from '../../access/index.ts'
import { noState, type ReportBasis, type ReportState } from '../../audit/index.ts'
import type { Call } from '../dependencies.ts'
import type { RouteServices } from '../route.ts'
import { listPrincipalNames } from './access.ts'
import { lookAt } from './audit-sight.ts'

export async function collectState(
  services: RouteServices,
  id: AuditReportId,
  basis: ReportBasis,
): Promise<ReportState> {
  if (id === 'access-review') return collectReview(services, basis)
  if (id === 'permission-changes') return { ...noState, revisions: await listRevisions(services, basis.revisions) }
  if (id === 'usage') return { ...noState, groups: groupsOf(await services.access.identity.directory()) }
  return id === 'health' ? collectHealth(services) : noState
}

async function collectReview(services: RouteServices, basis: ReportBasis): Promise<ReportState> {
  const { access } = services
  const [directory, people] = await Promise.all([access.identity.directory(), access.identity.people.list()])
  const engine = access.policy.engine()
  const { grants } = await findPolicy(services, basis)
  const keys: ReportState['keys'][number][] = []
  for (const { id } of people)
    for (const { bound, ...key } of await access.identity.keys.list(id))
      keys.push({
        id: key.id,
        owner: id,
        createdAt: key.createdAt,
        expiresAt: key.expiresAt,
        revokedAt: key.revokedAt,
        isBounded: bound !== null,
      })
  return {
    ...noState,
    people: people.map(({ id, kind, status, isOwner, methods }) => ({
      id,
      kind,
      isActive: status === 'active',
      isOwner,
      hasSecondFactor: methods.includes('totp') || methods.includes('openid'),
    })),
    groups: groupsOf(directory),
    keys,
    grants: grants.map(({ id, principal, role, scope, from, until }) => ({
      id,
      principal,
      role,
      scope,
      from: from === undefined ? null : Date.parse(from),
      until: until === undefined ? null : Date.parse(until),
    })),
    findings: listFindings(engine, basis.pin.at).map(({ about, message }) => ({ about, message })),
  }
}

/** In force at the pin: of the newest revision that an entry until then tells of, else the newest of that time. */
async function findPolicy({ access }: RouteServices, { pin, revision }: ReportBasis): Promise<PolicyDocument> {
  const { revisions } = access.policy
  if (revision !== null) return (await revisions.find(revision)).document
  const minute = pin.at + 60_000
  for (let before: number | null = null; ;) {
    const page: Awaited<ReturnType<typeof revisions.list>> = await revisions.list({ before, limit: 100 })
    const found = page.find(({ at }) => at < minute) ?? (page.length < 100 ? page.at(-1) : undefined)
    if (found !== undefined) return (await revisions.find(found.seq)).document
    before = page.at(-1)?.seq ?? null
    if (before === null) return (await revisions.current()).document
  }
}

function groupsOf({ groups, memberships }: Directory): ReportState['groups'] {
  const members = Map.groupBy(memberships, ({ group }) => group)
  return groups.map(({ id }) => ({
    id,
    members: [...new Set((members.get(id) ?? []).map(({ member }) => `${member.kind}:${member.id}`))],
  }))
}

/** Beyond these, entries are told without what stood there before and after. */
const mostRevisions = 2_000

async function listRevisions({ access }: RouteServices, numbers: readonly number[]): Promise<ReportState['revisions']> {
  const { revisions } = access.policy
  const found: ReportState['revisions'][number][] = []
  let last: { seq: number; document: PolicyDocument } | null = null
  for (const seq of numbers.slice(-mostRevisions)) {
    const { author, approver, document } = await revisions.find(seq)
    const before: PolicyDocument | null =
      seq <= 1 ? null : last?.seq === seq - 1 ? last.document : (await revisions.find(seq - 1)).document
    found.push({ seq, author, approver, changes: listRuleChanges(before, document) })
    last = { seq, document }
  }
  return found
}

async function collectHealth({ audit, auditSinks }: RouteServices): Promise<ReportState> {
  const { state, waiting, lost } = audit.health()
  const receivers = (await auditSinks.list()).map(({ id, kind, state: how, cursor, failingSince, lastError }) => ({
    id,
    kind,
    state: how,
    cursor,
    failingSince,
    lastError,
  }))
  const levels = (await audit.levels.read()).rules.map(({ level, categories = [], vault, folder, provider }) => ({
    level,
    categories,
    place: vault === undefined ? null : folder === undefined ? `vault:${vault}` : `folder:${vault}/${folder}`,
    provider: provider ?? null,
  }))
  return { ...noState, receivers, levels, health: { state, waiting, lost } }
}

// --- Names ------------------------------------------------------------------------------------------------------------

/** Of those whom the rows name, as far as the one who asks may know them. */
export async function findNames(
  services: RouteServices,
  call: Call,
  id: AuditReportId,
  parts: AuditReport['parts'],
): Promise<Record<string, string>> {
  const people = new Set(textsOf(id, parts, 'who').map((who) => who.replace(/^(?:user|service|group):/, '')))
  const vaults = new Set(textsOf(id, parts, 'place').map((place) => /^(?:vault|folder|note):([^/]+)/.exec(place)?.[1]))
  const names: [id: string, name: string][] = (await listPrincipalNames(call, services))
    .map(({ id: principal, name }): [string, string] => [principal.slice(principal.indexOf(':') + 1), name])
    .filter(([principal]) => people.has(principal))
  const known = (await services.vaults.list()).filter(({ id: vault }) => vaults.has(vault))
  const sight = await lookAt(
    services,
    call.principal,
    known.map(({ id: vault }) => ({ vault, path: null })),
  )
  for (const { id: vault, name } of known) if (sight.sees({ vault, path: null })) names.push([vault, name])
  return Object.fromEntries(names.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function textsOf(id: AuditReportId, parts: AuditReport['parts'], kind: 'who' | 'place'): string[] {
  const { columns }: ReportSpec = auditReportTable[id]
  const wanted = Object.keys(columns).filter((column) => columns[column]?.kind === kind)
  return parts.flatMap(({ rows }) =>
    rows.flatMap((row) => wanted.map((column) => row[column]).filter((value) => typeof value === 'string')),
  )
}
