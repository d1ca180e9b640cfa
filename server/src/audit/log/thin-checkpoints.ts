/**
 * Lets old checkpoints go that others make superfluous: of those older than a day the last of each hour stays, of those
 * older than a month the last of each day. A busy log signs one every half second, and the last of an hour vouches for all
 * before it. The newest always stays. What somebody outside has kept is compared with the tree, which has the root of
 * every size, so nothing that can be verified with a checkpoint needs ours.
 */
import type { SqlConnection } from '../../platform/index.ts'

export interface KnownCheckpoint {
  readonly size: number
  /** Milliseconds since 1970. */
  readonly at: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const monthMs = 30 * dayMs

/** The hour or day of UTC of which one stays; null for what is too young to go. */
function spanOf({ at }: KnownCheckpoint, now: number): string | null {
  if (at > now - dayMs) return null
  return at > now - monthMs ? `hour ${Math.floor(at / hourMs)}` : `day ${Math.floor(at / dayMs)}`
}

/**
 * Which go, of checkpoints by size from the smallest: each whose successor is of the same hour or day. After a clock that
 * was put back some more stay.
 */
export function pickSuperfluous(known: readonly KnownCheckpoint[], now: number): KnownCheckpoint[] {
  return known.filter((each, index) => {
    const [span, next] = [spanOf(each, now), known[index + 1]]
    return span !== null && next !== undefined && spanOf(next, now) === span
  })
}

/** Read at once; the last of a page begins the next one. */
const pageRows = 5_000
/** Removed at once: appends wait for no more. */
const portion = 250

/** Gives how many went. Whoever is stopped in between goes on with the next run. */
export async function thinCheckpoints(connection: SqlConnection, now: number): Promise<number> {
  let gone = 0
  for (let from = 0; ;) {
    const { rows } = await connection.run(
      `SELECT size, at FROM audit_checkpoints WHERE size >= ? ORDER BY size LIMIT ${pageRows}`,
      [from],
    )
    const known = rows.map((row) => ({ size: Number(row['size']), at: Number(row['at']) }))
    const sizes = pickSuperfluous(known, now).map(({ size }) => size)
    for (let at = 0; at < sizes.length; at += portion) {
      const some = sizes.slice(at, at + portion)
      const { changes } = await connection.run(
        `DELETE FROM audit_checkpoints WHERE size IN (${some.map(() => '?').join(', ')})`,
        some,
      )
      gone += changes
    }
    const last = known.at(-1)
    if (last === undefined || known.length < pageRows || last.at > now - dayMs) return gone
    from = last.size
  }
}
