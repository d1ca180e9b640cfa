/** Batches to a webhook, as signed posts. */
import { sha256 } from '../../base/index.ts'
import { createSignedPost, type SignedPostOptions } from '../signed-post.ts'
import type { Batch } from './batch.ts'
import type { Send } from './delivery.ts'

export interface WebhookOptions extends Omit<SignedPostOptions, 'receiver'> {
  readonly sink: string
  /** Of the log. */
  readonly origin: string
}

export function createWebhook({ sink, origin, ...options }: WebhookOptions): Send {
  const post = createSignedPost({ receiver: `audit-sink-${sink}`, ...options })
  return async (batch, signal) => {
    const message = {
      id: messageId({ origin, sink, ...batch }),
      mediaType: 'application/x-ndjson',
      body: batch.body,
    }
    const response = await post(message, signal)
    await response.body?.cancel().catch(() => undefined)
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
