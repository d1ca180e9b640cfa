/** Policies with their defaults, checked once where a namespace is opened or a call overrides one. */
import { invariant } from '../base/index.ts'
import { mostMaxStaleMs } from './log/invalidate.ts'
import type { CachePolicy, NamespaceDefaults } from './types.ts'

const usual: Omit<CachePolicy, 'ttlMs'> = {
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  softTimeoutMs: 0,
  hardTimeoutMs: 0,
  jitter: 0.1,
  earlyRefresh: 0,
  negativeTtlMs: 1_000,
  consistency: 'strict',
  maxStaleMs: 0,
  maxBytes: 4 * 1_024 * 1_024,
  tiers: ['memory', 'disk', 'shared'],
  waitForOthersMs: 5_000,
}

const durations = [
  'ttlMs',
  'staleWhileRevalidateMs',
  'staleIfErrorMs',
  'softTimeoutMs',
  'hardTimeoutMs',
  'negativeTtlMs',
  'maxStaleMs',
  'waitForOthersMs',
  'earlyRefresh',
  'maxBytes',
] as const

/** Throws for a policy that makes no sense: a mistake of ours, not of a caller. */
export function completePolicy(defaults: NamespaceDefaults, overrides?: Partial<CachePolicy>): CachePolicy {
  const policy: CachePolicy = { ...usual, ...defaults, ...overrides }
  for (const name of durations) invariant(policy[name] >= 0, `the cache policy's ${name} is 0 or more`)
  invariant(policy.jitter >= 0 && policy.jitter <= 1, "the cache policy's jitter is between 0 and 1")
  invariant(policy.maxStaleMs <= mostMaxStaleMs, `the cache policy's maxStaleMs is at most ${mostMaxStaleMs}`)
  return policy
}

/** What of old values a policy takes, as a text to compare; empty for nothing. */
export function describeStaleness({
  staleWhileRevalidateMs,
  staleIfErrorMs,
  softTimeoutMs,
  consistency,
  maxStaleMs,
}: CachePolicy): string {
  if (staleWhileRevalidateMs === 0 && staleIfErrorMs === 0 && consistency === 'strict') return ''
  return `\n${staleWhileRevalidateMs} ${staleIfErrorMs} ${softTimeoutMs} ${consistency} ${maxStaleMs}`
}
