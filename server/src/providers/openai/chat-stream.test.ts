import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../base/index.ts'
import { UpstreamFailure } from '../failure.ts'
import { createCallGuard } from './call-guard.ts'
import { takeFrames } from './chat-frames.ts'
import { doneFrame, openChatStream, type HoldLimits, type StreamParts } from './chat-stream.ts'

const timeouts = { connectTimeoutMs: 1_000, idleTimeoutMs: 100, totalTimeoutMs: 1_000 }
const roomy: HoldLimits = { holdBytes: 1_000_000, holdMs: 10_000, frameBytes: 1_000_000 }
const call = { body: new Uint8Array(), model: 'm', answerAs: null, stream: true, includeUsage: true }

const role = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
const word = 'data: {"choices":[{"index":0,"delta":{"content":"stone"}}]}\n\n'
const keepAlive = ': keep-alive\n\n'

/** Opens a stream of these texts, one per read. */
function open(texts: Iterable<string>, limits: HoldLimits = roomy, signal = new AbortController().signal) {
  const pieces = texts[Symbol.iterator]()
  const guard = createCallGuard(signal, timeouts, systemClock)
  const body = new ReadableStream<Uint8Array>({
    // As the body of a fetch does when its signal is aborted.
    start: (controller) => guard.signal.addEventListener('abort', () => controller.error(guard.signal.reason)),
    async pull(controller) {
      const { value, done } = pieces.next()
      if (done) return controller.close()
      if (value === 'silence') return new Promise(() => undefined)
      if (value === 'wait') await Bun.sleep(30)
      else controller.enqueue(new TextEncoder().encode(value))
      if (value === 'wait') controller.enqueue(new TextEncoder().encode(keepAlive))
    },
  })
  const source = { provider: 'p', apiKey: null, clock: systemClock }
  const parts: StreamParts = {
    take: (frames, progress) => takeFrames(frames, progress, call, source),
    usualEnding: doneFrame,
    body,
    guard,
    source,
    clock: systemClock,
    limits,
  }
  return openChatStream(parts)
}

async function failureOf(promise: Promise<unknown>): Promise<UpstreamFailure> {
  const thrown: unknown = await promise.catch((error: unknown) => error)
  expect(thrown).toBeInstanceOf(UpstreamFailure)
  return thrown as UpstreamFailure
}

describe('a stream is held back until its first content', () => {
  test('and a break before it is a failure to open', async () => {
    expect(await failureOf(open([keepAlive, role]))).toMatchObject({ kind: 'broken-stream', next: 'any' })
  })

  test.each([
    ['text', word],
    ['reasoning', 'data: {"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}\n\n'],
    ['a tool call', 'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]}\n\n'],
    ['a refusal', 'data: {"choices":[{"index":0,"delta":{"refusal":"no"}}]}\n\n'],
    ['the finish', 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'],
  ])('%s is content', async (_name, frame) => {
    const stream = await open([role, frame, 'silence'])
    expect(new TextDecoder().decode((await stream.read())?.bytes)).toBe(role + frame)
    stream.cancel()
    await stream.settled
  })

  test('but not more than the bound in bytes', async () => {
    const endless = Array.from({ length: 1_000 }, () => keepAlive)
    const stream = await open(endless, { ...roomy, holdBytes: 100 })
    expect((await stream.read())?.bytes.length).toBeLessThan(200)
    let rest: Promise<unknown> = stream.read()
    for (let i = 0; i < 1_000; i += 1) rest = rest.then(() => stream.read())
    expect(await failureOf(rest)).toMatchObject({ kind: 'broken-stream' })
  })

  test('nor longer than the bound in time, while the provider shows that it lives', async () => {
    const stream = await open(['wait', 'wait', 'wait', 'wait', word], { ...roomy, holdMs: 50 })
    expect(new TextDecoder().decode((await stream.read())?.bytes)).not.toContain('stone')
    stream.cancel()
  })
})

test('a frame without end is given up at its bound', async () => {
  expect(await failureOf(open([role, 'data: '.padEnd(2_000, 'x')], { ...roomy, frameBytes: 1_000 }))).toMatchObject({
    kind: 'malformed',
  })
})

test('of several choices all must be finished before a bare end counts as clean', async () => {
  const finish = (index: number) =>
    `data: {"choices":[{"index":${index},"delta":{"content":"x"},"finish_reason":"stop"}]}\n\n`
  const drain = async (texts: string[]) => {
    const stream = await open(texts)
    let piece = await stream.read()
    while (piece) piece = await stream.read()
  }
  await drain([finish(0), finish(1)])
  expect(await failureOf(drain([word, finish(1)]))).toMatchObject({ kind: 'broken-stream' })
})

test('silence ends the stream, and so does the whole time, also while nobody reads', async () => {
  const silent = await open([word, 'silence'])
  await silent.read()
  expect(await failureOf(silent.read())).toMatchObject({ kind: 'timeout' })
  const unread = await open([word, word, word])
  const startedAt = performance.now()
  await unread.settled
  expect(performance.now() - startedAt).toBeGreaterThan(800)
})

test('a reader who takes longer than a silence may last is no silence', async () => {
  const stream = await open([word, word, 'data: [DONE]\n\n'])
  await stream.read()
  await Bun.sleep(250)
  expect((await stream.read())?.text).toBe('stone')
})
