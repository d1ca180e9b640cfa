/** Takes a request's body within its bounds: declared as JSON, of limited size, arriving in limited time. */
import { CairnError, fail } from '../base/index.ts'

export interface BodyLimits {
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Throws `request.media-type` unless the body is declared to be JSON in UTF-8 and not compressed. */
export function requireJsonType(headers: Headers): void {
  const declared = headers.get('content-type')
  const [type = '', ...parameters] = (declared ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  if (!/^application\/(?:json|[a-z0-9!#$&^_.-]+\+json)$/.test(type)) {
    fail('request.media-type', {
      message:
        declared === null ? 'Send the header “content-type: application/json”.' : 'The body must be application/json.',
    })
  }
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '')
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')
    fail('request.media-type', { message: 'The body must be in UTF-8.' })
  const encoding = headers.get('content-encoding')
  if (encoding !== null && encoding.toLowerCase() !== 'identity')
    fail('request.media-type', { message: 'Send the body without content-encoding.' })
}

/** By its framing (RFC 9112, section 6.3): touching `request.body` would turn the body into a stream, which is slower. */
export function hasBody(headers: Headers): boolean {
  return headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0
}

/** Throws `request.too-large` or `request.timeout`, or the signal's reason when the client leaves. */
export async function readBody(request: Request, { maxBytes, timeoutMs, signal }: BodyLimits): Promise<Uint8Array> {
  const length = request.headers.get('content-length')
  if (Number(length ?? 0) > maxBytes) throw tooLarge(maxBytes)
  if (!hasBody(request.headers)) return new Uint8Array(0)

  const stop = Promise.withResolvers<never>()
  const late = () =>
    stop.reject(new CairnError('request.timeout', { message: `The body did not arrive within ${timeoutMs} ms.` }))
  const left = () => stop.reject(signal.reason)
  const timer = setTimeout(late, timeoutMs)
  signal.addEventListener('abort', left, { once: true })
  try {
    // The runtime holds a body to its announced length, and reads it faster whole.
    if (length !== null) return await Promise.race([request.bytes(), stop.promise])
    return request.body ? await readChunks(request.body, maxBytes, stop.promise) : new Uint8Array(0)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', left)
  }
}

function tooLarge(maxBytes: number): CairnError {
  return new CairnError('request.too-large', { message: `The body may have at most ${maxBytes} bytes.` })
}

async function readChunks(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  stop: Promise<never>,
): Promise<Uint8Array> {
  const reader = body.getReader()
  try {
    const chunks: Uint8Array[] = []
    let sizeBytes = 0
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), stop])
      if (done) return joinChunks(chunks, sizeBytes)
      sizeBytes += value.length
      if (sizeBytes > maxBytes) throw tooLarge(maxBytes)
      chunks.push(value)
    }
  } catch (thrown) {
    reader.cancel(thrown).catch(() => undefined)
    throw thrown
  }
}

function joinChunks(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  if (chunks.length === 1 && chunks[0]) return chunks[0]
  const whole = new Uint8Array(sizeBytes)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.length
  }
  return whole
}
