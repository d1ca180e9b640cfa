/**
 * What this browser itself has seen of the log: it remembers the key and the newest checkpoint, and holds the log to them
 * at the next visit. What does not fit is kept, because it is the evidence, and never written over.
 */
import { readStored, writeStored } from '../../shell/device-storage.ts'
import { tryParseJson } from '@cairn/ui/client'
import { readCheckpoint, readVerifierKey, verifySignature } from '../prove/signed-note.ts'

export interface Seen {
  readonly key: string
  readonly note: string
  /** Milliseconds since 1970. */
  readonly at: number
}

const nameOf = (deploymentId: string) => `cairn.audit.seen.${deploymentId}`
const longest = 16_000

export function readSeen(deploymentId: string): Seen | null {
  const stored = readStored(nameOf(deploymentId))
  const value = stored === null || stored.length > longest ? null : (tryParseJson(stored) as Partial<Seen> | null)
  const { key, note, at } = value ?? {}
  return typeof key === 'string' && typeof note === 'string' && typeof at === 'number' ? { key, note, at } : null
}

export const writeSeen = (deploymentId: string, seen: Seen): void =>
  writeStored(nameOf(deploymentId), JSON.stringify(seen))

/** Whether the newest checkpoint is one to remember: signed by this key, as far as this browser can tell. */
export async function isWorthKeeping(note: string, key: string): Promise<boolean> {
  if ((crypto as Partial<Crypto>).subtle === undefined) return false
  const [checkpoint, verifier] = [readCheckpoint(note), await readVerifierKey(key)]
  if (checkpoint === null || verifier === null || verifier.name !== checkpoint.origin) return false
  return (await verifySignature(checkpoint, verifier)) === 'good'
}
