/** The log in plain words: what happened, with what outcome, and what became of the parts of an entry. */
import { auditEventTable, type AuditCategory, type AuditEntryView } from '@cairn/contract'
import type { IconName } from '@cairn/ui'
import type { TextFilter } from './filter.ts'
import type { Outcome } from './ranges.ts'

export const categoryWords: Readonly<Record<AuditCategory, { readonly title: string; readonly icon: IconName }>> = {
  auth: { title: 'Sign-in', icon: 'person' },
  session: { title: 'Sessions', icon: 'laptop' },
  user: { title: 'People', icon: 'group' },
  permission: { title: 'Permissions', icon: 'access' },
  config: { title: 'Settings', icon: 'settings' },
  key: { title: 'Keys', icon: 'key' },
  content: { title: 'Notes', icon: 'note' },
  model: { title: 'Models', icon: 'models' },
  tool: { title: 'Tools', icon: 'system' },
  capture: { title: 'Kept texts', icon: 'note' },
  export: { title: 'Exports', icon: 'external' },
  privacy: { title: 'Privacy', icon: 'lock' },
  system: { title: 'Server', icon: 'server' },
}

/** What a filter that is written is of. */
export const textWords: Readonly<Record<TextFilter, string>> = {
  actor: 'Who',
  person: 'About',
  vault: 'Vault',
  note: 'Note',
  model: 'Model',
  provider: 'Provider',
  request: 'Request',
  q: 'Words',
}

/** A category of a newer server has its own name. */
export function nameCategory(category: string): string {
  return findWords(categoryWords, category)?.title ?? category
}

export function iconOfCategory(category: string): IconName {
  return findWords(categoryWords, category)?.icon ?? 'info'
}

interface OutcomeWords {
  readonly title: string
  readonly tone: 'neutral' | 'warn' | 'danger'
  readonly icon: IconName
}

export const outcomeWords: Readonly<Record<Outcome, OutcomeWords>> = {
  ok: { title: 'Done', tone: 'neutral', icon: 'check' },
  refused: { title: 'Refused', tone: 'warn', icon: 'lock' },
  failed: { title: 'Failed', tone: 'danger', icon: 'warning' },
}

/** What somebody did, in few words beside their name. The whole sentence is in the table of events. */
const shortWords: Readonly<Record<string, string>> = {
  'session.created': 'Signed in',
  'session.confirmed': 'Showed the second factor',
  'session.ended': 'Signed out',
  'key.created': 'Made an API key',
  'key.revoked': 'Revoked an API key',
  'session.revoked': 'Ended sessions',
  'sign-in.refused': 'Tried to sign in',
  'link.created': 'Made a sign-in link',
  'link.confirmed': 'Confirmed a sign-in link',
  'user.created': 'Added a person or service',
  'user.changed': 'Changed a person or service',
  'user.removed': 'Removed a person or service',
  'group.changed': 'Changed a group',
  'password.changed': 'Set a password',
  'totp.changed': 'Changed a second factor',
  'device.decided': 'Decided on a device',
  'access.refused': 'Was refused',
  'answer.cut': 'Lost access in mid-answer',
  'question.asked': 'Asked a question',
  'search.run': 'Searched the notes',
  'note.read': 'Read a note',
  'chat.completed': 'Chatted with a model',
  'embeddings.created': 'Computed embeddings',
  'egress.intended': 'Was about to send text out',
  'responses.completed': 'Chatted with a model',
  'messages.completed': 'Chatted with a model',
  'policy.changed': 'Changed the policy',
  'policy.proposed': 'Proposed a policy',
  'policy.decided': 'Decided on a policy',
  'delegation.created': 'Delegated a role',
  'delegation.revoked': 'Ended a delegation',
  'emergency.requested': 'Asked for emergency access',
  'emergency.approved': 'Approved emergency access',
  'emergency.ended': 'Ended emergency access',
  'emergency.reviewed': 'Reviewed emergency access',
  'provider.changed': 'Changed a model provider',
  'provider.removed': 'Removed a model provider',
  'provider.tested': 'Tested a model provider',
  'budget.changed': 'Set budgets',
  'usage.read': 'Looked at usage',
  'note.released': 'Let go of what a note was held by',
  'vault.registered': 'Registered a vault',
  'vault.synced': 'Sent notes from a device',
  'vault.taken-over': 'Made a device the publisher',
  'vault.removed': 'Removed a vault',
  'vault.reindexed': 'Indexed a vault again',
  'call.intended': 'Began a change',
  'call.failed': 'Could not change it',
  'directory.read': 'Looked at people and keys',
  'policy.read': 'Looked at rules',
  'cache.invalidated': 'Purged cached values',
  'privacy.erased': 'Erased people',
  'privacy.shredded': 'Shredded old parts',
  'privacy.blocks-removed': 'Removed unreadable parts',
  'privacy.pruned': 'Pruned old entries',
  'privacy.hold-placed': 'Placed a legal hold',
  'privacy.hold-released': 'Released a legal hold',
  'call.captured': 'Had texts of a call kept',
  'capture.read': 'Read kept texts',
  'levels.changed': 'Set what is kept',
  'retention.changed': 'Changed the retention',
  'audit.searched': 'Looked at this log',
  'audit.exported': 'Took the log out',
  'audit.reported': 'Got a report on this log',
  'audit.verified': 'Verified the log',
  'audit.gap': 'Could not record for a while',
  'audit.fork': 'Heard of another log',
  'audit.export-intended': 'Began to take entries out',
  'sink.configured': 'Set what a receiver gets',
  'sink.failed': 'Could not deliver entries',
  'sink.recovered': 'Delivered entries again',
  'sink.skipped': 'Could not deliver what was pruned',
  'retention.run': 'Let go what was due',
  'server.started': 'Started',
  'server.stopped': 'Stopped',
}

/** The table’s sentence where there are no shorter words yet; the type itself where it is newer than this console. */
export function nameType(type: string): string {
  return findWords(shortWords, type) ?? describeType(type)?.replace(/\.$/, '') ?? type
}

/** The sentence of the table of events; null for a type that it does not have. */
export function describeType(type: string): string | null {
  return findWords<{ readonly description: string }>(auditEventTable, type)?.description ?? null
}

export type BlockState = AuditEntryView['blocks'][string]

interface BlockWords {
  readonly title: string
  readonly text: string
  readonly tone: 'accent' | 'neutral' | 'warn' | 'danger'
  readonly icon: IconName
}

export const blockWords: Readonly<Record<BlockState, BlockWords>> = {
  open: { title: 'Open', text: 'It can be read until retention takes it.', tone: 'accent', icon: 'check' },
  held: {
    title: 'Held',
    text: 'Its time is over. It can be read only because of a legal hold.',
    tone: 'warn',
    icon: 'lock',
  },
  erased: {
    title: 'Erased',
    text: 'Its key is destroyed: nobody can read it any more, here or in a backup.',
    tone: 'neutral',
    icon: 'trash',
  },
  damaged: {
    title: 'Damaged',
    text: 'It is not what was recorded. Verify the log with `npx cairn audit verify`.',
    tone: 'danger',
    icon: 'warning',
  },
}

/** What a part holds. */
export function nameBlock(name: string): string {
  return name === 'actor' ? 'Who, when and how' : nameField(name)
}

const fieldWords: Readonly<Record<string, string>> = {
  at: 'At',
  to: 'To',
  by: 'By',
  what: 'What',
  keyId: 'Key',
  name: 'Name',
  user: 'Person',
  about: 'About',
  member: 'Member',
  madeBy: 'Made by',
  confirmedBy: 'Confirmed by',
  isConfirmed: 'Confirmed',
  tokensIn: 'Tokens in',
  tokensOut: 'Tokens out',
  egress: 'Where to',
  scopeKinds: 'Kinds of scope',
  sha256: 'SHA-256',
  requestId: 'Request',
  userAgent: 'Program',
  via: 'Came by',
  places: 'Former places',
}

/** “Tokens in”; a field that is not listed is named as it is called, in words: “headerMonths” is “Header months”. */
export function nameField(name: string): string {
  const found = findWords(fieldWords, name)
  if (found !== undefined) return found
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('-', ' ')
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Only what the table itself has, never what every object has. */
function findWords<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
