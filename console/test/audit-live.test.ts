/** Promises of following the log: it goes on where it was, ends when it must, and never holds more than its bound. */
import { describe, expect, test } from 'bun:test'
import type { AuditEntryView } from '@cairn/contract'
import { failureOf, unreachable, type Reply } from '../src/api/failure.ts'
import { followLog, type FollowState } from '../src/audit/follow-log.ts'
import { addLive, emptyLive, flushLive, mostLive } from '../src/audit/live-rows.ts'

const entry = (seq: number): AuditEntryView => ({
  seq,
  at: seq,
  category: 'content',
  type: 'note.read',
  outcome: 'ok',
  actor: 'person_ann',
  fields: {},
  hidden: false,
  context: {},
  blocks: {},
})

const ready = (after: number) => `event: ready\ndata: {"after":${after}}\n\n`
const told = (seq: number) => `event: entry\nid: ${seq}\ndata: ${JSON.stringify(entry(seq))}\n\n`
const body = (text: string): Reply<ReadableStream<Uint8Array>> => ({
  ok: true,
  value: new Blob([text]).stream() as ReadableStream<Uint8Array>,
})

/** Follows through the given connections, and is left when there is no further one. */
async function follow(connections: readonly Reply<ReadableStream<Uint8Array>>[]) {
  const run = new AbortController()
  const heard: number[] = []
  const asked: (number | null)[] = []
  const states: FollowState[] = []
  const pauses: number[] = []
  await followLog(
    {
      query: {},
      onEntry: ({ seq }) => void heard.push(seq),
      onState: (state) => void states.push(state),
      open(last) {
        const connection = connections[asked.length]
        asked.push(last)
        if (connection !== undefined) return Promise.resolve(connection)
        run.abort()
        return Promise.resolve({ ok: false, failure: unreachable })
      },
      pause: (ms) => Promise.resolve(void pauses.push(ms)),
    },
    run.signal,
  )
  return { heard, asked, pauses, ways: states.map(({ at }) => at), last: states.at(-1) }
}

describe('the live tail', () => {
  test('goes on after the last entry when the connection breaks, and tells that it broke', async () => {
    const { heard, asked, ways } = await follow([
      body(`${ready(4)}${told(5)}${told(8)}`),
      body(`${ready(8)}${told(9)}`),
    ])
    expect(heard).toEqual([5, 8, 9])
    expect(asked).toEqual([null, 8, 9])
    expect(ways).toEqual(['opening', 'live', 'waiting', 'live', 'waiting'])
  })

  test('goes on where it began when it broke before the first entry', async () => {
    expect((await follow([body(ready(4))])).asked).toEqual([null, 4])
  })

  test('waits longer each time nobody answers, up to a bound, and briefly again after a good connection', async () => {
    const dead: Reply<never> = { ok: false, failure: unreachable }
    const { pauses } = await follow([dead, dead, dead, dead, dead, dead, body(ready(1)), dead])
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 1_000, 2_000])
  })

  test('ends with the permission, also in the middle', async () => {
    const lost = `event: error\ndata: {"error":{"code":"access.forbidden","message":"Not any more."}}\n\n`
    const { asked, last } = await follow([body(`${ready(1)}${told(2)}${lost}${told(3)}`)])
    expect(asked).toEqual([null])
    expect(last).toMatchObject({ at: 'ended', failure: { code: 'access.forbidden' } })
    const refused: Reply<never> = { ok: false, failure: failureOf('access.forbidden', '', 403) }
    expect((await follow([refused])).last).toMatchObject({ at: 'ended', failure: { status: 403 } })
  })

  test('is tried again when the server stops or has too many who follow', async () => {
    const stopping = `event: error\ndata: {"error":{"code":"server.stopping","message":"Bye."}}\n\n`
    const busy: Reply<never> = { ok: false, failure: failureOf('server.busy', '', 503) }
    expect((await follow([body(`${ready(1)}${stopping}`), busy])).asked).toEqual([null, 1, 1])
  })

  test('ends when it is told what cannot be read, and passes over events that it does not know', async () => {
    const { heard, last } = await follow([
      body(`${ready(1)}event: news\ndata: {}\n\n${told(2)}event: entry\ndata: {"seq":"x"}\n\n`),
    ])
    expect(heard).toEqual([2])
    expect(last).toMatchObject({ at: 'ended', failure: { code: 'console.malformed' } })
  })
})

describe('its rows', () => {
  const rows = (from: number, count: number) => Array.from({ length: count }, (_, index) => entry(from + index))
  const seqs = (list: readonly AuditEntryView[]) => list.map(({ seq }) => seq)

  test('stand newest first, each once', () => {
    const first = addLive(emptyLive, rows(1, 3), false)
    expect(seqs(addLive(first, rows(3, 2), false).shown)).toEqual([4, 3, 2, 1])
  })

  test('are never more than the bound, shown or waiting', () => {
    const many = addLive(emptyLive, rows(1, mostLive + 50), false)
    expect([many.shown.length, many.shown[0]?.seq]).toEqual([mostLive, mostLive + 50])
    const paused = addLive(many, rows(1_000, mostLive + 7), true)
    expect([paused.waiting.length, paused.dropped]).toEqual([mostLive, 7])
    expect(paused.shown).toEqual(many.shown)
    const on = flushLive(paused)
    expect([on.shown.length, on.shown[0]?.seq, on.waiting.length, on.dropped]).toEqual([
      mostLive,
      1_000 + mostLive + 6,
      0,
      0,
    ])
  })

  test('that wait while it is paused come when it goes on', () => {
    const paused = addLive(addLive(emptyLive, rows(1, 1), false), rows(2, 2), true)
    expect(seqs(paused.shown)).toEqual([1])
    expect(seqs(flushLive(paused).shown)).toEqual([3, 2, 1])
  })
})
