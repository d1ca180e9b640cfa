/** What went wrong between console and server, in words for the person: what happened and what to do about it. */
import { errorTable, openAiErrorSchema, problemSchema, type ErrorCode } from '@cairn/contract'

export interface Failure {
  /** A code of the server's error table, or one of `console.*`. */
  readonly code: string
  readonly status: number
  readonly title: string
  /** The server's own sentence on this case; empty when the title says it all. */
  readonly message: string
  readonly hint: string | undefined
  readonly retryable: boolean
  readonly requestId: string | undefined
  /** The field of the request that is wrong, as the server names it: `models[0].id`. */
  readonly param?: string | undefined
}

export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure }

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

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code)
}

/** A failure for a code and the server's sentence. */
export function failureOf(code: string, message: string, status = 0, requestId?: string): Failure {
  const spec = isErrorCode(code) ? errorTable[code] : undefined
  // What the server says of a provider has the table's words and the provider's name in them.
  const isOwnTitle = code.startsWith('upstream.') && message !== ''
  const title = isOwnTitle ? message.replace(/\.$/, '') : (spec?.title ?? (message || 'Something went wrong'))
  return {
    code,
    status: status || (spec?.status ?? 0),
    title,
    requestId,
    message: isOwnTitle || message === title ? '' : message,
    hint: isErrorCode(code) ? hints[code] : undefined,
    retryable: spec?.retryable ?? true,
  }
}

/** The server's sentence without the name of the field before it, for a place beside that field. */
export function sentenceOf({ title, message, param }: Failure): string {
  const said = message || title
  return param !== undefined && said.startsWith(`${param}: `) ? capitalise(said.slice(param.length + 2)) : said
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Reads either error shape of the server, or says what is known from the status alone. */
export async function readFailure(response: Response): Promise<Failure> {
  const body: unknown = await response.json().catch(() => null)
  const problem = problemSchema.safeParse(body)
  if (problem.success) {
    const { code, detail, requestId, param } = problem.data
    return { ...failureOf(code, detail, response.status, requestId), param: param ?? undefined }
  }
  const fromHeader = response.headers.get('x-request-id') ?? undefined
  const openAi = openAiErrorSchema.safeParse(body)
  if (openAi.success) return failureOf(openAi.data.error.code, openAi.data.error.message, response.status, fromHeader)
  return failureOf('console.status', `The server answered with status ${response.status}`, response.status, fromHeader)
}
