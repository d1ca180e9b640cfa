/** Batches to a webhook, signed as Standard Webhooks (standardwebhooks.com, 1.0) has it. */
import { createHmac } from 'node:crypto'
import { CairnError, sha256, type Clock, type Secret } from '../../base/index.ts'
import type { Outbound, PermitOffice } from '../../platform/index.ts'
import type { Batch } from './batch.ts'
import type { Send } from './delivery.ts'

export interface WebhookOptions {
  readonly sink: string
  readonly url: string
  /** `whsec_` and the key in base 64. */
  readonly secret: Secret
  /** Of the log. */
  readonly origin: string
  readonly clock: Pick<Clock, 'now'>
  readonly outbound: Pick<Outbound, 'fetch'>
  readonly permits: Pick<PermitOffice, 'issue'>
}

const headTimeoutMs = 15_000

export function createWebhook({ sink, url, secret, origin, clock, outbound, permits }: WebhookOptions): Send {
  const key = Buffer.from(secret.reveal().replace(/^whsec_/, ''), 'base64')
  const isLocal = /^https?:\/\/(?:localhost|127\.|\[::1\])/i.test(url)
  return async (batch, signal) => {
    const id = messageId({ origin, sink, ...batch })
    const timestamp = String(Math.floor(clock.now() / 1_000))
    const permit = permits.issue({ provider: `audit-sink-${sink}`, egress: isLocal ? 'local' : 'external', url })
    const response = await outbound.fetch(permit, {
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/x-ndjson',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${sign(key, { id, timestamp, body: batch.body })}`,
      },
      body: batch.body,
      signal,
      headTimeoutMs,
    })
    await response.body?.cancel().catch(() => undefined)
    if (!response.ok) throw new CairnError('upstream.failed', { internal: `status ${response.status}` })
  }
}

/** The same for the same entries, so that a receiver knows a batch that it is sent again. */
function messageId({
  origin,
  sink,
  first,
  to,
}: Pick<Batch, 'first' | 'to'> & { origin: string; sink: string }): string {
  return `msg_${sha256(`${origin} ${sink} ${first} ${to}`).slice(0, 32)}`
}

interface Signed {
  readonly id: string
  readonly timestamp: string
  readonly body: Uint8Array
}

function sign(key: Uint8Array, { id, timestamp, body }: Signed): string {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
}
