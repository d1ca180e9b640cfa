/** A seeded organisation of the size that other engines were measured at: see docs/benchmarks.md. */
import type { Action, World } from '../../contract/src/index.ts'
import type { JudgedNote } from '../../server/src/base/index.ts'

export interface Office {
  readonly world: World
  /** `note:VAULT/PATH` of all notes. */
  readonly notes: readonly string[]
  readonly byVault: ReadonlyMap<string, readonly JudgedNote[]>
  readonly queries: readonly { readonly principal: string; readonly action: Action; readonly resource: string }[]
}

const sizes = {
  users: 1_000,
  groups: 60,
  roles: 50,
  grants: 2_000,
  denies: 300,
  vaults: 5,
  folders: 1_000,
  notes: 8_995,
}
const acts = ['discover', 'read', 'retrieve', 'cite', 'create', 'write', 'move', 'delete', 'tag', 'share'] as const

export function makeOffice(seed: number, queryCount: number): Office {
  const random = createRandom(seed)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item
  const range = (count: number, letter: string) => Array.from({ length: count }, (_, at) => `${letter}${at}`)
  const vaults = range(sizes.vaults, 'v')
  const folders: string[] = []
  while (folders.length < sizes.folders) {
    const parent = random() < 0.2 || folders.length === 0 ? pick(vaults) : pick(folders)
    if (parent.split('/').length < 7) folders.push(`${parent}/f${folders.length}`)
  }
  const notes = range(sizes.notes, 'n').map((name) => `note:${pick(folders)}/${name}.md`)
  const groups = range(sizes.groups, 'g')
  const users = range(sizes.users, 'u')
  const roles = range(sizes.roles, 'r').map((id, at) => ({
    id,
    inherits: at > 0 && random() < 0.5 ? [`r${Math.floor(random() * at)}`] : [],
    actions: [pick(acts), ...(random() < 0.5 ? [pick(acts)] : [])] as Action[],
  }))
  const principal = () => (random() < 0.5 ? `user:${pick(users)}` : `group:${pick(groups)}`)
  const scope = () =>
    random() < 0.05 ? `vault:${pick(vaults)}` : random() < 0.8 ? `folder:${pick(folders)}` : pick(notes)
  const grants = range(sizes.grants, 'a').map((id) => ({
    id,
    principal: principal(),
    role: pick(roles).id,
    scope: scope(),
  }))
  const denies = range(sizes.denies, 'd').map((id) => ({
    id,
    principal: principal(),
    actions: [pick(acts)] as Action[],
    scope: scope(),
  }))
  const world: World = {
    org: 'org:acme',
    epoch: 1,
    revision: '',
    policy: { version: 1, roles, grants, denies, barriers: [], separation: [], breakGlass: [] },
    users: users.map((id) => ({
      id,
      groups: [...new Set([pick(groups), pick(groups), pick(groups)])],
      suspended: false,
    })),
    services: [],
    groups: groups.map((id, at) => ({
      id,
      memberOf: at > 0 && random() < 0.5 ? [`g${Math.floor(random() * at)}`] : [],
    })),
    keys: [],
    agents: [],
    delegations: [],
    breakGlass: [],
  }
  return { world, notes, byVault: sortByVault(notes), queries: makeQueries({ random, pick, world, notes }, queryCount) }
}

/** Half of them where the person or one of their groups was given something, so that about a third is allowed. */
function makeQueries(
  {
    random,
    pick,
    world,
    notes,
  }: { random: () => number; pick: <Item>(items: readonly Item[]) => Item; world: World; notes: readonly string[] },
  count: number,
): Office['queries'] {
  const { grants } = world.policy
  return Array.from({ length: count }, () => {
    const { id, groups } = pick(world.users)
    const own = grants.filter(
      ({ principal }) => principal === `user:${id}` || groups.some((group) => principal === `group:${group}`),
    )
    const place = random() < 0.75 && own.length > 0 ? pick(own).scope.replace(/^\w+:/, '') : ''
    const below = place === '' ? [] : notes.filter((note) => note.startsWith(`note:${place}`))
    return { principal: `user:${id}`, action: pick(acts), resource: below.length > 0 ? pick(below) : pick(notes) }
  })
}

function sortByVault(notes: readonly string[]): Map<string, JudgedNote[]> {
  const vaults = new Map<string, JudgedNote[]>()
  for (const note of notes) {
    const [vault = '', ...path] = note.slice('note:'.length).split('/')
    vaults.set(vault, [...(vaults.get(vault) ?? []), { path: path.join('/'), tags: [] }])
  }
  return vaults
}

/** Mulberry32, a small generator with a seed; nothing here is secret. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
