/** What the rest of the server asks of `audit`. */
import type { AuditEventType, AuditLevelRule, AuditWitnessList, AuditWitnessState } from '@cairn/contract'
import type { Keeping } from './keeping.ts'
import type { OpenCall } from './call-contexts.ts'
import type { LevelledEntry } from './levels/level-of.ts'
import type { SignedCheckpoint } from './log/checkpoints.ts'
import type { AuditOutcome } from './record/header.ts'
import type { AuditFieldValue } from './record/prepare.ts'
import type { Comparison } from './witness/compare.ts'

export interface AuditEntry {
  readonly type: AuditEventType
  /** The id of a person or service; `anonymous`, or `server`. */
  readonly actor: string
  readonly requestId: string | null
  readonly outcome: AuditOutcome
  /** Identifiers and counts as named in the audit event table. */
  readonly fields?: Readonly<Record<string, AuditFieldValue>>
  /** About the call beside its request id: address, way of signing in. */
  readonly context?: Readonly<Record<string, AuditFieldValue>>
}

export interface AuditHealth {
  /**
   * `forked`: it can be written, and a witness has seen another log. `damaged`: so too, and the last verification by itself
   * found something wrong.
   */
  readonly state: 'ok' | 'failing' | 'forked' | 'damaged'
  /** Since when it fails, in milliseconds since 1970; null while it does not. */
  readonly since: number | null
  /** What to do about it; null while it does not fail. */
  readonly message: string | null
  /** Events that wait outside the log, and those that were lost since the start. */
  readonly waiting: number
  readonly lost: number
  /** Of the newest checkpoint that this process knows. */
  readonly size: number
}

export interface Recorder {
  /**
   * Appends an entry; resolves with its place in the log once it is durable. When the log cannot be written, a strict
   * event rejects with `audit.unavailable`, and any other resolves to null: it is kept aside, or lost and counted. Null
   * also for what a rule says nothing is kept of.
   */
  record(entry: AuditEntry): Promise<number | null>
}

export interface LevelledRecorder extends Recorder {
  /** How much is to be kept of a call that is on record so: whether also its texts, and why. */
  ruleFor(entry: LevelledEntry): AuditLevelRule
}

export interface CallRecorder extends LevelledRecorder {
  /**
   * What entries with this request id say beside what they are about: address, and once it is known the credential.
   * Until it is ended.
   */
  aboutCall(requestId: string, context: NonNullable<AuditEntry['context']>): OpenCall
}

export interface Audit extends CallRecorder, Keeping {
  /** Compares what somebody else has seen with the log; what does not fit raises an alarm. */
  reportSeen(checkpoint: string, witness?: 'client' | 'webhook'): Promise<Comparison>
  /** Who has seen another log than this one. */
  alarms(): AuditWitnessList['alarms']
  /** The file and the clients, as this process knows of them. */
  witnesses(): AuditWitnessState[]
  /** The newest checkpoint that this process has signed; null before the first. */
  checkpoint(): SignedCheckpoint | null
  /** Throws `audit.unavailable` when a strict event could not be recorded at the moment, as far as is known. */
  requireReady(): void
  health(): AuditHealth
  close(): Promise<void>
}
