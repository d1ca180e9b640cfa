/** The answer to a question to the log: its first page with the counts, and further pages as they are asked for. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { AuditEntryView, AuditSummaryView } from '@cairn/contract'
import type { Failure, Reply } from '../api/failure.ts'
import { now } from '../shell/clock.ts'
import { listEvents, summarizeEvents, type Query } from './audit-api.ts'
import { queryOf, spanOfFilter, type AuditFilter } from './filter.ts'
import { bucketOf, divideActivity, type Activity, type Span } from './ranges.ts'

const pageSize = 50
/** Rows that are kept in the page; what is older is found by another stretch of time. */
export const mostRows = 500

export interface Found {
  readonly entries: readonly AuditEntryView[]
  /** Cursor of the next page; null at the end. */
  readonly next: string | null
  /** Size of the log that the answer is about. */
  readonly size: number
  /** Entries that the index has not looked through yet. */
  readonly behind: number
  readonly activity: Activity
  readonly span: Span
  readonly query: Query
}

export interface Search {
  /** Null until the first reply. It stays while another question is under way. */
  readonly found: Found | null
  /** False while what is found answers the question before this one. */
  readonly isCurrent: boolean
  readonly failure: Failure | null
  readonly refresh: () => void
  /** Asks for the next page; `isAdding` while it is under way. */
  readonly more: () => void
  readonly isAdding: boolean
}

async function ask(filter: AuditFilter, signal: AbortSignal): Promise<Reply<Found>> {
  const at = now()
  const span = spanOfFilter(filter, at)
  const bucket = bucketOf(span, at)
  const query = queryOf(filter, span)
  const [page, counts] = await Promise.all([
    listEvents({ ...query, limit: String(pageSize) }, signal),
    summarizeEvents({ ...query, by: 'outcome', bucket }, signal),
  ])
  if (!page.ok) return page
  if (!counts.ok) return counts
  const summary: AuditSummaryView = counts.value
  return { ok: true, value: { ...page.value, activity: divideActivity(summary, span, bucket, at), span, query } }
}

interface State {
  readonly filter: AuditFilter
  readonly found: Found | null
  readonly failure: Failure | null
}

export function useSearch(filter: AuditFilter): Search {
  const [state, setState] = useState<State>({ filter, found: null, failure: null })
  const [turn, setTurn] = useState(0)
  const [isAdding, setIsAdding] = useState(false)
  const run = useRef(new AbortController())
  const refresh = useCallback(() => setTurn((count) => count + 1), [])
  useEffect(() => {
    const current = new AbortController()
    run.current = current
    setIsAdding(false)
    void ask(filter, current.signal).then((reply) => {
      if (current.signal.aborted) return
      setState((before) =>
        reply.ok
          ? { filter, found: reply.value, failure: null }
          : { filter, found: before.filter === filter ? before.found : null, failure: reply.failure },
      )
    })
    return () => current.abort()
  }, [filter, turn])
  const { found } = state
  const more = async () => {
    if (found === null || found.next === null || isAdding) return
    const { signal } = run.current
    setIsAdding(true)
    const reply = await listEvents({ ...found.query, limit: String(pageSize), cursor: found.next }, signal)
    if (signal.aborted) return
    setIsAdding(false)
    setState((before) => {
      if (before.found === null) return before
      if (!reply.ok) return { ...before, failure: reply.failure }
      const { entries, next } = reply.value
      return {
        ...before,
        failure: null,
        found: { ...before.found, entries: [...before.found.entries, ...entries], next },
      }
    })
  }
  return {
    found,
    isCurrent: state.filter === filter,
    failure: state.filter === filter ? state.failure : null,
    refresh,
    more: () => void more(),
    isAdding,
  }
}
