/** Places that entries name: vaults, folders and notes, which not everybody who reads the log may know of. */
import type { AuditEventType } from '@cairn/contract'
import type { OpenedEntry } from '../read/read-entries.ts'
import { notesOf } from './cells.ts'
import type { ReportPlace, ReportTools } from './types.ts'

/** Of a scope as rules write it; null for what is no place in a vault. */
export function placeIn(scope: string): ReportPlace | null {
  const [, vault, path] = /^(?:vault|folder|note):([^/]+)(?:\/(.+))?$/.exec(scope) ?? []
  return vault === undefined ? null : { vault, path: path ?? null }
}

export const placeName = ({ vault, path }: ReportPlace): string => JSON.stringify([vault, path])

/** More would be every note of a large vault, and then some. */
const mostPlaces = 200_000

/** Each once; those beyond the bound count as places that nobody may know of. */
export async function findPlaces(
  { scan }: Pick<ReportTools, 'scan'>,
  types: readonly AuditEventType[],
): Promise<ReportPlace[]> {
  const found = new Map<string, ReportPlace>()
  for await (const entry of scan(types, 'period'))
    for (const place of placesOf(entry)) if (found.size < mostPlaces) found.set(placeName(place), place)
  return [...found.values()]
}

function placesOf(entry: OpenedEntry): ReportPlace[] {
  const { scope } = entry.fields
  const place = typeof scope === 'string' ? placeIn(scope) : null
  return place === null ? notesOf(entry) : [place]
}
