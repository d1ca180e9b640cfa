/**
 * THE permission table: every action the server can be asked for. A route names one of these; `access` decides.
 * `owner` holds all of them.
 */

export interface PermissionSpec {
  readonly on: 'server' | 'vault' | 'note' | 'model' | 'key'
  readonly description: string
}

export const permissionTable = {
  'note.discover': { on: 'note', description: 'Know that a note exists.' },
  'note.read': { on: 'note', description: 'Read the text of a note.' },
  'note.retrieve': { on: 'note', description: 'Let a note’s text enter a prompt.' },
  'note.cite': { on: 'note', description: 'See a note quoted in an answer.' },
  'vault.list': { on: 'vault', description: 'See which vaults there are.' },
  'vault.manage': { on: 'vault', description: 'Register a vault, remove it, index it again.' },
  ask: { on: 'vault', description: 'Ask a question of the notes.' },
  search: { on: 'vault', description: 'Search the notes.' },
  chat: { on: 'model', description: 'Send a chat request to a model.' },
  embed: { on: 'model', description: 'Compute embeddings.' },
  'model.list': { on: 'server', description: 'See which models can be used.' },
  'routing.explain': { on: 'model', description: 'See how a request would be routed, and why.' },
  'provider.manage': { on: 'server', description: 'Add, change and test model providers.' },
  'usage.read': { on: 'server', description: 'See what was used, by whom, and what it cost.' },
  'budget.manage': { on: 'server', description: 'Set budgets and limits.' },
  'key.manage': { on: 'key', description: 'Create, list and revoke API keys.' },
  'cache.read': { on: 'server', description: 'See what the cache holds and how well it does.' },
  'cache.invalidate': { on: 'server', description: 'Declare what the cache holds no longer true.' },
  'metrics.read': { on: 'server', description: 'Read the metrics.' },
  'session.self': { on: 'server', description: 'See and end one’s own session.' },
} as const satisfies Record<string, PermissionSpec>

export type Permission = keyof typeof permissionTable
