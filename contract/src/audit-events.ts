/**
 * THE audit event table: what is recorded, in which category, with which fields beside actor, time, outcome and
 * request id. Fields hold identifiers and counts, never text of notes, questions or answers.
 */

export interface AuditEventSpec {
  readonly category: 'identity' | 'access' | 'question' | 'model' | 'vault' | 'system'
  readonly description: string
  readonly fields: readonly string[]
}

export const auditEventTable = {
  'session.created': { category: 'identity', description: 'Somebody signed in.', fields: ['method'] },
  'session.ended': { category: 'identity', description: 'Somebody signed out.', fields: [] },
  'key.created': { category: 'identity', description: 'An API key was made.', fields: ['keyId', 'name'] },
  'key.revoked': { category: 'identity', description: 'An API key was revoked.', fields: ['keyId'] },
  'session.revoked': { category: 'identity', description: 'Sessions were ended from elsewhere.', fields: ['sessions'] },
  'sign-in.refused': { category: 'identity', description: 'An attempt to sign in failed.', fields: ['method', 'code'] },
  'link.created': {
    category: 'identity',
    description: 'A single-use link was made for somebody.',
    fields: ['purpose', 'user', 'isConfirmed'],
  },
  'link.confirmed': {
    category: 'identity',
    description: 'A second administrator confirmed a single-use link that another had made.',
    fields: ['purpose', 'user', 'madeBy', 'confirmedBy'],
  },
  'user.created': { category: 'identity', description: 'A person or service was added.', fields: ['user', 'kind'] },
  'user.changed': {
    category: 'identity',
    description: 'A person or service was changed.',
    fields: ['user', 'changes'],
  },
  'user.removed': { category: 'identity', description: 'A person or service was removed.', fields: ['user'] },
  'group.changed': {
    category: 'identity',
    description: 'A group or its members were changed.',
    fields: ['group', 'change', 'member'],
  },
  'password.changed': { category: 'identity', description: 'A password was set or changed.', fields: ['user', 'how'] },
  'totp.changed': {
    category: 'identity',
    description: 'A second factor was set up, removed, or its recovery codes made anew.',
    fields: ['user', 'change'],
  },
  'device.decided': {
    category: 'identity',
    description: 'Somebody approved or refused a device.',
    fields: ['approved', 'vault'],
  },
  'access.refused': { category: 'access', description: 'A call was refused.', fields: ['code', 'route'] },
  'answer.cut': {
    category: 'access',
    description: 'An answer was cut while it was told, because its asker was let in no more or lost what it needs.',
    fields: ['code', 'route'],
  },
  'question.asked': {
    category: 'question',
    description: 'A question was answered, not found or refused.',
    fields: ['vaults', 'notes', 'model', 'provider', 'egress', 'label', 'tokensIn', 'tokensOut'],
  },
  'search.run': { category: 'question', description: 'The notes were searched.', fields: ['vaults', 'results'] },
  'note.read': { category: 'question', description: 'A note’s text was read.', fields: ['vault', 'note'] },
  'chat.completed': {
    category: 'model',
    description: 'A chat request was passed on.',
    fields: ['model', 'provider', 'egress', 'tokensIn', 'tokensOut', 'streamed'],
  },
  'embeddings.created': {
    category: 'model',
    description: 'Embeddings were computed.',
    fields: ['model', 'provider', 'egress', 'inputs'],
  },
  'egress.intended': {
    category: 'model',
    description: 'A request is about to leave this server.',
    fields: ['provider', 'egress', 'label', 'purpose'],
  },
  'responses.completed': {
    category: 'model',
    description: 'A request in the dialect of responses was passed on.',
    fields: ['model', 'provider', 'egress', 'tokensIn', 'tokensOut', 'streamed'],
  },
  'messages.completed': {
    category: 'model',
    description: 'A request in Anthropic’s dialect was passed on.',
    fields: ['model', 'provider', 'egress', 'tokensIn', 'tokensOut', 'streamed'],
  },
  'policy.changed': {
    category: 'access',
    description: 'The policy was changed.',
    fields: ['what', 'revision', 'epoch', 'statement'],
  },
  'policy.proposed': {
    category: 'access',
    description: 'A change of the policy waits for a second person.',
    fields: ['proposal', 'base'],
  },
  'policy.decided': {
    category: 'access',
    description: 'A proposed change was approved or rejected.',
    fields: ['proposal', 'approved', 'revision'],
  },
  'delegation.created': {
    category: 'access',
    description: 'Somebody lets another do for a time what they may do themselves.',
    fields: ['delegation', 'to', 'role'],
  },
  'delegation.revoked': { category: 'access', description: 'A delegation was ended.', fields: ['delegation'] },
  'emergency.requested': {
    category: 'access',
    description: 'Somebody asked for emergency access.',
    fields: ['emergency', 'scope'],
  },
  'emergency.approved': {
    category: 'access',
    description: 'Emergency access was approved.',
    fields: ['emergency', 'by'],
  },
  'emergency.ended': { category: 'access', description: 'Emergency access was ended early.', fields: ['emergency'] },
  'emergency.reviewed': { category: 'access', description: 'Emergency access was reviewed.', fields: ['emergency'] },
  'provider.changed': {
    category: 'system',
    description: 'A model provider was added or changed.',
    fields: ['provider', 'changes'],
  },
  'provider.removed': { category: 'system', description: 'A model provider was removed.', fields: ['provider'] },
  'provider.tested': { category: 'system', description: 'A model provider was tested.', fields: ['provider', 'code'] },
  'budget.changed': { category: 'system', description: 'Budgets and limits were set.', fields: ['rules'] },
  'usage.read': { category: 'system', description: 'Somebody looked at usage and cost.', fields: ['by'] },
  'note.released': {
    category: 'access',
    description: 'Somebody confirmed that a label, tag or property is gone from a note, or that it was moved.',
    fields: ['vault', 'note', 'label', 'tags', 'attributes', 'places'],
  },
  'vault.registered': { category: 'vault', description: 'A vault was registered.', fields: ['vault'] },
  'vault.removed': { category: 'vault', description: 'A vault was removed from the server.', fields: ['vault'] },
  'vault.reindexed': { category: 'vault', description: 'A vault was indexed again by request.', fields: ['vault'] },
  'cache.invalidated': {
    category: 'system',
    description: 'Somebody declared cached values no longer true. Scopes are told by kind and count, never by name.',
    fields: ['scopeKinds', 'scopes', 'kind', 'wait', 'seq', 'committed'],
  },
  'server.started': { category: 'system', description: 'The server started.', fields: ['version'] },
  'server.stopped': { category: 'system', description: 'The server stopped in good order.', fields: [] },
} as const satisfies Record<string, AuditEventSpec>

export type AuditEventType = keyof typeof auditEventTable
