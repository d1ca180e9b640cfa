/** Changes of who may do what: each with its entry, who did it, who approved it, and what stood there before and after. */
import type { AuditEventType, ReportRow } from '@cairn/contract'
import { auditEventTable, reportWords } from '@cairn/contract/tables'
import type { OpenedEntry } from '../read/read-entries.ts'
import { actorOf, countOf, personOf, textOf, wordOf } from './cells.ts'
import { placeIn } from './places.ts'
import type { MadeReport, ReportTools, StateRevision } from './types.ts'

const rules: readonly AuditEventType[] = ['policy.changed', 'policy.decided', 'policy.proposed', 'note.released']

const passes: readonly AuditEventType[] = [
  'delegation.created',
  'delegation.revoked',
  'emergency.requested',
  'emergency.approved',
  'emergency.ended',
  'emergency.reviewed',
]

const people: readonly AuditEventType[] = [
  'user.created',
  'user.changed',
  'user.removed',
  'group.changed',
  'key.created',
  'key.revoked',
  'link.created',
  'link.confirmed',
  'totp.changed',
]

/** What each says of itself in one cell. */
const words: Partial<Record<AuditEventType, (entry: OpenedEntry) => string>> = {
  'delegation.created': ({ fields }) => `role ${wordOf(fields['role'])}`,
  'user.created': ({ fields }) => wordOf(fields['kind']),
  'user.changed': ({ fields }) => `changed: ${wordOf(fields['changes'])}`,
  'group.changed': ({ fields }) => wordOf(fields['change']),
  'key.created': ({ fields }) => wordOf(fields['keyId']),
  'key.revoked': ({ fields }) => wordOf(fields['keyId']),
  'link.created': ({ fields }) =>
    `${wordOf(fields['purpose'])}${fields['isConfirmed'] === false ? ', not confirmed' : ''}`,
  'link.confirmed': ({ fields }) => wordOf(fields['purpose']),
  'totp.changed': ({ fields }) => wordOf(fields['change']),
}

const titles: Partial<Record<AuditEventType, string>> = {
  'delegation.created': 'delegated',
  'delegation.revoked': 'delegation ended',
  'emergency.requested': 'emergency access asked for',
  'emergency.approved': 'emergency access approved',
  'emergency.ended': 'emergency access ended',
  'emergency.reviewed': 'emergency access reviewed',
  'user.created': 'added',
  'user.changed': 'changed',
  'user.removed': 'removed',
  'group.changed': 'group changed',
  'key.created': 'key made',
  'key.revoked': 'key revoked',
  'link.created': 'link made',
  'link.confirmed': 'link confirmed',
  'totp.changed': 'second factor changed',
}

export async function reportPermissions(tools: ReportTools): Promise<MadeReport> {
  const [proposals, passHolders] = [await findProposals(tools), await findHolders(tools)]
  const revisions = new Map(tools.state.revisions.map((revision) => [revision.seq, revision]))
  const [ruled, passed, peopled]: [ReportRow[], ReportRow[], ReportRow[]] = [[], [], []]
  let [approved, emergencies] = [0, 0]
  for await (const entry of tools.scan([...rules, ...passes, ...people], 'period')) {
    const { type } = entry
    if (rules.includes(type)) {
      const rows = rowsOfRule(entry, { proposals, revisions, tools })
      if (rows.some(({ approvedBy }) => approvedBy !== null)) approved++
      ruled.push(...rows)
    } else if (passes.includes(type)) {
      if (type === 'emergency.approved') emergencies++
      passed.push(rowOfPass(entry, passHolders, tools))
    } else peopled.push(rowOfPerson(entry))
  }
  return {
    totals: [
      { title: 'Changed rules', value: ruled.length, kind: 'count' },
      { title: 'Changes approved by a second person', value: approved, kind: 'count' },
      { title: 'Emergency access approved', value: emergencies, kind: 'count' },
      { title: 'Changes of people, groups and keys', value: peopled.length, kind: 'count' },
    ],
    parts: [
      { id: 'rules', rows: ruled.toReversed() },
      { id: 'passes', rows: passed.toReversed() },
      { id: 'people', rows: peopled.toReversed() },
    ],
  }
}

/** Who made each proposal; it may be older than the period. */
async function findProposals({ scan }: ReportTools): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const entry of scan(['policy.proposed'], 'log')) {
    const id = textOf(entry.fields['proposal'])
    if (id !== null) found.set(id, actorOf(entry))
  }
  return found
}

/** Whose each delegation or emergency is; it may have begun before the period. */
async function findHolders({ scan }: ReportTools): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const entry of scan(['delegation.created', 'emergency.requested'], 'log')) {
    const id = passOf(entry)
    const whom = entry.type === 'delegation.created' ? personOf(entry, 'to') : actorOf(entry)
    if (id !== null && whom !== null) found.set(id, whom)
  }
  return found
}

const passOf = ({ fields }: OpenedEntry) => textOf(fields['emergency'] ?? fields['delegation'])

interface Known {
  readonly proposals: ReadonlyMap<string, string>
  readonly revisions: ReadonlyMap<number, StateRevision>
  readonly tools: ReportTools
}

const noRule = { whom: null, scope: null, before: null, after: null, revision: null, approvedBy: null }

function rowsOfRule(entry: OpenedEntry, { proposals, revisions, tools }: Known): ReportRow[] {
  const { seq, at, type, fields } = entry
  const head = { ...noRule, entry: seq, when: at, by: actorOf(entry) }
  if (type === 'note.released') {
    const [vault, note] = [textOf(fields['vault']), textOf(fields['note'])]
    const place = vault === null ? null : { vault, path: note }
    const scope = place === null ? reportWords.gone : tools.sees(place) ? `note:${vault}/${note}` : reportWords.hidden
    return [{ ...head, what: 'note released', scope, before: textOf(fields['label']) }]
  }
  if (type === 'policy.proposed') return [{ ...head, what: 'change proposed', revision: countOf(fields['base']) }]
  const revision = countOf(fields['revision'])
  if (type === 'policy.decided' && revision === null) return [{ ...head, what: 'proposal rejected' }]
  const decided =
    type === 'policy.decided'
      ? { by: proposals.get(textOf(fields['proposal']) ?? '') ?? reportWords.erased, approvedBy: actorOf(entry) }
      : {}
  const changes = revision === null ? [] : (revisions.get(revision)?.changes ?? [])
  const rest = { ...head, ...decided, revision }
  if (changes.length === 0) return [{ ...rest, what: textOf(fields['what']) ?? 'policy' }]
  return changes.map((change) => ({ ...rest, ...change }))
}

function rowOfPass(entry: OpenedEntry, holders: ReadonlyMap<string, string>, { sees }: ReportTools): ReportRow {
  const { seq, at, type, fields } = entry
  const scope = textOf(fields['scope'])
  const place = scope === null ? null : placeIn(scope)
  return {
    entry: seq,
    when: at,
    what: titles[type] ?? type,
    by: actorOf(entry),
    whom: holders.get(passOf(entry) ?? '') ?? personOf(entry, 'to'),
    scope: place === null || sees(place) ? scope : reportWords.hidden,
    after: words[type]?.(entry) ?? passOf(entry),
  }
}

function rowOfPerson(entry: OpenedEntry): ReportRow {
  const { seq, at, type, fields } = entry
  const group = textOf(fields['group'])
  // Whoever was forgotten before is not in the entry at all.
  const isAboutSomebody = Object.hasOwn(auditEventTable[type].fields, 'user')
  const person = personOf(entry, 'user') ?? personOf(entry, 'member') ?? (isAboutSomebody ? reportWords.erased : null)
  const whom = person ?? (group === null ? null : `group:${group}`)
  const inGroup = group !== null && person !== null ? ` ${group}` : ''
  const said = words[type]?.(entry) ?? null
  return {
    entry: seq,
    when: at,
    what: titles[type] ?? type,
    by: actorOf(entry),
    whom,
    after: said === null ? null : `${said}${inGroup}`,
  }
}

/** Those that the entries of the period are about, for the state that is fetched. */
export async function findRevisions({ scan }: Pick<ReportTools, 'scan'>, within: 'period' | 'log'): Promise<number[]> {
  const found = new Set<number>()
  for await (const { fields } of scan(['policy.changed', 'policy.decided'], within)) {
    const revision = countOf(fields['revision'])
    if (revision !== null) found.add(revision)
  }
  return [...found].toSorted((a, b) => a - b)
}
