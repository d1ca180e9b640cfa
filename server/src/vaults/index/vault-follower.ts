/**
 * A searcher's copy of one vault: follows the stored index by sequence number into memory, and answers from there.
 * Every process that answers questions has one; only the store is shared.
 */
import { SearchIndex, type NoteMeta } from '../ranking/search-index.ts'
import type { LogPosition } from '../types.ts'
import type { IndexStore, NoteChange, VaultRow } from './index-store.ts'
import { unpackModel } from './model-bytes.ts'
import { LinkGraph } from './link-graph.ts'

const rowsAtOnce = 500
const nowhere: LogPosition = { epoch: '', seq: 0 }

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createFollower(store: IndexStore) {
  let index = new SearchIndex()
  let links = new LinkGraph()
  let generation = ''
  /** The newest note applied; the newest vectors; the number up to which everything is. */
  let seq = 0
  let vectorSeq = 0
  let completeSeq = 0
  let position: LogPosition = nowhere

  /** Applies what was committed since the last call; what is committed while it reads is for the next. */
  async function follow(): Promise<void> {
    const row = await store.vault()
    if (!row) return restart('')
    if (row.generation !== generation) restart(row.generation)
    // Read before the changes, so that it never says more than they do.
    const { position: announced } = row
    if (row.seq !== completeSeq) await followChanges(row)
    position = announced
  }

  async function followChanges(row: VaultRow): Promise<void> {
    for (const term of await store.terms(index.dictionary.size)) index.dictionary.idOf(term)
    await followNotes(row.seq)
    if (row.model !== index.modelId) {
      const bytes = row.model > 0 ? await store.model(row.model) : null
      index.setModel(row.model, bytes ? unpackModel(bytes) : null)
      vectorSeq = 0
    }
    await followVectors(row.model, row.seq)
    completeSeq = seq = row.seq
  }

  async function followNotes(upTo: number): Promise<void> {
    let deferred = false
    try {
      for (;;) {
        const changes = await store.changes(seq, rowsAtOnce, upTo)
        // A whole page of changes is a vault being loaded: packing once at its end is several times faster.
        deferred ||= changes.length === rowsAtOnce
        for (const change of changes) apply(change, deferred)
        if (changes.length < rowsAtOnce) return
      }
    } finally {
      // Also when a later page cannot be read: what was applied is not asked for again.
      if (deferred || index.isWasteful) index.pack()
    }
  }

  async function followVectors(model: number, upTo: number): Promise<void> {
    for (;;) {
      const rows = model > 0 ? await store.vectors(model, vectorSeq, rowsAtOnce, upTo) : []
      for (const { noteId, data, seq: at } of rows) {
        index.setVectors(noteId, data)
        vectorSeq = at
      }
      if (rows.length < rowsAtOnce) return
    }
  }

  function apply(change: NoteChange, deferred: boolean): void {
    seq = change.seq
    if (change.deleted) {
      index.remove(change.noteId)
      links.remove(change.noteId)
      return
    }
    const { noteId, version, stored } = change
    const { path, label, tags, judged, meta } = stored
    const note: NoteMeta = {
      noteId,
      path,
      version,
      label,
      title: meta.title,
      tags,
      judged,
      ai: meta.ai,
      date: meta.date,
      headings: meta.headings,
    }
    index.upsert(note, change.terms, { deferred })
    links.put(noteId, { path, aliases: meta.aliases, targets: meta.links })
  }

  function restart(next: string): void {
    index = new SearchIndex()
    links = new LinkGraph()
    generation = next
    seq = 0
    vectorSeq = 0
    completeSeq = 0
    position = nowhere
  }

  return {
    follow,
    /** Up to which announcement everything is applied. */
    get position() {
      return position
    },
    get index() {
      return index
    },
    get links() {
      return links
    },
    get seq() {
      return seq
    },
    store,
  }
}

export type Follower = ReturnType<typeof createFollower>
