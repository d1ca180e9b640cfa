/**
 * Keeps a vault on the server equal to the vault of its publisher. Every run makes the same comparison and can be killed
 * anywhere: what was sent is the same on both sides at the next, and what was not is asked for again. So nothing has to
 * be remembered on the way; `SyncState` only saves passes over vaults in which nothing changed.
 *
 * A *whole pass* goes through all notes in the order of their paths and says of each stretch that this is all. *Changes*
 * while the program runs are compared alone. Both end the same way: what the server needs is sent, what is gone is
 * deleted, what is excluded is purged, and what another device did meanwhile is left alone and told.
 */
import type { NotesWrite, SyncConflict, SyncReply, SyncRequest } from '@cairn/contract'
import { excludesPath, excludesTags } from '../exclusions.ts'
import { listNotes, type SyncNotes } from './sync-notes.ts'
import { SyncFailure, type SyncOutcome, type SyncParts, type SyncProblem, type SyncState } from './types.ts'
import { sendNotes, type Upload } from './uploads.ts'

export interface Syncer {
  /** One after another; a call while one runs is answered by the next. */
  run(): Promise<SyncOutcome>
  /** Something of these paths changed: written, renamed, deleted. */
  changed(...paths: string[]): void
  /** Anything may have changed. */
  changedAll(): void
  /** Whether a run has something to do. */
  isDue(): boolean
  /** The deletions that were asked about are meant; holds for the next run. */
  confirmDeletions(): void
  /** At the next run, in place of the publisher that the person was shown; null for none. */
  takeOver(from: string | null): void
  /** The device’s state of the note replaces the server’s. */
  keepMine(conflict: SyncConflict): Promise<SyncOutcome>
}

export const pageNotes = 500
/** More paths than this are found by a whole pass. */
const mostChanged = 400
const freelyDeleted = 20
const freelyDeletedShare = 0.2

interface Round {
  readonly state: SyncState
  readonly notes: SyncNotes
  readonly uploads: Upload[]
  readonly gone: string[]
  readonly excluded: Set<string>
  readonly conflicts: SyncConflict[]
  readonly problems: SyncProblem[]
  last: SyncReply | null
  /** State of the vault that the server told last. */
  seq: number
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createSyncer(parts: SyncParts): Syncer {
  const { transport, known, onProgress = () => {} } = parts
  /** What may differ from the server; `all` until the first whole pass. */
  let due: Set<string> | 'all' = 'all'
  let isStarted = false
  /** The last whole pass ended without a conflict, and nothing since had one. */
  let isClean = false
  let mayDelete = false
  let asked: string | null | undefined
  let pruned = ''
  let running: Promise<unknown> = Promise.resolve()

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = running.then(work, work)
    running = next
    return next
  }

  async function begin(): Promise<Round> {
    const [state, notes] = [await parts.state.load(), listNotes(parts)]
    return {
      state,
      notes,
      uploads: [],
      gone: [],
      excluded: new Set(),
      conflicts: [],
      problems: [...notes.problems],
      last: null,
      seq: state.base,
    }
  }

  async function compare(round: Round, request: Partial<SyncRequest>): Promise<SyncReply> {
    const reply = await transport.compare({
      device: round.state.device,
      deviceName: parts.deviceName,
      base: round.state.base,
      files: [],
      deleted: [],
      excluded: [],
      ...(asked === undefined ? {} : { takeOver: asked }),
      ...request,
    })
    asked = undefined
    round.last = reply
    round.seq = reply.seq
    await rememberHad(round, request.files ?? [], reply)
    round.uploads.push(...reply.need)
    round.gone.push(...reply.gone)
    round.conflicts.push(...reply.conflicts)
    return reply
  }

  /** What the server has of the notes it was asked about, in this version or another. */
  async function rememberHad(round: Round, files: SyncRequest['files'], { need, conflicts }: SyncReply): Promise<void> {
    const hasNot = new Set(need.filter(({ match }) => match === null).map(({ path }) => path))
    for (const { path, version } of conflicts) if (version === null) hasNot.add(path)
    for (const { path, version } of files) await round.notes.remember(path, { version, isSent: !hasNot.has(path) })
  }

  // --- The two ways to compare ---

  async function pass(round: Round): Promise<void> {
    const { notes } = round
    let after: string | null = null
    for (let from = 0; from === 0 || from < notes.all.length; from += pageNotes) {
      const page = notes.all.slice(from, from + pageNotes)
      const isLast = from + pageNotes >= notes.all.length
      const upTo: string | null = isLast ? null : (page.at(-1)?.path ?? null)
      const files = await describePage(round, page)
      onProgress({ phase: 'comparing', done: Math.min(from + pageNotes, notes.all.length), total: notes.all.length })
      const reply = await compare(round, { files, range: { after, upTo } })
      after = upTo
      // Page by page, so that a pass that is killed has come as far as it has.
      if (reply.isPublisher) await send(round, [])
    }
  }

  async function describePage(round: Round, page: SyncNotes['all']): Promise<SyncRequest['files']> {
    const files: SyncRequest['files'] = []
    for (const local of page) {
      const note = await round.notes.describe(local)
      if (note === null) continue
      if (excludesTags(parts.exclusions(), note.tags)) {
        if (note.isSent) round.excluded.add(local.path)
      } else files.push({ path: local.path, version: note.version, size: Math.max(0, Math.floor(local.size)) })
    }
    return files
  }

  /** Only what the server has had is named to it when it is gone. */
  async function passChanged(round: Round, paths: readonly string[]): Promise<void> {
    const { notes } = round
    const deletions: NotesWrite['deleted'] = []
    for (const path of paths) {
      if (notes.find(path) !== undefined) continue
      const before = await known.get(path)
      if (before?.isSent !== true) continue
      if (excludesPath(parts.exclusions(), path)) round.excluded.add(path)
      else deletions.push({ path, match: before.version })
    }
    const there = paths.flatMap((path) => notes.find(path) ?? [])
    const reply = await compare(round, { files: await describePage(round, there) })
    if (reply.isPublisher) await send(round, deletions)
  }

  // --- What follows from it ---

  async function send(round: Round, deletions: NotesWrite['deleted']): Promise<void> {
    const uploads = round.uploads.splice(0)
    let done = 0
    const sent = await sendNotes(parts, round.state.device, round.notes, { uploads, deletions }, (count) => {
      done += count
      onProgress({ phase: 'sending', done, total: uploads.length })
    })
    round.conflicts.push(...sent.conflicts)
    round.seq = sent.seq ?? round.seq
    round.problems.push(...sent.problems)
    for (const path of sent.excluded) round.excluded.add(path)
    mark(sent.overtaken)
  }

  /**
   * Before anything else when what is excluded has changed, by what is known of notes without reading them. Only notes
   * that the server has are named to it, and no folder and no tag; what it has besides, the pass finds.
   */
  async function purgeFirst(round: Round): Promise<void> {
    const exclusions = parts.exclusions()
    const asText = JSON.stringify(exclusions)
    if (pruned === asText) return
    for (const path of [...round.notes.excluded, ...round.notes.all.map((local) => local.path)]) {
      const note = await known.get(path)
      if (note?.isSent !== true) continue
      if (excludesPath(exclusions, path) || excludesTags(exclusions, note.tags)) round.excluded.add(path)
    }
    await purge(round)
    pruned = asText
  }

  async function purge(round: Round): Promise<void> {
    const paths = [...round.excluded]
    for (let from = 0; from < paths.length; from += pageNotes) {
      const notes = paths.slice(from, from + pageNotes)
      const reply = await compare(round, { excluded: notes })
      if (!reply.isPublisher) return
      for (const path of notes) await known.delete(path)
    }
    round.excluded.clear()
  }

  /** What the server has of notes that are excluded here, whoever sent it, is no deletion and no conflict. */
  async function sortOut(round: Round): Promise<void> {
    for (const path of round.gone.splice(0)) {
      if (await isExcluded(round, path)) round.excluded.add(path)
      else if (round.notes.find(path) === undefined) round.gone.push(path)
      else mark([path])
    }
    for (const conflict of round.conflicts.splice(0)) {
      if (conflict.kind === 'missing' && (await isExcluded(round, conflict.path))) round.excluded.add(conflict.path)
      else round.conflicts.push(conflict)
    }
  }

  async function isExcluded({ notes }: Round, path: string): Promise<boolean> {
    if (notes.excluded.has(path) || excludesPath(parts.exclusions(), path)) return true
    const local = notes.find(path)
    const note = local === undefined ? null : await notes.describe(local)
    return note !== null && excludesTags(parts.exclusions(), note.tags)
  }

  async function remove(round: Round): Promise<SyncOutcome | null> {
    const { gone, notes } = round
    const isMany = gone.length > Math.max(freelyDeleted, notes.all.length * freelyDeletedShare)
    if (isMany && !mayDelete) return { kind: 'ask-deletions', count: gone.length, of: gone.length + notes.all.length }
    mayDelete = false
    for (let from = 0; from < gone.length; from += pageNotes) {
      const now = listNotes(parts)
      const page = gone.slice(from, from + pageNotes)
      const deleted = page.filter((path) => now.find(path) === undefined)
      // Written again since the round began.
      mark(page.filter((path) => now.find(path) !== undefined))
      if (deleted.length > 0) await compare(round, { deleted })
      onProgress({ phase: 'deleting', done: Math.min(from + pageNotes, gone.length), total: gone.length })
      for (const path of deleted) await known.delete(path)
    }
    return null
  }

  async function finish(round: Round, isWhole: boolean): Promise<SyncOutcome> {
    await sortOut(round)
    await purge(round)
    const question = await remove(round)
    if (question !== null) {
      due = 'all'
      return question
    }
    const { conflicts, problems, notes, state } = round
    if (isWhole || conflicts.length > 0) isClean = conflicts.length === 0
    // What another device did and nobody has decided on must not count as seen.
    if (isClean && due !== 'all' && due.size === 0)
      await parts.state.save({ ...state, base: round.seq, fingerprint: await notes.fingerprint() })
    return { kind: 'done', conflicts, problems }
  }

  async function runOnce(): Promise<SyncOutcome> {
    const round = await begin()
    const wanted = due
    due = new Set()
    try {
      const isFirst = !isStarted
      isStarted = true
      if (wanted === 'all' && isFirst && asked === undefined && (await isUnchanged(round)))
        return { kind: 'done', conflicts: [], problems: round.problems }
      await purgeFirst(round)
      if (wanted === 'all') await pass(round)
      else await passChanged(round, [...wanted])
      if (round.last?.isPublisher === true) return await finish(round, wanted === 'all')
      due = 'all'
      return follow(round)
    } catch (thrown) {
      due = wanted === 'all' || due === 'all' ? 'all' : new Set([...wanted, ...due])
      isStarted = true
      return explain(thrown)
    }
  }

  /** Nothing changed here since the last whole pass, nor there. */
  async function isUnchanged(round: Round): Promise<boolean> {
    const { base, fingerprint } = round.state
    if (base === 0 || fingerprint !== (await round.notes.fingerprint())) return false
    const reply = await compare(round, {})
    const isSame = reply.isPublisher && reply.seq === base
    // What is excluded is part of the fingerprint.
    if (isSame) pruned = JSON.stringify(parts.exclusions())
    isClean = isSame
    return isSame
  }

  function follow({ last, uploads, gone, conflicts }: Round): SyncOutcome {
    const missing = gone.length + conflicts.filter(({ kind }) => kind === 'missing').length
    const differing = uploads.length + conflicts.length + gone.length - missing
    return { kind: 'follower', publisher: last?.publisher ?? null, drift: { differing, missing } }
  }

  function explain(thrown: unknown): SyncOutcome {
    if (!(thrown instanceof SyncFailure)) throw thrown
    if (thrown.code === 'unreachable') return { kind: 'offline' }
    return { kind: 'failed', code: thrown.code, message: thrown.message }
  }

  function mark(paths: readonly string[]): void {
    if (due === 'all') return
    for (const path of paths) due.add(path.normalize('NFC'))
    if (due.size > mostChanged) due = 'all'
  }

  return {
    run: () => inTurn(runOnce),
    changed: (...paths) => mark(paths),
    changedAll: () => (due = 'all'),
    isDue: () => due === 'all' || due.size > 0,
    confirmDeletions: () => (mayDelete = true),
    takeOver(from) {
      asked = from
      due = 'all'
    },
    keepMine: (conflict) =>
      inTurn(async () => {
        try {
          return await replace(await begin(), conflict)
        } catch (thrown) {
          return explain(thrown)
        }
      }),
  }

  async function replace(round: Round, { path, version }: SyncConflict): Promise<SyncOutcome> {
    const isThere = round.notes.find(path) !== undefined
    if (isThere) round.uploads.push({ path, match: version })
    await send(round, isThere || version === null ? [] : [{ path, match: version }])
    return { kind: 'done', conflicts: round.conflicts, problems: round.problems }
  }
}
