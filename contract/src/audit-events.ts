/**
 * THE tables of the audit log: categories, and every type of event with its category, its OCSF class, its fields, and who
 * may be named in it. Fields hold identifiers and counts. Texts of questions and answers stand in `call.captured` alone,
 * which is made only where somebody has set a rule for it.
 */

/**
 * What happens when an event cannot be made durable. `strict`: what it tells of does not happen, and the caller is told
 * `audit.unavailable`. `spool`: it goes on, and the event is kept aside and appended later. `best-effort`: it goes on; how
 * many events were lost is appended later.
 */
export type AuditMode = 'strict' | 'spool' | 'best-effort'

export interface AuditCategorySpec {
  readonly description: string
  readonly mode: AuditMode
  /** Months after which what names a person is shredded; null: nothing in it names one. */
  readonly personalMonths: number | null
  /** Months after which the entry itself may be pruned. */
  readonly headerMonths: number
}

/** Horizons: CNIL's recommendation on logging of 2021, a SOC 2 period of 12 months with its fieldwork, and cost years. */
export const auditCategoryTable = {
  auth: { description: 'Signing in, and attempts to.', mode: 'strict', personalMonths: 12, headerMonths: 24 },
  session: { description: 'Sessions and devices.', mode: 'strict', personalMonths: 12, headerMonths: 24 },
  user: { description: 'People, services and groups.', mode: 'strict', personalMonths: 15, headerMonths: 24 },
  permission: { description: 'Who may do what, and refusals.', mode: 'strict', personalMonths: 15, headerMonths: 24 },
  config: { description: 'Settings of the server.', mode: 'strict', personalMonths: 15, headerMonths: 24 },
  key: { description: 'API keys and other secrets.', mode: 'strict', personalMonths: 15, headerMonths: 24 },
  content: {
    description: 'Notes that were read, searched or asked about.',
    mode: 'spool',
    personalMonths: 3,
    headerMonths: 13,
  },
  model: { description: 'Calls of models.', mode: 'spool', personalMonths: 3, headerMonths: 13 },
  tool: { description: 'What models were let do.', mode: 'spool', personalMonths: 3, headerMonths: 13 },
  capture: {
    description: 'Texts of questions and answers, where a rule has them kept; shredded after days, not months.',
    mode: 'spool',
    personalMonths: 3,
    headerMonths: 13,
  },
  export: { description: 'Data and reports taken out.', mode: 'strict', personalMonths: 15, headerMonths: 24 },
  privacy: {
    description: 'Requests of people about their data, retention and holds.',
    mode: 'strict',
    personalMonths: 36,
    headerMonths: 72,
  },
  system: {
    description: 'The server itself: start, stop, faults.',
    mode: 'best-effort',
    personalMonths: null,
    headerMonths: 24,
  },
} as const satisfies Record<string, AuditCategorySpec>

export type AuditCategory = keyof typeof auditCategoryTable

export type AuditHorizons = Pick<AuditCategorySpec, 'personalMonths' | 'headerMonths'>

/** Months that a horizon may have. */
export const auditHorizonLimits = { least: 1, most: 240 } as const

/** Where use is recorded; of all other categories the log keeps its metadata always. */
export const auditLevelCategories = ['content', 'model', 'tool'] as const

export const auditLevelLimits = {
  rules: 50,
  keepDays: { least: 1, most: 90, usual: 7 },
  /** Characters of a request, and of a response; the rest is cut off, and the entry says so. */
  text: 65_536,
} as const

/**
 * Where a field of an event stands. `public`: in the entry itself, for as long as that is kept; says nothing of a person
 * by itself. `personal`: beside it, encrypted for the one who acted. `person`: the id of somebody else, encrypted for them.
 * `text`: what the one who acted wrote or was answered; encrypted for them by itself, and opened only for who asks for it.
 */
export type AuditFieldKind = 'public' | 'personal' | 'person' | 'text'

export interface AuditEventSpec {
  readonly category: AuditCategory
  /** OCSF 1.8.0: class and activity. */
  readonly ocsf: readonly [classUid: number, activityId: number]
  readonly description: string
  readonly fields: Readonly<Record<string, AuditFieldKind>>
  /** Where it is another than that of the category. */
  readonly mode?: AuditMode
}

/** What is said of a call that a model answered. */
const callFields = {
  model: 'public',
  provider: 'public',
  egress: 'public',
  tokensIn: 'public',
  tokensOut: 'public',
  streamed: 'public',
  region: 'public',
  cached: 'public',
  costNanoUsd: 'public',
} as const satisfies Readonly<Record<string, AuditFieldKind>>

export const auditEventTable = {
  'session.created': {
    category: 'auth',
    ocsf: [3002, 1],
    description: 'Somebody signed in.',
    fields: { method: 'public' },
  },
  'session.confirmed': {
    category: 'auth',
    ocsf: [3002, 1],
    description: 'Somebody who had signed in showed their second factor.',
    fields: {},
  },
  'session.ended': { category: 'auth', ocsf: [3002, 2], description: 'Somebody signed out.', fields: {} },
  'key.created': {
    category: 'key',
    ocsf: [3004, 1],
    description: 'An API key was made.',
    fields: { keyId: 'personal', name: 'personal' },
  },
  'key.revoked': {
    category: 'key',
    ocsf: [3004, 4],
    description: 'An API key was revoked.',
    fields: { keyId: 'personal' },
  },
  'session.revoked': {
    category: 'session',
    ocsf: [3002, 2],
    description: 'Sessions were ended from elsewhere.',
    fields: { sessions: 'public' },
  },
  'sign-in.refused': {
    category: 'auth',
    ocsf: [3002, 1],
    description: 'An attempt to sign in failed.',
    // `user`: whose address was given, where somebody has it.
    fields: { method: 'public', code: 'public', user: 'person' },
  },
  'link.created': {
    category: 'auth',
    ocsf: [3001, 99],
    description: 'A single-use link was made for somebody.',
    fields: { purpose: 'public', user: 'person', isConfirmed: 'public' },
  },
  'link.confirmed': {
    category: 'auth',
    ocsf: [3001, 99],
    description: 'A second administrator confirmed a single-use link that another had made.',
    fields: { purpose: 'public', user: 'person', madeBy: 'person', confirmedBy: 'person' },
  },
  'user.created': {
    category: 'user',
    ocsf: [3001, 1],
    description: 'A person or service was added.',
    fields: { user: 'person', kind: 'public' },
  },
  'user.changed': {
    category: 'user',
    ocsf: [3001, 99],
    description: 'A person or service was changed.',
    fields: { user: 'person', changes: 'public' },
  },
  'user.removed': {
    category: 'user',
    ocsf: [3001, 6],
    description: 'A person or service was removed.',
    fields: { user: 'person' },
  },
  'group.changed': {
    category: 'user',
    ocsf: [3006, 99],
    description: 'A group or its members were changed.',
    fields: { group: 'personal', change: 'public', member: 'person' },
  },
  'password.changed': {
    category: 'auth',
    ocsf: [3001, 3],
    description: 'A password was set or changed.',
    fields: { user: 'person', how: 'public' },
  },
  'totp.changed': {
    category: 'auth',
    ocsf: [3001, 99],
    description: 'A second factor was set up, removed, or its recovery codes made anew.',
    fields: { user: 'person', change: 'public' },
  },
  'device.decided': {
    category: 'session',
    ocsf: [3004, 99],
    description: 'Somebody approved or refused a device.',
    fields: { approved: 'public', vault: 'personal' },
  },
  'access.refused': {
    category: 'permission',
    ocsf: [6003, 99],
    description: 'A call was refused; with `times`, so many of one kind that came faster than they could be recorded.',
    fields: { code: 'public', route: 'public', times: 'public' },
    mode: 'spool',
  },
  'answer.cut': {
    category: 'permission',
    ocsf: [6003, 99],
    description: 'An answer was cut while it was told, because its asker was let in no more or lost what it needs.',
    fields: { code: 'public', route: 'public', times: 'public' },
    mode: 'spool',
  },
  'question.asked': {
    category: 'content',
    ocsf: [6003, 2],
    description: 'A question was answered, not found or refused.',
    fields: {
      vaults: 'personal',
      notes: 'personal',
      model: 'public',
      provider: 'public',
      egress: 'public',
      label: 'public',
      tokensIn: 'public',
      tokensOut: 'public',
      region: 'public',
      cached: 'public',
      costNanoUsd: 'public',
    },
  },
  'search.run': {
    category: 'content',
    ocsf: [6005, 4],
    description: 'The notes were searched.',
    fields: { vaults: 'personal', results: 'public' },
  },
  'note.read': {
    category: 'content',
    ocsf: [6005, 1],
    description: 'A note’s text was read.',
    fields: { vault: 'personal', note: 'personal' },
  },
  'chat.completed': {
    category: 'model',
    ocsf: [6003, 1],
    description: 'A chat request was passed on.',
    fields: callFields,
  },
  'embeddings.created': {
    category: 'model',
    ocsf: [6003, 1],
    description: 'Embeddings were computed.',
    fields: {
      model: 'public',
      provider: 'public',
      egress: 'public',
      inputs: 'public',
      tokensIn: 'public',
      tokensOut: 'public',
      region: 'public',
      cached: 'public',
      costNanoUsd: 'public',
    },
  },
  'egress.intended': {
    category: 'model',
    ocsf: [6003, 1],
    description: 'A request is about to leave this server.',
    fields: { provider: 'public', egress: 'public', label: 'public', purpose: 'public', region: 'public' },
    mode: 'strict',
  },
  'responses.completed': {
    category: 'model',
    ocsf: [6003, 1],
    description: 'A request in the dialect of responses was passed on.',
    fields: callFields,
  },
  'messages.completed': {
    category: 'model',
    ocsf: [6003, 1],
    description: 'A request in Anthropic’s dialect was passed on.',
    fields: callFields,
  },
  'policy.changed': {
    category: 'permission',
    ocsf: [3004, 3],
    description: 'The policy was changed.',
    fields: { what: 'public', revision: 'public', epoch: 'public', statement: 'personal' },
  },
  'policy.proposed': {
    category: 'permission',
    ocsf: [3004, 99],
    description: 'A change of the policy waits for a second person.',
    fields: { proposal: 'personal', base: 'public' },
  },
  'policy.decided': {
    category: 'permission',
    ocsf: [3004, 99],
    description: 'A proposed change was approved or rejected.',
    fields: { proposal: 'personal', approved: 'public', revision: 'public' },
  },
  'delegation.created': {
    category: 'permission',
    ocsf: [3005, 1],
    description: 'Somebody lets another do for a time what they may do themselves.',
    fields: { delegation: 'personal', to: 'person', role: 'public' },
  },
  'delegation.revoked': {
    category: 'permission',
    ocsf: [3005, 2],
    description: 'A delegation was ended.',
    fields: { delegation: 'personal' },
  },
  'emergency.requested': {
    category: 'permission',
    ocsf: [3005, 99],
    description: 'Somebody asked for emergency access.',
    fields: { emergency: 'personal', scope: 'personal' },
  },
  'emergency.approved': {
    category: 'permission',
    ocsf: [3005, 1],
    description: 'Emergency access was approved.',
    fields: { emergency: 'personal', by: 'person' },
  },
  'emergency.ended': {
    category: 'permission',
    ocsf: [3005, 2],
    description: 'Emergency access was ended early.',
    fields: { emergency: 'personal' },
  },
  'emergency.reviewed': {
    category: 'permission',
    ocsf: [3005, 99],
    description: 'Emergency access was reviewed.',
    fields: { emergency: 'personal' },
  },
  'provider.changed': {
    category: 'config',
    ocsf: [3004, 3],
    description: 'A model provider was added or changed.',
    fields: { provider: 'public', changes: 'public' },
  },
  'provider.removed': {
    category: 'config',
    ocsf: [3004, 4],
    description: 'A model provider was removed.',
    fields: { provider: 'public' },
  },
  'provider.tested': {
    category: 'config',
    ocsf: [6003, 2],
    description: 'A model provider was tested.',
    fields: { provider: 'public', code: 'public' },
  },
  'budget.changed': {
    category: 'config',
    ocsf: [3004, 3],
    description: 'Budgets and limits were set.',
    fields: { rules: 'public' },
  },
  'usage.read': {
    category: 'export',
    ocsf: [6003, 2],
    description: 'Somebody looked at usage and cost.',
    fields: { by: 'public' },
  },
  'note.released': {
    category: 'permission',
    ocsf: [3004, 3],
    description: 'Somebody confirmed that a label, tag or property is gone from a note, or that it was moved.',
    fields: {
      vault: 'personal',
      note: 'personal',
      label: 'public',
      tags: 'personal',
      attributes: 'personal',
      places: 'personal',
    },
  },
  'vault.registered': {
    category: 'config',
    ocsf: [3004, 1],
    description: 'A vault was registered.',
    fields: { vault: 'personal' },
  },
  'vault.removed': {
    category: 'config',
    ocsf: [3004, 4],
    description: 'A vault was removed from the server.',
    fields: { vault: 'personal' },
  },
  'vault.reindexed': {
    category: 'config',
    ocsf: [3004, 99],
    description: 'A vault was indexed again by request.',
    fields: { vault: 'personal' },
  },
  'vault.synced': {
    category: 'config',
    ocsf: [6005, 5],
    description: 'A device sent notes to a vault, deleted some there, or excluded some from the server.',
    fields: {
      vault: 'personal',
      device: 'personal',
      stored: 'public',
      deleted: 'public',
      excluded: 'public',
      conflicts: 'public',
    },
  },
  'vault.taken-over': {
    category: 'config',
    ocsf: [3004, 3],
    description: 'A device became the publisher of a vault.',
    fields: { vault: 'personal', device: 'personal', before: 'personal' },
  },
  'call.intended': {
    category: 'config',
    ocsf: [6003, 99],
    description: 'Something is about to be changed; what came of it has the same request id.',
    fields: { route: 'public', changes: 'public' },
  },
  'call.failed': {
    category: 'config',
    ocsf: [6003, 99],
    description: 'What was about to be changed was not.',
    fields: { route: 'public', code: 'public' },
    mode: 'spool',
  },
  'directory.read': {
    category: 'user',
    ocsf: [3004, 2],
    description: 'Somebody looked at people, groups or keys of others.',
    fields: { what: 'public' },
    mode: 'spool',
  },
  'policy.read': {
    category: 'permission',
    ocsf: [3004, 2],
    description: 'Somebody looked at rules, at who may do what and why, or at what waits for a decision.',
    fields: { what: 'public' },
    mode: 'spool',
  },
  'cache.invalidated': {
    category: 'config',
    ocsf: [6005, 99],
    description: 'Somebody declared cached values no longer true. Scopes are told by kind and count, never by name.',
    fields: {
      scopeKinds: 'public',
      scopes: 'public',
      kind: 'public',
      wait: 'public',
      seq: 'public',
      committed: 'public',
    },
  },
  'privacy.erased': {
    category: 'privacy',
    ocsf: [3001, 6],
    description: 'The keys of people were destroyed, and with them all that names these people.',
    fields: { keys: 'public', reason: 'public', request: 'personal' },
  },
  'privacy.shredded': {
    category: 'privacy',
    ocsf: [1008, 99],
    description: 'The keys of categories and months were destroyed, as retention says.',
    fields: { keys: 'public', periods: 'public' },
  },
  'privacy.blocks-removed': {
    category: 'privacy',
    ocsf: [1008, 99],
    description: 'Blocks that cannot be read any more were removed.',
    fields: { count: 'public', root: 'public' },
  },
  'privacy.pruned': {
    category: 'privacy',
    ocsf: [1008, 1],
    description: 'Entries were pruned from the front of the log, as retention says.',
    fields: { from: 'public', to: 'public', root: 'public' },
  },
  'privacy.hold-placed': {
    category: 'privacy',
    ocsf: [1008, 99],
    description: 'A legal hold was placed.',
    fields: { hold: 'public', scope: 'public', reason: 'personal', about: 'person' },
  },
  'privacy.hold-released': {
    category: 'privacy',
    ocsf: [1008, 99],
    description: 'A legal hold was released; what it kept goes as retention says.',
    fields: { hold: 'public', reason: 'personal' },
  },
  'call.captured': {
    category: 'capture',
    ocsf: [6003, 99],
    description: 'What was asked, and perhaps what was answered, was kept, because a rule says so.',
    fields: {
      of: 'public',
      level: 'public',
      purpose: 'personal',
      vaults: 'personal',
      notes: 'personal',
      requestLength: 'public',
      responseLength: 'public',
      isCut: 'public',
      request: 'text',
      response: 'text',
    },
  },
  'capture.read': {
    category: 'export',
    ocsf: [6005, 1],
    description: 'Somebody read the kept texts of a call of somebody else, or of their own.',
    fields: { entry: 'public', of: 'person' },
  },
  'levels.changed': {
    category: 'config',
    ocsf: [3004, 3],
    description: 'What the log keeps of the use of notes and models was changed.',
    fields: { levels: 'public', keepDays: 'public', purposes: 'personal' },
  },
  'retention.changed': {
    category: 'config',
    ocsf: [3004, 3],
    description: 'Horizons of the log were changed.',
    fields: { categories: 'public' },
  },
  'retention.run': {
    category: 'privacy',
    ocsf: [1008, 99],
    description: 'Somebody let go what was due without waiting for the server to do it.',
    fields: { periods: 'public', blocks: 'public', prunedTo: 'public' },
  },
  'audit.searched': {
    category: 'export',
    ocsf: [1008, 99],
    description: 'Somebody looked at the log.',
    fields: { filters: 'public', size: 'public', results: 'public' },
  },
  'audit.reported': {
    category: 'export',
    ocsf: [1008, 3],
    description: 'Somebody was given a report on the log. `sha256` is of the bytes that were given.',
    fields: {
      report: 'public',
      format: 'public',
      parameters: 'public',
      size: 'public',
      results: 'public',
      bytes: 'public',
      sha256: 'public',
    },
  },
  'audit.export-intended': {
    category: 'export',
    ocsf: [1008, 3],
    description: 'Somebody is about to be given entries of the log.',
    fields: { format: 'public', filters: 'public', content: 'public', size: 'public' },
  },
  'audit.exported': {
    category: 'export',
    ocsf: [1008, 3],
    description:
      'Somebody took entries of the log out; failed, when they left or were cut before the end. `intent` is the entry that was made before; `sha256` is of the bytes that were given.',
    fields: {
      format: 'public',
      filters: 'public',
      content: 'public',
      size: 'public',
      results: 'public',
      bytes: 'public',
      sha256: 'public',
      intent: 'public',
    },
  },
  'audit.verified': {
    category: 'system',
    ocsf: [1008, 99],
    description: 'The log was verified.',
    fields: { size: 'public', errors: 'public' },
  },
  'audit.gap': {
    category: 'system',
    ocsf: [1008, 99],
    description: 'Events could not be recorded when they happened: they were kept aside, or lost.',
    fields: { kept: 'public', lost: 'public' },
  },
  'audit.fork': {
    category: 'system',
    ocsf: [1008, 99],
    description: 'A witness has seen another log than this one.',
    fields: { witness: 'public', verdict: 'public', size: 'public' },
  },
  'sink.configured': {
    category: 'config',
    ocsf: [3004, 3],
    description: 'A receiver outside is given the log from here on, or in another way than before.',
    fields: { sink: 'public', kind: 'public', format: 'public', names: 'public' },
  },
  'sink.failed': {
    category: 'system',
    ocsf: [1008, 99],
    description: 'A receiver outside does not take entries any more. They are kept, and tried again.',
    fields: { sink: 'public', kind: 'public', code: 'public', cursor: 'public', lag: 'public' },
  },
  'sink.recovered': {
    category: 'system',
    ocsf: [1008, 99],
    description: 'A receiver that failed takes entries again.',
    fields: { sink: 'public', kind: 'public', attempts: 'public', seconds: 'public', lag: 'public' },
  },
  'sink.skipped': {
    category: 'system',
    ocsf: [1008, 99],
    description: 'Entries were pruned before a receiver outside had taken them.',
    fields: { sink: 'public', from: 'public', to: 'public' },
    mode: 'strict',
  },
  'server.started': {
    category: 'system',
    ocsf: [6002, 3],
    description: 'The server started.',
    fields: { version: 'public' },
  },
  'server.stopped': {
    category: 'system',
    ocsf: [6002, 4],
    description: 'The server stopped in good order.',
    fields: {},
  },
} as const satisfies Record<string, AuditEventSpec>

export type AuditEventType = keyof typeof auditEventTable
