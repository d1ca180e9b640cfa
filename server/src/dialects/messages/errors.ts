/** Errors in Anthropic’s words. */
import { errorTable } from '@cairn/contract'
import type { DialectError } from '../types.ts'

export type AnthropicErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'overloaded_error'
  | 'api_error'

export type ErrorBody = { type: 'error'; error: { type: AnthropicErrorType; message: string } }

const typesByStatus: ReadonlyMap<number, AnthropicErrorType> = new Map([
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [409, 'conflict_error'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
])

/** The word for a code of the error table, or for an HTTP status. */
export function anthropicErrorType(error: string | number): AnthropicErrorType {
  const status = typeof error === 'number' ? error : statusOf(error)
  return typesByStatus.get(status) ?? (status >= 400 && status < 500 ? 'invalid_request_error' : 'api_error')
}

function statusOf(code: string): number {
  const table: Readonly<Record<string, { readonly status: number }>> = errorTable
  return Object.hasOwn(table, code) ? (table[code]?.status ?? 500) : 500
}

export function describeError({ code, message }: DialectError): ErrorBody {
  return { type: 'error', error: { type: anthropicErrorType(code), message } }
}
