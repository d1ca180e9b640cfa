/** Promises of the conversation: what is shown, what is sent along, and what stopping means. */
import { expect, test } from 'bun:test'
import type { AskEvent, AskRequest, Citation, Receipt } from '@cairn/contract'
import {
  applyEvent,
  createConversation,
  groupByNote,
  historyOf,
  nameOfNote,
  newTurn,
  parseAskEvent,
  type Turn,
} from '@cairn/ui/client'
import { failureOf, unreachable, type Failure } from '../src/api/failure.ts'
import { announcementOf } from '../src/ask/answer-announcer.tsx'

const receipt: Receipt = {
  requestId: 'r1',
  model: 'm',
  provider: 'p',
  egress: 'none',
  attempts: [],
  cache: { status: 'bypass', tier: null },
  sources: [],
  label: 'internal.signed',
  tokens: { input: 1, output: 1 },
  costUsd: 0,
  savedUsd: 0,
  overheadMs: 1,
  auditSeq: null,
}
const citation = (n: number, note: string): Citation => ({
  n,
  vault: 'v',
  note,
  version: 'x',
  heading: '',
  start: 0,
  end: 1,
  quote: 'q',
})
const answered: AskEvent[] = [
  { event: 'token', data: { text: 'It is ' } },
  { event: 'token', data: { text: 'so [1].' } },
  { event: 'citation', data: citation(1, 'a.md') },
  { event: 'receipt', data: receipt },
  { event: 'done', data: { outcome: 'answered', confidence: 0.9 } },
]

interface Call {
  readonly request: AskRequest
  readonly signal: AbortSignal
  readonly emit: (event: AskEvent) => void
  readonly end: (failure: Failure | null) => void
}

function startConversation() {
  const calls: Call[] = []
  const frames: (() => void)[] = []
  const conversation = createConversation({
    streamAnswer: (request, signal, emit) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(null))
        calls.push({ request, signal, emit, end: resolve })
      }),
    failureOf,
    now: () => 5,
    nextFrame: (run) => frames.push(run),
  })
  const call = (index: number) => calls[index] as Call
  const last = () => conversation.turns.get().at(-1) as Turn
  return { conversation, call, calls, frames, last }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0))
const anywhere = { vault: null, model: null }

test('shows the answer with its citations and sends it along with a follow-up, label included', async () => {
  const { conversation, call, last } = startConversation()
  conversation.ask('  Is it? ', { vault: 'v', model: 'm' })
  expect(call(0).request).toEqual({ question: 'Is it?', vault: 'v', model: 'm' })
  answered.forEach(call(0).emit)
  call(0).end(null)
  await settle()
  expect(last()).toMatchObject({
    status: 'done',
    outcome: 'answered',
    answer: 'It is so [1].',
    confidence: 0.9,
    tookMs: 0,
  })
  expect(announcementOf(last())).toBe('It is so [1]. 1 source.')
  conversation.ask('And then?', anywhere)
  expect(call(1).request.history).toEqual([
    { role: 'user', content: 'Is it?' },
    { role: 'assistant', content: 'It is so [1].', label: 'internal.signed' },
  ])
})

test('draws once a frame, however many tokens come', () => {
  const { conversation, call, frames, last } = startConversation()
  conversation.ask('?', anywhere)
  for (let i = 0; i < 100; i++) call(0).emit({ event: 'token', data: { text: 'a' } })
  expect([frames.length, last().answer]).toEqual([1, ''])
  frames[0]?.()
  expect(last().answer.length).toBe(100)
})

test('stops: the request is aborted, what came stays, what comes later does not', async () => {
  const { conversation, call, last } = startConversation()
  conversation.ask('?', anywhere)
  call(0).emit({ event: 'token', data: { text: 'half' } })
  conversation.stop()
  call(0).emit({ event: 'token', data: { text: ' more' } })
  await settle()
  expect(call(0).signal.aborted).toBe(true)
  expect(last()).toMatchObject({ status: 'stopped', answer: 'half' })
  conversation.retry()
  expect([conversation.turns.get().length, last().question, last().status]).toEqual([1, '?', 'asking'])
})

test('keeps what arrived before an error and tells the error', async () => {
  const { conversation, call, last } = startConversation()
  conversation.ask('?', anywhere)
  call(0).emit({ event: 'token', data: { text: 'half' } })
  call(0).emit({ event: 'error', data: { error: { code: 'upstream.broken-stream', message: 'It broke.' } } })
  call(0).emit({ event: 'done', data: { outcome: 'error' } })
  call(0).end(null)
  await settle()
  expect(last()).toMatchObject({
    status: 'failed',
    answer: 'half',
    failure: { code: 'upstream.broken-stream', title: 'It broke', message: '', retryable: true },
  })
})

test('asks nothing while an answer is running, and nothing empty', async () => {
  const { conversation, calls, call, last } = startConversation()
  conversation.ask(' ', anywhere)
  conversation.ask('one', anywhere)
  conversation.ask('two', anywhere)
  expect(calls.length).toBe(1)
  call(0).end(unreachable)
  await settle()
  expect(last()).toMatchObject({ status: 'failed', failure: { code: 'console.unreachable' } })
})

test('leaves unanswered turns out of the history and bounds it', () => {
  const done = (id: number, outcome: 'answered' | 'not-found') =>
    [{ event: 'receipt', data: receipt }, { event: 'done', data: { outcome } } as const].reduce<Turn>(
      (turn, event) => applyEvent(turn, event as AskEvent, failureOf),
      newTurn({ id, question: `q${id}`, ...anywhere, askedAt: 0 }),
    )
  expect(historyOf([done(1, 'not-found'), newTurn({ id: 2, question: 'running', ...anywhere, askedAt: 0 })])).toEqual(
    [],
  )
  const history = historyOf(Array.from({ length: 30 }, (_, i) => done(i, 'answered')))
  expect([history.length, history[0]?.content]).toEqual([20, 'q20'])
})

test('groups citations by note in the order of their first mention', () => {
  const groups = groupByNote([citation(1, 'b.md'), citation(2, 'a.md'), citation(3, 'b.md')])
  expect(groups.map((group) => [group.note, group.citations.map(({ n }) => n)])).toEqual([
    ['b.md', [1, 3]],
    ['a.md', [2]],
  ])
  expect(nameOfNote('A/B/Some note.md')).toEqual({ title: 'Some note', folder: 'A › B' })
})

test('reads each event of the stream, refuses malformed ones and passes over names it does not know', () => {
  expect(parseAskEvent({ event: 'token', data: '{"text":"x"}' })).toEqual({ event: 'token', data: { text: 'x' } })
  expect(parseAskEvent({ event: 'related', data: JSON.stringify(citation(1, 'a.md')) })).toMatchObject({
    event: 'related',
  })
  expect(parseAskEvent({ event: 'done', data: '{"outcome":"error"}' })).toEqual({
    event: 'done',
    data: { outcome: 'error', confidence: null },
  })
  for (const data of ['', '{', 'null', '{"text":1}']) expect(parseAskEvent({ event: 'token', data })).toBeNull()
  expect(parseAskEvent({ event: 'citation', data: '{"n":0}' })).toBeNull()
  expect(parseAskEvent({ event: 'later', data: '{}' })).toBe('unknown')
})
