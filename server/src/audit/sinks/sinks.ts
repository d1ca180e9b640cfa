/** Receivers outside, as they are configured: each with a delivery of its own. */
import { readFile } from 'node:fs/promises'
import type { AuditReceipt, AuditSinkConfig, AuditSinkState } from '@cairn/contract'
import { createId, fail, type Clock, type Logger, type Secret } from '../../base/index.ts'
import { tlsAddress, type Outbound, type PermitOffice, type TlsDoor } from '../../platform/index.ts'
import type { Recorder } from '../types.ts'
import { startDelivery, type Delivery, type DeliveryTiming, type Send } from './delivery.ts'
import type { ReceiptPage, SinkStore } from './sink-store.ts'
import { createWebhook } from './webhook.ts'

export interface SinkLoad {
  readonly sink: string
  /** Entries that are not delivered; null while that is not known. */
  readonly lag: number | null
  readonly isFailing: boolean
  readonly delivered: number
  readonly failed: number
}

export interface AuditSinks {
  list(): Promise<AuditSinkState[]>
  /** At most `limit`, and where to go on; null for a receiver that is not configured. */
  receipts(id: string, page: ReceiptPage): Promise<{ receipts: AuditReceipt[]; next: number | null } | null>
  /** As this process last saw them. */
  loads(): SinkLoad[]
  /** The log has grown. */
  wake(): void
  close(): Promise<void>
}

export interface SinksOptions {
  readonly sinks: readonly AuditSinkConfig[]
  readonly secrets: ReadonlyMap<string, Secret>
  readonly store: SinkStore
  /** Of the log. */
  readonly origin: string
  readonly audit: Recorder
  readonly clock: Clock
  readonly logger: Logger
  readonly outbound: Pick<Outbound, 'fetch'>
  readonly tls: TlsDoor
  readonly permits: Pick<PermitOffice, 'issue'>
  readonly timing?: Partial<DeliveryTiming>
}

export function openAuditSinks(options: SinksOptions): AuditSinks {
  const { sinks, store, audit, clock, logger, timing = {} } = options
  const holder = createId('deliverer')
  const deliveries = sinks.map((sink): Delivery => {
    const { id, kind, format, names } = sink
    const send = sink.kind === 'webhook' ? toWebhook(sink, options) : toSyslog(sink, options)
    return startDelivery({ plan: { id, kind, format, names }, send, store, audit, clock, logger, holder, timing })
  })
  return {
    list: () =>
      Promise.all(
        deliveries.map(async ({ plan: { id, kind, format, names } }) => {
          const { cursor, size, ...rest } = (await store.progress(id)) ?? notBegun
          const state = rest.failingSince === null ? ('ok' as const) : ('failing' as const)
          return { id, kind, format, names, state, cursor, lag: Math.max(0, size - cursor), ...rest }
        }),
      ),
    async receipts(id, page) {
      if (!sinks.some((sink) => sink.id === id)) return null
      const { limit, before } = page
      const found = await store.receipts({ ...page, id, limit: limit + 1 })
      // Forwards the next page begins with the one that is not in this; backwards it ends before the last that is.
      const next = found[before === undefined ? limit : limit - 1]
      return { receipts: found.slice(0, limit), next: found.length > limit ? (next?.first ?? null) : null }
    },
    loads: () =>
      deliveries.map(({ plan, progress, counts }) => {
        const known = progress()
        const lag = known === null ? null : Math.max(0, known.size - known.cursor)
        return { sink: plan.id, lag, isFailing: known !== null && known.failingSince !== null, ...counts() }
      }),
    wake() {
      for (const delivery of deliveries) delivery.wake()
    },
    async close() {
      await Promise.all(deliveries.map((delivery) => delivery.stop()))
    },
  }
}

const notBegun = { cursor: 0, size: 0, failingSince: null, attempts: 0, lastError: null, deliveredAt: null }

function toWebhook(sink: Extract<AuditSinkConfig, { kind: 'webhook' }>, options: SinksOptions): Send {
  const { secrets, origin, clock, outbound, permits } = options
  const secret = secrets.get(sink.id) ?? fail('config.invalid', { message: `The webhook ${sink.id} has no secret.` })
  const { id, url } = sink
  return createWebhook({ sink: id, url, secret, origin, clock, outbound, permits })
}

function toSyslog(sink: Extract<AuditSinkConfig, { kind: 'syslog' }>, { permits, tls }: SinksOptions): Send {
  const { id, host, port, caFile } = sink
  return async ({ body }, signal) => {
    // Read each time: a renewed one counts from the next batch on.
    const ca = caFile === undefined ? undefined : await readAuthorities(caFile)
    const isLocal = /^(?:localhost|127\.[\d.]+|::1)$/i.test(host)
    const permit = permits.issue({
      provider: `audit-sink-${id}`,
      egress: isLocal ? 'local' : 'external',
      url: tlsAddress(host, port),
    })
    await tls.send(permit, { host, port, bytes: body, signal, ...(ca === undefined ? {} : { ca }) })
  }
}

function readAuthorities(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((thrown: unknown) =>
    fail('config.invalid', { internal: `caFile: ${String((thrown as NodeJS.ErrnoException).code)}` }),
  )
}
