/**
 * One vendor’s HTTP under the deadlines of a call, through the outbound door. The packages of the AI SDK get no other
 * way out than the `fetch` made here, and never see the key: it is put into the headers behind them.
 */
import type { Clock, Secret } from '../../base/index.ts'
import type { Outbound } from '../../platform/index.ts'
import type { CallGuard, Timeouts } from '../openai/call-guard.ts'
import { defaultHoldLimits, type HoldLimits } from '../openai/chat-stream.ts'
import { brokenStream, convertThrown, malformed, type ErrorSource } from '../openai/errors.ts'
import {
  createGuarded,
  errorBytes,
  headTimeout,
  readBody,
  readObject,
  readWhole,
  type Guarded,
  type JsonBody,
} from '../openai/exchange.ts'
import { concatBytes, createFrameSplitter } from '../openai/sse-frames.ts'
import type { CallContext } from '../types.ts'
import { convertVendorStatus } from './errors.ts'
import type { Fetch, Vendor } from './vendor.ts'

export interface VendorHttpOptions {
  readonly id: string
  readonly baseUrl: string
  readonly apiKey: Secret | null
  readonly egress: 'local' | 'external'
  readonly outbound: Outbound
  readonly clock: Clock
  readonly timeouts: Timeouts
  readonly holdLimits?: HoldLimits
}

export interface VendorRequest {
  /** Below the base address, with its query. */
  readonly path: string
  /** Null makes it a GET. */
  readonly body: Uint8Array | null
  readonly streamed: boolean
  readonly headers?: Readonly<Record<string, string>>
}

export interface VendorHttp {
  readonly source: ErrorSource
  readonly clock: Clock
  readonly limits: HoldLimits
  readonly timeouts: Timeouts
  /** With the version in its path, without a slash at the end. */
  readonly baseUrl: string
  readonly guarded: Guarded
  /** The reply when its status is 200. */
  request(request: VendorRequest, context: CallContext, guard: CallGuard): Promise<Response>
  /** The whole reply and its JSON object. */
  readReply(response: Response, guard: CallGuard): Promise<JsonBody>
  /** What a package sends its requests with, for one call. */
  openFetch(context: CallContext, guard: CallGuard, streamed: boolean): PackageFetch
}

export interface PackageFetch {
  readonly fetch: Fetch
  /** Requests that left. */
  sent(): number
}

/** A package may continue a long reply with further requests. No call makes more than this many. */
const requestsPerCall = 8

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createVendorHttp(
  options: VendorHttpOptions,
  vendor: Pick<Vendor, 'kindOf' | 'passesOver'>,
  dialect: { version: string; keyHeader: string; headers: Readonly<Record<string, string>> },
): VendorHttp {
  const { id, apiKey, egress, outbound, clock, timeouts } = options
  const source: ErrorSource = { provider: id, apiKey, clock }
  const limits = options.holdLimits ?? defaultHoldLimits
  const baseUrl = baseOf(options.baseUrl, dialect.version)

  async function send(
    url: string,
    { body, streamed, headers = {} }: Omit<VendorRequest, 'path'>,
    { permit }: CallContext,
    guard: CallGuard,
  ): Promise<Response> {
    const arrived = guard.expect('head', headTimeout(streamed, egress, timeouts))
    const response = await outbound.fetch(permit, {
      url,
      method: body ? 'POST' : 'GET',
      headers: {
        accept: streamed ? 'text/event-stream' : 'application/json',
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...dialect.headers,
        ...headers,
        ...(apiKey ? { [dialect.keyHeader]: apiKey.reveal() } : {}),
      },
      ...(body ? { body } : {}),
      signal: guard.signal,
    })
    arrived()
    if (response.status !== 200)
      throw convertVendorStatus(response, (await readBody(response, errorBytes, guard)).bytes, source, vendor)
    if (streamed && !/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? ''))
      throw malformed(source, 'a stream was asked for and something else came')
    return response
  }

  function openFetch(context: CallContext, guard: CallGuard, streamed: boolean): PackageFetch {
    let count = 0
    const run: Fetch = async (url, init) => {
      if (!url.startsWith(`${baseUrl}/`)) throw malformed(source, 'the package called another address')
      if (count >= requestsPerCall) throw malformed(source, `more than ${requestsPerCall} requests for one reply`)
      count += 1
      const beta = init.headers?.['anthropic-beta']
      const body = new TextEncoder().encode(init.body ?? '')
      const headers = beta === undefined ? {} : { 'anthropic-beta': beta }
      const response = await send(url, { body, streamed, headers }, context, guard)
      const kept = { status: 200, headers: { 'content-type': response.headers.get('content-type') ?? '' } }
      if (!streamed) return new Response(new Uint8Array(await readWhole(response, guard, source)), kept)
      return new Response(
        boundedBody(response, guard, source, { frameBytes: limits.frameBytes, passesOver: vendor.passesOver }),
        kept,
      )
    }
    return { fetch: run, sent: () => count }
  }

  return {
    source,
    clock,
    limits,
    timeouts,
    baseUrl,
    guarded: createGuarded(source, timeouts),
    request: ({ path, ...rest }, context, guard) => send(`${baseUrl}/${path}`, rest, context, guard),
    readReply: (response, guard) => readObject(response, guard, source),
    openFetch,
  }
}

/** A base without a path gets the version of the dialect. */
function baseOf(address: string, version: string): string {
  const { origin, pathname } = new URL(address)
  const path = pathname.replace(/\/+$/, '')
  return origin + (path === '' ? version : path)
}

/**
 * The body of a stream for the package’s parser, which itself bounds nothing: whole frames, of which none may grow too
 * large, without those that the package would take for an error. An end within a frame is an error.
 */
function boundedBody(
  response: Response,
  guard: CallGuard,
  source: ErrorSource,
  { frameBytes, passesOver }: { frameBytes: number; passesOver: (frame: Uint8Array) => boolean },
): ReadableStream<Uint8Array> {
  if (!response.body) throw malformed(source, 'the reply has no body')
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const splitter = createFrameSplitter()
  let isOver = false

  /** The frames of as many reads as are needed for one; null at the end. */
  async function nextFrames(): Promise<Uint8Array | null> {
    for (;;) {
      const { done, value } = await guard.wait(reader.read())
      if (done && splitter.pendingBytes() > 0) throw brokenStream(source, 'the connection closed within a frame')
      if (done) return null
      const frames = splitter.push(value).filter((frame) => !passesOver(frame))
      if (splitter.pendingBytes() > frameBytes) throw malformed(source, `a frame is larger than ${frameBytes} bytes`)
      if (frames.length > 0) return concatBytes(frames)
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const abort = () => {
          if (!isOver) controller.error(guard.signal.reason)
          isOver = true
        }
        guard.signal.addEventListener('abort', abort, { once: true })
      },
      async pull(controller) {
        try {
          const bytes = await nextFrames()
          if (isOver) return
          if (bytes) return controller.enqueue(bytes)
          controller.close()
        } catch (thrown) {
          if (!isOver) controller.error(convertThrown(thrown, source, guard.caller, 'broken-stream'))
        }
        isOver = true
      },
      cancel() {
        isOver = true
        guard.close()
      },
    },
    { highWaterMark: 0 },
  )
}
