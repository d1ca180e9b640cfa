/**
 * The ring of segments. Slot `s` is one file `s-GENERATION`; a process that wants to write renames the oldest one to the
 * next generation, which exactly one process manages. So there is no lock and nothing to clean up after a process that
 * was killed: its segment is recycled when its turn comes. A process that was held up so long that its segment was
 * recycled notices by the name, and claims another one. Segments are of fixed size, so that is the bound on disk.
 */
import { closeSync, openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs'
import { open, readdir, rename, truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../base/index.ts'
import type { Place } from './place.ts'

export interface Segment {
  readonly generation: number
  /** Of the writer alone, who closes it; reading has its own. */
  readonly fd: number
}

export interface Segments {
  /** Newest generation that this process has heard of; 0 for none. */
  newest(): number
  /** The next segment, this process’s alone. It may still hold what its slot held before. */
  claim(): Promise<Segment>
  /** Whether a claimed segment has not been recycled or deleted meanwhile. */
  isMine(segment: Segment): boolean
  /** Reads `length` bytes from a place into the target; returns the bytes read, 0 when there is no such segment. */
  read(place: Place, target: Uint8Array, length: number): number
  /** Overwrites bytes of a record with zeros. */
  erase(place: Place, from: number, length: number): void
  /** The file of that slot may have been replaced by another one: it is opened anew, once a second at most. */
  mistrust(place: Place): void
  /** Bytes of all segments, asked of the folder; also learns of newer generations. */
  measure(): number
  /** Every segment loses what is in it. */
  truncate(): Promise<void>
  close(): void
}

const fileName = /^(\d{1,4})-(\d{1,10})$/
const lookAgainAfterMs = 20
const mistrustAfterMs = 1_000
const mostClaimTries = 100
const mostGenerations = 0xffff_fff0
const zeros = Buffer.alloc(256)

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function openSegments(folder: string, slots: number, clock: Clock): Segments {
  /** Descriptors for reading, by slot. Used and closed without waiting in between, so none is closed while in use. */
  const files = new Map<number, number>()
  let newest = 0
  let lookedAt = -Infinity
  let mistrustedAt = -Infinity

  const pathOf = (generation: number): string => join(folder, `${generation % slots}-${generation}`)
  const learn = (names: readonly string[]): Listing => {
    const listing = parseListing(names, slots)
    for (const generation of listing.current.values()) newest = Math.max(newest, generation)
    return listing
  }
  const openSlotOf = ({ generation: wanted }: Place): number | undefined => {
    const isNew = wanted > newest && wanted <= newest + slots
    if (!isNew && clock.monotonic() - lookedAt < lookAgainAfterMs) return undefined
    lookedAt = clock.monotonic()
    for (const [slot, generation] of learn(readdirSync(folder)).current) {
      const fd = files.has(slot) ? null : openIfThere(pathOf(generation))
      if (fd !== null) files.set(slot, fd)
    }
    return files.get(wanted % slots)
  }
  const forget = (slot: number): void => {
    const fd = files.get(slot)
    files.delete(slot)
    if (fd !== undefined) closeSync(fd)
  }
  /** Null when another process was faster. */
  const tryClaim = async (): Promise<Segment | null> => {
    const { current, leftOver } = learn(await readdir(folder))
    for (const name of leftOver) await unlink(join(folder, name)).catch(() => undefined)
    const generation = newest + 1
    const path = pathOf(generation)
    const old = current.get(generation % slots)
    if (!(await (old === undefined ? create(path) : take(pathOf(old), path)))) return null
    newest = Math.max(newest, generation)
    // A process that was held up may have made a file where there is one by now; the newer one counts.
    const isCurrent = learn(await readdir(folder)).current.get(generation % slots) === generation
    if (!isCurrent) return null
    forget(generation % slots)
    files.set(generation % slots, openSync(path, 'r+'))
    return { generation, fd: openSync(path, 'r+') }
  }

  return {
    newest: () => newest,
    async claim() {
      for (let tries = 0; tries < mostClaimTries; tries++) {
        const segment = await tryClaim()
        if (segment) return segment
      }
      throw new Error('no segment could be claimed')
    },
    isMine: ({ generation }) => statSync(pathOf(generation), { throwIfNoEntry: false }) !== undefined,
    read(place, target, length) {
      const slot = place.generation % slots
      const fd = files.get(slot) ?? openSlotOf(place)
      return fd === undefined ? 0 : readSync(fd, target, 0, length, place.offset)
    },
    erase(place, from, length) {
      const fd = files.get(place.generation % slots)
      if (fd !== undefined) writeSync(fd, zeros, 0, Math.min(length, zeros.length), place.offset + from)
    },
    mistrust(place) {
      const isRecycled = place.generation <= newest - slots
      if (isRecycled || clock.monotonic() - mistrustedAt < mistrustAfterMs) return
      mistrustedAt = clock.monotonic()
      forget(place.generation % slots)
    },
    measure() {
      let bytes = 0
      for (const generation of learn(readdirSync(folder)).current.values())
        bytes += statSync(pathOf(generation), { throwIfNoEntry: false })?.size ?? 0
      return bytes
    },
    async truncate() {
      for (const generation of learn(await readdir(folder)).current.values())
        await truncate(pathOf(generation), 0).catch(ignoreAbsence)
    },
    close() {
      for (const slot of files.keys()) forget(slot)
    },
  }
}

interface Listing {
  /** Generation by slot. */
  readonly current: ReadonlyMap<number, number>
  /** Files of a slot that has a newer one. */
  readonly leftOver: readonly string[]
}

function parseListing(names: readonly string[], slots: number): Listing {
  const current = new Map<number, number>()
  const leftOver: string[] = []
  for (const name of names) {
    const [, slotText, generationText] = fileName.exec(name) ?? []
    const generation = Number(generationText)
    const slot = Number(slotText)
    if (generationText === undefined || generation % slots !== slot || generation > mostGenerations) continue
    const other = current.get(slot)
    if (other !== undefined) leftOver.push(`${slot}-${Math.min(other, generation)}`)
    current.set(slot, Math.max(generation, other ?? 0))
  }
  return { current, leftOver }
}

/** Null when another process has renamed it since the folder was listed. */
function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r+')
  } catch (thrown) {
    ignoreAbsence(thrown)
    return null
  }
}

async function create(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close()
    return true
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false
    throw thrown
  }
}

async function take(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (thrown) {
    ignoreAbsence(thrown)
    return false
  }
}

function ignoreAbsence(thrown: unknown): void {
  if (codeOf(thrown) !== 'ENOENT') throw thrown
}

const codeOf = (thrown: unknown): unknown => (thrown as { code?: unknown }).code
