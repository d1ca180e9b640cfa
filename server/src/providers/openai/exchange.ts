/**
 * One request to a server of the OpenAI dialect and the reading of its reply, under the call's deadlines. Whatever goes
 * wrong leaves here as `UpstreamFailure`, or as the caller's own reason for leaving.
 */
import { CairnError, type Clock, type Secret } from '../../base/index.ts'
import type { Outbound } from '../../platform/index.ts'
import { UpstreamFailure } from '../failure.ts'
import type { CallContext } from '../types.ts'
import { createCallGuard, type CallGuard, type Timeouts } from './call-guard.ts'
import { convertInBand, convertStatus, convertThrown, malformed, type ErrorSource } from './errors.ts'
import { parseObject } from './replies.ts'
import { concatBytes } from './sse-frames.ts'

export interface ExchangeOptions {
  readonly id: string
  readonly baseUrl: string
  readonly apiKey: Secret | null
  /** How the key is sent; `bearer` when absent. */
  readonly auth?: 'bearer' | 'api-key'
  readonly egress: 'local' | 'external'
  readonly outbound: Outbound
  readonly clock: Clock
  readonly timeouts: Timeouts
}

export interface ProviderRequest {
  readonly path: string
  /** Null makes it a GET. */
  readonly body: Uint8Array | null
  readonly streamed: boolean
}

export interface JsonBody {
  readonly bytes: Uint8Array
  readonly reply: Record<string, unknown>
}

/** Runs a call under its deadlines. They end with it, unless its value goes on and ends them itself. */
export type Guarded = <T>(context: CallContext, run: (guard: CallGuard) => Promise<T>, goesOn?: boolean) => Promise<T>

export interface Exchange {
  readonly source: ErrorSource
  readonly guarded: Guarded
  /** The reply when its status is 200. */
  request(request: ProviderRequest, context: CallContext, guard: CallGuard): Promise<Response>
  /** The reply’s JSON object, which must have a list of that name. */
  readReply(response: Response, guard: CallGuard, list: ReplyList): Promise<JsonBody>
}

/** The list that a reply of that kind must have. */
export type ReplyList = 'choices' | 'data' | 'output'

const replyBytes = 64 * 1_024 * 1_024
/** Read of a reply that is no success. */
export const errorBytes = 65_536

export function createExchange(options: ExchangeOptions): Exchange {
  const { id, baseUrl, apiKey, auth = 'bearer', egress, outbound, clock, timeouts } = options
  const source: ErrorSource = { provider: id, apiKey, clock }
  const endpoints = new Map<string, string>()

  function endpointOf(path: string): string {
    const known = endpoints.get(path)
    if (known !== undefined) return known
    const made = endpoint(baseUrl, path)
    endpoints.set(path, made)
    return made
  }

  async function request(
    { path, body, streamed }: ProviderRequest,
    { permit }: CallContext,
    guard: CallGuard,
  ): Promise<Response> {
    const arrived = guard.expect('head', headTimeout(streamed, egress, timeouts))
    const response = await outbound.fetch(permit, {
      url: endpointOf(path),
      method: body ? 'POST' : 'GET',
      headers: {
        accept: streamed ? 'text/event-stream' : 'application/json',
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(apiKey
          ? auth === 'bearer'
            ? { authorization: `Bearer ${apiKey.reveal()}` }
            : { 'api-key': apiKey.reveal() }
          : {}),
      },
      ...(body ? { body } : {}),
      signal: guard.signal,
    })
    arrived()
    if (response.status === 200) return response
    throw convertStatus(response, (await readBody(response, errorBytes, guard)).bytes, source)
  }

  async function readReply(response: Response, guard: CallGuard, list: ReplyList): Promise<JsonBody> {
    const body = await readObject(response, guard, source)
    if (!Array.isArray(body.reply[list])) throw malformed(source, `the reply has no list “${list}”`)
    return body
  }

  return { source, guarded: createGuarded(source, timeouts), request, readReply }
}

/** Runs calls under their deadlines, for every provider. */
export function createGuarded(source: ErrorSource, timeouts: Timeouts): Guarded {
  return async ({ signal }, run, goesOn = false) => {
    const guard = createCallGuard(signal, timeouts, source.clock)
    try {
      const value = await run(guard)
      if (!goesOn) guard.finish()
      return value
    } catch (thrown) {
      guard.close()
      throw isRefusal(thrown) ? thrown : convertThrown(thrown, source, signal)
    }
  }
}

/** The caller’s own mistake, found before anything was sent. */
function isRefusal(thrown: unknown): boolean {
  return thrown instanceof CairnError && (thrown.code === 'request.invalid' || thrown.code === 'model.capability')
}

/**
 * A local server loads a model before it sends the head of its first reply, which takes as long as the first token,
 * so it gets the time of a silence. A reply that is not streamed has its head when it is finished.
 */
export function headTimeout(streamed: boolean, egress: 'local' | 'external', timeouts: Timeouts): number {
  if (!streamed) return timeouts.totalTimeoutMs
  return egress === 'local' ? Math.max(timeouts.connectTimeoutMs, timeouts.idleTimeoutMs) : timeouts.connectTimeoutMs
}

/** The address below the base; a base without a path gets `/v1`, and a query (as Azure’s `api-version`) stays. */
function endpoint(baseUrl: string, path: string): string {
  const url = new URL(baseUrl)
  const base = url.pathname.replace(/\/+$/, '')
  url.pathname = `${base === '' ? '/v1' : base}/${path}`
  return url.href
}

/** The whole body; one beyond what a reply may have is malformed. */
export async function readWhole(response: Response, guard: CallGuard, source: ErrorSource): Promise<Uint8Array> {
  const { bytes, complete } = await readBody(response, replyBytes, guard)
  if (!complete) throw malformed(source, `the reply is larger than ${replyBytes} bytes`)
  return bytes
}

/** The whole body as the JSON object of a success. */
export async function readObject(response: Response, guard: CallGuard, source: ErrorSource): Promise<JsonBody> {
  const bytes = await readWhole(response, guard, source)
  const reply = parseObject(bytes)
  if (!reply) throw malformed(source, 'the reply is not a JSON object')
  if (reply['error'] !== undefined && reply['error'] !== null) throw convertInBand(source)
  return { bytes, reply }
}

/** At most `limit` bytes of the body; `complete` is false when there were more, and the connection is closed then. */
export async function readBody(
  response: Response,
  limit: number,
  guard: Pick<CallGuard, 'wait'>,
): Promise<{ bytes: Uint8Array; complete: boolean }> {
  // A body of known length is read whole, which the runtime does faster than we do piece by piece.
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  if (length <= limit) return { bytes: await guard.wait(response.bytes()).catch(convertCut), complete: true }
  if (!response.body) return { bytes: new Uint8Array(0), complete: true }
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await guard.wait(reader.read())
      if (done) return { bytes: concatBytes(parts), complete: true }
      size += value.length
      if (size > limit) break
      parts.push(value)
    }
  } catch (thrown) {
    convertCut(thrown)
  }
  void reader.cancel()
  return { bytes: concatBytes(parts), complete: false }
}

function convertCut(thrown: unknown): never {
  throw thrown instanceof TypeError
    ? new UpstreamFailure('broken-stream', { internal: 'the connection closed within the body', cause: thrown })
    : thrown
}
