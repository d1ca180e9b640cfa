/** One entry as one line of canonical JSON (RFC 8785), so that the same entry is the same bytes. */
import { formatTime } from '../../base/index.ts'
import { canonicalJson, type JsonValue } from '../tree/canonical-json.ts'
import type { ShownEntry } from './view.ts'

export function toJson(entry: ShownEntry): string {
  return canonicalJson({ ...entry, time: formatTime(entry.at) } as unknown as JsonValue)
}
