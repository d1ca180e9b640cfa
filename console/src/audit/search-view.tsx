/** Searching the log: how much happened when, and the entries, newest first. */
import { useEffect, useState } from 'preact/hooks'
import { Button, Checkbox, EmptyState, Spinner } from '@cairn/ui'
import { formatCount, formatCounted, formatDateTime } from '../shell/clock.ts'
import { ViewFailure } from '../shell/view-failure.tsx'
import { ActivityChart } from './activity-chart.tsx'
import { useAudit } from './audit-context.ts'
import { EntryList } from './entry-list.tsx'
import { countConditions, noFilter } from './filter.ts'
import { ranges } from './ranges.ts'
import { useNews } from './use-news.ts'
import { mostRows, useSearch, type Found, type Search } from './use-search.ts'

export function SearchView() {
  const { filter } = useAudit()
  const search = useSearch(filter)
  const { found, failure, isCurrent, refresh } = search
  if (failure?.status === 403) return <ViewFailure failure={failure} what="the audit log" onRetry={refresh} />
  return (
    <>
      {failure ? <ViewFailure failure={failure} what="the audit log" onRetry={refresh} /> : null}
      {found === null ? (
        failure ? null : (
          <Spinner label="Searching the log" />
        )
      ) : (
        <div class={isCurrent ? 'audit-found' : 'audit-found is-old'} aria-busy={!isCurrent}>
          <ActivityChart activity={found.activity} />
          <Entries search={search} found={found} />
        </div>
      )}
    </>
  )
}

interface EntriesProps {
  readonly search: Search
  readonly found: Found
}

function Entries({ search, found }: EntriesProps) {
  const { entries, behind } = found
  return (
    <section class="section" aria-labelledby="audit-entries">
      <div class="section-head">
        <h2 id="audit-entries">Entries</h2>
        <News search={search} found={found} />
      </div>
      {behind > 0 ? (
        <p class="audit-note muted" role="status">
          {formatCounted(behind, 'entry is', 'entries are')} not looked through yet: the index of the log is being made.
        </p>
      ) : null}
      {entries.length === 0 ? <Nothing /> : <EntryList label="Entries" entries={entries} />}
      <Foot search={search} found={found} />
    </section>
  )
}

/** How many came since, on request or by itself; never while the time that is looked at is over. */
function News({ search, found }: EntriesProps) {
  const { filter, self, hrefWith } = useAudit()
  const [isAuto, setIsAuto] = useState(false)
  const isOpen = filter.range !== null || filter.own.to === null
  const { count } = useNews({ filter, size: found.size, self, isWanted: isOpen && search.isCurrent })
  useEffect(() => {
    if (!isAuto || count === 0) return
    // Each look is on record, so that what comes quickly is looked at together.
    const timer = setTimeout(search.refresh, autoMs)
    return () => clearTimeout(timer)
  }, [isAuto, count > 0, found])
  useEffect(() => {
    if (!isAuto) return
    // What came while the page was hidden was not told.
    const refreshSeen = () => {
      if (document.visibilityState === 'visible') search.refresh()
    }
    document.addEventListener('visibilitychange', refreshSeen)
    return () => document.removeEventListener('visibilitychange', refreshSeen)
  }, [isAuto])
  return (
    <div class="audit-news">
      {isOpen ? <Checkbox label="Refresh by itself" checked={isAuto} onChange={setIsAuto} /> : null}
      <span role="status">{count > 0 ? <span class="cairn-hidden">{sayNew(count)}</span> : null}</span>
      <a class="audit-export-link" href={hrefWith({}, { view: 'export' })}>
        Export these
      </a>
      <Button small icon="refresh" onClick={search.refresh}>
        {count > 0 ? `Show ${sayNew(count)}` : 'Refresh'}
      </Button>
    </div>
  )
}

const autoMs = 5_000

const sayNew = (count: number): string => `${count > mostNews ? `${mostNews}+` : formatCount(count)} new`
const mostNews = 99

function Nothing() {
  const { filter, look } = useAudit()
  const { range, own } = filter
  const isFiltered = countConditions(filter) > 0
  const words = range === null ? 'this time' : ranges[range].words
  return (
    <EmptyState
      icon="audit"
      title={isFiltered ? 'No entry is like this' : `Nothing was recorded in ${words}`}
      action={
        <div class="access-actions">
          {isFiltered ? <Button onClick={() => look({ ...noFilter, range, own })}>Remove the filters</Button> : null}
          {range === 'all' ? null : <Button onClick={() => look({ range: 'all' })}>Look in all time</Button>}
        </div>
      }
    >
      {isFiltered
        ? `Nothing in ${words} has all that is looked for. What is hidden from you is not found either.`
        : 'Take a longer time.'}
    </EmptyState>
  )
}

/** More, as far as the page holds them; beyond that the time before the last one. */
function Foot({ search, found }: EntriesProps) {
  const { hrefWith } = useAudit()
  const { entries, next, span } = found
  const last = entries.at(-1)
  if (last === undefined) return null
  if (next === null)
    return (
      <p class="audit-note muted">
        {entries.length > 10 ? `These are all ${formatCount(entries.length)}.` : 'These are all.'}
      </p>
    )
  if (entries.length < mostRows)
    return (
      <div class="audit-foot">
        <Button busy={search.isAdding} onClick={search.more}>
          More
        </Button>
      </div>
    )
  // To the end of the minute of the last one: of its own minute there may be more.
  const to = Math.floor(last.at / 60_000) * 60_000 + 60_000
  return (
    <p class="audit-note muted">
      These are the newest {formatCount(entries.length)}.{' '}
      <a href={hrefWith({ range: null, own: { from: span.from, to } })}>Go on from {formatDateTime(last.at)}</a>
    </p>
  )
}
