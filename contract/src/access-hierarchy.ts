/** Rings, depths and closures of hierarchies: roles that inherit, groups within groups. All of them end on a ring. */

export type Edges = ReadonlyMap<string, readonly string[]>

export interface Hierarchy {
  /** Names that lead back to the first of them; null where there is no ring. */
  readonly ring: readonly string[] | null
  /** Levels at and below each name; names on or above a ring have none. */
  readonly depths: ReadonlyMap<string, number>
}

/**
 * Kahn’s topological sort from the leaves up, so that a chain of any length needs no stack. What it cannot reach leads
 * into a ring: each such name has a neighbour of the same kind, and following these comes back to one seen before.
 */
export function inspectHierarchy(edges: Edges): Hierarchy {
  const parents = new Map<string, string[]>()
  const open = new Map<string, number>()
  const depths = new Map<string, number>()
  const below = (name: string) => (edges.get(name) ?? []).filter((next) => edges.has(next))
  for (const name of edges.keys()) {
    open.set(name, below(name).length)
    for (const next of below(name)) parents.set(next, [...(parents.get(next) ?? []), name])
  }
  const ready = [...edges.keys()].filter((name) => open.get(name) === 0)
  for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
    depths.set(name, 1 + below(name).reduce((most, next) => Math.max(most, depths.get(next) ?? 0), 0))
    for (const parent of parents.get(name) ?? []) {
      const left = (open.get(parent) ?? 0) - 1
      open.set(parent, left)
      if (left === 0) ready.push(parent)
    }
  }
  const stuck = [...edges.keys()].find((name) => !depths.has(name))
  if (stuck === undefined) return { ring: null, depths }
  const path = [stuck]
  for (;;) {
    const next = below(path.at(-1) ?? stuck).find((name) => !depths.has(name)) ?? stuck
    if (path.includes(next)) return { ring: path.slice(path.indexOf(next)), depths }
    path.push(next)
  }
}

/** A role and all it inherits from, each once. */
export function rolesBelow(role: string, inheritsOf: (role: string) => readonly string[] | undefined): string[] {
  const found = new Set([role])
  for (const each of found) for (const junior of inheritsOf(each) ?? []) found.add(junior)
  return [...found]
}
