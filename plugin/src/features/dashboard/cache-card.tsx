/** Which tier of the cache answered: on the whole server for who may see it, else of what this device asked. */
import { useMemo } from 'preact/hooks'
import type { CacheReport } from '@cairn/contract'
import { BarList, Meter, TimeSeries, type BarPart, type SeriesPart } from '@cairn/ui'
import { divideHistory, formatBytes, formatCounted, formatShare, formatTimeOfDay, sayHitRate } from '@cairn/ui/figures'
import { useStore } from '@cairn/ui/store'
import type { Figures } from '../../core/dashboard/figures.ts'
import type { CairnParts } from '../../core/ports.ts'
import { countTiers } from '../../core/recent-answers.ts'
import { Card, NotShown, PartFailed } from './card.tsx'

interface CacheCardProps {
  readonly figures: Figures
  readonly at: number
  readonly parts: Pick<CairnParts, 'answers'>
}

export const tierNames = { memory: 'Memory', disk: 'Disk', shared: 'Shared' } as const

export function CacheCard({ figures: { cache }, at, parts }: CacheCardProps) {
  return (
    <Card title="Cache by tier">
      {cache === null ? (
        <OfThisDevice parts={parts} />
      ) : cache.ok ? (
        <OfTheServer report={cache.value} at={at} />
      ) : (
        <PartFailed failure={cache.failure} />
      )}
    </Card>
  )
}

function OfTheServer({ report, at }: { readonly report: CacheReport; readonly at: number }) {
  const steps = useMemo(() => divideHistory(report.history, { minutes: 1_440, stepMinutes: 60, now: at }), [report, at])
  const parts = useMemo<readonly SeriesPart[]>(
    () => [
      { key: 'memory', label: tierNames.memory, colour: 1, values: steps.shares.memory },
      { key: 'disk', label: tierNames.disk, colour: 2, values: steps.shares.disk },
      { key: 'shared', label: tierNames.shared, colour: 3, values: steps.shares.shared },
    ],
    [steps],
  )
  const summary = (index: number) => sayHitRate(steps.rates[index])
  return (
    <>
      <TimeSeries
        label="Share of reads that each tier answered, last 24 hours"
        times={steps.times}
        stepMs={steps.stepMs}
        parts={parts}
        max={1}
        formatTime={formatTimeOfDay}
        formatValue={formatShare}
        summary={summary}
        empty={<p class="cairn-muted">Nothing was read from the cache in the last 24 hours.</p>}
      />
      <ul class="cairn-rows">
        {report.tiers
          .filter(({ state }) => state !== 'off')
          .map(({ tier, state, bytes, maxBytes, hits }) => (
            <Tier
              key={tier}
              name={`${tierNames[tier]}${state === 'failing' ? ', failing' : ''}`}
              text={`${formatBytes(bytes)}${maxBytes === null ? '' : ` of ${formatBytes(maxBytes)}`}, ${formatCounted(hits, 'hit')}`}
              bytes={bytes}
              maxBytes={maxBytes}
            />
          ))}
      </ul>
    </>
  )
}

interface TierProps {
  readonly name: string
  readonly text: string
  readonly bytes: number
  /** Null where the bound is not the server's own. */
  readonly maxBytes: number | null
}

function Tier({ name, text, bytes, maxBytes }: TierProps) {
  return (
    <li>
      <span>{name}</span>
      <span class="cairn-muted">{text}</span>
      {maxBytes === null ? null : <Meter label={`${name}: used`} value={bytes} max={maxBytes} text={text} />}
    </li>
  )
}

const answerParts: readonly BarPart[] = [{ key: 'answers', label: 'Answers on this device', colour: 1 }]

function OfThisDevice({ parts: { answers } }: Pick<CacheCardProps, 'parts'>) {
  const list = useStore({ get: answers.list, subscribe: answers.subscribe })
  const counts = countTiers(list)
  const rows = ([...(['memory', 'disk', 'shared'] as const), 'made'] as const).map((tier) => ({
    key: tier,
    name: tier === 'made' ? 'Not from the cache' : tierNames[tier],
    values: [counts[tier]],
    text: `${counts[tier]} of ${list.length}`,
  }))
  return (
    <>
      {list.length === 0 ? (
        <p class="cairn-muted">Nothing was answered on this device yet.</p>
      ) : (
        <BarList label="Last answers on this device by tier" parts={answerParts} rows={rows} />
      )}
      <NotShown what="The hit rate of the whole server is shown to those" right="cache.read" />
    </>
  )
}
