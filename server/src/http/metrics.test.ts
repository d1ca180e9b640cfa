import { expect, test } from 'bun:test'
import { createMetricsRegistry, foldFamilies, mergeFamilies, renderFamilies } from './metrics.ts'

function registry(requests: number, open: number) {
  const metrics = createMetricsRegistry()
  const counter = metrics.counter('requests_total', 'Requests.')
  counter.add({ route: '/a' }, requests)
  if (requests > 2) counter.add({ route: '/b' })
  const seconds = metrics.histogram('seconds', 'Time.', [1, 2])
  for (let at = 0; at < requests; at++) seconds.observe({ route: '/a' }, at + 0.5)
  metrics.gauge('open', 'Open.', () => open)
  metrics.register(() => [
    { name: 'position', help: 'Newest.', type: 'gauge', merge: 'max', samples: [{ value: open }] },
  ])
  return metrics.families()
}

test('numbers of several processes are added label by label, bucket by bucket; a position is the highest', () => {
  expect(renderFamilies(mergeFamilies([registry(2, 4), registry(3, 5)]))).toBe(
    `${[
      '# HELP requests_total Requests.',
      '# TYPE requests_total counter',
      'requests_total{route="/a"} 5',
      'requests_total{route="/b"} 1',
      '# HELP seconds Time.',
      '# TYPE seconds histogram',
      'seconds_bucket{route="/a",le="1"} 2',
      'seconds_bucket{route="/a",le="2"} 4',
      'seconds_bucket{route="/a",le="+Inf"} 5',
      'seconds_sum{route="/a"} 6.5',
      'seconds_count{route="/a"} 5',
      '# HELP open Open.',
      '# TYPE open gauge',
      'open 9',
      '# HELP position Newest.',
      '# TYPE position gauge',
      'position 5',
    ].join('\n')}\n`,
  )
})

test('of a process that has ended its counts stay, and what it had open is gone', () => {
  const kept = foldFamilies(foldFamilies([], registry(2, 4)), registry(3, 5))
  expect(kept.map(({ name }) => name)).toEqual(['requests_total', 'seconds'])
  expect(kept[0]?.samples.map(({ value }) => value)).toEqual([5, 1])
})
