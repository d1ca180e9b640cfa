/** What the engine is asked and what it answers. */
import type { AccessContext, Bound, DecisionReason } from '@cairn/contract'
import type { NoteFacts } from '../../base/index.ts'

/** Who acts. With a key, the key’s owner; with an agent, the person it acts for. */
export interface Subject {
  /** `user:ID` or `service:ID`. May be left out when a key says it; must be the key’s owner when both are given. */
  readonly principal?: string | undefined
  readonly key?: string | undefined
  readonly agent?: string | undefined
  /** Caps of the session or device. */
  readonly bounds?: readonly Bound[] | undefined
}

/** The circumstances of a question. */
export interface Circumstances {
  readonly context?: AccessContext | undefined
  /** Milliseconds since 1970. */
  readonly now: number
}

export interface Question extends Circumstances {
  readonly subject: Subject
  /** Any text: what is no action is denied. */
  readonly action: string
  /** Any text: what is no resource is denied. */
  readonly resource: string
  /**
   * Of the note that is asked about; null: there is no such note, so its folder decides. Left out: the engine’s own
   * lookup, and without one nothing is known of the note, which never helps the one who asks; only that it has been in
   * no other place is taken for granted, so whoever decides on a note that is there must tell.
   */
  readonly facts?: NoteFacts | null | undefined
}

/** Undefined: cannot be told. Null: there is no such note. */
export type FindFacts = (resource: string) => NoteFacts | null | undefined

/** The answer of an administrative rule. `why` is a sentence for the one who asked. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly code: RefusalCode; readonly why: string }

export type RefusalCode =
  | 'not-permitted'
  | 'self-assignment'
  | 'exceeds-own'
  | 'separation-of-duty'
  | 'unknown-role'
  | 'unknown-principal'
  | 'nothing-there'
  | 'own-request'
  | 'not-delegable'
  | 'bad-window'
  | 'not-eligible'
  | 'protected'
  | 'barrier-crossed'
  | 'malformed'

/** What was noticed at one place. */
interface PlaceTrace {
  /** Ids of statements that apply. */
  readonly denies: string[]
  readonly grants: string[]
  readonly misses: { readonly id: string; readonly why: Miss; readonly at?: string | undefined }[]
}

/** What one place comes to. */
export type PlaceReason = Extract<DecisionReason, 'break-glass' | 'denied' | 'granted' | 'no-grant'>

/** What a judgement noticed on its way, for an explanation. */
export interface Trace extends PlaceTrace {
  reason: DecisionReason
  /** Of former places of the note; looked at when it is allowed where it is. */
  readonly places: (PlaceTrace & { readonly id: string; readonly reason: PlaceReason })[]
  readonly bounds: { readonly of: string; readonly holds: boolean; readonly why: BoundMiss | 'holds' }[]
}

/** Why a grant that names subject, action and place does not count. */
export type Miss = 'expired' | 'not-yet' | 'barrier' | 'condition' | 'delegator'

export type BoundMiss = 'action' | 'scope' | 'condition'
