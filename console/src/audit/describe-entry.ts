/** An entry as somebody reads it: who, on what, and with which particulars; what is hidden or erased is called so. */
import { auditEventTable, type AuditEntryView, type AuditFieldKind } from '@cairn/contract'
import { namePrincipal, placeScope, type Names } from '../access/names.ts'
import { formatCount, formatCounted } from '../shell/clock.ts'
import { nameField } from './words.ts'

/** `hidden`: not for this reader; `erased`: nobody can read it any more; `damaged`: it is not what was recorded. */
export type Known = 'known' | 'hidden' | 'erased' | 'damaged'

export interface Said {
  readonly text: string
  readonly state: Known
}

type Value = AuditEntryView['fields'][string]

const known = (text: string): Said => ({ text, state: 'known' })
const hidden: Said = { text: 'hidden', state: 'hidden' }
const damaged: Said = { text: 'damaged', state: 'damaged' }

const nobodies: Readonly<Record<string, string>> = { anonymous: 'Somebody not signed in', server: 'The server' }

export const nobodyIds = Object.keys(nobodies)

/** By an id as the log has it, which does not say of which kind it is. */
export function nameId(names: Names, id: string): string {
  if (Object.hasOwn(nobodies, id)) return nobodies[id] ?? id
  const kind = ['user', 'service', 'group'].find((each) => names.principals.has(`${each}:${id}`))
  return kind === undefined ? id : namePrincipal(names, `${kind}:${id}`)
}

export function nameActor(names: Names, { actor, blocks }: Pick<AuditEntryView, 'actor' | 'blocks'>): Said {
  if (actor !== null) return known(nameId(names, actor))
  return blocks['actor'] === 'damaged' ? damaged : { text: 'erased person', state: 'erased' }
}

/** Whether the time is told to the second: it stands with who acted, and beyond that only the minute is kept. */
export function isExact({ actor }: Pick<AuditEntryView, 'actor'>): boolean {
  return actor !== null
}

type FieldKinds = Readonly<Record<string, AuditFieldKind>>

function kindsOf(type: string): FieldKinds {
  return Object.hasOwn(auditEventTable, type) ? auditEventTable[type as keyof typeof auditEventTable].fields : {}
}

export interface FieldView extends Said {
  readonly name: string
  readonly label: string
  /** Id of a person, to ask for by `person`. */
  readonly person: string | null
}

/** All fields of an entry in the order of the table, those that are erased too. */
export function listFields(names: Names, entry: AuditEntryView): FieldView[] {
  const kinds = kindsOf(entry.type)
  const present = Object.keys(entry.fields).filter((name) => !Object.hasOwn(kinds, name))
  return [...Object.keys(kinds), ...present].flatMap((name) => {
    const said = sayField(names, entry, name, kinds[name])
    const value = entry.fields[name]
    const person = kinds[name] === 'person' && typeof value === 'string' ? value : null
    return said === null ? [] : [{ ...said, name, label: nameField(name), person }]
  })
}

/** Null for what this entry never had. */
function sayField(names: Names, entry: AuditEntryView, name: string, kind: AuditFieldKind | undefined): Said | null {
  const { fields, blocks } = entry
  if (!Object.hasOwn(fields, name)) {
    const block = kind === 'person' ? blocks[name] : kind === 'personal' ? blocks['actor'] : undefined
    if (block === 'damaged') return damaged
    return block === 'erased' ? { text: kind === 'person' ? 'erased person' : 'erased', state: 'erased' } : null
  }
  const value = fields[name] ?? null
  // A public field is shown to everybody: null is what was recorded.
  if (value === null) return kind === 'public' ? null : hidden
  if (kind === 'person') return known(nameId(names, String(value)))
  return known(sayValue(names, name, value, entry))
}

function sayValue(names: Names, name: string, value: Value, entry: AuditEntryView): string {
  if (Array.isArray(value))
    return value.map((each) => (name === 'vaults' ? (names.vaults.get(each) ?? each) : each)).join(', ')
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return formatCount(value)
  if (value === null) return ''
  if (name === 'vault') return names.vaults.get(value) ?? value
  if (name === 'group') return nameId(names, value)
  if (name === 'scope' && isScope(value)) return placeScope(names, value)
  if (name === 'note') return placeNote(names, entry.fields['vault'], value)
  if (name === 'egress') return value === 'external' ? 'outside this machine' : 'this machine'
  return value
}

const isScope = (text: string): boolean => /^(?:org|vault|folder|note|tag|model|cache):/.test(text)

/** “Handbook / Leave” */
function placeNote(names: Names, vault: Value | undefined, note: string): string {
  const path = note.replace(/\.md$/, '').split('/')
  return [...(typeof vault === 'string' ? [names.vaults.get(vault) ?? vault] : []), ...path].join(' / ')
}

/** On what it was done, the closest that the entry tells; null where there is no such thing. */
export function describeTarget(names: Names, entry: AuditEntryView): Said | null {
  const kinds = kindsOf(entry.type)
  const people = Object.keys(kinds).filter((name) => kinds[name] === 'person')
  for (const name of ['note', 'vault', 'vaults', 'scope', ...people, 'group', 'name', 'provider', 'route', 'what']) {
    if (!Object.hasOwn(kinds, name)) continue
    const said = sayField(names, entry, name, kinds[name])
    if (said !== null && said.text !== '') return said.state === 'hidden' ? { ...said, text: sayHidden(name) } : said
  }
  return null
}

function sayHidden(name: string): string {
  return name === 'note' ? 'hidden note' : name === 'vault' || name === 'vaults' ? 'hidden vault' : 'hidden place'
}

/** Particulars in a row of the list: few, short, and only what is public. */
const particulars: Readonly<Record<string, (value: NonNullable<Value>) => string>> = {
  code: String,
  method: (value) => `by ${String(value)}`,
  model: String,
  kind: String,
  change: String,
  changes: (value) => (Array.isArray(value) ? value.join(', ') : String(value)),
  purpose: String,
  how: String,
  role: (value) => `as ${String(value)}`,
  format: String,
  results: (value) => formatCounted(Number(value), 'result'),
  filters: (value) => (Array.isArray(value) ? saySearch(value) : ''),
  inputs: (value) => formatCounted(Number(value), 'input'),
  sessions: (value) => formatCounted(Number(value), 'session'),
  version: String,
}

/** Counting in groups stands among the filters as `by` and `bucket`. */
function saySearch(names: readonly string[]): string {
  const filters = names.filter((name) => name !== 'by' && name !== 'bucket')
  return [
    ...(filters.length < names.length ? ['counted'] : []),
    ...(filters.length > 0 ? [`by ${filters.join(', ')}`] : []),
  ].join(' ')
}

const mostParticulars = 3

export function listParticulars({ type, fields }: Pick<AuditEntryView, 'type' | 'fields'>): string[] {
  const kinds = kindsOf(type)
  const said = Object.entries(particulars).flatMap(([name, say]) => {
    const value = fields[name] ?? null
    return kinds[name] === 'public' && value !== null ? [say(value)] : []
  })
  const tokens = (Number(fields['tokensIn']) || 0) + (Number(fields['tokensOut']) || 0)
  return [...said, ...(tokens > 0 ? [formatCounted(tokens, 'token')] : [])]
    .filter((text) => text !== '')
    .slice(0, mostParticulars)
}

/** Of one’s own looks at the log there would never be an end: each is an entry that a look finds. */
export function isOwnLook({ type, actor }: Pick<AuditEntryView, 'type' | 'actor'>, self: string): boolean {
  return type === 'audit.searched' && actor === self
}
