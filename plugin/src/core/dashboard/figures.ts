/**
 * What the dashboard shows, asked of the server in one go. Each part stands for itself: one that is refused or fails leaves
 * the others as they are. Pure.
 */
import type { BudgetsReply, CacheReport, ModelsReply, UsageGroup, UsageReply, VaultInfo } from '@cairn/contract'
import type { Failure, Reply } from '@cairn/ui/client'
import { startOf, usageSpans, type UsageSpan } from '@cairn/ui/figures'

/** Each call ends early when the signal aborts. */
export interface FiguresPort {
  readonly usage: (by: UsageGroup, from: number, signal: AbortSignal) => Promise<Reply<UsageReply>>
  readonly cache: (signal: AbortSignal) => Promise<Reply<CacheReport>>
  readonly models: (signal: AbortSignal) => Promise<Reply<ModelsReply>>
  readonly budgets: (signal: AbortSignal) => Promise<Reply<BudgetsReply>>
  readonly vaults: (signal: AbortSignal) => Promise<Reply<readonly VaultInfo[]>>
}

/** Null is what this person or this key may not see. */
export interface Figures {
  readonly span: UsageSpan
  readonly usage: Reply<UsageReply> | null
  readonly byModel: Reply<UsageReply> | null
  readonly cache: Reply<CacheReport> | null
  readonly budgets: Reply<BudgetsReply> | null
  readonly models: Reply<ModelsReply>
  readonly vaults: Reply<readonly VaultInfo[]>
}

export type FigureName = 'usage' | 'byModel' | 'cache' | 'budgets'

/**
 * `refused` remembers what is not to be seen, so that it is not asked for, and put on record as refused, again and again.
 * Fails only when no part is there, with what is wrong with all of them.
 */
export async function readFigures(
  port: FiguresPort,
  { span, now, refused, signal }: { span: UsageSpan; now: number; refused: Set<FigureName>; signal: AbortSignal },
): Promise<Reply<Figures>> {
  const from = startOf(span, now)
  const unlessRefused = async <T>(name: FigureName, ask: () => Promise<Reply<T>>): Promise<Reply<T> | null> => {
    if (refused.has(name)) return null
    const reply = await ask()
    if (reply.ok || reply.failure.status !== 403) return reply
    refused.add(name)
    return null
  }
  const [usage, byModel, cache, budgets, models, vaults] = await Promise.all([
    unlessRefused('usage', () => port.usage(usageSpans[span].by, from, signal)),
    unlessRefused('byModel', () => port.usage('model', from, signal)),
    unlessRefused('cache', () => port.cache(signal)),
    unlessRefused('budgets', () => port.budgets(signal)),
    port.models(signal),
    port.vaults(signal),
  ])
  const parts = [usage, byModel, cache, budgets, models, vaults]
  const failures = parts.flatMap((part): Failure[] => (part === null || part.ok ? [] : [part.failure]))
  const [first] = failures
  if (first !== undefined && !parts.some((part) => part?.ok === true)) return { ok: false, failure: first }
  return { ok: true, value: { span, usage, byModel, cache, budgets, models, vaults } }
}
