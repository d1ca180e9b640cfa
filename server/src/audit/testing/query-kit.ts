/** A log to ask, with what may happen to it, and the plain way of answering: open everything and look. */
import type { AuditEventType } from '@cairn/contract'
import { systemClock } from '../../base/index.ts'
import type { Place } from '../../storage/testing/places.ts'
import type { StoreLocation } from '../../storage/index.ts'
import type { OpenedEntry } from '../read/read-entries.ts'
import { openLogReader, type LogReader } from '../read/log-reader.ts'
import { parseHeader } from '../record/header.ts'
import type { AuditEvent } from '../record/prepare.ts'
import { vaultsIn, wordsOf } from '../query/index-rows.ts'
import type { AuditFilter } from '../query/types.ts'
import { openLogKit, testSecrets, type LogKit } from './log-kit.ts'

export interface QueryKit extends LogKit {
  readonly reader: LogReader
  readonly indexLocation: StoreLocation
  /** Why the index was made anew, each time. */
  readonly resets: readonly string[]
  /** Appends one event for each number; the same numbers make the same events. */
  append(...drawn: readonly number[]): Promise<void>
  /** Another reader of the same log. */
  openReader(): Promise<LogReader>
  /** Closes the reader, and opens one. */
  reopen(): Promise<void>
  /** Waits until the index has the whole log. */
  settle(): Promise<number>
  /** Places of the entries that fit, in order, by opening all of them. */
  naively(filter: AuditFilter): Promise<number[]>
  close(): Promise<void>
}

export async function openQueryKit(place: Place): Promise<QueryKit> {
  const kit = await openLogKit(place.location)
  const indexLocation: StoreLocation =
    place.location.kind === 'sqlite'
      ? { ...place.location, file: place.location.file.replace('test.db', 'audit-index.db') }
      : place.location
  const resets: string[] = []
  const openReader = () =>
    openLogReader({
      location: place.location,
      indexLocation,
      secrets: testSecrets,
      clock: systemClock,
      onReset: (why) => resets.push(why),
    })
  let reader = await openReader()
  return {
    ...kit,
    get reader() {
      return reader
    },
    indexLocation,
    resets,
    openReader,
    async append(...drawn) {
      await Promise.all(drawn.map((number) => kit.log.append(drawEvent(number, kit.clock.now()))))
    },
    async reopen() {
      await reader.close()
      reader = await openReader()
    },
    async settle() {
      for (;;) {
        const { size, behind } = await reader.query({ filter: {}, order: 'desc', limit: 1, fresh: true })
        if (behind === 0) return size
      }
    },
    async naively(filter) {
      const found: number[] = []
      for (let from = 0; ;) {
        const page = await kit.log.entries({ from, to: Number.MAX_SAFE_INTEGER })
        if (page.length === 0) return found
        for (const entry of page) if (await fits(kit, entry, filter)) found.push(entry.seq)
        from = (page.at(-1)?.seq ?? 0) + 1
      }
    },
    async close() {
      await reader.close()
      await kit.log.close()
    },
  }
}

// --- Events -----------------------------------------------------------------------------------------------------------

export const people = ['person_0', 'person_1', 'person_2', 'server', 'anonymous'] as const
export const vaults = ['vault_1', 'vault_2'] as const
export const notes = ['Öre/Käse.md', 'Plan.md', 'Plan.md.md'] as const
const models = ['gpt-x', 'lab/llama_3', 'Ä%']

/** An event made of the digits of a number. */
export function drawEvent(number: number, at: number): AuditEvent {
  let rest = number
  const pick = <T>(from: readonly T[]): T => {
    const picked = from[rest % from.length] as T
    rest = Math.floor(rest / from.length)
    return picked
  }
  const actor = pick(people)
  const outcome = pick(['ok', 'ok', 'failed', 'refused'] as const)
  const [type, fields] = pick<() => [AuditEventType, AuditEvent['fields']]>([
    () => ['note.read', { vault: pick(vaults), note: pick(notes) }],
    () => ['search.run', { vaults: pick([[], [vaults[0]], [...vaults]]), results: 3 }],
    () => [
      'chat.completed',
      { model: pick(models), provider: pick(['lab', 'cloud']), egress: 'external', tokensIn: 5, tokensOut: 7 },
    ],
    () => ['user.changed', { user: pick(people.slice(0, 3)), changes: ['name', 'email'] }],
    () => ['access.refused', { code: 'access.forbidden', route: '/api/usage' }],
  ])()
  // Minutes to either side: what waited outside the log comes late.
  const shifted = at + (pick([0, 0, 0, 1, 61, -3_000, 1_500]) as number) * 60_000 + pick([0, 30_000])
  return { type, actor, outcome, at: shifted, fields, context: { requestId: `request_${number % 7}` } }
}

// --- The plain way ----------------------------------------------------------------------------------------------------

async function fits({ log }: LogKit, entry: OpenedEntry, filter: AuditFilter): Promise<boolean> {
  const { rows } = await log.connection.run('SELECT header FROM audit_entries WHERE seq = ?', [entry.seq])
  const header = parseHeader(String(rows[0]?.['header']))
  if (header === null) return false
  const minute = Date.parse(header.t)
  const isActors = entry.blocks['actor'] === 'open'
  const others = Object.entries(entry.blocks)
    .filter(([name, state]) => name !== 'actor' && state === 'open')
    .map(([name]) => entry.fields[name])
  const checks: Record<keyof AuditFilter, () => boolean> = {
    from: () => minute + 60_000 > (filter.from ?? 0),
    to: () => minute < (filter.to ?? 0),
    categories: () => filter.categories?.includes(entry.category) ?? false,
    types: () => filter.types?.includes(entry.type) ?? false,
    outcomes: () => filter.outcomes?.includes(entry.outcome) ?? false,
    actor: () => isActors && entry.actor === filter.actor,
    person: () => others.includes(filter.person),
    vault: () => isActors && vaultsIn(entry.fields).includes(filter.vault ?? ''),
    note: () => isActors && entry.fields['vault'] === filter.note?.vault && entry.fields['note'] === filter.note?.path,
    model: () => entry.fields['model'] === filter.model,
    provider: () => entry.fields['provider'] === filter.provider,
    requestId: () => isActors && entry.context['requestId'] === filter.requestId,
    words: () => filter.words?.every((word) => wordsOf(header).includes(word.toLowerCase())) ?? false,
  }
  return Object.keys(filter).every(
    (name) => filter[name as keyof AuditFilter] === undefined || checks[name as keyof AuditFilter](),
  )
}
