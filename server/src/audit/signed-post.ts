/** Posts that their receiver can tell are ours: signed as Standard Webhooks (standardwebhooks.com, 1.0) has it. */
import { createHmac } from 'node:crypto'
import { CairnError, type Clock, type Secret } from '../base/index.ts'
import type { Outbound, PermitOffice } from '../platform/index.ts'

export interface SignedPostOptions {
  /** By which what leaves is counted: `audit-sink-siem`. */
  readonly receiver: string
  readonly url: string
  /** `whsec_` and the key in base 64. */
  readonly secret: Secret
  readonly clock: Pick<Clock, 'now'>
  readonly outbound: Pick<Outbound, 'fetch'>
  readonly permits: Pick<PermitOffice, 'issue'>
}

export interface SignedMessage {
  /** The same for the same content, so that a receiver knows what it is sent again. */
  readonly id: string
  readonly mediaType: string
  readonly body: Uint8Array
}

/** Gives the response, whose body is the caller’s to read or cancel. Throws `upstream.failed` for any answer but 2xx. */
export type SignedPost = (message: SignedMessage, signal: AbortSignal) => Promise<Response>

const headTimeoutMs = 15_000

export function createSignedPost({ receiver, url, secret, clock, outbound, permits }: SignedPostOptions): SignedPost {
  const key = Buffer.from(secret.reveal().replace(/^whsec_/, ''), 'base64')
  const isLocal = /^https?:\/\/(?:localhost|127\.|\[::1\])/i.test(url)
  return async ({ id, mediaType, body }, signal) => {
    const timestamp = String(Math.floor(clock.now() / 1_000))
    const permit = permits.issue({ provider: receiver, egress: isLocal ? 'local' : 'external', url })
    const response = await outbound.fetch(permit, {
      url,
      method: 'POST',
      headers: {
        'content-type': mediaType,
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`,
      },
      body,
      signal,
      headTimeoutMs,
    })
    if (response.ok) return response
    await response.body?.cancel().catch(() => undefined)
    throw new CairnError('upstream.failed', { internal: `status ${response.status}` })
  }
}
