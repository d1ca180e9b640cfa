/**
 * Keeps, in the state store, what notes have said, and decides what of it is held. The stored index may be deleted and
 * made again from the folder; this may not, or deleting it would let everything go. The indexing thread asks before it
 * stores a note, and what was decided is durable before the index shows the note: whoever is killed in between is asked
 * again and decides the same.
 *
 * Rows have a revision, and a write that finds another one is decided again: an edit that is being indexed and somebody
 * who confirms cannot overwrite each other.
 */
import { highestLabel } from '@cairn/contract'
import { fail, type Clock } from '../../base/index.ts'
import type { Statement, Store } from '../../storage/index.ts'
import {
  heldSchema,
  isNothingKept,
  joinKept,
  keepOf,
  keptOfHeld,
  keptPlace,
  keptSchema,
  nothingKept,
  protectionOf,
  settle,
  type Held,
  type Kept,
  type OwnFacts,
  type Protection,
  type VaultProtection,
} from './held-facts.ts'

/** What the indexing thread is about to store of a note. */
export interface Sighting {
  readonly path: string
  /** Where the note was before, when it was moved. */
  readonly from?: string
  /** What the index says that it said; null when the index does not know it. */
  readonly before: OwnFacts | null
  /** Null: it is gone. */
  readonly now: OwnFacts | null
  /** See `fingerprintBody`. */
  readonly body: string
  /** Whether the index knew the note by another body, or not at all: it may be a copy of another. */
  readonly isNewBody: boolean
}

export interface Keeper {
  /** What is held of each note, by path; those of which nothing is are left out. Throws `access.unconfirmed`. */
  decide(vault: string, sightings: readonly Sighting[]): Promise<Record<string, Held>>
  /** Whether looking at every note of the vault could change anything. */
  isConcerned(vault: string): Promise<boolean>
  /**
   * Lets go what is held. It is in force until the indexing process has seen it (`waiting`). `seen` is the revision that
   * the one who confirms has looked at. Throws `note.held-changed`.
   */
  release(vault: string, path: string, own: OwnFacts, seen: number | null): Promise<void>
  /** Revision of each note of which something is kept. */
  revisions(vault: string, paths: readonly string[]): Promise<Map<string, number>>
  /** What was let go and the index does not show yet. */
  waiting(): Promise<readonly Waiting[]>
  settled(waiting: readonly Waiting[]): Promise<void>
  /** Of a vault that is removed. */
  forget(vault: string): Promise<void>
}

export interface Waiting {
  readonly vault: string
  readonly path: string
  readonly revision: number
}

export interface KeeperOptions {
  readonly store: Store
  readonly clock: Clock
  /** Of this moment: an edit after a rule was made must meet the rule. Throws `access.unconfirmed`. */
  readonly protection: () => Promise<Protection>
}

interface Row {
  readonly path: string
  readonly body: string
  readonly kept: Kept
  readonly held: Held | null
  readonly isReleased: boolean
  /** 0: not stored. */
  readonly revision: number
}

const rowsAtOnce = 300
const mostTries = 8

export function createKeeper({ store, clock, protection }: KeeperOptions): Keeper {
  /** One after another in this process; others are met by the revision. */
  let last: Promise<unknown> = Promise.resolve()

  async function decideNow(vault: string, sightings: readonly Sighting[]): Promise<Record<string, Held>> {
    const rules = protectionOf(vault, await protection())
    for (let tries = 1; tries <= mostTries; tries++) {
      const { rows, bodies } = await readRows(store, vault, sightings)
      const plan = createPlan(rows, bodies, rules)
      // What went is known before what came: it may be the same text under another name.
      for (const sighting of sightings) if (sighting.now === null) plan.take(sighting)
      for (const sighting of sightings) if (sighting.now !== null) plan.take(sighting)
      const statements = plan.statements(vault)
      if (statements.length === 0 || (await store.write(statements)) !== null) return plan.held
    }
    fail('storage.failed', { internal: 'what is kept of notes was changed again and again' })
  }

  return {
    decide(vault, sightings) {
      const next = last.then(() => decideNow(vault, sightings))
      last = next.catch(() => undefined)
      return next
    },
    async isConcerned(vault) {
      if ((await protection()).isTeam) return true
      return (await store.read('SELECT 1 AS one FROM vaults_kept WHERE vault = ? LIMIT 1', [vault])).length > 0
    },
    async release(vault, path, own, seen) {
      const rules = protectionOf(vault, await protection())
      for (let tries = 1; tries <= mostTries; tries++) {
        const { rows } = await readRows(store, vault, [{ path, ...unseen }])
        const row = rows.get(path) ?? { path, body: '', ...emptyRow }
        if (seen !== null && seen !== row.revision)
          fail('note.held-changed', { message: 'The note was changed meanwhile. Look again at what is held.' })
        const kept = rules.isTeam ? keepOf(path, own, rules) : nothingKept
        const released = { ...row, kept, held: null, isReleased: true }
        if ((await store.write([putRow(vault, released, { releasedAt: clock.now(), waiting: 1 })])) !== null) return
      }
      fail('storage.failed', { internal: 'what is kept of a note was changed again and again' })
    },
    async revisions(vault, paths) {
      const sightings = paths.map((path): Sighting => ({ path, ...unseen }))
      const { rows } = await readRows(store, vault, sightings)
      return new Map([...rows.values()].map(({ path, revision }) => [path, revision]))
    },
    async waiting() {
      const rows = await store.read('SELECT vault, path, revision FROM vaults_kept WHERE waiting = 1')
      return rows.map((row) => ({
        vault: String(row['vault']),
        path: String(row['path']),
        revision: Number(row['revision']),
      }))
    },
    async settled(waiting) {
      // One that was let go again meanwhile has another revision, and waits on.
      await store.write(
        waiting.map(({ vault, path, revision }) => ({
          text: 'UPDATE vaults_kept SET waiting = 0 WHERE vault = ? AND path = ? AND revision = ?',
          params: [vault, path, revision],
        })),
      )
    },
    async forget(vault) {
      await store.write([{ text: 'DELETE FROM vaults_kept WHERE vault = ?', params: [vault] }])
    },
  }
}

const unseen = { before: null, now: null, body: '', isNewBody: false } as const
const emptyRow = { kept: nothingKept, held: null, isReleased: false, revision: 0 }

/** What a batch of sightings makes of the stored rows; each sees what those before it have done. */
function createPlan(
  stored: ReadonlyMap<string, Row>,
  bodies: ReadonlyMap<string, readonly Row[]>,
  rules: VaultProtection,
) {
  const rows = new Map(stored)
  const held: Record<string, Held> = {}
  /** Notes that go in this batch, by body. */
  const gone = new Map<string, Row[]>()

  function take({ path, from, before, now, body, isNewBody }: Sighting): void {
    const moved = from === undefined || from === path ? undefined : rows.get(from)
    const row = rows.get(path)
    const sources = [row, moved].filter((each) => each !== undefined)
    // Also a copy: whoever makes one without the tag would else have the text without the rule.
    if (isNewBody && !sources.some((each) => each.body === body))
      sources.push(...(bodies.get(body) ?? []), ...(gone.get(body) ?? []))
    const heldBefore = joinHeld(sources.map((each) => each.held))
    const kept = rules.isTeam
      ? joinKept([
          ...sources.map((each) => each.kept),
          // What a rule is younger than has no row yet.
          wordsAt(from ?? path, before, rules),
          wordsAt(path, now, rules),
        ])
      : keptOfHeld(heldBefore)
    const settled = now === null ? { kept, held: heldBefore } : settle(path, kept, now, rules, heldBefore)
    if (from !== undefined && from !== path) rows.delete(from)
    const taken: Row = {
      path,
      body: now === null && body === '' ? (row?.body ?? '') : body,
      ...settled,
      isReleased: row?.isReleased === true || moved?.isReleased === true,
      revision: stored.get(path)?.revision ?? 0,
    }
    rows.set(path, taken)
    if (now === null && taken.body !== '') gone.set(taken.body, [...(gone.get(taken.body) ?? []), taken])
    if (now !== null && settled.held !== null) held[path] = settled.held
  }

  function statements(vault: string): Statement[] {
    const made: Statement[] = []
    for (const path of new Set([...stored.keys(), ...rows.keys()])) {
      const [before, after] = [stored.get(path), rows.get(path)]
      if (after && (after.isReleased || !isNothingKept(after.kept) || after.held !== null)) {
        if (!before || !isSame(before, after)) made.push(putRow(vault, after, null))
      } else if (before) made.push(deleteRow(vault, before))
    }
    return made
  }

  return { take, statements, held }
}

/** What a note says at a path, or that it was there. */
function wordsAt(path: string, own: OwnFacts | null, rules: VaultProtection): Kept {
  return own === null ? { ...nothingKept, places: keptPlace(path, rules.places) } : keepOf(path, own, rules)
}

/** Of several notes in one, such as one that was moved to where another had been. */
function joinHeld(all: readonly (Held | null)[]): Held | null {
  const some = all.filter((each) => each !== null)
  const [first] = some
  if (!first || some.length === 1) return first ?? null
  const kept = joinKept(some.map(keptOfHeld))
  return {
    label: some.map(({ label }) => label).reduce((one, other) => highestOf(one, other)),
    tags: kept.tags,
    values: Object.assign({}, ...some.map(({ values }) => values)) as Held['values'],
    unclear: kept.unclear,
    places: kept.places,
  }
}

function highestOf(one: Held['label'], other: Held['label']): Held['label'] {
  return one === null ? other : other === null ? one : highestLabel(one, other)
}

function isSame(one: Row, other: Row): boolean {
  return (
    one.body === other.body &&
    one.isReleased === other.isReleased &&
    JSON.stringify([one.kept, one.held]) === JSON.stringify([other.kept, other.held])
  )
}

/** Without `letGo` a row keeps its mark of having been let go. */
function putRow(
  vault: string,
  { path, body, kept, held, isReleased, revision }: Row,
  letGo: { readonly releasedAt: number; readonly waiting: 1 } | null,
): Statement {
  const marks = letGo === null ? '' : ', released_at = excluded.released_at, waiting = excluded.waiting'
  return {
    text: `INSERT INTO vaults_kept (vault, path, body, kept, held, released_at, waiting, revision) VALUES (?, ?, ?, ?, ?, ?, ?, 1)
      ON CONFLICT (vault, path) DO UPDATE SET body = excluded.body, kept = excluded.kept, held = excluded.held,
        revision = vaults_kept.revision + 1${marks} WHERE vaults_kept.revision = ?`,
    params: [
      vault,
      path,
      body,
      JSON.stringify(kept),
      held === null ? '' : JSON.stringify(held),
      letGo?.releasedAt ?? (isReleased ? 0 : null),
      letGo?.waiting ?? 0,
      revision,
    ],
    expectChanges: 1,
  }
}

function deleteRow(vault: string, { path, revision }: Row): Statement {
  return {
    text: 'DELETE FROM vaults_kept WHERE vault = ? AND path = ? AND revision = ?',
    params: [vault, path, revision],
    expectChanges: 1,
  }
}

/** Rows of the paths that are named, and, by body, those that a note without a past may come from. */
async function readRows(
  store: Store,
  vault: string,
  sightings: readonly Sighting[],
): Promise<{ rows: Map<string, Row>; bodies: Map<string, Row[]> }> {
  const paths = [...new Set(sightings.flatMap(({ path, from }) => (from === undefined ? [path] : [path, from])))]
  const rows = new Map((await readBy(store, vault, 'path', paths)).map((row) => [row.path, row]))
  const strangers = sightings.filter(({ body, isNewBody }) => isNewBody && body !== '')
  const found = await readBy(store, vault, 'body', [...new Set(strangers.map(({ body }) => body))])
  return { rows, bodies: Map.groupBy(found, ({ body }) => body) }
}

async function readBy(store: Store, vault: string, column: 'path' | 'body', values: readonly string[]): Promise<Row[]> {
  const found: Row[] = []
  for (let from = 0; from < values.length; from += rowsAtOnce) {
    const asked = values.slice(from, from + rowsAtOnce)
    const rows = await store.read(
      `SELECT path, body, kept, held, released_at, revision FROM vaults_kept
        WHERE vault = ? AND ${column} IN (${asked.map(() => '?').join(', ')})`,
      [vault, ...asked],
    )
    found.push(...rows.map(toRow))
  }
  return found
}

function toRow(row: Record<string, unknown>): Row {
  return {
    path: String(row['path']),
    body: String(row['body']),
    kept: keptSchema.parse(JSON.parse(String(row['kept']))),
    held: row['held'] === '' ? null : heldSchema.parse(JSON.parse(String(row['held']))),
    isReleased: row['released_at'] !== null,
    revision: Number(row['revision']),
  }
}
