/** Counters of this process for the metrics, by provider, model and kind; nothing that names a person or a key. */
import type { LedgerLine } from './ledger.ts'

export interface UsageCount {
  readonly provider: string
  readonly model: string
  readonly kind: string
  inputTokens: number
  outputTokens: number
  nanoUsd: number
  savedNano: number
}

export interface UsageCounts {
  add(line: LedgerLine): void
  list(): Iterable<UsageCount>
}

/** Models come from providers’ own lists, which may be long. */
const mostSeries = 300

export function createCounts(): UsageCounts {
  const counts = new Map<string, UsageCount>()

  function find({ provider, model, kind }: LedgerLine): UsageCount {
    const key = `${model} ${kind} ${provider}`
    const known = counts.get(key)
    if (known) return known
    const name = counts.size < mostSeries ? model : 'other'
    const made = counts.get(`other ${kind} ${provider}`)
    if (name === 'other' && made) return made
    const count = { provider, model: name, kind, inputTokens: 0, outputTokens: 0, nanoUsd: 0, savedNano: 0 }
    counts.set(name === 'other' ? `other ${kind} ${provider}` : key, count)
    return count
  }

  return {
    add(line) {
      const count = find(line)
      count.savedNano += line.savedNano ?? 0
      count.nanoUsd += line.nanoUsd ?? 0
      if (line.outcome === 'hit') return
      count.inputTokens += line.inputTokens
      count.outputTokens += line.outputTokens
    },
    list: () => counts.values(),
  }
}
