/** The calls to the server besides asking, one function each. Loaded when the first is made: the shapes take time to build. */
import {
  askDryRunSchema,
  askReplySchema,
  modelsReplySchema,
  vaultListSchema,
  type AskDryRun,
  type AskReply,
  type AskRequest,
  type Label,
  type ModelInfo,
} from '@cairn/contract'
import type { Reply } from '@cairn/ui/client'
import type { Probe } from '../core/connection/connection.ts'
import { readLabel } from '../core/inline/note-label.ts'
import type { PairingParts } from '../core/connection/pairing.ts'
import type { Target, Transport } from './transport.ts'

export async function probeServer(transport: Transport, target: Target): Promise<Probe> {
  const told: { apiLevel: number | null; tookMs: number } = { apiLevel: null, tookMs: 0 }
  const reply = await transport.request('/api/vaults', vaultListSchema, {
    target,
    onOutcome: (outcome) => {
      if (outcome.kind === 'reached') Object.assign(told, { apiLevel: outcome.apiLevel, tookMs: outcome.tookMs })
    },
  })
  return { ...told, reply: reply.ok ? { ok: true, value: reply.value.vaults } : reply }
}

/** Those that can answer a question. */
export async function listModels(transport: Transport): Promise<Reply<readonly ModelInfo[]>> {
  const reply = await transport.request('/api/models', modelsReplySchema)
  return reply.ok ? { ok: true, value: reply.value.models.filter(({ kind }) => kind !== 'embedding') } : reply
}

/** What would be sent where, and nothing is. */
export function askDryRun(transport: Transport, request: AskRequest): Promise<Reply<AskDryRun>> {
  return transport.request('/v1/ask', askDryRunSchema, {
    method: 'POST',
    body: { ...request, stream: false, dryRun: true },
    mayRepeat: true,
  })
}

export function askOnce(
  transport: Transport,
  request: AskRequest,
  call: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<Reply<AskReply>> {
  return transport.request('/v1/ask', askReplySchema, { ...call, method: 'POST', body: { ...request, stream: false } })
}

/** How sensitive the server holds a note to be; null when it has no such note, or none that this key may read. */
export async function readNoteLabel(transport: Transport, vault: string, path: string): Promise<Reply<Label | null>> {
  const place = path.split('/').map(encodeURIComponent).join('/')
  const reply = await transport.request(`/api/vaults/${encodeURIComponent(vault)}/notes/${place}`, anything)
  if (!reply.ok) return reply.failure.status === 404 ? { ok: true, value: null } : reply
  return { ok: true, value: readLabel((reply.value as { label?: unknown } | null)?.label) }
}

const anything = { safeParse: (value: unknown) => ({ success: true as const, data: value }) }

/** The two calls of pairing (RFC 8628), without a key, to the server that is to be paired with. */
export function pairingCalls(transport: Transport, origin: string): Pick<PairingParts, 'begin' | 'ask'> {
  const target = { origin, key: null }
  return {
    begin: (body) => transport.request('/api/access/devices', anything, { method: 'POST', body, target }),
    ask: (deviceCode) =>
      transport.request('/api/access/devices/token', anything, {
        method: 'POST',
        body: { device_code: deviceCode },
        target,
        // Not yet, and not at all, are answers too.
        alsoTakes: 400,
      }),
  }
}
