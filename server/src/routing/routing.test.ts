import { describe, expect, test } from 'bun:test'
import type { Label } from '@cairn/contract'
import { CairnError, type Principal } from '../base/index.ts'
import { createRig, planning, upstreamOf } from '../../test/kit/gateway-rig.ts'
import type { CallKind, Deployment } from './types.ts'

const owner: Principal = { id: 'u', name: 'U', kind: 'owner', via: 'key', credentialId: 'k' }
const nowhere = 'http://127.0.0.1:1/v1'
const abroad = 'https://models.example/v1'

const { routing } = createRig({
  upstreams: [
    upstreamOf('far', abroad, ['gpt', 'shared', 'text-embedding-3-small', 'far/odd']),
    upstreamOf('near', nowhere, ['llama', 'shared', 'nomic-embed-text']),
    upstreamOf('open', abroad, ['shared'], { clearance: 'public' }),
    upstreamOf('unlisted', abroad, []),
  ],
})

const names = (deployments: readonly Deployment[]) =>
  deployments.map(({ provider, model }) => `${provider.id}:${model}`)
const candidates = (asked: string | undefined, capability: CallKind = 'chat') =>
  routing.candidates(asked, capability, owner)

function failureOf(run: () => unknown): CairnError {
  try {
    run()
  } catch (thrown) {
    if (thrown instanceof CairnError) return thrown
  }
  throw new Error('nothing was thrown')
}

describe('the asked model means', () => {
  test.each([
    ['gpt', 'chat', true, ['far:gpt']],
    ['shared', 'chat', true, ['far:shared', 'near:shared', 'open:shared']],
    ['near/shared', 'chat', false, ['near:shared']],
    ['far/odd', 'chat', true, ['far:far/odd']],
    ['unlisted/anything/at-all', 'chat', false, ['unlisted:anything/at-all']],
    ['auto', 'chat', false, ['near:llama', 'near:shared']],
    ['local', 'chat', false, ['near:llama', 'near:shared']],
    ['auto', 'ask', false, ['near:llama', 'near:shared', 'cairn:extractive']],
    [undefined, 'ask', false, ['near:llama', 'near:shared', 'cairn:extractive']],
    ['extractive', 'ask', true, ['cairn:extractive']],
    ['auto', 'embedding', false, ['near:nomic-embed-text']],
    ['text-embedding-3-small', 'embedding', true, ['far:text-embedding-3-small']],
  ] as [string | undefined, CallKind, boolean, string[]][])('%s for %s', (asked, capability, exact, expected) => {
    const found = candidates(asked, capability)
    expect(names(found.deployments)).toEqual(expected)
    expect(found.exact).toBe(exact)
  })

  test('`auto` goes to external models only where this machine has none, and never for a question to the notes', () => {
    const { routing: abroadOnly } = createRig({
      upstreams: [upstreamOf('far', abroad, ['gpt', 'text-embedding-3-small'])],
    })
    expect(names(abroadOnly.candidates('auto', 'chat', owner).deployments)).toEqual(['far:gpt'])
    expect(names(abroadOnly.candidates('auto', 'ask', owner).deployments)).toEqual(['cairn:extractive'])
    expect(failureOf(() => abroadOnly.candidates('local', 'chat', owner))).toMatchObject({
      code: 'model.not-found',
      message: expect.stringContaining('Ollama'),
    })
  })
})

describe('what cannot be used is said in words that help', () => {
  test.each([
    ['nope', 'chat', 'model.not-found', 'There is no model "nope". GET /v1/models lists'],
    ['near/nope', 'chat', 'model.not-found', '"near/nope"'],
    ['cairn/nope', 'ask', 'model.not-found', '"cairn/nope"'],
    ['unlisted/', 'chat', 'model.not-found', '"unlisted/"'],
    ['extractive', 'chat', 'model.capability', 'POST /v1/ask'],
    ['extractive', 'embedding', 'model.capability', 'POST /v1/ask'],
    ['nomic-embed-text', 'chat', 'model.capability', 'cannot chat'],
    ['gpt', 'embedding', 'model.capability', 'no embeddings'],
  ] as [string, CallKind, string, string][])('%s for %s', (asked, capability, code, words) => {
    const failure = failureOf(() => candidates(asked, capability))
    expect(failure).toMatchObject({ code, param: 'model' })
    expect(failure.message).toContain(words)
  })
})

describe('notes never reach a provider that is not cleared for them', () => {
  test.each([
    ['public', ['far:shared', 'near:shared', 'open:shared']],
    ['internal', ['far:shared', 'near:shared']],
    ['confidential', ['near:shared']],
    ['restricted', ['near:shared']],
  ] as [Label, string[]][])('%s', (label, expected) => {
    const plan = routing.plan(candidates('shared'), planning(label))
    expect(names(plan.attempts.map(({ deployment }) => deployment))).toEqual(expected)
    expect(plan.rejected).toHaveLength(3 - expected.length)
    for (const { deployment, reason } of plan.rejected)
      expect(reason).toBe(`cleared for ${deployment.clearance}, the notes are ${label}`)
  })

  test('with nobody left nothing is sent', async () => {
    const plan = routing.plan(candidates('gpt'), planning('restricted'))
    const run = {
      signal: new AbortController().signal,
      caller: 'u',
      send: async () => expect.unreachable('it was sent'),
    }
    await expect(routing.execute(plan, run)).rejects.toMatchObject({ code: 'model.not-cleared' })
  })
})

test('a plan is bounded', () => {
  const many = createRig({
    upstreams: Array.from({ length: 20 }, (_, i) => upstreamOf(`p${i}`, nowhere, ['m'])),
  }).routing
  const plan = many.plan(many.candidates('m', 'chat', owner), planning())
  expect(plan.attempts).toHaveLength(3)
  expect(plan.rejected).toHaveLength(17)
  expect(plan.rejected.every(({ rule }) => rule === 'limit')).toBe(true)
})

test('all attempts share one deadline', async () => {
  const { routing: brief } = createRig({
    upstreams: ['a', 'b', 'c'].map((id) => upstreamOf(id, nowhere, ['m'])),
    models: { totalTimeoutMs: 120 },
  })
  const tried: string[] = []
  const run = brief.execute(brief.plan(brief.candidates('m', 'chat', owner), planning()), {
    signal: new AbortController().signal,
    caller: 'u',
    send: ({ provider }, _permit, signal) => {
      tried.push(provider.id)
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    },
  })
  // A clock beside it: three times the whole time has not passed when it gives up.
  const late = Bun.sleep(360).then(() => 'late')
  expect(await Promise.race([late, run.catch((thrown: unknown) => thrown)])).toMatchObject({ code: 'upstream.timeout' })
  // None of them takes the time of those after it.
  expect(tried).toEqual(['a', 'b', 'c'])
})

test('a permit of the built-in model opens no door', async () => {
  const rig = createRig({ upstreams: [] })
  const plan = rig.routing.plan(rig.routing.candidates('extractive', 'ask', owner), planning('restricted', 'ask'))
  const send = async (_: Deployment, permit: Parameters<typeof rig.outbound.fetch>[0]) =>
    rig.outbound.fetch(permit, { url: 'http://127.0.0.1:1/', signal: new AbortController().signal, headTimeoutMs: 100 })
  const run = { signal: new AbortController().signal, caller: 'u', send }
  await expect(rig.routing.execute(plan, run)).rejects.toMatchObject({ code: 'egress.denied' })
})
