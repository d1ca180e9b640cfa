/** Words of labelled notes must never reach a provider that is not cleared for them, whatever is asked, however. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { labelRank, labels, type AskReply, type HistoryTurn, type Label } from '@cairn/contract'
import { createRandom } from '../src/base/testing/random.ts'
import { CairnError } from '../src/base/index.ts'
import { createAsk } from '../src/pipeline/index.ts'
import { ann, openAskRig, type AskRig } from './kit/ask-rig.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

const topics = ['harbour', 'budget', 'salary', 'roadmap', 'sensor', 'holiday'] as const
const canaryOf = (topic: string, label: Label) => `canary-${topic}-${label}`

/** Notes that share no word with the others, so that a question can be about those of one label alone. */
const alone = Object.fromEntries(
  [
    ['public', 'tides', 'rise twice every lunar day'],
    ['internal', 'dunes', 'drift east when storms blow'],
    ['confidential', 'gulls', 'nest beneath old cranes'],
  ].flatMap(([label, things, what]) =>
    ['Spring', 'Neap', 'Slack'].map((kind) => [
      `${kind} ${things}.md`,
      `---\nsensitivity: ${label}\n---\n# ${kind} ${things}\n\n${kind} ${things} ${what}.\n`,
    ]),
  ),
)

const labelled = Object.fromEntries(
  topics.flatMap((topic) =>
    labels.map((label) => [
      `${topic}-${label}.md`,
      `---\nsensitivity: ${label}\n---\n# ${topic} ${label}\n\nThe ${topic} plan says ${canaryOf(topic, label)} and that the ${topic} costs ${topic.length} units.\n`,
    ]),
  ),
)

interface Sink {
  readonly id: string
  readonly clearance: Label
  readonly upstream: Upstream
}

const sinks: Sink[] = []
let rig: AskRig

beforeAll(async () => {
  for (const clearance of labels) {
    const upstream = await startUpstream({ models: ['echo'] })
    sinks.push({ id: `far-${clearance}`, clearance, upstream })
  }
  const here = await startUpstream({ models: ['echo'] })
  sinks.push({ id: 'near', clearance: 'restricted', upstream: here })
  rig = await openAskRig({
    notes: { ...labelled, ...alone },
    upstreams: sinks.map(({ id, clearance, upstream }) => ({
      id,
      dialect: 'openai',
      baseUrl: upstream.url,
      egress: id === 'near' ? 'local' : 'external',
      clearance,
      models: ['echo', `${id}-model`],
    })),
  })
}, 60_000)

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await Promise.all(sinks.map(({ upstream }) => upstream.close()))
})

/** Canaries that a sink must not hold and does. */
function leaksOf({ id, clearance, upstream }: Sink): string[] {
  const secret = labels.filter((label) => labelRank(label) > labelRank(clearance))
  return upstream.requests.flatMap(({ body }) => {
    const text = new TextDecoder().decode(body)
    return topics.flatMap((topic) =>
      secret
        .filter((label) => text.includes(canaryOf(topic, label)))
        .map((label) => `${id} was sent ${canaryOf(topic, label)}`),
    )
  })
}

type Ask = typeof rig.ask

/** One conversation of a few turns; each turn names a model, an alias or nothing, and leans on what was said. */
async function converse(ask: Ask, random: () => number): Promise<void> {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
  const history: HistoryTurn[] = []
  const models = [undefined, 'auto', 'local', 'fast', 'cheap', 'best', 'echo', ...sinks.map(({ id }) => `${id}-model`)]
  for (let turn = 0; turn < 3; turn += 1) {
    const question = pick([
      `What does the ${pick(topics)} plan say?`,
      `How much does the ${pick(topics)} cost?`,
      'And what does that one say about it?',
      'When do neap tides rise?',
      'Where do neap dunes drift?',
      'Where do neap gulls nest?',
      `canary ${pick(topics)} ${pick(labels)}`,
    ])
    const model = pick(models)
    const reply = await ask({
      question,
      history,
      dryRun: false,
      ...(model === undefined ? {} : { model }),
      ...(random() < 0.3 ? { stream: true } : {}),
    }).catch((thrown: unknown) => {
      if (thrown instanceof CairnError) return null
      throw thrown
    })
    history.push({ role: 'user', content: question })
    if (reply) history.push(answerOf(reply, random))
  }
}

/** What a client sends back: the label as it was given, none, or one of its own making. */
function answerOf({ answer, receipt }: AskReply, random: () => number): HistoryTurn {
  const chance = random()
  if (chance < 0.6) return { role: 'assistant', content: answer, label: receipt.label }
  if (chance < 0.8) return { role: 'assistant', content: answer }
  return { role: 'assistant', content: answer, label: 'public.forged' }
}

async function askWhole(request: Parameters<Ask>[0]): Promise<AskReply> {
  const { stream, ...rest } = request
  return stream === true ? ((await rig.heard(rest)) as unknown as AskReply) : rig.ask(rest)
}

describe('over random conversations', () => {
  test('no provider ever holds a word of a note above its clearance, and each refusal names its note', async () => {
    const random = createRandom(20_261_123)
    for (let each = 0; each < 150; each += 1) {
      await converse(askWhole, random)
      if (each % 10 === 9) await rig.cache.invalidate({ scopes: ['*'] })
    }
    for (const sink of sinks) expect(leaksOf(sink)).toEqual([])
    // It was worth watching: every sink was asked, the ones outside too.
    expect(sinks.filter(({ upstream }) => upstream.requests.length === 0).map(({ id }) => id)).toEqual([])
    const near = sinks.find(({ id }) => id === 'near')?.upstream.requests ?? []
    const seen = near.map(({ body }) => new TextDecoder().decode(body)).join('\n')
    expect(seen).toContain('canary-')

    const refused = await rig.ask({ question: 'canary salary restricted', model: 'far-public-model' })
    expect(refused.outcome).toBe('refused')
    expect(refused.answer).toMatch(/far-public\/far-public-model is cleared for public, the notes are restricted/)
    expect(refused.answer).toContain('-restricted.md”')
  }, 120_000)

  test('a refused question opens no connection at all', async () => {
    const [sink] = sinks
    const before = sink?.upstream.totalSockets()
    const reply = await rig.ask({ question: 'What does the salary plan say restricted?', model: 'far-public-model' })
    expect(reply.outcome).toBe('refused')
    expect(sink?.upstream.totalSockets()).toBe(before)
  })

  test('the same with the gate off is caught', async () => {
    const open = createAsk({
      ...rig.services,
      routing: {
        ...rig.services.routing,
        plan: (candidates, request) => rig.services.routing.plan(candidates, { ...request, label: 'public' }),
      },
    })
    const call = { requestId: 'req_twin', principal: ann, signal: new AbortController().signal, startedAtMs: 0 }
    await open({ ...call, cache: 'bypass' }, { question: 'canary salary restricted', model: 'far-public-model' })
    const [sink] = sinks
    expect(sink && leaksOf(sink)).not.toEqual([])
  })
})
