/** Witnesses outside, as they are configured: each is told checkpoints by signed posts. */
import type { AuditWitnessConfig, AuditWitnessState } from '@cairn/contract'
import { createId, fail, type Clock, type Logger, type Secret } from '../../base/index.ts'
import type { Outbound, PermitOffice } from '../../platform/index.ts'
import { createSignedPost } from '../signed-post.ts'
import type { Comparison } from './compare.ts'
import { startTelling, type TellingTiming } from './tell-witness.ts'
import type { WitnessStore } from './witness-store.ts'

export interface WitnessLoad {
  readonly witness: string
  /** Entries that no checkpoint vouches for that it has acknowledged; null while that is not known. */
  readonly lag: number | null
  readonly isFailing: boolean
  readonly told: number
  readonly failed: number
}

export interface OutsideWitnesses {
  list(): Promise<AuditWitnessState[]>
  /** As this process last saw them. */
  loads(): WitnessLoad[]
  /** A checkpoint was signed. */
  wake(): void
  close(): Promise<void>
}

export interface OutsideOptions {
  readonly witnesses: readonly AuditWitnessConfig[]
  readonly secrets: ReadonlyMap<string, Secret>
  readonly store: WitnessStore
  readonly origin: string
  readonly judge: (note: string) => Promise<Comparison>
  readonly clock: Clock
  readonly logger: Logger
  readonly outbound: Pick<Outbound, 'fetch'>
  readonly permits: Pick<PermitOffice, 'issue'>
  readonly timing?: Partial<TellingTiming>
}

export function openOutsideWitnesses(options: OutsideOptions): OutsideWitnesses {
  const { witnesses, secrets, store, origin, judge, clock, logger, outbound, permits, timing = {} } = options
  const holder = createId('teller')
  const tellings = witnesses.map(({ id, url, every }) => {
    const secret = secrets.get(id) ?? fail('config.invalid', { message: `The witness ${id} has no secret.` })
    const post = createSignedPost({ receiver: `audit-witness-${id}`, url, secret, clock, outbound, permits })
    return startTelling({ witness: { id, every }, origin, post, store, judge, clock, logger, holder, timing })
  })
  return {
    list: () =>
      Promise.all(
        tellings.map(async ({ id }): Promise<AuditWitnessState> => {
          const progress = await store.progress(id)
          if (progress === null) return { ...notBegun, id }
          const { told, toldAt, size, seen, failingSince, attempts, lastError } = progress
          const state = failingSince === null ? ('ok' as const) : ('failing' as const)
          const lag = Math.max(0, size - told)
          return {
            id,
            kind: 'webhook',
            state,
            told: toldAt === null ? null : { size: told, at: toldAt },
            seen,
            lag,
            failingSince,
            attempts,
            lastError,
          }
        }),
      ),
    loads: () =>
      tellings.map(({ id, progress, counts }) => {
        const known = progress()
        const lag = known === null ? null : Math.max(0, known.size - known.told)
        return { witness: id, lag, isFailing: known !== null && known.failingSince !== null, ...counts() }
      }),
    wake() {
      for (const telling of tellings) telling.wake()
    },
    async close() {
      await Promise.all(tellings.map((telling) => telling.stop()))
    },
  }
}

const notBegun = {
  kind: 'webhook',
  state: 'ok',
  told: null,
  seen: null,
  lag: null,
  failingSince: null,
  attempts: 0,
  lastError: null,
} as const
