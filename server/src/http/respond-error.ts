/**
 * The only place that turns an error into bytes: OpenAI's shape under `/v1`, RFC 9457 problem details elsewhere. Only
 * `code`, `message`, `param` and the table's words leave; `internal` and `cause` are for the log.
 */
import type { Problem } from '@cairn/contract'
import type { CairnError } from '../base/index.ts'
import type { HttpReply } from './reply.ts'

export type Audience = 'openai' | 'problem'

/** The shape that the callers of a path expect, whether or not a route is there. */
export function audienceOf(pathname: string): Audience {
  return pathname === '/v1' || pathname.startsWith('/v1/') ? 'openai' : 'problem'
}

export function respondError(
  error: CairnError,
  { audience, requestId }: { audience: Audience; requestId: string },
): HttpReply {
  const { status, title, type } = error.spec
  const headers: Record<string, string> = {
    'content-type': audience === 'openai' ? 'application/json' : 'application/problem+json',
  }
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="cairn"'
  if (error.retryAfterMs !== null) headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000)))
  if (audience === 'openai') {
    const body = { error: { message: error.message, type, param: error.param, code: error.code } }
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
