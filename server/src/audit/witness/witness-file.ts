/**
 * A witness in a file: checkpoints go, line by line, to a place outside the data directory, best on another disk or
 * machine and open to adding only. At the start the last of them must fit the log.
 */
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../../base/index.ts'
import { openLineFile, readLastLine } from '../../platform/index.ts'
import type { SignedCheckpoint } from '../log/checkpoints.ts'

export interface WitnessFile {
  /** The newest checkpoint in it; null when there is none. Rejects with the system’s error. */
  last(): Promise<string | null>
  /** One in so much time, and always the newest; resolves whether it was written. */
  tell(checkpoint: SignedCheckpoint, when?: 'at-once'): Promise<boolean>
  /** The newest checkpoint in it, as far as this process knows. */
  told(): Pick<SignedCheckpoint, 'size' | 'at'> | null
}

const lineSchema = z.object({ at: z.number(), size: z.number(), checkpoint: z.string() })

export interface WitnessPlace {
  readonly path: string
  /** The file grows by a line in so much time, while something happens. */
  readonly everyMs: number
}

/**
 * The file that is named, or one beside the keyring: whoever can write all of the data and nothing else cannot write the
 * log anew, as long as this is not in the data as well.
 */
export function chooseWitnessFile(
  named: string | undefined,
  { keyring, deploymentId }: { readonly keyring: string; readonly deploymentId: string },
): WitnessPlace {
  if (named !== undefined) return { path: named, everyMs: 60_000 }
  return { path: join(dirname(keyring), `audit-witness-${deploymentId}.jsonl`), everyMs: 600_000 }
}

export function createWitnessFile({ path, everyMs }: WitnessPlace, clock: Pick<Clock, 'monotonic'>): WitnessFile {
  const file = openLineFile(path)
  let toldAt = -Infinity
  let toldSize = -1
  let newest: Pick<SignedCheckpoint, 'size' | 'at'> | null = null
  return {
    async last() {
      const line = await readLastLine(path)
      if (line === null) return null
      const { at, size, checkpoint } = lineSchema.parse(JSON.parse(line))
      newest ??= { at, size }
      return checkpoint
    },
    async tell({ at, size, note }, when) {
      const now = clock.monotonic()
      if (size <= toldSize || (when === undefined && now - toldAt < everyMs)) return false
      ;[toldAt, toldSize] = [now, size]
      await file.append(JSON.stringify({ at, size, checkpoint: note }))
      newest = { at, size }
      return true
    },
    told: () => newest,
  }
}
