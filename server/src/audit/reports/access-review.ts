/**
 * Who holds which role where. The rules are those of the revision that was in force; the log tells who gave a role, when
 * and with which entry, and when somebody acted last. Who there is and who is in which group is as of now.
 */
import type { ReportRow } from '@cairn/contract'
import { createHmac } from 'node:crypto'
import { actorOf, compareText, textOf } from './cells.ts'
import { listTeams } from './usage.ts'
import type { MadeReport, ReportTools, StateGrant, StateKey, StatePerson } from './types.ts'

const dayMs = 86_400_000

interface Given {
  readonly at: number
  readonly by: string
  readonly entry: number
}

export async function reportAccess(tools: ReportTools): Promise<MadeReport> {
  const { state, pin, parameters } = tools
  const since = pin.at - parameters.dormantDays * dayMs
  const [given, acts, keysUsed] = [await findGiven(tools), await findLastActs(tools), await findKeyUses(tools, since)]
  const lookAt = createMarks({ since, acts })
  const roles = listRoles(tools, { given, acts, lookAt })
  const owners = state.people.filter(({ isOwner, isActive }) => isOwner && isActive)
  const keys = listKeys(tools, { given, keysUsed, since })
  const marked = (rows: readonly ReportRow[]) =>
    rows.filter(({ lookAt: marks }) => Array.isArray(marks) && marks.length > 0)
  return {
    totals: [
      { title: 'People and services', value: state.people.length, kind: 'count' },
      { title: 'Roles held', value: roles.length, kind: 'count' },
      { title: 'Keys in force', value: keys.length, kind: 'count' },
      { title: 'Keys that never expire', value: keys.filter(({ until }) => until === null).length, kind: 'count' },
      { title: 'Rows to look at', value: marked([...roles, ...keys]).length + state.findings.length, kind: 'count' },
    ],
    parts: [
      { id: 'findings', rows: state.findings.map(({ about, message }) => ({ about, message })) },
      {
        id: 'owners',
        rows: owners.map((person) => ({
          who: person.id,
          lastAct: acts.get(person.id) ?? null,
          lookAt: lookAt(person),
        })),
      },
      { id: 'roles', rows: roles },
      { id: 'keys', rows: keys },
    ],
  }
}

// --- What the log tells -----------------------------------------------------------------------------------------------

/** By grant or key: the entry that made it. */
async function findGiven({ scan }: ReportTools): Promise<Map<string, Given>> {
  const found = new Map<string, Given>()
  for await (const entry of scan(['policy.changed', 'key.created'], 'log')) {
    const id = textOf(entry.fields['statement'] ?? entry.fields['keyId'])
    const isRevoked = entry.fields['what'] === 'grant-revoked'
    if (id !== null && !isRevoked) found.set(id, { at: entry.at, by: actorOf(entry), entry: entry.seq })
  }
  return found
}

/** By person: when they acted last. By the reference of their key, so that nothing has to be opened to find it. */
async function findLastActs({ session, naming, pin, state, readAll }: ReportTools): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const { id } of state.people) {
    const name = createHmac('sha256', naming).update(id).digest('base64url')
    const { rows } = await session.run(
      `SELECT MAX(b.seq) AS seq FROM audit_blocks b JOIN audit_keys k ON k.ref = b.subject
        WHERE k.kind = 'subject' AND k.name = ? AND k.gone_by IS NULL AND b.name = 'actor' AND b.seq < ?`,
      [name, pin.size],
    )
    const seq = rows[0]?.['seq'] ?? null
    if (seq === null) continue
    const [entry] = await readAll([Number(seq)])
    if (entry !== undefined) found.set(id, entry.at)
  }
  return found
}

/** By key: when it was used last, in the time that counts. From the newest entry on, until each has been seen. */
async function findKeyUses({ scanBack, state, pin }: ReportTools, since: number): Promise<Map<string, number>> {
  const wanted = new Set(state.keys.filter((key) => isInForce(key, pin.at)).map(({ id }) => id))
  const found = new Map<string, number>()
  if (wanted.size === 0) return found
  for await (const { at, context } of scanBack('all', 'log')) {
    // What waited outside the log comes late: a day of it more is looked through.
    if (at < since - dayMs) break
    const id = textOf(context['credential'])
    if (id === null || !wanted.delete(id)) continue
    found.set(id, at)
    if (wanted.size === 0) break
  }
  return found
}

// --- Rows -------------------------------------------------------------------------------------------------------------

type Marks = (person: StatePerson) => string[]

function createMarks({ since, acts }: { since: number; acts: ReadonlyMap<string, number> }): Marks {
  return ({ id, isActive, kind, isOwner, hasSecondFactor }) => {
    const last = acts.get(id)
    return [
      ...(isActive ? [] : ['suspended']),
      ...(last === undefined ? ['never acted'] : last < since ? ['dormant'] : []),
      ...(isOwner && kind === 'user' && !hasSecondFactor ? ['owner without a second factor'] : []),
    ]
  }
}

interface Known {
  readonly given: ReadonlyMap<string, Given>
  readonly acts: ReadonlyMap<string, number>
  readonly lookAt: Marks
}

function listRoles({ state, pin }: ReportTools, { given, acts, lookAt }: Known): ReportRow[] {
  const people = new Map(state.people.map((person) => [`${person.kind}:${person.id}`, person]))
  const teamsOf = listTeams(state.groups)
  const inGroup = Map.groupBy(
    state.people.flatMap((person) => teamsOf(person.id).map((group) => ({ group, person }))),
    ({ group }) => group,
  )
  const rowOf = (grant: StateGrant, person: StatePerson | null, via: string | null): ReportRow => {
    const from = given.get(grant.id)
    const isOver = grant.until !== null && grant.until <= pin.at
    const marks = person === null ? [] : lookAt(person)
    return {
      who: person === null ? grant.principal : person.id,
      via,
      role: grant.role,
      scope: grant.scope,
      since: grant.from ?? from?.at ?? null,
      by: from?.by ?? null,
      entry: from?.entry ?? null,
      until: grant.until,
      lastAct: person === null ? null : (acts.get(person.id) ?? null),
      lookAt: [
        ...marks,
        ...(isOver ? ['over'] : []),
        ...(isKnown(grant, people, state.groups) ? [] : ['nobody has it']),
      ],
    }
  }
  const rows = state.grants.flatMap((grant) => {
    const person = people.get(grant.principal)
    if (person !== undefined) return [rowOf(grant, person, null)]
    const members = inGroup.get(grant.principal) ?? []
    if (members.length === 0) return [rowOf(grant, null, null)]
    return members.map((member) => rowOf(grant, member.person, grant.principal))
  })
  const name = ({ who, role, scope }: ReportRow) => [who, role, scope].join('\n')
  return rows.toSorted((a, b) => compareText(name(a), name(b)))
}

function isKnown(
  { principal }: StateGrant,
  people: ReadonlyMap<string, StatePerson>,
  groups: ReportTools['state']['groups'],
): boolean {
  return principal === 'group:everyone' || people.has(principal) || groups.some(({ id }) => `group:${id}` === principal)
}

const isInForce = ({ createdAt, expiresAt, revokedAt }: StateKey, at: number): boolean =>
  createdAt < at + 60_000 && (expiresAt === null || expiresAt > at) && (revokedAt === null || revokedAt > at)

interface KnownKeys {
  readonly given: ReadonlyMap<string, Given>
  readonly keysUsed: ReadonlyMap<string, number>
  readonly since: number
}

function listKeys({ state, pin }: ReportTools, { given, keysUsed, since }: KnownKeys): ReportRow[] {
  const keys = state.keys.filter((key) => isInForce(key, pin.at))
  return keys
    .toSorted((a, b) => compareText(a.owner, b.owner) || a.createdAt - b.createdAt || compareText(a.id, b.id))
    .map(({ id, owner, createdAt, expiresAt, isBounded }) => {
      const used = keysUsed.get(id)
      return {
        who: owner,
        key: id,
        since: createdAt,
        entry: given.get(id)?.entry ?? null,
        until: expiresAt,
        lastAct: used ?? null,
        lookAt: [
          ...(expiresAt === null ? ['never expires'] : []),
          ...(used === undefined && createdAt < since ? ['not used'] : []),
          ...(isBounded ? [] : ['may do all that its owner may']),
        ],
      }
    })
}
