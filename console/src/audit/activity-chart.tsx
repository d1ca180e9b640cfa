/** How much happened when, by outcome. A bar leads to the time that it stands for. */
import { useMemo } from 'preact/hooks'
import { TimeSeries, type SeriesPart } from '@cairn/ui'
import { formatCount, formatCounted, formatDay, formatTimeOfDay } from '../shell/clock.ts'
import { useAudit } from './audit-context.ts'
import { outcomes, type Activity, type Bucket, type Outcome } from './ranges.ts'
import { outcomeWords } from './words.ts'

const colours: Readonly<Record<Outcome, SeriesPart['colour']>> = { ok: 1, refused: 4, failed: 'danger' }

const stepWords: Readonly<Record<Bucket, string>> = { hour: 'hour', day: 'day', week: 'week' }

/** Steps of one day at most are told by the hour alone. */
const hoursOfOneDay = 24

export function ActivityChart({ activity }: { readonly activity: Activity }) {
  const { look } = useAudit()
  const { times, stepMs, bucket, counts, totals } = activity
  const parts = useMemo<readonly SeriesPart[]>(
    () =>
      outcomes
        .filter((outcome) => totals[outcome] > 0)
        .map((outcome) => ({
          key: outcome,
          label: outcomeWords[outcome].title,
          colour: colours[outcome],
          values: counts[outcome],
        })),
    [counts, totals],
  )
  const total = outcomes.reduce((sum, outcome) => sum + totals[outcome], 0)
  const sum = (index: number) => outcomes.reduce((all, outcome) => all + (counts[outcome][index] ?? 0), 0)
  if (total === 0) return null
  const formatTime = (at: number) => {
    if (bucket !== 'hour') return formatDay(at)
    return times.length <= hoursOfOneDay ? formatTimeOfDay(at) : `${formatDay(at)}, ${formatTimeOfDay(at)}`
  }
  const press = (index: number) => {
    const from = times[index]
    // What nothing was recorded in has nothing to show.
    if (from !== undefined && sum(index) > 0) look({ range: null, own: { from, to: from + stepMs } })
  }
  return (
    <section class="card audit-activity" aria-label="Activity">
      <div class="section-head">
        <h2>Activity</h2>
        <p class="audit-totals">
          <strong>{formatCounted(total, 'entry', 'entries')}</strong>
          <span class="muted">: {sayTotals(totals)}</span>
        </p>
      </div>
      {times.length < 2 ? null : (
        <TimeSeries
          label={`Entries by ${stepWords[bucket]}`}
          times={times}
          stepMs={stepMs}
          parts={parts}
          formatTime={formatTime}
          formatValue={formatCount}
          summary={(index) => formatCounted(sum(index), 'entry', 'entries')}
          empty={null}
          onPress={press}
        />
      )}
    </section>
  )
}

/** “412 done, 3 refused” */
function sayTotals(totals: Activity['totals']): string {
  return outcomes
    .filter((outcome) => totals[outcome] > 0)
    .map((outcome) => `${formatCount(totals[outcome])} ${outcomeWords[outcome].title.toLowerCase()}`)
    .join(', ')
}
