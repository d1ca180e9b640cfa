/**
 * What a call is counted under: everything, its key and every key that this one stays within, its user, their teams, the
 * model, the provider. So a budget of a key holds for the keys within it, however many of them are made.
 */
import { identityLimits, type BudgetSubject } from '@cairn/contract'
import type { MeteredCall, MeteredModel } from './types.ts'

/** `kind:id`, for tables and maps. */
export type SubjectKey = string

export const everything: SubjectKey = 'all:*'

const mostTeams = 50
/** A key whose chain is longer is never in force, so nothing is left out. */
const mostKeys = identityLimits.keyDepth + 1

export function subjectKey({ kind, id }: BudgetSubject): SubjectKey {
  return `${kind}:${cleanText(id)}`
}

/** Known before a model is chosen. */
export function listCallerSubjects({ principal, teams }: Pick<MeteredCall, 'principal' | 'teams'>): SubjectKey[] {
  return [
    everything,
    `key:${cleanText(principal.credentialId)}`,
    ...cleanKeys(principal).map((key) => `key:${key}`),
    `user:${cleanText(principal.id)}`,
    ...cleanTeams(teams).map((team) => `team:${team}`),
  ]
}

export function listModelSubjects({ deployment, provider }: MeteredModel): SubjectKey[] {
  return [`model:${cleanText(deployment)}`, `provider:${cleanText(provider)}`]
}

/** One text in which a whole subject can be found as `\n…\n`. */
export function packSubjects(subjects: readonly SubjectKey[]): string {
  return `\n${subjects.join('\n')}\n`
}

/** The subjects of a packed text. */
export function unpackSubjects(packed: string): SubjectKey[] {
  return packed.split('\n').filter((subject) => subject !== '')
}

/** The keys that the key stays within, each once, without itself: none is counted twice. */
export function cleanKeys({ credentialId, withinKeys = [] }: MeteredCall['principal']): string[] {
  if (withinKeys.length === 0) return []
  const own = cleanText(credentialId)
  return [...new Set(withinKeys.slice(0, mostKeys).map(cleanText))].filter((key) => key !== own)
}

export function cleanTeams(teams: readonly string[]): string[] {
  return teams.length === 0 ? [] : [...new Set(teams.slice(0, mostTeams).map(cleanText))]
}

const longestText = 300

/** What every database takes, and what cannot be taken for two subjects. */
export function cleanText(text: string): string {
  const short = text.length > longestText ? text.slice(0, longestText) : text
  return /[\0\n]/.test(short) ? short.replace(/[\0\n]/g, ' ') : short
}
