/** Waits until what was excluded from the server is not in the stored index any more. */
import { sleep } from '../../base/index.ts'
import type { Store } from '../../storage/index.ts'

const mostMs = 8_000
const lookEveryMs = 50
const pathsAtOnce = 400

/** False when the index needs longer. */
export async function untilPruned(store: Store, vault: string, paths: readonly string[]): Promise<boolean> {
  for (let waitedMs = 0; waitedMs <= mostMs; waitedMs += lookEveryMs) {
    if (!(await hasAny(store, vault, paths))) return true
    await sleep(lookEveryMs)
  }
  return false
}

async function hasAny(store: Store, vault: string, paths: readonly string[]): Promise<boolean> {
  for (let at = 0; at < paths.length; at += pathsAtOnce) {
    const asked = paths.slice(at, at + pathsAtOnce)
    const places = asked.map(() => '?').join(', ')
    const rows = await store.read(
      `SELECT 1 AS found FROM index_notes WHERE vault = ? AND deleted = 0 AND path IN (${places}) LIMIT 1`,
      [vault, ...asked],
    )
    if (rows.length > 0) return true
  }
  return false
}
