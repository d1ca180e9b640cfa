/**
 * A small graph as a picture: what is tied to what, each node with its number in the list beside it. One node is in the
 * order of the Tab key; the arrow keys go to the nearest in their direction, Enter presses.
 */
import { useMemo, useRef, useState } from 'preact/hooks'
import { useWidth } from '../time-series/plot.tsx'
import { layoutGraph, type GraphEdge, type Point } from './layout-graph.ts'

export interface GraphNode {
  readonly id: string
  readonly label: string
  /** What it is and what it is tied to, for those who hear it. */
  readonly description: string
  readonly isMain: boolean
}

export interface GraphProps {
  readonly label: string
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  /** The one that is pointed at, here or in the list. */
  readonly active: string | null
  readonly onActive: (id: string | null) => void
  readonly onPress: (id: string) => void
}

/** Where there is less room, numbers alone say which is which. */
const leastWidthForLabels = 480
const mostLetters = 17

export function Graph({ label, nodes, edges, active, onActive, onPress }: GraphProps) {
  const place = useRef<HTMLDivElement>(null)
  const width = useWidth(place)
  const [reached, setReached] = useState<string | null>(null)
  const isLabelled = width >= leastWidthForLabels
  const { points, height } = useMemo(() => arrange(nodes, edges, width, isLabelled), [nodes, edges, width])
  const current = nodes.some(({ id }) => id === reached) ? reached : (nodes[0]?.id ?? null)
  const go = (id: string) => {
    setReached(id)
    const group = [...(place.current?.querySelectorAll('[data-node]') ?? [])][nodes.findIndex((each) => each.id === id)]
    if (group instanceof SVGElement) group.focus()
  }
  const onKeyDown = (event: KeyboardEvent, id: string) => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      return onPress(id)
    }
    const direction = directions[event.key]
    if (direction === undefined) return
    event.preventDefault()
    const from = nodes.findIndex((each) => each.id === id)
    const next = nodes[findNearest(points, from, direction)]
    if (next) go(next.id)
  }
  return (
    <div ref={place} class="cairn-graph">
      {width === 0 ? null : (
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label={label}>
          <Edges nodes={nodes} edges={edges} points={points} active={active} />
          {nodes.map((node, index) => (
            <g
              key={node.id}
              data-node
              class={['cairn-node', node.isMain ? 'is-main' : '', node.id === active ? 'is-active' : ''].join(' ')}
              transform={placeOf(points[index])}
              role="button"
              tabIndex={node.id === current ? 0 : -1}
              aria-label={node.description}
              onClick={() => onPress(node.id)}
              onKeyDown={(event) => onKeyDown(event, node.id)}
              onFocus={() => (setReached(node.id), onActive(node.id))}
              onBlur={() => onActive(null)}
              onPointerEnter={() => onActive(node.id)}
              onPointerLeave={() => onActive(null)}
            >
              <circle class="cairn-node-ring" r="19" />
              <circle class="cairn-node-dot" r="15" />
            </g>
          ))}
          <Labels nodes={nodes} points={points} active={active} isLabelled={isLabelled} />
        </svg>
      )}
    </div>
  )
}

type EdgesProps = Pick<GraphProps, 'nodes' | 'edges' | 'active'> & { readonly points: readonly Point[] }

function Edges({ nodes, edges, points, active }: EdgesProps) {
  const at = new Map(nodes.map(({ id }, index) => [id, points[index]]))
  return edges.map(({ from, to, kind }) => {
    const [a, b] = [at.get(from), at.get(to)]
    if (!a || !b) return null
    const isActive = active !== null && (from === active || to === active)
    return (
      <line
        key={`${from} ${to}`}
        class={`cairn-edge is-${kind}${isActive ? ' is-active' : ''}`}
        x1={a.x}
        y1={a.y}
        x2={b.x}
        y2={b.y}
      />
    )
  })
}

type LabelsProps = Pick<GraphProps, 'nodes' | 'active'> & {
  readonly points: readonly Point[]
  readonly isLabelled: boolean
}

/** Above all dots and lines, for the eye alone: each node is named whole to those who hear it. */
function Labels({ nodes, points, active, isLabelled }: LabelsProps) {
  return (
    <g aria-hidden="true" class="cairn-node-labels">
      {nodes.map(({ id, label, isMain }, index) => (
        <g key={id} transform={placeOf(points[index])}>
          <text class={isMain || id === active ? 'is-on-accent' : ''} dy="0.35em" text-anchor="middle">
            {index + 1}
          </text>
          {isLabelled ? (
            <text class="cairn-node-label" y="30" text-anchor="middle">
              {shorten(label)}
            </text>
          ) : null}
        </g>
      ))}
    </g>
  )
}

function placeOf(point: Point | undefined): string {
  return `translate(${point?.x ?? 0} ${point?.y ?? 0})`
}

function arrange(nodes: readonly GraphNode[], edges: readonly GraphEdge[], width: number, isLabelled: boolean) {
  const nodeWidth = isLabelled ? 128 : 56
  const nodeHeight = isLabelled ? 68 : 56
  const needed = (nodes.length * nodeWidth * nodeHeight * 2.4) / Math.max(1, width)
  const height = Math.round(Math.min(720, Math.max(nodes.length === 1 ? 120 : 240, needed)))
  const ids = nodes.map(({ id }) => id)
  const points = layoutGraph(ids, edges, { width, height, nodeWidth, nodeHeight })
  // The dot stands above the middle of its box, its label below.
  return { points: isLabelled ? points.map(({ x, y }) => ({ x, y: y - 10 })) : points, height }
}

const directions: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
}

/** The nearest of those that lie in the direction; -1 when there is none. */
function findNearest(points: readonly Point[], from: number, direction: Point): number {
  const start = points[from]
  if (start === undefined) return -1
  let best = { index: -1, distance: Infinity }
  for (const [index, point] of points.entries()) {
    const [dx, dy] = [point.x - start.x, point.y - start.y]
    const along = dx * direction.x + dy * direction.y
    const across = Math.abs(dx * direction.y) + Math.abs(dy * direction.x)
    if (index === from || along <= 0) continue
    // What lies straight ahead comes before what is nearer but to the side.
    const distance = along + 2 * across
    if (distance < best.distance) best = { index, distance }
  }
  return best.index
}

function shorten(text: string): string {
  const letters = Array.from(text)
  return letters.length <= mostLetters ? text : `${letters.slice(0, mostLetters - 1).join('')}…`
}
