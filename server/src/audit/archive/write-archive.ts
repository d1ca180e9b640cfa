/**
 * The log as files that need nothing of this program to be verified: the newest checkpoint, the key that signed it, tiles
 * and entries as C2SP tlog-tiles lays them out, and beside them what says why blocks are gone. Names of people are in it
 * only when it is asked for with them: then each block stands with what opens its commitment.
 */
import { fail } from '../../base/index.ts'
import type { SqlSession } from '../../platform/index.ts'
import { readHead } from '../log/append.ts'
import type { Checkpoints, SignedCheckpoint } from '../log/checkpoints.ts'
import { createTreeReader } from '../log/tree-reader.ts'
import { parseHeader } from '../record/header.ts'
import { parseCheckpoint } from '../tree/checkpoint.ts'
import { bundlePath, joinHashes, tilePath, tilesOf, tileWidth, type Tile } from '../tree/tiles.ts'
import type { ReadBlock } from '../verify/opener.ts'
import { createStoredLog, readPage, type LogFacts, type StoredBlock, type StoredEntry } from '../verify/source.ts'
import { factsFile, gapsPath, type ArchiveBlock, type ArchiveFacts } from './format.ts'
import { endTar, writeTarFile } from './tar.ts'

export interface ArchiveOptions {
  readonly session: SqlSession
  readonly checkpoints: Checkpoints
  /** With it, blocks that open stand in the archive. */
  readonly read?: ReadBlock
  /** Of which the archive is; without it the log as it is now. */
  readonly checkpoint?: SignedCheckpoint
}

/**
 * A tar file in pieces. Rejects with `storage.failed` when entries are pruned meanwhile; what was written is no archive
 * then.
 */
export async function* writeArchive(options: ArchiveOptions): AsyncIterable<Uint8Array> {
  const { session, checkpoints, read } = options
  const { size, note } = options.checkpoint ?? (await checkpoints.sign())
  const facts = await createStoredLog(session).facts()
  const tree = createTreeReader(session, size)
  const told = describeFacts(facts, { size, frontier: joinHashes((await tree.frontier(size)).hashes) })
  const file = (name: string, content: Uint8Array | string) =>
    writeTarFile({ name, content: typeof content === 'string' ? new TextEncoder().encode(content) : content })
  yield* file('checkpoint', note)
  yield* file('key', `${checkpoints.signer.verifier.text}\n`)
  yield* file(factsFile, `${JSON.stringify(told)}\n`)
  for (let index = Math.floor(facts.minIndex / tileWidth); index * tileWidth < size; index++) {
    const bundle = await tree.bundle(index, size)
    const width = Math.min(tileWidth, size - index * tileWidth)
    if (bundle === null) await refusePruned(session)
    else yield* file(bundlePath({ index, width }), bundle)
    yield* file(gapsPath(index), await writeBlocks(session, { index, size }, read))
  }
  for (const tile of tilesOf(size)) {
    const bytes = await tree.tile(tile.level, tile.index, size)
    if (bytes !== null && bytes.length === tile.width * 32) yield* file(tilePath(tile), bytes)
    else if (!isPruned(tile, facts.minIndex)) await refusePruned(session)
  }
  yield endTar()
}

function isPruned({ level, index, width }: Tile, minIndex: number): boolean {
  return (index * tileWidth + width) * tileWidth ** level <= minIndex
}

async function refusePruned(session: SqlSession): Promise<never> {
  const { minIndex } = await readHead(session, '')
  return fail('storage.failed', {
    message: `Entries of the audit log cannot be read, or were pruned a moment ago (before ${minIndex}). Try again.`,
  })
}

/** As of a size: what was done to the log by later entries is not told. */
function describeFacts(facts: LogFacts, { size, frontier }: { size: number; frontier: Uint8Array }): ArchiveFacts {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  return {
    v: 1,
    origin: facts.origin,
    size,
    minIndex: facts.minIndex,
    frontier: base64(frontier),
    prunes: facts.prunes
      .filter(({ goneBy }) => goneBy < size)
      .map(({ upto, goneBy, frontier: left }) => ({ upto, goneBy, frontier: base64(left) })),
    goneKeys: facts.goneKeys.filter(({ goneBy }) => goneBy < size).map((each) => ({ ...each })),
    checkpoints: facts.checkpoints.filter((note) => (parseCheckpoint(note)?.size ?? 0) <= size),
  }
}

async function writeBlocks(
  session: SqlSession,
  { index, size }: { index: number; size: number },
  read: ReadBlock | undefined,
): Promise<string> {
  const from = index * tileWidth
  const lines: string[] = []
  for (const entry of await readPage(session, { from, to: Math.min(from + tileWidth, size) }))
    for (const block of entry.blocks) lines.push(JSON.stringify(await describeBlock(entry, block, size, read)))
  return lines.map((line) => `${line}\n`).join('')
}

async function describeBlock(
  { seq, header }: StoredEntry,
  block: StoredBlock,
  size: number,
  read: ReadBlock | undefined,
): Promise<ArchiveBlock> {
  const { name, goneBy, goneProof } = block
  if (goneBy !== null && goneBy < size) return { seq, name, goneBy, goneProof: goneProof ?? '' }
  const parsed = read === undefined ? null : parseHeader(header)
  const { opened } =
    parsed === null || read === undefined ? { opened: null } : await read({ seq, header: parsed }, block)
  if (opened === null) return { seq, name }
  return { seq, name, salt: Buffer.from(opened.salt).toString('base64'), content: opened.content }
}
