/**
 * What a supervisor and its workers say to each other. Both are the same program, so nothing is checked here. Secrets
 * go this way and no other: a command line can be read by every user of the machine.
 */
import type { Config } from '@cairn/contract'
import { Secret } from '../base/index.ts'
import type { LoadedConfig } from '../config/index.ts'

export type ToWorker =
  | { readonly kind: 'start'; readonly start: WorkerStart }
  | { readonly kind: 'ask'; readonly id: number; readonly topic: string }
  | { readonly kind: 'collected'; readonly id: number; readonly answers: readonly unknown[] }
  /** The answer to `own`; `isKnown` is false when the supervisor keeps nothing on the topic, or failed on it. */
  | { readonly kind: 'owned'; readonly id: number; readonly isKnown: boolean; readonly answer: unknown }
  /** `records`: this one tells the audit log that the server stopped. */
  | { readonly kind: 'stop'; readonly records: boolean }

export type FromWorker =
  /** It listens. `found` are the model servers that it found on this machine. */
  | { readonly kind: 'ready'; readonly found: Config['upstreams'] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** Nothing or one answer. */
  | { readonly kind: 'answer'; readonly id: number; readonly answers: readonly unknown[] }
  | { readonly kind: 'collect'; readonly id: number; readonly topic: string }
  /** A question to the supervisor about what it keeps for all. */
  | { readonly kind: 'own'; readonly id: number; readonly topic: string; readonly question: unknown }

export interface WorkerStart {
  readonly worker: number
  readonly port: number
  readonly localCredential: string
  readonly beginsRun: boolean
  /** Vault to register when there is none. */
  readonly exampleVault: string | null
  readonly loaded: PackedConfig
}

export interface PackedConfig extends Omit<LoadedConfig, 'secrets'> {
  readonly secrets: {
    readonly databaseUrl: string | null
    readonly redisUrl: string | null
    readonly ownerKey: string | null
    readonly openIdClientSecret: string | null
    readonly upstreamKeys: readonly (readonly [id: string, key: string])[]
    readonly sinkSecrets: readonly (readonly [id: string, secret: string])[]
    readonly witnessSecrets: readonly (readonly [id: string, secret: string])[]
  }
}

/** The configuration as the supervisor read it: a file that is edited later does not make workers differ. */
export function packConfig({ secrets, ...rest }: LoadedConfig): PackedConfig {
  const { databaseUrl, redisUrl, ownerKey, openIdClientSecret, upstreamKeys, sinkSecrets, witnessSecrets } = secrets
  return {
    ...rest,
    secrets: {
      databaseUrl: databaseUrl?.reveal() ?? null,
      redisUrl: redisUrl?.reveal() ?? null,
      ownerKey: ownerKey?.reveal() ?? null,
      openIdClientSecret: openIdClientSecret?.reveal() ?? null,
      upstreamKeys: [...upstreamKeys].map(([id, key]) => [id, key.reveal()] as const),
      sinkSecrets: [...sinkSecrets].map(([id, secret]) => [id, secret.reveal()] as const),
      witnessSecrets: [...witnessSecrets].map(([id, secret]) => [id, secret.reveal()] as const),
    },
  }
}

export function unpackConfig({ secrets, ...rest }: PackedConfig): LoadedConfig {
  const wrap = (value: string | null) => (value === null ? null : new Secret(value))
  return {
    ...rest,
    secrets: {
      databaseUrl: wrap(secrets.databaseUrl),
      redisUrl: wrap(secrets.redisUrl),
      ownerKey: wrap(secrets.ownerKey),
      openIdClientSecret: wrap(secrets.openIdClientSecret),
      upstreamKeys: new Map(secrets.upstreamKeys.map(([id, key]) => [id, new Secret(key)])),
      sinkSecrets: new Map(secrets.sinkSecrets.map(([id, secret]) => [id, new Secret(secret)])),
      witnessSecrets: new Map(secrets.witnessSecrets.map(([id, secret]) => [id, new Secret(secret)])),
    },
  }
}

/** Asked of one worker, once, when the server has started: has the start recorded, and gives what the banner says. */
export const announceTopic = 'server.announce'
/** The vaults as they stand, for the terminal. */
export const vaultsTopic = 'server.vaults'
