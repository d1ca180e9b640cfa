/**
 * The notes of vaults that devices sync, in the state store. Every change of a vault has a number, and is made by its
 * publisher alone: the statement that takes the number changes nothing for another device, and with it the whole write.
 */
import { syncLimits, type NotesWrite, type SyncConflict } from '@cairn/contract'
import { fail, formatTime, sha256, type Clock } from '../../base/index.ts'
import type { Statement, Store } from '../../storage/index.ts'
import { countBytes } from '@cairn/contract/tables'
import { compareDeleted, compareHad, compareMissing, type SyncedNote, type Viewer } from './compare.ts'

export interface SyncedVault {
  readonly seq: number
  readonly publisher: { readonly device: string; readonly name: string; readonly since: string } | null
}

export interface Compared {
  readonly need: { path: string; match: string | null }[]
  readonly conflicts: SyncConflict[]
  readonly gone: string[]
  /** Confirmed deletions, with the version that has to be there. */
  readonly deletions: { path: string; match: string }[]
}

export interface Claims {
  readonly files: readonly { readonly path: string; readonly version: string }[]
  readonly deleted: readonly string[]
  readonly range?: { readonly after: string | null; readonly upTo: string | null } | undefined
}

export interface Written {
  readonly stored: { path: string; version: string }[]
  readonly deleted: string[]
  readonly conflicts: SyncConflict[]
  readonly seq: number
}

const pathsAtOnce = 400
/** Earlier versions remembered of a note, to tell who is behind from who has edited. */
const mostEarlier = 20
const columns = 'path, seq, deleted, version, earlier, device'

/** How the version of a note is made from its text. */
export const versionOf = (text: string): string => sha256(text).slice(0, 32)

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createSyncedNotes(store: Store, clock: Clock) {
  const order = store.dialect === 'postgres' ? ' COLLATE "C"' : ''

  async function readNotes(vault: string, paths: readonly string[]): Promise<Map<string, SyncedNote>> {
    const found = new Map<string, SyncedNote>()
    for (let from = 0; from < paths.length; from += pathsAtOnce) {
      const asked = paths.slice(from, from + pathsAtOnce)
      const rows = await store.read(
        `SELECT ${columns} FROM vaults_synced_notes WHERE vault = ? AND path IN (${asked.map(() => '?').join(', ')})`,
        [vault, ...asked],
      )
      for (const row of rows) found.set(String(row['path']), toNote(row))
    }
    return found
  }

  async function readRange(vault: string, range: NonNullable<Claims['range']>): Promise<SyncedNote[]> {
    const upTo = range.upTo === null ? '' : `AND path${order} <= ?`
    const rows = await store.read(
      `SELECT ${columns} FROM vaults_synced_notes WHERE vault = ? AND deleted = 0 AND path${order} > ? ${upTo}`,
      [vault, range.after ?? '', ...(range.upTo === null ? [] : [range.upTo])],
    )
    return rows.map(toNote)
  }

  /** Throws `vault.not-found`. */
  async function get(vault: string): Promise<SyncedVault> {
    const [row] = await store.read(
      'SELECT seq, publisher, publisher_name, published_since FROM vaults_synced WHERE vault = ?',
      [vault],
    )
    if (!row) return fail('vault.not-found')
    const device = row['publisher']
    return {
      seq: Number(row['seq']),
      publisher:
        typeof device === 'string'
          ? { device, name: String(row['publisher_name']), since: formatTime(Number(row['published_since'])) }
          : null,
    }
  }

  /** Throws `vault.not-publisher`. */
  async function refuseOthers(vault: string): Promise<never> {
    const { publisher } = await get(vault)
    const who = publisher === null ? 'No device publishes this vault yet.' : `“${publisher.name}” publishes this vault.`
    return fail('vault.not-publisher', { message: `${who} Take over, or change the notes there.` })
  }

  async function write(vault: string, device: string, statements: readonly Statement[]) {
    const done = await store.write([takeNumber(vault, device), ...statements])
    if (done === null) return refuseOthers(vault)
    return { seq: Number(done.rows[0]?.[0]?.['seq']), changes: done.changes.slice(1) }
  }

  return {
    get,
    /**
     * Makes a device the publisher if `before` is it now. Returns whether that changed something. Throws
     * `vault.not-publisher` when another took over meanwhile.
     */
    async takeOver(vault: string, device: string, name: string, before: string | null): Promise<boolean> {
      const { publisher } = await get(vault)
      if (publisher?.device === device) return false
      const isBefore = before === null ? 'publisher IS NULL' : 'publisher = ?'
      const done = await store.write([
        {
          text: `UPDATE vaults_synced SET publisher = ?, publisher_name = ?, published_since = ? WHERE vault = ? AND ${isBefore}`,
          params: [device, name, clock.now(), vault, ...(before === null ? [] : [before])],
          expectChanges: 1,
        },
      ])
      return done !== null || refuseOthers(vault)
    },
    /** Changes nothing. */
    async compare(vault: string, viewer: Viewer, { files, deleted, range }: Claims): Promise<Compared> {
      const compared: Compared = { need: [], conflicts: [], gone: [], deletions: [] }
      const paths = [...files.map(({ path }) => path), ...deleted]
      const notes = await readNotes(vault, paths)
      const verdicts = [
        ...files.map(({ path, version }) => [path, compareHad(viewer, path, version, notes.get(path))] as const),
        ...deleted.map((path) => [path, compareDeleted(viewer, path, notes.get(path))] as const),
      ]
      for (const [path, verdict] of verdicts) {
        if (verdict.kind === 'need') compared.need.push({ path, match: verdict.match })
        if (verdict.kind === 'delete') compared.deletions.push({ path, match: verdict.match })
        if (verdict.kind === 'conflict') compared.conflicts.push(verdict.conflict)
      }
      if (range === undefined) return compared
      const said = new Set(paths)
      for (const note of await readRange(vault, range)) {
        if (said.has(note.path)) continue
        const missing = compareMissing(viewer, note)
        if (missing === 'gone') compared.gone.push(note.path)
        else compared.conflicts.push(missing)
      }
      return compared
    },
    /** One step: everything whose version is the expected one is stored or deleted. Throws `vault.not-publisher`. */
    async write(vault: string, { device, notes, deleted }: NotesWrite): Promise<Written> {
      const before = await readNotes(
        vault,
        [...notes, ...deleted].map(({ path }) => path),
      )
      const [count] = await store.read(
        'SELECT COUNT(*) AS n FROM vaults_synced_notes WHERE vault = ? AND deleted = 0',
        [vault],
      )
      const isFull = Number(count?.['n'] ?? 0) + notes.length > syncLimits.notesOfVault
      const puts = notes.map((note) => {
        const text = note.text.toWellFormed()
        return { ...note, text, version: versionOf(text), size: countBytes(text) }
      })
      const { seq, changes } = await write(vault, device, [
        ...puts.map((note) => putNote(vault, device, note, before.get(note.path), isFull)),
        ...deleted.map((note) => deleteNote(vault, device, note, before.get(note.path))),
      ])
      const written: Written = { stored: [], deleted: [], conflicts: [], seq }
      const after = await readNotes(
        vault,
        [...notes, ...deleted].filter((_, at) => changes[at] === 0).map(({ path }) => path),
      )
      for (const [at, { path, version }] of puts.entries()) {
        const now = after.get(path)
        // What stands there already was sent before, by a call whose reply was lost.
        const isThere = changes[at] === 1 || (now !== undefined && !now.isDeleted && now.version === version)
        if (isThere) written.stored.push({ path, version })
        else written.conflicts.push({ path, ...(isFull && now?.isDeleted !== false ? full : conflictOf(now)) })
      }
      for (const [index, { path }] of deleted.entries()) {
        const now = after.get(path)
        if (changes[puts.length + index] === 1 || now === undefined || now.isDeleted) written.deleted.push(path)
        else written.conflicts.push({ path, kind: 'changed', version: now.version })
      }
      return written
    },
    /** Nothing of these notes is kept, whoever wrote them. Returns how many there were. Throws `vault.not-publisher`. */
    async purge(vault: string, device: string, paths: readonly string[]): Promise<number> {
      const { changes } = await write(vault, device, [
        { text: 'UPDATE vaults_synced SET purges = purges + 1 WHERE vault = ?', params: [vault] },
        ...paths.map((path) => ({
          text: 'DELETE FROM vaults_synced_notes WHERE vault = ? AND path = ?',
          params: [vault, path],
        })),
      ])
      return changes.slice(1).reduce((sum, each) => sum + each, 0)
    },
  }
}

export type SyncedNotes = ReturnType<typeof createSyncedNotes>

const full = { kind: 'full', version: null } as const

function conflictOf(now: SyncedNote | undefined): Omit<SyncConflict, 'path'> {
  return now === undefined || now.isDeleted
    ? { kind: 'deleted', version: null }
    : { kind: 'edited', version: now.version }
}

/** For a new vault that devices sync. */
export function insertSynced(vault: string): Statement {
  return {
    text: "INSERT INTO vaults_synced (vault, seq, purges, publisher, publisher_name, published_since) VALUES (?, 0, 0, NULL, '', 0)",
    params: [vault],
  }
}

/** Of a vault that is removed. */
export function deleteSynced(vault: string): Statement[] {
  return ['vaults_synced', 'vaults_synced_notes'].map((table) => ({
    text: `DELETE FROM ${table} WHERE vault = ?`,
    params: [vault],
  }))
}

/** Others wait for the row until the write is done, so that numbers are taken one after another. */
function takeNumber(vault: string, device: string): Statement {
  return {
    text: 'UPDATE vaults_synced SET seq = seq + 1 WHERE vault = ? AND publisher = ? RETURNING seq',
    params: [vault, device],
    expectChanges: 1,
  }
}

const currentNumber = '(SELECT seq FROM vaults_synced WHERE vault = ?)'

interface Put {
  readonly path: string
  readonly match: string | null
  readonly text: string
  readonly version: string
  readonly size: number
  readonly mtime: number
}

function putNote(vault: string, device: string, note: Put, before: SyncedNote | undefined, isFull: boolean): Statement {
  const { path, match, text, version, size, mtime } = note
  const earlier = JSON.stringify(earlierOf(before))
  if (match !== null || isFull)
    return {
      text: `UPDATE vaults_synced_notes SET seq = ${currentNumber}, version = ?, earlier = ?, device = ?, size = ?, mtime = ?, text = ?
        WHERE vault = ? AND path = ? AND deleted = 0 AND version = ? AND version <> ?`,
      params: [vault, version, earlier, device, size, mtime, text, vault, path, match ?? '', version],
    }
  return {
    text: `INSERT INTO vaults_synced_notes (vault, path, seq, deleted, version, earlier, device, size, mtime, text)
      VALUES (?, ?, ${currentNumber}, 0, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (vault, path) DO UPDATE SET seq = excluded.seq, deleted = 0, version = excluded.version,
        earlier = excluded.earlier, device = excluded.device, size = excluded.size, mtime = excluded.mtime, text = excluded.text
      WHERE vaults_synced_notes.deleted = 1`,
    params: [vault, path, vault, version, earlier, device, size, mtime, text],
  }
}

/** What was deleted stays known by its versions, so that a device that has it still does not bring it back. */
function deleteNote(
  vault: string,
  device: string,
  { path, match }: { readonly path: string; readonly match: string | null },
  before: SyncedNote | undefined,
): Statement {
  return {
    text: `UPDATE vaults_synced_notes SET seq = ${currentNumber}, deleted = 1, earlier = ?, device = ?, size = 0, text = ''
      WHERE vault = ? AND path = ? AND deleted = 0 AND version = ?`,
    params: [vault, JSON.stringify(earlierOf(before)), device, vault, path, match ?? ''],
  }
}

function earlierOf(before: SyncedNote | undefined): string[] {
  return before === undefined ? [] : [...before.earlier, before.version].slice(-mostEarlier)
}

function toNote(row: Record<string, unknown>): SyncedNote {
  return {
    path: String(row['path']),
    seq: Number(row['seq']),
    isDeleted: Number(row['deleted']) === 1,
    version: String(row['version']),
    earlier: JSON.parse(String(row['earlier'])) as string[],
    device: String(row['device']),
  }
}
