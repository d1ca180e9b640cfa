/** The log of one process, on the thread that may wait for a disk: everything that changes or reads it, together. */
import type { AuditLevels } from '@cairn/contract'
import type { Clock } from '../../base/index.ts'
import type { Keyring, SqlConnection } from '../../platform/index.ts'
import { openConnection, type StoreLocation } from '../../storage/index.ts'
import { writeArchive } from '../archive/write-archive.ts'
import { destroyKeys, removeAllGone, type Destroyed } from '../gaps/forget.ts'
import { listHolds, placeHold, releaseHold, type Hold, type HoldRequest } from '../gaps/holds.ts'
import type { Forgetting } from '../gaps/own-entry.ts'
import { findSteeringFault } from '../gaps/steering.ts'
import { prune, type Pruned } from '../gaps/prune.ts'
import { createKeyBook, openStoredKey, type AuditSecrets, type KeyBookOptions } from '../record/key-book.ts'
import type { AuditEvent } from '../record/prepare.ts'
import { readEntries, type OpenedEntry } from '../read/read-entries.ts'
import { readLevels, writeLevels } from '../levels/levels.ts'
import { readPolicy, writePolicy, type PolicyChange, type RetentionPolicy } from '../retention/policy.ts'
import { planRetention, retain, type Retained, type RetentionPlan } from '../retention/retain.ts'
import { createReadBlock, toVerify } from '../verify/opener.ts'
import { createStoredLog } from '../verify/source.ts'
import { verifyLog, type VerifyReport } from '../verify/verify.ts'
import { beginLog, readHead, type Head } from './append.ts'
import { createCheckpoints, type Checkpoints, type SignedCheckpoint } from './checkpoints.ts'
import { auditSchema } from './schema.ts'
import { createSequencer, type Sequencer } from './sequencer.ts'
import { thinCheckpoints } from './thin-checkpoints.ts'

export interface LogOptions {
  readonly location: StoreLocation
  readonly clock: Clock
  /** Of a log that is begun now; one that is there keeps its own. */
  readonly origin: string
  readonly secrets: AuditSecrets
  readonly checkPlace?: () => void
  /** Between the log and its store; for tests that break something there. */
  readonly wrap?: (connection: SqlConnection) => SqlConnection
}

export type ByWhom = Pick<AuditEvent, 'actor' | 'at' | 'context'>

export interface AuditLog {
  readonly connection: SqlConnection
  readonly checkpoints: Checkpoints
  append(event: AuditEvent): Promise<number>
  appendOnce: Sequencer['appendOnce']
  head(): Promise<Head>
  /** Destroys the keys of at most 200 people; null when none of them has one. Nothing of them opens any more. */
  erase(by: ByWhom, principals: readonly string[], why: { reason: string; request: string }): Promise<Destroyed | null>
  /** The same for months of a category, `auth/2026-11`, whether they are due or not. */
  shred(by: ByWhom, periods: readonly string[]): Promise<Destroyed | null>
  /** What is left of blocks that do not open any more. Gives how many went. */
  removeGone(by: ByWhom): Promise<number>
  prune(by: ByWhom, boundary: number): Promise<Pruned | null>
  holds: {
    list(): Promise<Hold[]>
    place(by: ByWhom, request: HoldRequest): Promise<Hold>
    release(by: ByWhom, which: { readonly id: string; readonly reason: string }): Promise<Hold>
  }
  retention: {
    policy(): Promise<RetentionPolicy>
    change(by: ByWhom, changes: Partial<RetentionPolicy>, how?: PolicyChange): Promise<RetentionPolicy>
    plan(at: number): Promise<RetentionPlan>
    run(by: ByWhom): Promise<Retained>
  }
  readonly levels: {
    read(): Promise<AuditLevels>
    change(by: ByWhom, levels: AuditLevels): Promise<AuditLevels>
  }
  /** At most a thousand of those in a range of places, in order. */
  entries(range: { readonly from: number; readonly to: number }): Promise<OpenedEntry[]>
  /** A tar file in pieces; with what people are called in it, or without. Of the log as it is now, or was then. */
  archive(withContent: boolean, checkpoint?: SignedCheckpoint): AsyncIterable<Uint8Array>
  verify(options?: {
    against?: readonly string[]
    onProgress?: (done: number, size: number) => void
  }): Promise<VerifyReport>
  close(): Promise<void>
}

/** What the log takes from the keyring of its deployment. */
export const auditPurposes = ['audit-wrapping', 'audit-naming', 'audit-signing'] as const

export const originOf = (deploymentId: string) => `cairn/audit/${deploymentId}`

export function secretsOf(keyring: Pick<Keyring, 'material'>): AuditSecrets {
  return {
    wrapping: keyring.material('audit-wrapping'),
    naming: keyring.material('audit-naming'),
    signing: keyring.material('audit-signing'),
  }
}

/**
 * A log that is there, with the keyring of its deployment: for those who work on its files beside or without a server.
 * Throws `storage.failed` where none was begun.
 */
export async function openAuditLog({
  openKeyring,
  ...options
}: Pick<LogOptions, 'location' | 'clock'> & {
  readonly openKeyring: (deploymentId: string, purposes: typeof auditPurposes) => Promise<Pick<Keyring, 'material'>>
}): Promise<AuditLog> {
  const connection = await openConnection({ location: options.location, schemas: [auditSchema] })
  const { origin } = await readHead(connection, '')
  await connection.close()
  const keyring = await openKeyring(origin.slice(originOf('').length), auditPurposes)
  return openLog({ ...options, origin, secrets: secretsOf(keyring) })
}

// oxlint-disable-next-line max-lines-per-function -- the one list of what a log can do, each in a line
export async function openLog({
  location,
  clock,
  origin,
  secrets,
  checkPlace,
  wrap = (connection) => connection,
}: LogOptions): Promise<AuditLog> {
  const connection = wrap(await openConnection({ location, schemas: [auditSchema] }))
  await beginLog(connection, origin)
  const begun = await readHead(connection, '')
  const sequencer = createSequencer({ connection, secrets, ...(checkPlace ? { checkPlace } : {}) })
  const checkpoints = createCheckpoints({ connection, clock, origin: begun.origin, secrets })
  const forgetting = (by: ByWhom): Forgetting => ({ sequencer, wrapping: secrets.wrapping, by })

  /** With the keys as they are now. */
  const openBlocks = (options?: KeyBookOptions) =>
    createReadBlock(connection, {
      book: createKeyBook(secrets, options),
      wrapping: secrets.wrapping,
      origin: begun.origin,
    })
  return {
    connection,
    checkpoints,
    append: (event) => sequencer.append(event),
    appendOnce: (mark, events) => sequencer.appendOnce(mark, events),
    head: () => readHead(connection, ''),
    erase: (by, principals, fields) =>
      destroyKeys(forgetting(by), {
        kind: 'subject',
        // Whoever has no key yet gets one to be destroyed, or the next entry about them would make it.
        find: async (session, book) => {
          await book.load(session, { subjects: principals, periods: [] })
          return [...new Set(principals)].flatMap((id) => book.subject(id)?.ref ?? [])
        },
        type: 'privacy.erased',
        fields: () => fields,
      }),
    shred: (by, periods) =>
      destroyKeys(forgetting(by), {
        kind: 'period',
        find: async () => periods,
        type: 'privacy.shredded',
        fields: (gone) => ({ periods: gone }),
      }),
    removeGone: (by) => removeAllGone(forgetting(by)),
    prune: (by, boundary) => prune(sequencer, async () => boundary, by),
    holds: {
      list: () => listHolds(connection),
      place: (by, request) => placeHold(forgetting(by), request),
      async release(by, which) {
        const released = await releaseHold(forgetting(by), which)
        await removeAllGone(forgetting(by))
        return released
      },
    },
    retention: {
      policy: () => readPolicy(connection),
      change: (by, changes, how) => writePolicy(forgetting(by), changes, how),
      plan: (at) => planRetention(connection, at),
      async run(by) {
        const retained = await retain(forgetting(by))
        await thinCheckpoints(connection, by.at)
        return retained
      },
    },
    levels: {
      read: () => readLevels(connection),
      change: (by, levels) => writeLevels(forgetting(by), levels),
    },
    entries: async (range) => readEntries(connection, range, await openBlocks()),
    async *archive(withContent, checkpoint) {
      const read = withContent ? await openBlocks() : undefined
      yield* writeArchive({
        session: connection,
        checkpoints,
        ...(read ? { read } : {}),
        ...(checkpoint ? { checkpoint } : {}),
      })
    },
    async verify(options = {}) {
      return verifyLog({
        source: createStoredLog(connection),
        verifiers: [checkpoints.signer.verifier],
        open: toVerify(await openBlocks({ passesDamaged: true })),
        steeringFault: await findSteeringFault(connection, secrets.wrapping),
        isKeyWhole: (key) => openStoredKey(secrets.wrapping, key) !== undefined,
        ...options,
      })
    },
    async close() {
      await sequencer.idle()
      await connection.close()
    },
  }
}
