/**
 * What makes two questions the same: the words, the conversation, the passages in their versions and order, who could
 * answer, and the settings of the answerer. Whatever an answer depends on is in its key or among its scopes; the
 * passages are in both, so that an edited note makes another key at once and ends the old entry on every tier.
 */
import type { AskRequest } from '@cairn/contract'
import { sha256 } from '../base/index.ts'
import { cacheKey, partitionOf, partitionOfPassages, type CacheKey, type CachePartition } from '../cache/index.ts'
import type { Plan } from '../routing/index.ts'
import type { Passage } from '../vaults/index.ts'
import type { AskServices } from './ask-types.ts'
import { sharingFor } from './caches.ts'
import { catalogueVersion, scopesOfModel } from './catalogue.ts'
import { templateVersion } from './compose-prompt.ts'
import { quotingVersion } from './draft.ts'
import type { CallRecord } from './gateway-reply.ts'
import type { Grounded } from './ground.ts'
import type { Metered } from './metered.ts'
import type { Call } from './types.ts'

/** A question, with all that was found out about it. */
export interface Asking {
  readonly call: Call
  readonly request: AskRequest
  readonly grounded: Grounded
  /** The model or alias that was asked for. */
  readonly asked: string
  readonly plan: Plan
  readonly record: CallRecord
  readonly metered: Metered
  /** Most citations. */
  readonly limit: number
}

/** The built-in model chooses its sentences from all that was found; a language model is given the best of it. */
export function passagesOf({ grounded, plan }: Asking): readonly Passage[] {
  return isQuoted(plan) ? grounded.candidates : grounded.passages
}

/** A conversation is its own; an answer from no passages would be everybody’s. */
export function partitionOfAnswer(
  asking: Asking,
  { access, caches: { settings } }: Pick<AskServices, 'access' | 'caches'>,
): CachePartition {
  const passages = passagesOf(asking)
  const { principal } = asking.call
  const mayShare = settings.answers === 'shared' && sharingFor(principal, 'answers', 'org', access) === 'org'
  const isShared = mayShare && historyOf(asking).length === 0 && passages.length > 0
  return isShared ? partitionOfPassages(passages) : partitionOf(principal, 'user')
}

export function keyOfAnswer(
  asking: Asking,
  partition: CachePartition,
  { caches, settings }: Pick<AskServices, 'caches' | 'settings'>,
): CacheKey {
  const { request, grounded, asked, plan, limit } = asking
  return cacheKey(partition, [
    'answer',
    caches.settings.deploymentId,
    foldQuestion(request.question),
    sha256(JSON.stringify(historyOf(asking))),
    grounded.context ?? null,
    ...passagesOf(asking).flatMap(({ vault, note, version, start, end }) => [vault, note, version, start, end]),
    asked,
    catalogueVersion(plan.allowed),
    limit,
    ...(isQuoted(plan) ? [quotingVersion, settings.notFoundBelow] : [templateVersion]),
  ])
}

/** Each note that it was made from, their vaults, the model that is asked first, the words of the prompt. */
export function scopesOfAnswer(asking: Asking, { scope }: CachePartition): string[] {
  const [first] = asking.plan.attempts
  const scopes = passagesOf(asking).flatMap(({ vault, note }) => [`note:${vault}/${note}`, `vault:${vault}`])
  return [
    ...new Set(scopes),
    ...(first ? scopesOfModel(first.deployment) : []),
    `template:${isQuoted(asking.plan) ? quotingVersion : templateVersion}`,
    ...(scope === null ? [] : [scope]),
  ]
}

/** Canonical Unicode, no white space around, one space for white space within. Nothing else: `US` is not `us`. */
export function foldQuestion(question: string): string {
  return question.normalize('NFC').trim().replace(/\s+/gu, ' ')
}

function isQuoted({ attempts: [first] }: Plan): boolean {
  return first?.deployment.provider.dialect === 'extractive'
}

function historyOf({ request }: Asking): NonNullable<AskRequest['history']> {
  return request.history ?? []
}
