/**
 * THE error table. Every code that a caller can meet, with its HTTP status, the words for a title, and whether
 * trying again can help. `type` is the word that OpenAI's clients expect in the same place.
 */

export interface ErrorSpec {
  readonly status: number
  readonly title: string
  readonly retryable: boolean
  readonly type: OpenAiErrorType
}

export type OpenAiErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'rate_limit_error'
  | 'insufficient_quota'
  | 'api_error'

export const errorTable = {
  'request.invalid-json': {
    status: 400,
    title: 'The body is not JSON',
    retryable: false,
    type: 'invalid_request_error',
  },
  'request.invalid': {
    status: 400,
    title: 'A field of the request is wrong',
    retryable: false,
    type: 'invalid_request_error',
  },
  'request.not-found': { status: 404, title: 'No such address', retryable: false, type: 'not_found_error' },
  'request.method': {
    status: 405,
    title: 'The address does not take this method',
    retryable: false,
    type: 'invalid_request_error',
  },
  'request.media-type': {
    status: 415,
    title: 'The body must be application/json',
    retryable: false,
    type: 'invalid_request_error',
  },
  'request.too-large': { status: 413, title: 'The body is too large', retryable: false, type: 'invalid_request_error' },
  'request.timeout': {
    status: 408,
    title: 'The body did not arrive in time',
    retryable: true,
    type: 'invalid_request_error',
  },
  'request.host': {
    status: 421,
    title: 'This server does not answer for that host name',
    retryable: false,
    type: 'invalid_request_error',
  },
  'request.origin': {
    status: 403,
    title: 'A session cookie is taken from this server’s own pages only',
    retryable: false,
    type: 'permission_error',
  },
  'access.unauthenticated': {
    status: 401,
    title: 'Sign in or send an API key',
    retryable: false,
    type: 'authentication_error',
  },
  'access.key-unknown': {
    status: 401,
    title: 'Unknown, expired or revoked API key',
    retryable: false,
    type: 'authentication_error',
  },
  'access.link-invalid': {
    status: 401,
    title: 'The sign-in link was used or has expired',
    retryable: false,
    type: 'authentication_error',
  },
  'access.link-unconfirmed': {
    status: 403,
    title: 'A second administrator has to confirm this first',
    retryable: true,
    type: 'permission_error',
  },
  'access.link-missing': {
    status: 404,
    title: 'No such link waits for a second administrator',
    retryable: false,
    type: 'not_found_error',
  },
  'access.forbidden': { status: 403, title: 'Not allowed', retryable: false, type: 'permission_error' },
  'access.unconfirmed': {
    status: 503,
    title: 'Permissions cannot be confirmed at the moment',
    retryable: true,
    type: 'api_error',
  },
  'access.revision-missing': { status: 404, title: 'No such revision', retryable: false, type: 'not_found_error' },
  'access.revision-conflict': {
    status: 409,
    title: 'The policy was changed meanwhile',
    retryable: true,
    type: 'conflict_error',
  },
  'access.proposal-missing': { status: 404, title: 'No such proposal', retryable: false, type: 'not_found_error' },
  'access.grant-missing': { status: 404, title: 'No such grant', retryable: false, type: 'not_found_error' },
  'access.barrier-missing': { status: 404, title: 'No such barrier', retryable: false, type: 'not_found_error' },
  'access.delegation-missing': { status: 404, title: 'No such delegation', retryable: false, type: 'not_found_error' },
  'access.emergency-missing': {
    status: 404,
    title: 'No such emergency access',
    retryable: false,
    type: 'not_found_error',
  },
  'access.emergency-state': {
    status: 409,
    title: 'This step was taken already',
    retryable: false,
    type: 'conflict_error',
  },
  'access.lockout': { status: 409, title: 'This would lock everybody out', retryable: false, type: 'conflict_error' },
  'access.key-missing': { status: 404, title: 'No such key', retryable: false, type: 'not_found_error' },
  'access.sign-in-refused': {
    status: 401,
    title: 'Name, password or code is wrong',
    retryable: false,
    type: 'authentication_error',
  },
  'access.code-needed': {
    status: 401,
    title: 'A code of your second factor is needed',
    retryable: false,
    type: 'authentication_error',
  },
  'access.mfa-needed': {
    status: 403,
    title: 'A second factor is needed for this',
    retryable: false,
    type: 'permission_error',
  },
  'access.attempts': {
    status: 429,
    title: 'Too many attempts',
    retryable: true,
    type: 'rate_limit_error',
  },
  'access.password-weak': {
    status: 422,
    title: 'The password is not taken',
    retryable: false,
    type: 'invalid_request_error',
  },
  'access.user-missing': { status: 404, title: 'No such person or service', retryable: false, type: 'not_found_error' },
  'access.user-exists': {
    status: 409,
    title: 'Somebody has this e-mail address already',
    retryable: false,
    type: 'conflict_error',
  },
  'access.last-owner': {
    status: 409,
    title: 'The last active owner cannot go',
    retryable: false,
    type: 'conflict_error',
  },
  'access.group-missing': { status: 404, title: 'No such group', retryable: false, type: 'not_found_error' },
  'access.group-exists': {
    status: 409,
    title: 'There is such a group already',
    retryable: false,
    type: 'conflict_error',
  },
  'access.group-cycle': {
    status: 409,
    title: 'A group cannot be a member of itself, also not through others',
    retryable: false,
    type: 'conflict_error',
  },
  'access.session-missing': { status: 404, title: 'No such session', retryable: false, type: 'not_found_error' },
  'access.key-wider': {
    status: 403,
    title: 'A key cannot be given more than the key it stays within has',
    retryable: false,
    type: 'permission_error',
  },
  'access.totp-state': {
    status: 409,
    title: 'The second factor is not in the state for this',
    retryable: false,
    type: 'conflict_error',
  },
  'access.device-code': {
    status: 404,
    title: 'No device waits with this code',
    retryable: false,
    type: 'not_found_error',
  },
  'access.openid-off': {
    status: 404,
    title: 'Signing in with a provider is not set up',
    retryable: false,
    type: 'not_found_error',
  },
  'access.openid-failed': {
    status: 502,
    title: 'Signing in with the provider failed',
    retryable: true,
    type: 'api_error',
  },
  'access.openid-state': {
    status: 400,
    title: 'This reply of the provider belongs to no sign-in that was begun here',
    retryable: false,
    type: 'invalid_request_error',
  },
  'access.openid-refused': {
    status: 403,
    title: 'The provider’s account may not sign in here',
    retryable: false,
    type: 'permission_error',
  },
  'vault.not-found': { status: 404, title: 'No such vault', retryable: false, type: 'not_found_error' },
  'vault.exists': { status: 409, title: 'The vault is registered already', retryable: false, type: 'conflict_error' },
  'vault.folder': {
    status: 422,
    title: 'The folder cannot be used as a vault',
    retryable: false,
    type: 'invalid_request_error',
  },
  'vault.watched': {
    status: 409,
    title: 'The vault is a watched folder; edit the files there',
    retryable: false,
    type: 'conflict_error',
  },
  'vault.not-publisher': {
    status: 409,
    title: 'Another device publishes the vault',
    retryable: false,
    type: 'conflict_error',
  },
  'vault.sync-in-run': {
    status: 409,
    title: 'This run serves named folders only',
    retryable: false,
    type: 'conflict_error',
  },
  'note.changed': {
    status: 412,
    title: 'The note is in another version on the server',
    retryable: false,
    type: 'conflict_error',
  },
  'note.not-found': { status: 404, title: 'No such note', retryable: false, type: 'not_found_error' },
  'note.not-held': { status: 404, title: 'Nothing is held of this note', retryable: false, type: 'not_found_error' },
  'note.held-changed': {
    status: 409,
    title: 'The note was changed meanwhile',
    retryable: false,
    type: 'conflict_error',
  },
  'model.not-found': { status: 404, title: 'No such model', retryable: false, type: 'not_found_error' },
  'model.capability': {
    status: 400,
    title: 'The model cannot do that',
    retryable: false,
    type: 'invalid_request_error',
  },
  'model.not-cleared': {
    status: 403,
    title: 'No usable model is cleared for these notes',
    retryable: false,
    type: 'permission_error',
  },
  'model.region': {
    status: 403,
    title: 'No usable model is in a region that these notes may go to',
    retryable: false,
    type: 'permission_error',
  },
  'model.unavailable': {
    status: 503,
    title: 'No deployment of the model can be used now',
    retryable: true,
    type: 'api_error',
  },
  'provider.not-found': { status: 404, title: 'No such provider', retryable: false, type: 'not_found_error' },
  'provider.read-only': {
    status: 409,
    title: 'The provider is set in the configuration; change it there',
    retryable: false,
    type: 'conflict_error',
  },
  'budget.exceeded': {
    status: 429,
    title: 'The budget is used up',
    retryable: false,
    type: 'insufficient_quota',
  },
  'limit.requests': { status: 429, title: 'Too many requests', retryable: true, type: 'rate_limit_error' },
  'limit.tokens': { status: 429, title: 'Too many tokens', retryable: true, type: 'rate_limit_error' },
  'cache.fill-timeout': {
    status: 504,
    title: 'Making the answer took too long',
    retryable: true,
    type: 'api_error',
  },
  'upstream.unreachable': {
    status: 502,
    title: 'The model provider cannot be reached',
    retryable: true,
    type: 'api_error',
  },
  'upstream.timeout': {
    status: 504,
    title: 'The model provider did not answer in time',
    retryable: true,
    type: 'api_error',
  },
  'upstream.rate-limited': {
    status: 429,
    title: 'The model provider limits the rate',
    retryable: true,
    type: 'rate_limit_error',
  },
  'upstream.credentials': {
    status: 502,
    title: 'The model provider refused our credentials',
    retryable: false,
    type: 'api_error',
  },
  'upstream.redirect': {
    status: 502,
    title: 'The model provider answered with a redirect, which is never followed',
    retryable: false,
    type: 'api_error',
  },
  'upstream.rejected': {
    status: 400,
    title: 'The model provider refused the request',
    retryable: false,
    type: 'invalid_request_error',
  },
  'upstream.context-length': {
    status: 400,
    title: 'The request is longer than the model’s context window',
    retryable: false,
    type: 'invalid_request_error',
  },
  'upstream.content-policy': {
    status: 400,
    title: 'The model provider refused the request by its content policy',
    retryable: false,
    type: 'invalid_request_error',
  },
  'upstream.failed': { status: 502, title: 'The model provider failed', retryable: true, type: 'api_error' },
  'upstream.malformed': {
    status: 502,
    title: 'The model provider sent something that cannot be read',
    retryable: true,
    type: 'api_error',
  },
  'upstream.broken-stream': {
    status: 502,
    title: 'The model provider broke off in the middle of the answer',
    retryable: true,
    type: 'api_error',
  },
  'upstream.queue-full': {
    status: 503,
    title: 'Too many requests wait for the model provider',
    retryable: true,
    type: 'api_error',
  },
  'egress.denied': {
    status: 403,
    title: 'This outbound connection is not allowed',
    retryable: false,
    type: 'permission_error',
  },
  'index.not-ready': { status: 503, title: 'The vault is not indexed yet', retryable: true, type: 'api_error' },
  'cache.shared-unreachable': {
    status: 503,
    title: 'The shared cache cannot be reached',
    retryable: true,
    type: 'api_error',
  },
  'server.busy': { status: 503, title: 'The server is busy', retryable: true, type: 'api_error' },
  'server.stopping': { status: 503, title: 'The server is stopping', retryable: true, type: 'api_error' },
  'audit.hold-missing': {
    status: 404,
    title: 'There is no such hold, or it was released',
    retryable: false,
    type: 'invalid_request_error',
  },
  'audit.unavailable': {
    status: 503,
    title: 'This cannot be recorded at the moment, and is not done without',
    retryable: true,
    type: 'api_error',
  },
  'audit.entry-missing': { status: 404, title: 'No such entry', retryable: false, type: 'not_found_error' },
  'storage.failed': { status: 503, title: 'The store cannot be used', retryable: true, type: 'api_error' },
  'config.invalid': {
    status: 400,
    title: 'The configuration is wrong',
    retryable: false,
    type: 'invalid_request_error',
  },
  'internal.error': { status: 500, title: 'Something went wrong inside Cairn', retryable: false, type: 'api_error' },
} as const satisfies Record<string, ErrorSpec>

export type ErrorCode = keyof typeof errorTable
