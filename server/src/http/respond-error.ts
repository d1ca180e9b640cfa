/**
 * The only place that turns an error into bytes: Anthropic's shape under `/v1/messages`, OpenAI's elsewhere under `/v1`,
 * RFC 9457 problem details in the rest. Only `code`, `message`, `param` and the table's words leave; `internal` and
 * `cause` are for the log.
 */
import type { AnthropicError, Problem } from '@cairn/contract'
import type { CairnError } from '../base/index.ts'
import { anthropicErrorType } from '../dialects/index.ts'
import type { HttpReply } from './reply.ts'

export type Audience = 'openai' | 'anthropic' | 'problem'

/** The shape that the callers of a path expect, whether or not a route is there. */
export function audienceOf(pathname: string): Audience {
  if (pathname === '/v1/messages' || pathname.startsWith('/v1/messages/')) return 'anthropic'
  return pathname === '/v1' || pathname.startsWith('/v1/') ? 'openai' : 'problem'
}

export function respondError(
  error: CairnError,
  { audience, requestId }: { audience: Audience; requestId: string },
): HttpReply {
  const { status, title, type } = error.spec
  const headers: Record<string, string> = {
    'content-type': audience === 'problem' ? 'application/problem+json' : 'application/json',
    ...retryHeaders(error),
  }
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="cairn"'
  if (audience === 'openai') {
    const body = { error: { message: error.message, type, param: error.param, code: error.code } }
    return { status, headers, body: JSON.stringify(body) }
  }
  if (audience === 'anthropic') {
    const body: AnthropicError = {
      type: 'error',
      error: { type: anthropicTypeOf(error), message: error.message },
      request_id: requestId,
    }
    return { status, headers, body: JSON.stringify(body) }
  }
  const problem: Problem = {
    type: `urn:cairn:error:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    param: error.param,
    requestId,
  }
  return { status, headers, body: JSON.stringify(problem) }
}

/**
 * When to try again, in the words of HTTP and in the milliseconds that the official clients of OpenAI and Anthropic
 * prefer; and not to, where this server has tried already or where trying again can only be refused again.
 */
function retryHeaders({ code, retried, retryAfterMs }: CairnError): Record<string, string> {
  return {
    ...(retryAfterMs === null
      ? {}
      : {
          'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))),
          'retry-after-ms': String(Math.max(1, Math.ceil(retryAfterMs))),
        }),
    ...(retried || code === 'budget.exceeded' ? { 'x-should-retry': 'false' } : {}),
  }
}

/** As in streams of that dialect, with the two words of Anthropic’s that only whole replies need. */
function anthropicTypeOf({ code, spec: { status } }: CairnError): string {
  if (code === 'budget.exceeded') return 'billing_error'
  return status === 413 ? 'request_too_large' : anthropicErrorType(code)
}
