/** Questions about the last day of a large log, on one store: how long an answer takes once the index has it all. */
import type { StoreLocation } from '../../server/src/storage/index.ts'
import { systemClock } from '../../server/src/base/index.ts'
import { openLogReader } from '../../server/src/audit/read/log-reader.ts'
import { openLogKit, someEvent, testSecrets } from '../../server/src/audit/testing/log-kit.ts'
import type { AuditQuery } from '../../server/src/audit/query/types.ts'

const dayMs = 24 * 60 * 60_000
/** Events that are appended at once, as many callers do. */
const atOnce = 2_000
/** Days over which the events are spread. */
const days = 100

export interface AskedLog {
  /** Events a second while the log was filled. */
  readonly perSecond: number
  /** Milliseconds of each question: the middle of its rounds. */
  readonly ms: ReadonlyMap<string, number>
}

export async function measureQuestions(
  places: { readonly log: StoreLocation; readonly index: StoreLocation },
  { events, rounds }: { readonly events: number; readonly rounds: number },
): Promise<AskedLog> {
  const kit = await openLogKit(places.log)
  const now = Date.parse('2026-04-25T00:00:00Z')
  const from = now - dayMs
  try {
    const begun = performance.now()
    for (let at = 0; at < events; at += atOnce)
      await Promise.all(
        Array.from({ length: Math.min(atOnce, events - at) }, (_, each) =>
          kit.log.append(someEvent(at + each, now - days * dayMs + ((at + each) / events) * days * dayMs)),
        ),
      )
    const perSecond = Math.round((events / (performance.now() - begun)) * 1_000)
    await kit.log.checkpoints.sign()
    const { log, index } = places
    const reader = await openLogReader({
      location: log,
      indexLocation: index,
      secrets: testSecrets,
      clock: systemClock,
    })
    try {
      const base: AuditQuery = { filter: {}, order: 'desc', limit: 100 }
      while ((await reader.query({ ...base, limit: 1, fresh: true })).behind > 0) await Bun.sleep(100)
      const questions: [name: string, ask: () => Promise<unknown>][] = [
        ['everything', () => reader.query({ ...base, filter: { from } })],
        ['of one person', () => reader.query({ ...base, filter: { from, actor: 'person_3' } })],
        ['of one type', () => reader.query({ ...base, filter: { from, types: ['note.read'] } })],
        ['by a word', () => reader.query({ ...base, filter: { from, words: ['extractive'] } })],
        [
          'counted by type and hour',
          () => reader.summarize({ filter: { from }, by: ['type'], bucket: 'hour', vaults: [] }),
        ],
      ]
      const ms = new Map<string, number>()
      for (const [name, ask] of questions) ms.set(name, await timeOf(ask, rounds))
      return { perSecond, ms }
    } finally {
      await reader.close()
    }
  } finally {
    await kit.log.close()
  }
}

/** The middle of its rounds, in milliseconds. */
async function timeOf(ask: () => Promise<unknown>, rounds: number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    await ask()
    times.push(performance.now() - start)
  }
  return times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0
}
