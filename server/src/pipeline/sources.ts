/**
 * Keeps answers behind the index from passing for fresh. The log announces every change of a vault; the searcher’s copy
 * of the vault knows up to which announcement it has come. Where it is behind, it is given a moment to catch up, and
 * what is made from it anyway carries the position it had, so that the announcement it missed makes it invalid.
 */
import { sleep } from '../base/index.ts'
import type { Fill } from '../cache/index.ts'
import type { LogPosition, Vaults } from '../vaults/index.ts'
import type { PipelineCaches } from './caches.ts'

/** Up to which announcement each vault was read. */
export type SourcePositions = ReadonlyMap<string, LogPosition>

const mostWaitMs = 1_000
const pollMs = 20

type Log = NonNullable<PipelineCaches['log']>

/** To be called before the vaults are read. Waits at most a second for a searcher that is behind. */
export async function readPositions(
  ids: readonly string[],
  {
    vaults,
    caches: { log },
  }: { vaults: Pick<Vaults, 'find' | 'logPosition' | 'follow'>; caches: Pick<PipelineCaches, 'log'> },
  signal: AbortSignal,
): Promise<SourcePositions> {
  // A vault may be removed at any moment.
  const read = () => new Map(ids.filter((id) => vaults.find(id)).map((id) => [id, vaults.logPosition(id)] as const))
  let positions = read()
  for (let waitedMs = 0; log && waitedMs < mostWaitMs; waitedMs += pollMs) {
    const behind = [...positions].filter(([id, position]) => isBehind(log, id, position))
    if (behind.length === 0) break
    if (waitedMs > 0) await sleep(pollMs, signal)
    // A vault that cannot be followed is answered from as it is.
    await Promise.all(behind.map(([id]) => vaults.follow(id).catch(() => undefined)))
    positions = read()
  }
  return positions
}

/** Stamps what is made from vaults that were read at these positions. To be called first in a fill. */
export function stampSources(fill: Fill, positions: SourcePositions, log: PipelineCaches['log']): void {
  if (!log) return
  // Announcements up to here are known to this process; of later ones `isBehind` knows nothing.
  const known = log.position()
  const behind = [...positions].filter(([id, position]) => isBehind(log, id, position))
  fill.sourceSeq(Math.min(known, ...behind.map(([, position]) => seqIn(log, position))))
}

function isBehind(log: Log, vault: string, position: LogPosition): boolean {
  return log.newestMark(`index:${vault}`) > seqIn(log, position)
}

/** A position in a former life of the log says nothing about the present one. */
function seqIn(log: Log, { epoch, seq }: LogPosition): number {
  return epoch === log.epoch() ? seq : 0
}
