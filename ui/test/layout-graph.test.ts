/** Promises of where the nodes of a graph stand. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { layoutGraph, type GraphEdge, type GraphRoom } from '../src/graph/layout-graph.ts'

/** As the view makes its picture: as high as the nodes need. */
function roomFor(count: number, width: number): GraphRoom {
  const [nodeWidth, nodeHeight] = width >= 480 ? [128, 68] : [56, 56]
  return { width, height: Math.max(240, (count * nodeWidth * nodeHeight * 2.4) / width), nodeWidth, nodeHeight }
}

const graphs = fc.record({
  count: fc.integer({ min: 1, max: 30 }),
  width: fc.integer({ min: 300, max: 1_400 }),
  pairs: fc.array(fc.tuple(fc.nat(29), fc.nat(29), fc.boolean()), { maxLength: 60 }),
})

test('no two nodes lie on each other, and none beyond the edge, whatever is tied to what', () => {
  fc.assert(
    fc.property(graphs, ({ count, width, pairs }) => {
      const ids = Array.from({ length: count }, (_, index) => `n${index}`)
      const edges = pairs.map(([a, b, isFirm]): GraphEdge => ({
        from: `n${a}`,
        to: `n${b}`,
        kind: isFirm ? 'firm' : 'loose',
      }))
      const room = roomFor(count, width)
      const points = layoutGraph(ids, edges, room)
      expect(layoutGraph(ids, edges, room)).toEqual(points)
      for (const [index, a] of points.entries()) {
        expect(a.x).toBeGreaterThanOrEqual(room.nodeWidth / 2 - 1)
        expect(a.x).toBeLessThanOrEqual(room.width - room.nodeWidth / 2 + 1)
        expect(a.y).toBeGreaterThanOrEqual(room.nodeHeight / 2 - 1)
        expect(a.y).toBeLessThanOrEqual(room.height - room.nodeHeight / 2 + 1)
        for (const b of points.slice(index + 1)) {
          const isApart = Math.abs(a.x - b.x) >= room.nodeWidth - 2 || Math.abs(a.y - b.y) >= room.nodeHeight - 2
          expect(isApart).toBe(true)
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('what is tied stands nearer than what is not', () => {
  const room = roomFor(4, 800)
  const [a, b, c] = layoutGraph(
    ['a', 'b', 'c', 'd'],
    [
      { from: 'a', to: 'b', kind: 'firm' },
      { from: 'c', to: 'd', kind: 'firm' },
    ],
    room,
  )
  const far = (p = { x: 0, y: 0 }, q = { x: 0, y: 0 }) => Math.hypot(p.x - q.x, p.y - q.y)
  expect(far(a, b)).toBeLessThan(far(a, c))
})
