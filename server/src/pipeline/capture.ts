/**
 * Texts of a call, where a rule of the audit log has them kept: as the client sent them, and as it was told. They go
 * into an entry of their own with the same request id, sealed for who asked.
 */
import { auditLevelLimits, type AuditEventType } from '@cairn/contract'
import type { AuditEntry, LevelledRecorder } from '../audit/index.ts'
import type { StreamHeard } from './chat-stream.ts'
import type { Call } from './types.ts'

/** Called only where the text is kept. Null where there is none. */
export interface Said {
  request(): string
  response?(): string | null
}

/** Rejects as `record` does. */
export async function capture(
  call: Call,
  { type, fields }: { type: AuditEventType; fields: NonNullable<AuditEntry['fields']> },
  said: Said,
  audit: LevelledRecorder,
): Promise<void> {
  const { level, purpose = '' } = audit.ruleFor({ type, fields })
  if (level !== 'request' && level !== 'request-response') return
  const texts = [said.request(), level === 'request' ? null : (said.response?.() ?? null)]
  const [request = null, response = null] = texts.map((text) => text?.slice(0, auditLevelLimits.text) ?? null)
  await audit.record({
    type: 'call.captured',
    actor: call.principal.id,
    requestId: call.requestId,
    outcome: 'ok',
    fields: {
      of: type,
      level,
      purpose,
      vaults: fields['vaults'] ?? [],
      notes: fields['notes'] ?? [],
      requestLength: texts[0]?.length ?? 0,
      responseLength: texts[1]?.length ?? null,
      isCut: texts.some((text) => text !== null && text.length > auditLevelLimits.text),
      request: request?.toWellFormed() ?? null,
      response: response?.toWellFormed() ?? null,
    },
  })
}

export function textOf(body: Uint8Array | string): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}

/** UTF-8 of a character that is kept. */
const mostBytes = auditLevelLimits.text * 4

interface Overheard {
  readonly stream: StreamHeard
  /** Its text, or its frames where no text is found in them; absent where nobody listened. */
  readonly told?: () => string
}

/** The same stream, and what of it was told. */
export function overhear(stream: StreamHeard, isKept: boolean): Overheard {
  if (!isKept) return { stream }
  const kept: Uint8Array[] = []
  let bytes = 0
  const { frames } = stream
  return {
    stream: {
      ...stream,
      frames: {
        leave: frames.leave,
        async next() {
          const step = await frames.next()
          if (bytes < mostBytes) {
            kept.push(step.value)
            bytes += step.value.length
          }
          return step
        },
      },
    },
    told() {
      const all = new TextDecoder().decode(Buffer.concat(kept))
      return textIn(all) || all
    },
  }
}

/** Of chat, of messages and of responses: each has one place for a piece of text. */
function textIn(frames: string): string {
  let text = ''
  for (const line of frames.split('\n')) {
    if (!line.startsWith('data:')) continue
    try {
      text += pieceOf(JSON.parse(line.slice(5)))
    } catch {
      // `[DONE]`, or cut off.
    }
  }
  return text
}

interface Frame {
  readonly type?: unknown
  readonly delta?: unknown
  readonly choices?: readonly { readonly delta?: { readonly content?: unknown } }[]
}

function pieceOf(frame: unknown): string {
  const { type, delta, choices } = (frame ?? {}) as Frame
  const spoken = choices?.[0]?.delta?.content
  if (typeof spoken === 'string') return spoken
  if (type === 'response.output_text.delta' && typeof delta === 'string') return delta
  const text = (delta as { text?: unknown } | undefined)?.text
  return typeof text === 'string' ? text : ''
}
