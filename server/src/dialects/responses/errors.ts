/** Errors in the words of OpenAI’s Responses API. */
import type { DialectError } from '../types.ts'
import type { ResponseError } from './reply.ts'

export type ErrorEvent = { type: 'error'; code: string; message: string; param: null }

export function describeError({ code, message }: DialectError): ErrorEvent {
  return { type: 'error', code, message, param: null }
}

/** What a failed response says of itself; it has two words for whatever was not the caller’s mistake. */
export function failureOf({ type, message }: DialectError): ResponseError {
  return { code: type === 'rate_limit_error' ? 'rate_limit_exceeded' : 'server_error', message }
}
