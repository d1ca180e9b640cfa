/** Charts, meters and graphs in their states. */
import { useState } from 'preact/hooks'
import { BarList, Graph, Meter, Progress, Sparkline, Spinner, TimeSeries, type SeriesPart } from '../src/index.ts'
import { Frame } from './frame.tsx'

const hourMs = 3_600_000
/** A day that is always the same. */
const start = Date.UTC(2026, 10, 23)
const times = Array.from({ length: 24 }, (_, index) => start + index * hourMs)
const wave = (height: number, shift: number) =>
  times.map((_, index) => Math.round(height * (1 + Math.sin((index + shift) / 3))))
const withGaps = wave(120, 0).map((value, index) => (index % 9 > 5 ? null : value))

const bars: readonly SeriesPart[] = [
  { key: 'a', label: 'By a model', colour: 1, values: wave(30, 0) },
  { key: 'b', label: 'From the cache', colour: 2, values: wave(20, 4) },
  { key: 'c', label: 'Shared', colour: 3, values: wave(12, 8) },
  { key: 'd', label: 'Stale', colour: 4, values: wave(6, 2) },
  { key: 'e', label: 'Failed', colour: 'danger', values: wave(3, 6) },
]
const lines: readonly SeriesPart[] = [
  { key: 'p50', label: 'Median', colour: 1, values: withGaps },
  {
    key: 'p95',
    label: '95th percentile',
    colour: 4,
    values: withGaps.map((value) => (value === null ? null : value + 90)),
  },
]
const share: readonly SeriesPart[] = [
  { key: 'hits', label: 'Hits', colour: 1, values: wave(0.4, 0).map((_, index) => (index % 5) / 5) },
]
const nothing: readonly SeriesPart[] = [{ key: 'none', label: 'Nothing', colour: 1, values: times.map(() => null) }]

const formatTime = (at: number) => new Intl.DateTimeFormat(undefined, { timeStyle: 'short' }).format(at)
const shared = { times, stepMs: hourMs, formatTime, formatValue: String, summary: () => '', empty: <p>Nothing yet.</p> }

const nodes = ['Working hours and leave', 'On-call guide', 'Parental leave', 'Travel policy', 'Expense rules'].map(
  (label, index) => ({ id: label, label, description: label, isMain: index === 0 }),
)
const edges = [
  { from: 'Working hours and leave', to: 'On-call guide', kind: 'firm' },
  { from: 'Working hours and leave', to: 'Parental leave', kind: 'firm' },
  { from: 'Travel policy', to: 'Expense rules', kind: 'loose' },
] as const

export function Charts() {
  const [active, setActive] = useState<string | null>(null)
  const [pressed, setPressed] = useState('nothing')
  const graph = { edges, active, onActive: setActive, onPress: setPressed }
  return (
    <>
      <Frame
        title="Time series"
        wide
        states={[
          { name: 'bars', shown: <TimeSeries {...shared} label="Answers" parts={bars} /> },
          { name: 'lines with gaps', shown: <TimeSeries {...shared} label="Latency" shape="lines" parts={lines} /> },
          { name: 'a share', shown: <TimeSeries {...shared} label="Hit rate" max={1} parts={share} /> },
          { name: 'nothing known', shown: <TimeSeries {...shared} label="Empty" parts={nothing} /> },
        ]}
      />
      <Frame
        title="Graph"
        wide
        states={[
          { name: `some nodes; pressed: ${pressed}`, shown: <Graph label="Notes" nodes={nodes} {...graph} /> },
          { name: 'one node', shown: <Graph label="One note" nodes={nodes.slice(0, 1)} {...graph} /> },
        ]}
      />
      <Frame
        title="Bars"
        states={[
          {
            name: 'of two parts',
            shown: (
              <BarList
                label="Tokens by model"
                parts={[
                  { key: 'in', label: 'In', colour: 1 },
                  { key: 'out', label: 'Out', colour: 2 },
                ]}
                rows={[
                  { key: 'a', name: 'acme/echo', values: [900, 120], text: '900 in, 120 out' },
                  { key: 'b', name: 'local/small', values: [200, 80], text: '200 in, 80 out' },
                  { key: 'c', name: 'never used', values: [0, 0], text: 'none' },
                ]}
              />
            ),
          },
        ]}
      />
      <Frame
        title="Meter, progress, sparkline"
        states={[
          { name: 'part', shown: <Meter label="Used" value={3} max={10} text="3 of 10" /> },
          { name: 'with what is held', shown: <Meter label="Spent" value={3} held={4} max={10} text="3, 4 held" /> },
          { name: 'full', shown: <Meter label="Full" value={12} max={10} text="all of 10" /> },
          { name: 'known size', shown: <Progress label="Reading" done={4} total={9} /> },
          { name: 'unknown size', shown: <Progress label="Counting" done={0} total={0} /> },
          { name: 'waiting', shown: <Spinner label="Loading" /> },
          { name: 'sparkline', shown: <Sparkline values={wave(8, 1)} /> },
        ]}
      />
    </>
  )
}
