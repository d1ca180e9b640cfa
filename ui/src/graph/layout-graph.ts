/**
 * Where the nodes of a small graph stand: forces after Fruchterman and Reingold (“Graph drawing by force-directed
 * placement”, 1991), then boxes are pushed apart until no label lies on another. Nothing is drawn by lot: the same graph
 * always looks the same. Pure.
 */

export interface GraphEdge {
  readonly from: string
  readonly to: string
  /** `firm` as a line, `loose` as dashes; a firm one pulls more. */
  readonly kind: 'firm' | 'loose'
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** Of the picture, and of what one node takes with its label, in pixels. */
export interface GraphRoom {
  readonly width: number
  readonly height: number
  readonly nodeWidth: number
  readonly nodeHeight: number
}

interface Body {
  x: number
  y: number
}

const rounds = 160
const mostPushes = 60
/** The golden angle: neighbours in the list begin far from each other. */
const turn = Math.PI * (3 - Math.sqrt(5))

/** Points in the order of the ids; edges that name none of them are passed over. */
export function layoutGraph(ids: readonly string[], edges: readonly GraphEdge[], room: GraphRoom): readonly Point[] {
  const bodies = ids.map((_, index): Body => {
    const distance = Math.sqrt((index + 0.5) / ids.length) * 0.45
    return {
      x: room.width * (0.5 + distance * Math.cos(index * turn)),
      y: room.height * (0.5 + distance * Math.sin(index * turn)),
    }
  })
  const places = new Map(ids.map((id, index) => [id, bodies[index]]))
  const springs = edges.flatMap(({ from, to, kind }) => {
    const [a, b] = [places.get(from), places.get(to)]
    return a && b && a !== b ? [{ a, b, pull: kind === 'firm' ? 1 : 0.35 }] : []
  })
  const wanted = Math.sqrt((room.width * room.height) / Math.max(1, ids.length)) * 0.8
  for (let round = 0; round < rounds; round++) {
    const most = (room.width / 8) * (1 - round / rounds)
    move(bodies, forcesOn(bodies, springs, { wanted, room }), most)
    keepInside(bodies, room)
  }
  for (let round = 0; round < mostPushes && pushApart(bodies, room); round++) keepInside(bodies, room)
  return settle(bodies, room).map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) }))
}

interface Spring {
  readonly a: Body
  readonly b: Body
  readonly pull: number
}

function forcesOn(
  bodies: readonly Body[],
  springs: readonly Spring[],
  { wanted, room }: { wanted: number; room: GraphRoom },
): Map<Body, Body> {
  // A weak pull to the middle keeps parts that nothing ties together in the picture.
  const forces = new Map(
    bodies.map((body) => [body, { x: (room.width / 2 - body.x) * 0.04, y: (room.height / 2 - body.y) * 0.08 }]),
  )
  const add = (body: Body, x: number, y: number) => {
    const force = forces.get(body)
    if (force === undefined) return
    force.x += x
    force.y += y
  }
  for (const [index, a] of bodies.entries())
    for (const b of bodies.slice(index + 1)) {
      const [dx, dy] = [a.x - b.x || 0.1, a.y - b.y || 0.1]
      const push = (wanted * wanted) / (dx * dx + dy * dy)
      add(a, dx * push, dy * push)
      add(b, -dx * push, -dy * push)
    }
  for (const { a, b, pull } of springs) {
    const [dx, dy] = [a.x - b.x, a.y - b.y]
    const strength = (Math.hypot(dx, dy) / wanted) * pull
    add(a, -dx * strength, -dy * strength)
    add(b, dx * strength, dy * strength)
  }
  return forces
}

function move(bodies: readonly Body[], forces: ReadonlyMap<Body, Body>, most: number): void {
  for (const body of bodies) {
    const { x, y } = forces.get(body) ?? { x: 0, y: 0 }
    const size = Math.hypot(x, y) || 1
    body.x += (x / size) * Math.min(size, most)
    body.y += (y / size) * Math.min(size, most)
  }
}

/** Along the axis where less is missing; true while any two boxes still overlapped. */
function pushApart(bodies: readonly Body[], { nodeWidth, nodeHeight }: GraphRoom): boolean {
  let overlapped = false
  for (const [index, a] of bodies.entries())
    for (const b of bodies.slice(index + 1)) {
      const missingX = nodeWidth - Math.abs(a.x - b.x)
      const missingY = nodeHeight - Math.abs(a.y - b.y)
      if (missingX <= 0.5 || missingY <= 0.5) continue
      overlapped = true
      const axis = missingX < missingY ? 'x' : 'y'
      const by = Math.min(missingX, missingY) / 2
      const sign = a[axis] < b[axis] ? -1 : 1
      a[axis] += sign * by
      b[axis] -= sign * by
    }
  return overlapped
}

/** Where pushing has come to no end, as along an edge: each that still lies on one before it takes the nearest free place. */
function settle(bodies: readonly Body[], room: GraphRoom): readonly Point[] {
  const { width, height, nodeWidth, nodeHeight } = room
  const columns = Math.max(1, Math.floor((2 * width) / nodeWidth) - 1)
  const lines = Math.max(1, Math.floor((2 * height) / nodeHeight) - 1)
  const grid = Array.from({ length: columns * lines }, (_, index) => ({
    x: ((index % columns) + 1) * (nodeWidth / 2),
    y: (Math.floor(index / columns) + 1) * (nodeHeight / 2),
  }))
  const settled: Point[] = []
  const isFree = ({ x, y }: Point) =>
    settled.every((other) => Math.abs(other.x - x) >= nodeWidth - 1 || Math.abs(other.y - y) >= nodeHeight - 1)
  for (const body of bodies) {
    const far = (point: Point) => Math.hypot(point.x - body.x, point.y - body.y)
    const free = isFree(body) ? body : grid.filter(isFree).toSorted((a, b) => far(a) - far(b))[0]
    settled.push(free ?? body)
  }
  return settled
}

function keepInside(bodies: readonly Body[], { width, height, nodeWidth, nodeHeight }: GraphRoom): void {
  const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), Math.max(least, most))
  for (const body of bodies) {
    body.x = clamp(body.x, nodeWidth / 2, width - nodeWidth / 2)
    body.y = clamp(body.y, nodeHeight / 2, height - nodeHeight / 2)
  }
}
