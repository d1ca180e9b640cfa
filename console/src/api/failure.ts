/** What went wrong between console and server, with what a person at the console can do about it. */
import type { ErrorCode } from '@cairn/contract'
import { createFailures, type Failure } from '@cairn/ui/client'

export { sentenceOf, type Failure, type Reply } from '@cairn/ui/client'

/** What a person at the console can do. Codes whose message says it already are not here. */
const hints: Partial<Record<ErrorCode, string>> = {
  'access.unauthenticated': 'Your session has ended. Sign in again.',
  'access.link-invalid':
    'A link works once and for a short time. Run `npx cairn sign-in` for a new one, or ask whoever invited you.',
  'access.link-unconfirmed': 'Ask whoever invited you to have it confirmed, then try again.',
  'access.openid-state': 'Begin the sign-in again from this page.',
  'access.openid-refused': 'Ask whoever runs this server to invite you.',
  'access.openid-failed': 'Try again. If it stays, the server’s log says why.',
  'request.origin': 'Open the console at the address that the server printed when it started.',
  'request.host': 'Open the console at the address that the server printed when it started.',
  'model.not-found': 'Pick another model below the question.',
  'model.capability': 'Pick another model below the question.',
  'model.not-cleared': 'Pick a model that runs on this machine, or ask a vault with less sensitive notes.',
  'upstream.unreachable': 'Start the model server or check its address, or pick another model.',
  'upstream.timeout': 'Try again, or pick another model.',
  'upstream.rate-limited': 'Wait a minute, or pick another model.',
  'upstream.credentials': 'Check the API key of this provider in the server’s configuration.',
  'upstream.broken-stream': 'What arrived is shown above. Try again for a whole answer.',
  'index.not-ready': 'Wait until the vault is indexed; the bar at the top shows how far it is.',
  'vault.folder': 'Give the full path of a folder that the server may read.',
  'server.stopping': 'Start the server again with `npm start`, then reload this page.',
  'storage.failed': 'Look at the server’s log; `npx cairn doctor` checks the store.',
  'internal.error': 'The server’s log has the details under the request id.',
}

export const unreachable: Failure = {
  code: 'console.unreachable',
  status: 0,
  title: 'The server does not answer',
  message: '',
  hint: 'Check that `npm start` is still running, then try again.',
  retryable: true,
  requestId: undefined,
}

export const malformed: Failure = {
  code: 'console.malformed',
  status: 0,
  title: 'The server’s reply cannot be read',
  message: '',
  hint: 'The server was probably updated. Reload this page.',
  retryable: true,
  requestId: undefined,
}

export const brokenOff: Failure = {
  code: 'console.broken-off',
  status: 0,
  title: 'The connection broke off in the middle of the answer',
  message: '',
  hint: 'Check that the server is still running, then try again.',
  retryable: true,
  requestId: undefined,
}

export const { failureOf, readFailure } = createFailures('console', hints)
