/** Questions to the example vault over HTTP, answered by the built-in model of the real program. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AskReply, Citation } from '@cairn/contract'
import { exampleVault, gather, repository, startServer, type RunningServer } from './harness.ts'

interface Questions {
  answerable: { question: string; note: string }[]
  unanswerable: { question: string }[]
}

let server: RunningServer
let questions: Questions
let vault: string

beforeAll(async () => {
  server = await startServer()
  questions = JSON.parse(await readFile(join(repository, 'examples/vault-questions.json'), 'utf8')) as Questions
  vault = (await server.vaults())[0]?.id ?? ''
})
afterAll(() => server[Symbol.asyncDispose]())

/** Every quote is the cited range of the stored note, and none shows what the author hid. */
async function expectExact(citations: readonly Citation[]): Promise<void> {
  for (const { vault: id, note, version, start, end, quote } of citations) {
    const stored = await server.readNote(id, note)
    expect(stored.version).toBe(version)
    expect(quote).toBe(stored.text.slice(start, end))
    expect(quote).not.toBe('')
    expect(quote).not.toMatch(/%%|Christmas card|lunch bag/)
  }
}

/** The bar of the main job: the right note is cited. */
const expectedShare = 0.8

/** Questions whose subject no note has. Those that name what the notes mention are measured by `bench search`. */
const otherSubjects = [
  'Which trade fairs are we exhibiting at this year?',
  'What is the recipe for sourdough bread?',
  'How much is the Kubernetes cluster bill?',
  'Does the xylophone quartet rehearse its mazurka in Timbuktu?',
]

describe('the questions of examples/vault-questions.json', () => {
  let answered: AskReply[]
  let unanswerable: AskReply[]

  beforeAll(async () => {
    answered = await Promise.all(questions.answerable.map(({ question }) => server.ask({ question })))
    unanswerable = await Promise.all(questions.unanswerable.map(({ question }) => server.ask({ question })))
  })

  test('are answered from the right note, in English, German, Japanese and Chinese', () => {
    const missed = questions.answerable.flatMap(({ question, note }, index) =>
      answered[index]?.citations.some((citation) => citation.note === note) ? [] : [question],
    )
    const share = 1 - missed.length / questions.answerable.length
    expect(share, `not from the right note:\n${missed.join('\n')}`).toBeGreaterThanOrEqual(expectedShare)
  })

  test('about what the notes do not have are not found', async () => {
    const replies = await Promise.all(otherSubjects.map((question) => server.ask({ question })))
    expect(replies.map(({ outcome }) => outcome)).toEqual(otherSubjects.map(() => 'not-found'))
  })

  test('when not found, show related passages and no citation', async () => {
    const nonsense = await server.ask({ question: 'Does the xylophone quartet rehearse its mazurka in Timbuktu?' })
    expect(nonsense.outcome).toBe('not-found')
    for (const reply of [nonsense, ...unanswerable.filter(({ outcome }) => outcome === 'not-found')]) {
      expect(reply).toMatchObject({ answer: '', citations: [] })
      expect(reply.related?.length).toBeGreaterThan(0)
    }
  })

  test('cite the exact range of the stored note, numbered from 1 in order, each of them in the text', async () => {
    for (const { outcome, answer, citations, related } of [...answered, ...unanswerable]) {
      await expectExact([...citations, ...(related ?? [])])
      expect(citations.map(({ n }) => n)).toEqual(citations.map((_, index) => index + 1))
      expect(citations.length).toBeLessThanOrEqual(5)
      expect(outcome === 'answered').toBe(citations.length > 0)
      for (const { n } of citations) expect(answer).toContain(`[${n}]`)
      expect(answer).not.toContain(`[${citations.length + 1}]`)
    }
  })

  test('have receipts: who answered, from which versions, under which label, as which entry of the log', () => {
    for (const { citations, outcome, receipt } of [...answered, ...unanswerable]) {
      expect(receipt).toMatchObject({
        model: 'extractive',
        provider: 'cairn',
        egress: 'local',
        costUsd: 0,
        tokens: { input: 0, output: 0 },
        cache: { status: 'miss', tier: null },
        attempts: [{ provider: 'cairn', model: 'extractive', outcome: 'ok' }],
      })
      expect(receipt.label).toMatch(/^(?:internal|confidential|restricted)\.[\w-]{20,}$/)
      expect(receipt.requestId).toMatch(/^req_/)
      expect(new Set(receipt.sources.map(({ note }) => note))).toEqual(new Set(citations.map(({ note }) => note)))
      if (outcome === 'not-found') expect(receipt.sources).toEqual([])
    }
    const numbers = [...answered, ...unanswerable].map(({ receipt }) => receipt.auditSeq ?? 0)
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(Math.min(...numbers)).toBeGreaterThan(0)
  })
})

describe('one question', () => {
  const question = 'From what wind speed does Skua Two stay in the harbour?'

  test('gets the same from JSON and from SSE, but for what is its own', async () => {
    for (const asked of [
      question,
      'Which trade fairs are we exhibiting at this year?',
      '出張に行きたいとき、いつまでに届け出ればよいですか。',
    ]) {
      const reply = await server.ask({ question: asked })
      const events = await server.askStream({ question: asked })
      const streamed = gather(events)
      const same = ({ receipt, ...rest }: Partial<AskReply>) => ({
        ...rest,
        receipt: { sources: receipt?.sources, label: receipt?.label, model: receipt?.model },
      })
      expect(same(streamed)).toEqual(same(reply))
      expect(streamed.receipt?.auditSeq).toBeGreaterThan(reply.receipt.auditSeq ?? 0)
      expect(events.at(-1)?.event).toBe('done')
      expect(events.at(-2)?.event).toBe('receipt')
    }
  })

  test('is answered from one vault by id, by name, or from all', async () => {
    for (const name of [vault, 'Example vault', undefined]) {
      const reply = await server.ask({ question, ...(name ? { vault: name } : {}) })
      expect(reply.citations[0]?.vault).toBe(vault)
    }
  })

  test('to a vault that does not exist is refused with 404 before a stream begins', async () => {
    for (const stream of [false, true]) {
      const reply = await server.post('/v1/ask', { question, vault: 'nowhere', stream })
      expect(reply.status).toBe(404)
      expect(await reply.json()).toMatchObject({ error: { code: 'vault.not-found', param: 'vault' } })
    }
  })

  test.each([1, 2, 20])('has at most %i citations when that is the limit', async (limit) => {
    const { citations, receipt } = await server.ask({ question, limit })
    expect(citations.length).toBeGreaterThan(0)
    expect(citations.length).toBeLessThanOrEqual(limit)
    expect(receipt.sources.length).toBeLessThanOrEqual(limit)
  })

  test('says in its headers what its receipt says', async () => {
    const reply = await server.post('/v1/ask', { question })
    const { receipt } = (await reply.json()) as AskReply
    expect(reply.headers.get('x-cairn-model')).toBe(receipt.model)
    expect(reply.headers.get('x-cairn-provider')).toBe(receipt.provider)
    expect(reply.headers.get('x-request-id')).toBe(receipt.requestId)
    expect(reply.headers.get('x-cairn-cache')).toBe(receipt.cache.status)
    expect(reply.headers.get('x-cairn-cache-tier')).toBe(receipt.cache.tier)
  })

  test('without a key is refused, and asks nothing', async () => {
    const reply = await fetch(`${server.url}/v1/ask`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ question }),
    })
    expect(reply.status).toBe(401)
  })
})

describe('what an answer never shows', () => {
  const canary = /limpet|lantern|4417/

  test('a note with `ai: false`, however it is asked for, while its reader finds it by search', async () => {
    const asked = [
      'What is the password of the day for testing the rule on assistants?',
      'limpet lantern 4417',
      'What stands in the coordinator scratchpad?',
      'Birthday surprise for Hamish: old wheel of Skua One from Lyness',
    ]
    for (const question of asked) {
      const reply = await server.ask({ question, limit: 20 })
      const shown = JSON.stringify([reply, await server.dryRun({ question })]).replaceAll(question, '')
      expect(shown).not.toMatch(canary)
      expect(shown).not.toContain('Coordinator scratchpad.md')
    }
    const found = (await (await server.post('/v1/search', { query: 'limpet lantern 4417' })).json()) as {
      results: { note: string; snippet: string; start: number; end: number }[]
    }
    expect(found.results[0]?.note).toBe('Private/Coordinator scratchpad.md')
    expect(found.results[0]?.snippet).toContain('limpet lantern 4417')
  })

  test('a draft in a folder that the vault excludes, neither in answers nor in search', async () => {
    const question = 'What would the trial of the four-day week cost, 30 hours at 95 % of pay?'
    const reply = await server.ask({ question, limit: 20 })
    const search = await (await server.post('/v1/search', { query: 'four-day week draft', limit: 100 })).text()
    expect(JSON.stringify(reply)).not.toContain('Archive/drafts')
    expect(search).not.toContain('Archive/drafts')
    const draft = await server.call(`/api/vaults/${vault}/notes/Archive/drafts/Four-day%20week%20draft.md`)
    expect(draft.status).toBe(404)
    expect(await readFile(join(exampleVault, 'Archive/drafts/Four-day week draft.md'), 'utf8')).toContain('95 %')
  })

  test('a comment between %% signs', async () => {
    for (const question of ['Where does the fifth founder Magnus live now?', 'What did the seal take from Hamish?']) {
      const reply = await server.ask({ question, limit: 20 })
      await expectExact([...reply.citations, ...(reply.related ?? [])])
      expect(JSON.stringify([reply, await server.dryRun({ question })])).not.toMatch(/Christmas card|lunch bag|%%/)
    }
  })
})

describe('a conversation', () => {
  test('finds with a pronoun what was asked about before', async () => {
    const first = 'What is the calibration procedure for a sensor on the bench?'
    const reply = await server.ask({ question: first })
    const history = [
      { role: 'user' as const, content: first },
      { role: 'assistant' as const, content: reply.answer, label: reply.receipt.label },
    ]
    const note = 'Engineering/Calibration procedure.md'
    const followUp = 'And which water heights does it use?'
    const leaning = await server.ask({ question: followUp, history })
    expect(leaning.citations[0]?.note).toBe(note)
  })

  test('keeps its label, and one with a forged or missing label counts as restricted', async () => {
    const question = 'Which three water heights do we use on the bench?'
    const own = await server.ask({ question, limit: 1 })
    const ask = (label: string | undefined) =>
      server.dryRun({
        question,
        history: [
          { role: 'user', content: 'before' },
          { role: 'assistant', content: 'said', ...(label === undefined ? {} : { label }) },
        ],
      })
    const alone = (await server.dryRun({ question })).label
    expect((await ask(own.receipt.label)).label).toBe(alone === 'public' ? 'internal' : alone)
    for (const label of [undefined, 'public', 'public.AAAA', own.receipt.label.replace(/^\w+/, 'public')])
      expect((await ask(label)).label).toBe('restricted')
  })
})
