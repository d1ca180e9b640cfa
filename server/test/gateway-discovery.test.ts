/** Model servers on this machine are found without being configured, and whatever else listens there does no harm. */
import { afterEach, describe, expect, test } from 'bun:test'
import { chatText, createRig, owner, textOf, upstreamOf } from './kit/gateway-rig.ts'
import { startUpstream, type Upstream, type UpstreamOptions } from './kit/upstream.ts'
import { usualLocalServers, type LocalServer } from '../src/providers/index.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

async function start(options: UpstreamOptions = {}): Promise<Upstream> {
  const upstream = await startUpstream(options)
  closers.push(upstream.close)
  return upstream
}

/** The usual servers, moved to the ports of a test; those not named are where nobody listens. */
function at(ports: Partial<Record<string, number>>): LocalServer[] {
  return usualLocalServers.map((server) => ({ ...server, port: ports[server.id] ?? 1 }))
}

/** A space every 50 ms, for as long as somebody reads. */
async function* drip(): AsyncGenerator<Uint8Array> {
  for (;;) {
    await Bun.sleep(50)
    yield new Uint8Array([32])
  }
}

const signal = () => new AbortController().signal

test('the usual ports are those of Ollama, LM Studio, vLLM and llama.cpp', () => {
  expect(usualLocalServers.map(({ id, port }) => `${id} ${port}`)).toEqual([
    'ollama 11434',
    'lm-studio 1234',
    'vllm 8000',
    'llama-cpp 8080',
  ])
})

test('a server that speaks Ollama’s shapes is found with its models and answers at once', async () => {
  const ollama = await start({ ollama: true, models: ['llama3.2:1b', 'nomic-embed-text:latest'] })
  const rig = createRig({ upstreams: [], localServers: at({ ollama: ollama.port }) })
  expect(rig.routing.models(owner)).toMatchObject([{ id: 'extractive', isDefault: true }])
  const { found, ignored } = await rig.routing.discover(signal())
  expect(found).toEqual([
    {
      id: 'ollama',
      dialect: 'openai',
      baseUrl: `http://127.0.0.1:${ollama.port}/v1`,
      egress: 'local',
      models: ['llama3.2:1b', 'nomic-embed-text:latest'],
    },
  ])
  expect(ignored).toEqual([])
  expect(rig.routing.models(owner)).toMatchObject([
    { id: 'extractive', isDefault: false, builtIn: true },
    { id: 'llama3.2:1b', provider: 'ollama', kind: 'chat', egress: 'local', clearance: 'restricted', isDefault: true },
    { id: 'nomic-embed-text:latest', kind: 'embedding', isDefault: false },
  ])
  expect(JSON.parse(await textOf(await rig.chat(chatText('auto'))))).toMatchObject({ model: 'ollama/llama3.2:1b' })
  expect(JSON.parse(await textOf(await rig.embeddings('{"model":"local","input":"a"}')))).toMatchObject({
    model: 'ollama/nomic-embed-text:latest',
  })
})

test('all four are looked at together, and what is configured already is not added twice', async () => {
  const [lmStudio, vllm] = [await start({ models: ['a'] }), await start({ models: ['b'] })]
  const rig = createRig({
    upstreams: [upstreamOf('mine', `http://localhost:${vllm.port}/v1`, ['b'])],
    localServers: at({ 'lm-studio': lmStudio.port, vllm: vllm.port }),
  })
  expect((await rig.routing.discover(signal())).found.map(({ id }) => id)).toEqual(['lm-studio'])
  expect((await rig.routing.discover(signal())).found).toEqual([])
  expect(rig.routing.models(owner).map(({ provider }) => provider)).toEqual(['cairn', 'mine', 'lm-studio'])
})

describe('what is no model server is left alone, with a reason', () => {
  const hostile: [string, () => Response | Promise<Response>, string][] = [
    ['a web page', () => new Response('<html>hello</html>'), 'does not list models'],
    ['another API', () => Response.json({ items: [] }), 'does not list models'],
    [
      'a list of something else',
      () => Response.json({ data: [1, null, { id: 7 }, { id: '../../etc\n' }, { id: 'x'.repeat(5_000) }] }),
      'has no model yet',
    ],
    ['an error', () => new Response('no', { status: 500 }), 'answered with status 500'],
    ['a redirect', () => Response.redirect('http://169.254.169.254/'), 'broke off'],
    ['ten megabytes', () => new Response('['.repeat(10_000_000)), 'sent too much'],
    ['deep nesting', () => new Response('{"data":'.repeat(100_000)), 'does not list models'],
    ['silence', () => new Promise(() => undefined), 'did not answer in time'],
    ['an endless body', () => new Response(drip()), 'did not answer in time'],
  ]

  test.each(hostile)('%s', async (_name, fetch, reason) => {
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', idleTimeout: 0, fetch })
    closers.push(() => server.stop(true))
    const rig = createRig({ upstreams: [], localServers: at({ 'llama-cpp': server.port ?? 0 }) })
    const startedAt = performance.now()
    expect(await rig.routing.discover(signal())).toEqual({
      found: [],
      ignored: [{ id: 'llama-cpp', address: `http://127.0.0.1:${server.port}`, reason }],
    })
    expect(performance.now() - startedAt).toBeLessThan(1_500)
    expect(rig.routing.models(owner)).toHaveLength(1)
  })
})

test('a provider that declares no models is asked for its list, and keeps its last list when it fails', async () => {
  const upstream = await start({ models: ['one', 'two'] })
  const rig = createRig({ upstreams: [upstreamOf('lab', upstream.url, [])] })
  expect(await rig.routing.refresh(signal())).toEqual([{ provider: 'lab', models: 2, problem: null }])
  expect(JSON.parse(await textOf(await rig.chat(chatText('two'))))).toMatchObject({ model: 'two' })
  await upstream.close()
  expect(await rig.routing.refresh(signal())).toMatchObject([
    { provider: 'lab', models: 2, problem: expect.stringContaining('cannot be reached') },
  ])
  expect(rig.routing.models(owner).map(({ id }) => id)).toEqual(['extractive', 'one', 'two'])
})
