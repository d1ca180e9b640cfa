import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { recordSource, type Reader, type Recording, type Source } from './recording.ts'

/** A source that is told what comes, and says what was asked of it. */
function createSource() {
  const waiting: PromiseWithResolvers<IteratorResult<string, string>>[] = []
  const ready: (() => Promise<IteratorResult<string, string>>)[] = []
  const state = { reads: 0, pending: 0, mostPending: 0, cancels: 0 }
  const put = (make: () => Promise<IteratorResult<string, string>>) => {
    const next = waiting.shift()
    if (next) make().then(next.resolve, next.reject)
    else ready.push(make)
  }
  const source: Source<string, string> = {
    async next() {
      state.reads++
      state.mostPending = Math.max(state.mostPending, ++state.pending)
      try {
        const made = ready.shift()
        if (made) return await made()
        const later = Promise.withResolvers<IteratorResult<string, string>>()
        waiting.push(later)
        return await later.promise
      } finally {
        state.pending--
      }
    },
    cancel() {
      state.cancels++
      put(() => Promise.reject(new Error('cancelled')))
    },
  }
  return {
    source,
    state,
    say: (value: string) => put(async () => ({ done: false, value })),
    end: (value = 'end') => put(async () => ({ done: true, value })),
    fail: (error: Error) => put(() => Promise.reject(error)),
  }
}

const never = () => new AbortController().signal
const start = (source: Source<string, string>, maxBytes = 1_000, unheardMs = 1_000) =>
  recordSource(source, { sizeOf: ({ length }) => length, maxBytes, unheardMs })
const open = (recording: Recording<string, string>, signal = never()) =>
  recording.open(signal) ?? expect.unreachable('nobody is let in')

async function readAll(reader: Reader<string, string>): Promise<string[]> {
  const read: string[] = []
  for (;;) {
    const step = await reader.next()
    if (step.done === true) return [...read, step.value]
    read.push(step.value)
  }
}

describe('a recording', () => {
  test('gives every reader everything from the start, whenever it comes, and reads its source once', async () => {
    const { source, state, say, end } = createSource()
    const recording = start(source)
    const first = open(recording)
    say('a')
    expect(await first.next()).toEqual({ done: false, value: 'a' })
    const second = readAll(open(recording))
    say('b')
    end()
    expect(await readAll(first)).toEqual(['b', 'end'])
    expect(await second).toEqual(['a', 'b', 'end'])
    expect(await readAll(open(recording))).toEqual(['a', 'b', 'end'])
    expect(await recording.whole).toEqual({ pieces: ['a', 'b'], end: 'end' })
    expect(state).toMatchObject({ reads: 3, mostPending: 1, cancels: 0 })
  })

  test('reads nothing that nobody asks for', async () => {
    const { source, state, say } = createSource()
    const reader = open(start(source))
    for (const word of ['a', 'b', 'c']) say(word)
    await reader.next()
    await Bun.sleep(5)
    expect(state.reads).toBe(1)
  })

  test('goes on when a reader leaves, and is cancelled when the last one does; nothing is kept then', async () => {
    const { source, state, say } = createSource()
    const recording = start(source)
    const leaver = new AbortController()
    const leaving = open(recording, leaver.signal)
    const staying = open(recording)
    const waiting = leaving.next().catch((thrown: unknown) => thrown)
    leaver.abort('gone')
    expect(await waiting).toBe('gone')
    say('a')
    expect(await staying.next()).toEqual({ done: false, value: 'a' })
    expect(state.cancels).toBe(0)
    staying.leave()
    staying.leave()
    expect(state.cancels).toBe(1)
    expect(await recording.whole).toBeNull()
    expect(recording.open(never())).toBeNull()
  })

  test('hands the source’s error to all readers and is not kept', async () => {
    const { source, say, fail } = createSource()
    const recording = start(source)
    const readers = [1, 2, 3].map(() => readAll(open(recording)).catch((thrown: unknown) => thrown))
    say('a')
    const broken = new Error('broken')
    fail(broken)
    expect(await Promise.all(readers)).toEqual([broken, broken, broken])
    expect(await recording.whole).toBeNull()
    expect(await readAll(open(recording)).catch((thrown: unknown) => thrown)).toBe(broken)
  })

  test('is cancelled when nobody ever comes, and is not when somebody does', async () => {
    const unheard = createSource()
    expect(await start(unheard.source, 1_000, 20).whole).toBeNull()
    expect(unheard.state).toMatchObject({ cancels: 1, reads: 0 })
    const heard = createSource()
    const recording = start(heard.source, 1_000, 20)
    const reader = readAll(open(recording))
    await Bun.sleep(40)
    heard.end()
    expect(await reader).toEqual(['end'])
    expect(heard.state.cancels).toBe(0)
  })

  test('refuses a reader that has left before it came', () => {
    expect(start(createSource().source).open(AbortSignal.abort())).toBeNull()
  })
})

describe('beyond its bound a recording', () => {
  test('is not kept, lets nobody new in, and tells everything to those who are there', async () => {
    const { source, say, end } = createSource()
    const recording = start(source, 10)
    const readers = [open(recording), open(recording)]
    const told = Array.from({ length: 50 }, (_, index) => `piece ${index}`)
    for (const piece of told) say(piece)
    end()
    const [first] = readers
    for (let read = 0; read < 2; read++) await first?.next()
    expect(await recording.whole).toBeNull()
    expect(recording.open(never())).toBeNull()
    const rest = await Promise.all(readers.map((reader) => readAll(reader)))
    expect(rest).toEqual([
      [...told.slice(2), 'end'],
      [...told, 'end'],
    ])
  })

  test('has the fastest wait for the slowest, and stops waiting when that one leaves', async () => {
    const { source, state, say } = createSource()
    const recording = start(source, 10)
    const fast = open(recording)
    const slow = open(recording)
    for (let index = 0; index < 100; index++) say('12345')
    let read = 0
    const reading = (async () => {
      for (; read < 100; read++) await fast.next()
    })()
    await Bun.sleep(10)
    expect(state.reads).toBe(3)
    await slow.next()
    await Bun.sleep(10)
    expect(state.reads).toBe(4)
    slow.leave()
    await reading
    expect(read).toBe(100)
  })

  test('holds nothing for a reader that is alone', async () => {
    const alive = new Set<number>()
    const registry = new FinalizationRegistry<number>((id) => alive.delete(id))
    let made = 0
    const source: Source<{ id: number; bytes: Uint8Array }, null> = {
      async next() {
        if (made === 2_000) return { done: true, value: null }
        const value = { id: made++, bytes: new Uint8Array(100_000) }
        alive.add(value.id)
        registry.register(value, value.id)
        return { done: false, value }
      },
      cancel() {},
    }
    const recording = recordSource(source, { sizeOf: ({ bytes }) => bytes.length, maxBytes: 1_000_000 })
    const reader = recording.open(never())
    for (let step = await reader?.next(); step?.done !== true; step = await reader?.next());
    Bun.gc(true)
    await Bun.sleep(20)
    Bun.gc(true)
    expect(alive.size).toBeLessThan(500)
  })
})

test('whatever the bound and the order in which readers read and leave, each hears a gapless beginning of the source', async () => {
  type Step = { reader: number; does: 'read' | 'leave' }
  const step = fc.record({
    reader: fc.nat(4),
    does: fc.constantFrom<Step['does']>('read', 'read', 'read', 'read', 'read', 'leave'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.nat(30), fc.nat(12), async (steps, maxBytes, pieces) => {
      const { source, state, say, end } = createSource()
      const told = Array.from({ length: pieces }, (_, index) => `p${index}`)
      for (const piece of told) say(piece)
      end()
      const recording = start(source, maxBytes)
      const readers = Array.from({ length: 5 }, () => open(recording))
      const heard: string[][] = readers.map(() => [])
      const busy: (Promise<unknown> | null)[] = readers.map(() => null)
      const here = new Set(readers.keys())
      for (const { reader, does } of steps) {
        if (!here.has(reader) || heard[reader]?.at(-1) === 'end') continue
        if (does === 'leave') {
          here.delete(reader)
          readers[reader]?.leave()
        } else
          busy[reader] ??= (readers[reader] as Reader<string, string>)
            .next()
            .then(({ value }) => heard[reader]?.push(value))
            .catch(() => undefined)
            .finally(() => (busy[reader] = null))
        await Promise.resolve()
      }
      await Promise.all(
        [...here].map(async (reader) => {
          await busy[reader]
          while (heard[reader]?.at(-1) !== 'end') heard[reader]?.push((await readers[reader]?.next())?.value ?? '?')
        }),
      )
      for (const [reader, words] of heard.entries()) {
        expect(words).toEqual([...told, 'end'].slice(0, words.length))
        if (here.has(reader)) expect(words.at(-1)).toBe('end')
      }
      expect(state.mostPending).toBeLessThanOrEqual(1)
      if (here.size === 0) return expect(state.cancels).toBeLessThanOrEqual(1)
      expect(state.cancels).toBe(0)
      const isWithin = told.join('').length <= maxBytes
      expect(await recording.whole).toEqual(isWithin ? { pieces: told, end: 'end' } : null)
    }),
    { numRuns: 500 },
  )
})
