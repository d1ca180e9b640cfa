import { describe, expect, test } from 'bun:test'
import { Secret } from '../../server/src/base/index.ts'
import { startUpstream } from '../../server/test/kit/upstream.ts'
import { startAnthropicUpstream } from '../../server/test/kit/vendors/anthropic.ts'
import { startGoogleUpstream } from '../../server/test/kit/vendors/google.ts'
import { recordExchanges, type Exchange } from './exchanges.ts'

const key = 'sk-test-4711-never-to-be-seen'

const starts = {
  openai: () => startUpstream({ apiKey: key }),
  anthropic: () => startAnthropicUpstream({ apiKey: key }),
  google: () => startGoogleUpstream({ apiKey: key }),
}
const models = { openai: 'test-chat', anthropic: 'claude-sonnet-5-5', google: 'gemini-2.5-flash' }

describe.each(['openai', 'anthropic', 'google'] as const)('exchanges with a server of the dialect %s', (dialect) => {
  async function record(apiKey: string): Promise<Map<string, Exchange>> {
    const upstream = await starts[dialect]()
    const files = new Map<string, Exchange>()
    const count = await recordExchanges({
      upstream: { id: 'p', dialect, baseUrl: upstream.url, models: [] },
      apiKey: new Secret(apiKey),
      model: models[dialect],
      embeddingModel: dialect === 'google' ? 'gemini-embedding-001' : dialect === 'openai' ? 'test-embed' : null,
      write: async (name, exchange) => void files.set(name, exchange),
      log: () => undefined,
    })
    expect(count).toBe(files.size)
    await upstream.close()
    return files
  }

  test('are written as they went over the wire, streams too, with what was made of them', async () => {
    const files = await record(key)
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(['models', 'chat', 'chat-stream', 'tool-call-stream', 'json-schema', 'picture']),
    )
    const stream = files.get('chat-stream')
    expect(stream?.response.body).toContain('data: {')
    expect(stream?.outcome).toContain('data: [DONE]')
    expect(files.get('chat')?.outcome).toMatchObject({ object: 'chat.completion' })
    expect(files.get('chat')?.request.path).toStartWith('/v1')
    expect(files.get('chat')?.response.status).toBe(200)
  })

  test('hold neither our key nor headers that tell of an account, also when the key is refused', async () => {
    const wrong = 'sk-test-wrong-and-repeated-by-the-server'
    const all = JSON.stringify([[...(await record(key))], [...(await record(wrong))]])
    expect(all).toContain('"status":')
    expect(all).not.toContain(key)
    expect(all).not.toContain(wrong)
    expect(all).not.toMatch(/"(authorization|x-api-key|x-goog-api-key|request-id)"/)
  })
})
