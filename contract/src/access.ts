/**
 * THE tables of access: every action and on what it can be asked, the twelve built-in roles, and what a condition may
 * look at. Server, console, documentation and command line all read these.
 */

/** What can be asked about. Tags are scopes of statements only: nobody asks whether they may read a tag. */
export const resourceTypes = ['org', 'vault', 'folder', 'note', 'model', 'cache'] as const

export type ResourceType = (typeof resourceTypes)[number]

/** Where a statement holds: a resource and what is below it, or the notes that carry a tag. */
export type ScopeType = ResourceType | 'tag'

export interface ActionSpec {
  /** Where it can be asked, given and denied. Broader types are listed too: who holds it there holds it below. */
  readonly on: readonly ResourceType[]
  /** How a sentence goes on after “may”. */
  readonly words: string
  readonly description: string
}

const places = ['org', 'vault', 'folder', 'note'] as const

export const actionTable = {
  discover: { on: places, words: 'discover', description: 'Know that it exists: name, title, path, counts.' },
  read: { on: places, words: 'read', description: 'Open the text of a note.' },
  retrieve: { on: places, words: 'retrieve', description: 'Let a note’s text enter a prompt.' },
  cite: { on: places, words: 'cite', description: 'See a note quoted or named in an answer.' },
  create: { on: places, words: 'create', description: 'Make a note or folder.' },
  write: { on: places, words: 'write', description: 'Change the text of a note.' },
  move: { on: places, words: 'move', description: 'Move or rename a note or folder.' },
  delete: { on: places, words: 'delete', description: 'Delete a note or folder.' },
  tag: { on: places, words: 'tag', description: 'Add and remove tags.' },
  share: { on: places, words: 'share', description: 'Give others what one holds oneself.' },
  restrict: { on: places, words: 'restrict', description: 'Set a barrier; remove a protected tag.' },
  export: { on: places, words: 'export', description: 'Take notes out in bulk.' },
  'vault.configure': { on: ['org', 'vault'], words: 'configure', description: 'Register, configure and index vaults.' },
  'cache.purge': {
    on: ['org', 'vault', 'cache'],
    words: 'purge caches of',
    description: 'Declare cached entries untrue.',
  },
  'model.use': { on: ['org', 'model'], words: 'use', description: 'Send requests to a model.' },
  'model.configure': { on: ['org', 'model'], words: 'configure', description: 'Set routes and limits of a model.' },
  'cache.hit': { on: ['org', 'cache'], words: 'be answered from', description: 'Be answered from a cache namespace.' },
  'cache.fill': { on: ['org', 'cache'], words: 'fill', description: 'Leave answers in a cache namespace.' },
  'cache.read': {
    on: ['org'],
    words: 'see the cache of',
    description: 'See what the cache holds and how well it does.',
  },
  'audit.read': { on: ['org'], words: 'read the audit log of', description: 'Read the log: who, what, when.' },
  'audit.content': { on: ['org'], words: 'read logged texts of', description: 'Read logged prompts and answers.' },
  'policy.view': { on: ['org'], words: 'see the policy of', description: 'See every statement.' },
  'policy.simulate': { on: ['org'], words: 'simulate policies of', description: 'See what a change would change.' },
  'policy.propose': { on: ['org'], words: 'propose policies of', description: 'Propose a change of the policy.' },
  'policy.approve': { on: ['org'], words: 'approve policies of', description: 'Approve what another proposed.' },
  'user.assign': { on: ['org'], words: 'assign roles in', description: 'Give roles to people.' },
  'user.manage': { on: ['org'], words: 'manage people of', description: 'Invite, suspend and reset people.' },
  'group.manage': { on: ['org'], words: 'manage groups of', description: 'Make groups and change their members.' },
  'key.list': { on: ['org'], words: 'list keys of', description: 'See everybody’s keys.' },
  'key.revoke': { on: ['org'], words: 'revoke keys of', description: 'Revoke anybody’s key.' },
  'org.configure': { on: ['org'], words: 'configure', description: 'Change the settings of the whole server.' },
  'barrier.repair': { on: ['org'], words: 'repair barriers of', description: 'Reopen a folder that nobody can enter.' },
  'usage.read': { on: ['org'], words: 'see the usage of', description: 'See what was used, by whom, at what cost.' },
  'budget.manage': { on: ['org'], words: 'set budgets of', description: 'Set budgets and limits.' },
  'provider.manage': {
    on: ['org'],
    words: 'manage providers of',
    description: 'Add, change and test model providers.',
  },
  'metrics.read': { on: ['org'], words: 'read the metrics of', description: 'Read the metrics.' },
  'access.evaluate': { on: ['org'], words: 'evaluate access in', description: 'Ask what others may do.' },
} as const satisfies Record<string, ActionSpec>

export type Action = keyof typeof actionTable

export const actions = Object.keys(actionTable) as readonly Action[]

export function isAction(name: string): name is Action {
  return Object.hasOwn(actionTable, name)
}

/** Whether an action exists and means anything on a scope. What holds for notes holds for a tag, since a tag stands for notes. */
export function isValidOn(action: string, type: ScopeType): boolean {
  const on: readonly ResourceType[] = isAction(action) ? actionTable[action].on : []
  return on.includes(type === 'tag' ? 'note' : type)
}

/** What a deny on the left also removes: who may not know of a note may not read it, and so on. */
export const denyImplications: Partial<Record<Action, readonly Action[]>> = {
  discover: ['read', 'retrieve', 'cite'],
  read: ['retrieve', 'cite'],
  retrieve: ['cite'],
}

export interface RoleSpec {
  readonly inherits: readonly string[]
  readonly actions: readonly Action[]
  readonly description: string
}

export const roleTable = {
  viewer: { inherits: [], actions: ['discover', 'read'], description: 'Sees and reads notes.' },
  asker: { inherits: ['viewer'], actions: ['retrieve', 'cite'], description: 'Also asks questions of them.' },
  contributor: { inherits: ['asker'], actions: ['create', 'write'], description: 'Also writes.' },
  editor: {
    inherits: ['contributor'],
    actions: ['move', 'delete', 'tag'],
    description: 'Also moves, deletes and tags.',
  },
  curator: {
    inherits: ['editor'],
    actions: ['share', 'restrict', 'export'],
    description: 'Also decides who else may, inside the scope.',
  },
  'vault-admin': {
    inherits: ['curator'],
    actions: ['vault.configure', 'cache.purge', 'cache.read'],
    description: 'Also runs the vault.',
  },
  'model-user': { inherits: [], actions: ['model.use'], description: 'Uses models.' },
  'model-admin': {
    inherits: ['model-user'],
    actions: ['model.configure', 'usage.read', 'budget.manage', 'provider.manage'],
    description: 'Also decides which models there are and what they may cost.',
  },
  'cache-user': { inherits: [], actions: ['cache.hit', 'cache.fill'], description: 'Shares cached answers.' },
  auditor: {
    inherits: [],
    actions: ['audit.read', 'policy.view', 'policy.simulate', 'usage.read', 'metrics.read', 'cache.read'],
    description: 'Sees who did what and who may do what; reads no note.',
  },
  'security-admin': {
    inherits: [],
    actions: [
      'policy.view',
      'policy.simulate',
      'policy.propose',
      'policy.approve',
      'user.assign',
      'user.manage',
      'group.manage',
      'key.list',
      'key.revoke',
      'access.evaluate',
    ],
    description: 'Decides who may do what; reads no note.',
  },
  'org-owner': {
    inherits: ['security-admin'],
    actions: ['org.configure', 'barrier.repair', 'usage.read', 'metrics.read', 'cache.read'],
    description: 'Also runs the server; reads no note.',
  },
} as const satisfies Record<string, RoleSpec>

export type BuiltInRole = keyof typeof roleTable

/** Nobody holds two of a set, whatever the scopes; inherited, group-derived and delegated roles count. */
export const defaultSeparation = [
  { id: 'audit-and-vaults', roles: ['auditor', 'vault-admin'] },
  { id: 'audit-and-security', roles: ['auditor', 'security-admin'] },
] as const

export type AttributeType = 'text' | 'flag' | 'time' | 'label' | 'scalar'

export interface AttributeSpec {
  readonly type: AttributeType
  /** Told by the request, or by the note that is asked about. */
  readonly of: 'request' | 'note'
  readonly description: string
}

/** Everything a condition may look at. There is nothing else, and no expression: a condition stays readable. */
export const attributeTable = {
  'model.egress': { type: 'text', of: 'request', description: '`local` or `external`: where the text would go.' },
  'model.provider': { type: 'text', of: 'request', description: 'Who runs the model.' },
  'session.mfa': { type: 'flag', of: 'request', description: 'Whether the session has a second factor.' },
  ip_zone: { type: 'text', of: 'request', description: 'Name of the network the request came from.' },
  now: { type: 'time', of: 'request', description: 'The time of the request.' },
  'agent.id': { type: 'text', of: 'request', description: 'The agent that acts for the person.' },
  'resource.owner': { type: 'text', of: 'note', description: 'Who the note says owns it.' },
  'resource.label': { type: 'label', of: 'note', description: 'How sensitive the note is.' },
} as const satisfies Record<string, AttributeSpec>

/** Before the name of a property of the note’s front matter: `resource.property.status`. */
export const propertyPrefix = 'resource.property.'

/** What `<` means: earlier, smaller, before in the alphabet, less sensitive. */
export const operators = ['==', 'in', '<'] as const

export type Operator = (typeof operators)[number]

/** How an attribute is to be read; undefined for one that does not exist. */
export function findAttribute(name: string): AttributeSpec | undefined {
  if (name.startsWith(propertyPrefix) && name.length > propertyPrefix.length)
    return { type: 'scalar', of: 'note', description: 'A property of the note’s front matter.' }
  return Object.hasOwn(attributeTable, name) ? attributeTable[name as keyof typeof attributeTable] : undefined
}

/** Bounds on what a policy may hold, so that a check stays a matter of microseconds. */
export const accessLimits = {
  roles: 200,
  grants: 20_000,
  denies: 2_000,
  barriers: 2_000,
  separations: 50,
  conditions: 8,
  listed: 100,
  /** Of an inheritance of roles or a nesting of groups. */
  depth: 16,
  /** Keys above a key. */
  keyDepth: 4,
  idLength: 128,
  /** Longer than any path of a file system. */
  resourceLength: 5_000,
  valueLength: 256,
  /** Of emergency access and of what may be asked for as such. */
  breakGlassMs: 4 * 60 * 60 * 1_000,
  reasonLength: 2_000,
} as const
