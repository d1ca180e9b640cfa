/**
 * What sync knows of each note without reading it, in the browser's database of this device. It is held in memory while
 * sync is on and written in batches: what a batch loses is found out again. Where there is no database, memory is all.
 */
import type { KnownNote, KnownNotes } from '../core/sync/index.ts'
import { later } from './time.ts'

const storeName = 'notes'
const saveAfterMs = 500
/** So many are written in one piece, which takes some milliseconds. */
const batchNotes = 100
const nextAfterMs = 50

export interface KnownStore extends KnownNotes {
  readonly clear: () => Promise<void>
  /** Writes now what waits to be written, and lets the database go. */
  readonly close: () => Promise<void>
}

export async function openKnownNotes(name: string): Promise<KnownStore> {
  const database = await openDatabase(name)
  const notes = database === null ? new Map<string, KnownNote>() : await readAll(database)
  const waiting = new Map<string, KnownNote | null>()
  let cancel: (() => void) | null = null

  async function save(): Promise<void> {
    cancel?.()
    const batch = [...waiting].slice(0, batchNotes)
    for (const [path] of batch) waiting.delete(path)
    cancel = waiting.size > 0 ? later(() => void save(), nextAfterMs) : null
    if (database === null || batch.length === 0) return
    const written = database.transaction(storeName, 'readwrite')
    const store = written.objectStore(storeName)
    for (const [path, note] of batch) {
      if (note === null) store.delete(path)
      else store.put(note, path)
    }
    await ended(written)
  }
  function change(path: string, note: KnownNote | null): void {
    waiting.set(path, note)
    cancel ??= later(() => void save(), saveAfterMs)
  }

  return {
    get: (path) => Promise.resolve(notes.get(path) ?? null),
    put(path, note) {
      notes.set(path, note)
      change(path, note)
      return Promise.resolve()
    },
    delete(path) {
      if (notes.delete(path)) change(path, null)
      return Promise.resolve()
    },
    async clear() {
      notes.clear()
      waiting.clear()
      if (database === null) return
      const written = database.transaction(storeName, 'readwrite')
      written.objectStore(storeName).clear()
      await ended(written)
    },
    async close() {
      while (waiting.size > 0) await save()
      database?.close()
    },
  }
}

/** Null where the browser has none, or keeps it from us. */
function openDatabase(name: string): Promise<IDBDatabase | null> {
  return new Promise((done) => {
    try {
      const request = window.indexedDB.open(name, 1)
      request.onupgradeneeded = () => void request.result.createObjectStore(storeName)
      request.onsuccess = () => done(request.result)
      request.onerror = () => done(null)
      request.onblocked = () => done(null)
    } catch {
      done(null)
    }
  })
}

function readAll(database: IDBDatabase): Promise<Map<string, KnownNote>> {
  return new Promise((done) => {
    const store = database.transaction(storeName, 'readonly').objectStore(storeName)
    const [keys, values] = [store.getAllKeys(), store.getAll() as IDBRequest<KnownNote[]>]
    // Requests of one transaction are answered in their order.
    values.onsuccess = () =>
      done(
        new Map(
          keys.result.flatMap((key, at) => {
            const note = values.result[at]
            return typeof key === 'string' && note !== undefined ? [[key, note] as const] : []
          }),
        ),
      )
    values.onerror = () => done(new Map())
  })
}

/** Also when it failed: what was not written is found out again. */
function ended(transaction: IDBTransaction): Promise<void> {
  return new Promise((done) => {
    transaction.oncomplete = () => done()
    transaction.onabort = () => done()
    transaction.onerror = () => done()
  })
}
