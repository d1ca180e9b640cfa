/**
 * What is held, seen from outside: listed, let go, and looked at anew when rules change. The process that indexes does
 * the looking; who lets something go has it look at once, and waits until the stored index shows it.
 */
import { admitsNote, errorFields, fail, sleep, type HostPeers, type Logger, type NoteFilter } from '../../base/index.ts'
import type { Store } from '../../storage/index.ts'
import { readStored } from '../index/index-store.ts'
import type { Indexing } from '../indexing.ts'
import type { HeldNote } from '../types.ts'
import { scopesOf } from './former-places.ts'
import type { Held, Protection } from './held-facts.ts'
import type { Keeper } from './keeper.ts'

export interface HeldNotesOptions {
  readonly indexStore: Store
  readonly keeper: Keeper
  readonly protection: () => Promise<Protection>
  readonly indexing: Pick<Indexing, 'isOwner' | 'regard'>
  readonly peers: HostPeers
  readonly logger: Logger
  /** Ids of the vaults there are. */
  readonly vaults: () => string[]
  /** Has the searchers of this host take what is stored of a vault. */
  readonly follow: (vault: string) => Promise<void>
}

export interface HeldNotes {
  /** Ordered by path. */
  list(vault: string, filter: NoteFilter, limit: number): Promise<HeldNote[]>
  /**
   * Resolves to what was held, when what is found next goes by the note’s own words. Throws `note.not-found`, `note.held-changed`, and
   * `index.not-ready` when the process that indexes does not come round to it soon; it does so later then.
   */
  release(vault: string, path: string, seen: number | null): Promise<Held>
  close(): void
}

/** Rules change seldom; what an edit meets is asked for with each edit. */
const lookEveryMs = 1_000
const releaseMs = 5_000
const pollMs = 20
const topic = 'vaults.released'

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createHeldNotes(options: HeldNotesOptions): HeldNotes {
  const { indexStore, keeper, protection, indexing, peers, logger, vaults, follow } = options
  let isClosed = false
  let isTroubled = false
  /** By which rules each vault was looked at last; forgotten with the turn to index. */
  let regarded = new Map<string, string>()
  let last: Promise<void> = Promise.resolve()

  /** One look at a time. */
  function look(): Promise<void> {
    last = last.catch(() => undefined).then(() => (isClosed ? undefined : lookNow()))
    return last
  }

  async function lookNow(): Promise<void> {
    if (!indexing.isOwner()) {
      regarded = new Map()
      return
    }
    const waiting = await keeper.waiting()
    for (const [vault, some] of Map.groupBy(waiting, (each) => each.vault)) {
      await indexing.regard(
        vault,
        some.map(({ path }) => path),
      )
      await keeper.settled(some)
    }
    const { places, ...rest } = await protection()
    for (const vault of vaults()) {
      const rules = JSON.stringify({ ...rest, places: scopesOf(vault, places) })
      if (regarded.get(vault) === rules) continue
      if (await keeper.isConcerned(vault)) await indexing.regard(vault, null)
      regarded.set(vault, rules)
    }
  }

  async function lookAgain(): Promise<void> {
    try {
      await look()
      isTroubled = false
    } catch (thrown) {
      // Told once, not every second.
      if (!isTroubled && !isClosed) logger.warn('what is held of notes cannot be looked at', errorFields(thrown))
      isTroubled = true
    }
  }

  async function isWaiting(vault: string, path: string): Promise<boolean> {
    return (await keeper.waiting()).some((each) => each.vault === vault && each.path === path)
  }

  const timer = setInterval(() => void lookAgain(), lookEveryMs)
  peers.answer(topic, look)

  return {
    async list(vault, filter, limit) {
      const rows = await indexStore.read(
        "SELECT path, version, label, meta, held FROM index_notes WHERE vault = ? AND deleted = 0 AND held <> '' ORDER BY path",
        [vault],
      )
      const found = rows.map((row) => readStored(row)).filter(({ judged }) => admitsNote(filter, judged))
      const shown = found.slice(0, limit)
      const revisions = await keeper.revisions(
        vault,
        shown.map(({ path }) => path),
      )
      return shown.flatMap(({ path, meta: { title }, own, held, judged }) =>
        held === null ? [] : [{ vault, note: path, title, own, held, judged, revision: revisions.get(path) ?? 0 }],
      )
    },
    async release(vault, path, seen) {
      const [row] = await indexStore.read(
        'SELECT path, label, meta, held FROM index_notes WHERE vault = ? AND path = ? AND deleted = 0',
        [vault, path],
      )
      const stored = row ? readStored(row) : null
      if (!stored?.held) fail('note.not-held', { message: 'Nothing is held of this note.' })
      await keeper.release(vault, path, stored.own, seen)
      await peers.collect(topic)
      for (let waitedMs = 0; await isWaiting(vault, path); waitedMs += pollMs) {
        if (waitedMs >= releaseMs)
          fail('index.not-ready', {
            message: 'It is confirmed, and takes effect when the vault is indexed again.',
            retryAfterMs: 1_000,
          })
        await sleep(pollMs)
      }
      await follow(vault)
      return stored.held
    },
    close() {
      isClosed = true
      clearInterval(timer)
    },
  }
}
