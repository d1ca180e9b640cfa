/** How many entries came since a search was answered, told by the live tail. */
import { useEffect, useState } from 'preact/hooks'
import type { AuditEntryView } from '@cairn/contract'
import { isOwnLook } from './describe-entry.ts'
import { conditionsOf, type AuditFilter } from './filter.ts'
import { followWhileSeen } from './follow-log.ts'

interface NewsOptions {
  readonly filter: AuditFilter
  /** Size of the log that the search has seen. */
  readonly size: number
  /** Whose looks are no news. */
  readonly self: string
  readonly isWanted: boolean
}

/** More need not be told apart. */
const mostCounted = 100
/** A filter that is changed again at once is not followed: the beginning of a tail is on record. */
const delayMs = 1_000

export function useNews({ filter, size, self, isWanted }: NewsOptions): { readonly count: number } {
  const [seqs, setSeqs] = useState<readonly number[]>([])
  const query = new URLSearchParams(conditionsOf(filter)).toString()
  useEffect(() => {
    setSeqs([])
    if (!isWanted) return
    let stop = () => {}
    const onEntry = (entry: AuditEntryView) => {
      if (isOwnLook(entry, self)) return
      setSeqs((before) => (before.length < mostCounted ? [...before, entry.seq] : before))
    }
    const timer = setTimeout(() => {
      stop = followWhileSeen({ query: Object.fromEntries(new URLSearchParams(query)), onEntry, onState: () => {} })
    }, delayMs)
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [query, self, isWanted])
  // What a later search has shown is no news any more.
  useEffect(() => setSeqs((before) => before.filter((seq) => seq >= size)), [size])
  return { count: seqs.filter((seq) => seq >= size).length }
}
