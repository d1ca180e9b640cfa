/**
 * Keeps the stored index of one vault equal to where its notes come from: a watched folder, or what devices have sent.
 *
 * A *pass* compares what is there with what is stored and writes the difference in commits of a few notes each: kill
 * it anywhere and the next start goes on with what is missing, and nothing stands twice. A note keeps its id when it is
 * renamed or moved: a new path takes over the id of a vanished one with the same file or the same text. The watcher
 * only names paths that may have changed; what is true is read from the disk every time.
 */
import { createId, fail, sha256, type Clock } from '../../base/index.ts'
import type { Statement } from '../../storage/index.ts'
import { nothingExcluded } from '../folder/exclusions.ts'
import type { NoteSource } from '../folder/note-source.ts'
import type { NoteFile } from '../folder/read-folder.ts'
import type { Held, OwnFacts } from '../held/held-facts.ts'
import type { Sighting } from '../held/keeper.ts'
import { fingerprintBody } from '../held/note-body.ts'
import { chunkNote, maxChunks } from '../notes/chunk.ts'
import { parseNote, type ParsedNote } from '../notes/parse-note.ts'
import { embed, type LsaModel } from '../ranking/lsa.ts'
import { extractTerms, headingPaths, indexFormat, packTerms, type PassageTerms } from '../ranking/note-terms.ts'
import { TermDictionary } from '../ranking/term-dictionary.ts'
import { packVectors } from '../ranking/vector-index.ts'
import { unpackModel } from './model-bytes.ts'
import { statements, type FileState, type IndexStore, type StoredNote } from './index-store.ts'
import { trainModel } from './train.ts'

export interface Progress {
  done: number
  total: number
}

export interface IndexerOptions {
  vault: string
  source: NoteSource
  store: IndexStore
  clock: Clock
  /** Decides what is held of notes that are about to be stored, by path; what it answers is durable. */
  guard: (sightings: readonly Sighting[]) => Promise<Record<string, Held>>
  /** Called after each commit with the new sequence number. */
  onCommit: (seq: number) => void
  onProgress: (progress: Progress) => void
}

const commitNotes = 64
const commitChars = 4_000_000
const commitEveryMs = 250
const mostProblems = 10_000
const regardNotes = 400

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createIndexer({ vault, source, store, clock, guard, onCommit, onProgress }: IndexerOptions) {
  const dictionary = new TermDictionary()
  let storedTerms = 0
  let seq = 0
  let modelId = 0
  let trainedPassages = 0
  let model: LsaModel | null = null
  let files = new Map<string, FileState>()
  let exclusions = nothingExcluded
  /** Notes with something to report, by path; those that are no notes at all are found anew at each pass. */
  const problems = new Map<string, string>()
  let pending: Statement[] = []
  let pendingNotes = 0
  let pendingChars = 0
  /** Paths of notes that were there before and are changed, moved or gone. */
  const altered = new Set<string>()
  /** Notes of the commit under way, for the guard; by id. */
  const seen = new Map<string, Seen>()
  /** The stored index was begun anew and is not whole yet: nothing in it tells a new note from an old one. */
  let isBegun = false
  let lastCommitMs = 0

  async function open(): Promise<void> {
    const row = await store.vault()
    seq = row?.seq ?? 0
    if (!row || row.format !== indexFormat) await begin()
    else {
      for (const { path, reason } of (await store.problems(mostProblems)).first) problems.set(path, reason)
      exclusions = await source.readExclusions()
      for (const term of await store.terms(0)) dictionary.idOf(term)
      storedTerms = dictionary.size
      modelId = row.model
      trainedPassages = row.trainedPassages
      const bytes = modelId > 0 ? await store.model(modelId) : null
      model = bytes ? unpackModel(bytes) : null
    }
    files = new Map((await store.files()).map((file) => [file.path, file]))
    for (const path of problems.keys()) if (!files.has(path)) problems.delete(path)
  }

  /** Empties the stored index. */
  async function begin(): Promise<void> {
    await store.reset(indexFormat, ++seq)
    storedTerms = 0
    modelId = 0
    trainedPassages = 0
    model = null
    files = new Map()
    problems.clear()
    pending = []
    seen.clear()
    altered.clear()
    isBegun = true
  }

  /** Compares the whole folder with the index and writes the difference. */
  async function pass(): Promise<void> {
    // A folder that is away is no folder without notes: what was indexed stays until it can be read again.
    if (!(await source.canRead())) fail('vault.folder', { internal: 'the folder cannot be read' })
    exclusions = await source.readExclusions()
    const listing = await source.list(exclusions)
    const present = new Set(listing.notes.map(({ path }) => path))
    const vanished = [...files.values()].filter(({ path }) => !present.has(path))
    const changed = listing.notes.filter((note) => !isUnchanged(note, files.get(note.path)))
    await apply(changed, vanished)
    const all = new Map([...listing.problems.map(({ path, reason }) => [path, reason] as const), ...problems])
    pending.push(
      ...statements.setProblems(
        vault,
        [...all].slice(0, mostProblems).map(([path, reason]) => ({ path, reason })),
      ),
    )
    await commit()
    isBegun = false
    await train()
  }

  /** Looks at these paths only. Returns false when a whole pass is needed instead. */
  async function passPaths(paths: readonly string[]): Promise<boolean> {
    const changed: NoteFile[] = []
    const vanished: FileState[] = []
    for (const path of paths) {
      const found = await source.lookUp(path, exclusions)
      const state = files.get(path)
      if (found === undefined || (found === null && !state)) return false
      if (found) changed.push(found)
      else if (state) vanished.push(state)
    }
    const before = problems.size
    await apply(changed, vanished)
    await commit()
    return problems.size === 0 && before === 0
  }

  async function apply(changed: readonly NoteFile[], vanished: readonly FileState[]): Promise<void> {
    const orphans = createOrphans(vanished)
    lastCommitMs = clock.monotonic()
    let done = files.size - vanished.length - changed.filter(({ path }) => files.has(path)).length
    const total = done + changed.length
    onProgress({ done, total })
    for (const file of changed) {
      const read = await source.read(file)
      if ('problem' in read) forget(file.path)
      const problem = 'problem' in read ? read.problem : putNote(file, read.text, orphans)
      if (problem === null) problems.delete(file.path)
      else problems.set(file.path, problem)
      onProgress({ done: ++done, total })
      if (isCommitDue()) await commit()
    }
    for (const { path, noteId } of orphans.rest()) {
      problems.delete(path)
      if (files.get(path)?.noteId === noteId) forget(path)
    }
  }

  /** Queues what a note's text asks for; returns what of it could not be read. */
  function putNote(file: NoteFile, text: string, orphans: Orphans): string | null {
    const version = sha256(text).slice(0, 32)
    const known = files.get(file.path) ?? orphans.take(file, version)
    const noteId = known?.noteId ?? createId('note')
    const state: FileState = {
      noteId,
      path: file.path,
      version,
      mtimeMs: file.mtimeMs,
      size: file.size,
      inode: file.inode,
    }
    if (known && known.path !== file.path) files.delete(known.path)
    files.set(file.path, state)
    if (known && known.version === version && known.path === file.path) {
      pending.push(statements.touchNote(vault, state))
      return problems.get(file.path) ?? null
    }
    if (known) for (const path of [known.path, file.path]) altered.add(path)
    const note = parseNote(file.path, text)
    const chunks = chunkNote(text, note)
    const passages = extractTerms(text, note, chunks)
    const stored: StoredNote = {
      ...state,
      label: note.label ?? 'internal',
      text,
      passages: chunks.length,
      terms: packTerms(passages, (term) => dictionary.idOf(term)),
      meta: {
        title: note.title,
        aliases: note.aliases,
        tags: note.tags,
        ai: note.ai,
        date: note.date ?? file.mtimeMs,
        headings: headingPaths(note.headings),
        links: note.links.map(({ target }) => target),
        owner: note.owner,
        properties: note.properties,
        labelled: note.label !== null,
        body: fingerprintBody(text, note.textStart),
      },
    }
    seen.set(noteId, { path: file.path, from: known?.path, now: ownFacts(note), body: stored.meta.body })
    pending.push(...statements.putNote(vault, ++seq, stored))
    if (model)
      pending.push(
        ...statements.putVectors(vault, ++seq, { noteId, model: modelId, data: embedPassages(model, passages) }),
      )
    pendingNotes++
    pendingChars += text.length
    return note.problem ?? (chunks.length >= maxChunks ? `only its first ${maxChunks} passages are searched` : null)
  }

  function embedPassages(by: LsaModel, passages: readonly PassageTerms[]): Uint8Array {
    const vectors = passages.map(({ counts }) =>
      embed(
        by,
        Array.from(counts.keys(), (term) => dictionary.idOf(term)),
        Array.from(counts.values(), (count) => Math.max(1, count / 4)),
      ),
    )
    return packVectors(vectors, by.dimensions)
  }

  function forget(path: string): void {
    const state = files.get(path)
    if (!state) return
    files.delete(path)
    altered.add(path)
    seen.set(state.noteId, { path, from: undefined, now: null, body: '' })
    pending.push(...statements.deleteNote(vault, ++seq, state.noteId))
    pendingNotes++
  }

  function isCommitDue(): boolean {
    return (
      pendingNotes >= commitNotes ||
      pendingChars >= commitChars ||
      (pendingNotes > 0 && clock.monotonic() - lastCommitMs >= commitEveryMs)
    )
  }

  async function commit(): Promise<void> {
    lastCommitMs = clock.monotonic()
    if (pending.length === 0) return
    const held = await askGuard()
    const terms = dictionary.since(storedTerms)
    const batch = pending
    for (const [noteId, { path }] of seen)
      if (held[path] !== undefined) batch.push(statements.setHeld(vault, noteId, held[path]))
    seen.clear()
    if (terms.length > 0) batch.push(statements.addTerms(vault, storedTerms, terms))
    batch.push(...statements.announce(vault, seq, altered), statements.setSeq(vault, seq))
    altered.clear()
    pending = []
    pendingNotes = 0
    pendingChars = 0
    const written = await store.write(batch)
    // The vault's row is gone: it was removed while we worked.
    if (written === null) return
    storedTerms += terms.length
    onCommit(seq)
  }

  /** What is stored of the notes until now is what they said before. */
  async function askGuard(): Promise<Record<string, Held>> {
    if (seen.size === 0) return {}
    const known = await store.facts([...seen.keys()])
    return guard(
      [...seen].map(([noteId, { path, from, now, body }]): Sighting => {
        const stored = known.get(noteId)
        return {
          path,
          ...(from === undefined || from === path ? {} : { from }),
          before: stored?.own ?? null,
          now,
          body: now === null ? (stored?.meta.body ?? '') : body,
          isNewBody: now !== null && !isBegun && stored?.meta.body !== body,
        }
      }),
    )
  }

  /**
   * Has the guard decide anew on notes that did not change: at these paths, or all. To be called when rules changed, or
   * when something was let go.
   */
  async function regard(paths: readonly string[] | null): Promise<void> {
    const chosen = paths === null ? [...files.values()] : paths.flatMap((path) => files.get(path) ?? [])
    for (let from = 0; from < chosen.length; from += regardNotes) {
      const stored = await store.facts(chosen.slice(from, from + regardNotes).map(({ noteId }) => noteId))
      const held = await guard(
        [...stored.values()].map(({ path, own, meta: { body } }) => ({
          path,
          before: own,
          now: own,
          body,
          isNewBody: false,
        })),
      )
      for (const [noteId, note] of stored) {
        const now = held[note.path] ?? null
        if (JSON.stringify(now) === JSON.stringify(note.held)) continue
        pending.push(statements.setHeld(vault, noteId, now), ...statements.retellNote(vault, ++seq, noteId))
        altered.add(note.path)
      }
      await commit()
    }
  }

  async function train(): Promise<void> {
    const { passages } = await store.counts()
    if (
      passages === trainedPassages ||
      (modelId > 0 && passages < 1.25 * trainedPassages && passages > 0.5 * trainedPassages)
    )
      return
    const trained = await trainModel({ vault, store, id: modelId + 1, passages, seq })
    trainedPassages = passages
    if (!trained) return
    model = trained.model
    modelId++
    seq = trained.seq
    onCommit(seq)
  }

  return { open, pass, passPaths, begin, regard }
}

export type Indexer = ReturnType<typeof createIndexer>

/** A note of the commit under way, as the guard is asked about it. */
interface Seen {
  path: string
  from: string | undefined
  now: OwnFacts | null
  body: string
}

function ownFacts({ tags, label, owner, properties }: ParsedNote): OwnFacts {
  return { tags, label, owner, properties }
}

function isUnchanged(file: NoteFile, state: FileState | undefined): boolean {
  return state !== undefined && state.size === file.size && state.mtimeMs === file.mtimeMs && state.inode === file.inode
}

/** Notes that vanished, to be taken over by a new path with the same file or the same text. */
interface Orphans {
  take(file: NoteFile, version: string): FileState | undefined
  rest(): Iterable<FileState>
}

function createOrphans(vanished: readonly FileState[]): Orphans {
  const left = new Map(vanished.map((state) => [state.noteId, state]))
  const byInode = new Map(vanished.map((state) => [state.inode, state]))
  const byVersion = new Map(vanished.map((state) => [state.version, state]))
  return {
    take(file, version) {
      const found = [byVersion.get(version), byInode.get(file.inode)].find((state) => state && left.has(state.noteId))
      if (found) left.delete(found.noteId)
      return found
    },
    rest: () => left.values(),
  }
}
