/** The upstream of the test kit does what it is asked to do wrong, and counts it; other tests rely on both. */
import { afterAll, describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import OpenAI from 'openai'
import { drawFault, requestNumberOf } from './kit/draw.ts'
import { faultNames, faultOf } from './kit/faults.ts'
import { splitInsideCharacters } from './kit/replies.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

const draw = { seed: 7, rate: 0.2, faults: faultNames }
const upstream = await startUpstream({ responses: true })
const drawing = await startUpstream({ name: 'west', draw: { ...draw, rate: 0.5, faults: ['503', 'cut', 'no-usage'] } })
afterAll(() => Promise.all([upstream.close(), drawing.close()]))

interface Sent {
  readonly body?: Record<string, unknown>
  readonly headers?: Record<string, string>
  readonly signal?: AbortSignal
}

function chat({ url }: Upstream, { body = {}, headers = {}, signal }: Sent): Promise<Response> {
  return fetch(`${url}/chat/completions`, {
    method: 'POST',
    redirect: 'manual',
    headers,
    body: JSON.stringify({ model: 'test-chat', messages: [{ role: 'user', content: 'the quay' }], ...body }),
    ...(signal ? { signal } : {}),
  })
}

describe('a fault', () => {
  test('of every name strikes where the table says, as a stream and as JSON', async () => {
    for (const name of faultNames) {
      const { strikes, json, ...more } = faultOf(name)
      if ('needsDeadline' in more) continue
      for (const stream of [true, false]) {
        const expected = stream ? strikes : (json ?? (strikes === 'after' ? 'harmless' : strikes))
        expect(`${name} ${stream}: ${await strikeOf(name, stream)}`).toBe(`${name} ${stream}: ${expected}`)
      }
    }
  })

  test('is chosen by header, also where the model’s name must stay', async () => {
    const reply = await chat(upstream, { headers: { 'x-fault': 'status=429,retryAfterMs=50' } })
    expect(reply.status).toBe(429)
    expect(reply.headers.get('retry-after-ms')).toBe('50')
    expect(reply.headers.get('retry-after')).toBeNull()
  })

  test('says when to come back as seconds and as a date', async () => {
    const seconds = await chat(upstream, { headers: { 'x-fault': 'status=429,retryAfter=3' } })
    expect(seconds.headers.get('retry-after')).toBe('3')
    const date = await chat(upstream, { headers: { 'x-fault': 'status=429,retryAfterDate=60' } })
    const ahead = Date.parse(date.headers.get('retry-after') ?? '') - Date.now()
    expect(ahead).toBeGreaterThan(50_000)
    expect(ahead).toBeLessThanOrEqual(61_000)
  })

  test('redirects with the status asked for', async () => {
    const reply = await chat(upstream, { headers: { 'x-fault': 'redirect' } })
    expect([reply.status, reply.headers.get('location')]).toEqual([307, 'http://169.254.169.254/'])
  })

  test('of split characters ends its writes inside characters, and the text is whole', () => {
    const text = 'Gipfelgrün 石山 🪨🧭'
    const pieces = splitInsideCharacters(new TextEncoder().encode(text))
    const strict = new TextDecoder('utf-8', { fatal: true })
    for (const piece of pieces.slice(0, -1)) expect(() => strict.decode(piece)).toThrow()
    expect(Buffer.concat(pieces).toString()).toBe(text)
  })

  test('of half a character leaves bytes that are no UTF-8', async () => {
    const reply = await chat(upstream, { body: { stream: true }, headers: { 'x-fault': 'half-character' } })
    const got: Uint8Array[] = []
    const read = async () => {
      for await (const chunk of reply.body ?? []) got.push(chunk)
    }
    expect(read()).rejects.toThrow()
    await read().catch(() => undefined)
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(got))).toThrow()
  })

  test('of ten megabytes is that long', async () => {
    const reply = await chat(upstream, { headers: { 'x-fault': 'ten-megabytes' } })
    const told = (await reply.json()) as { choices: { message: { content: string } }[] }
    expect(told.choices[0]?.message.content.length).toBeGreaterThanOrEqual(10_000_000)
  })

  test.each([
    ['none', undefined],
    ['zero', { prompt_tokens: 0, completion_tokens: 0 }],
    ['negative', { completion_tokens: -8 }],
    ['tenfold', { completion_tokens: 80 }],
    ['text', { prompt_tokens: 'many', completion_tokens: 'some' }],
  ])('of usage %s is told so', async (kind, expected) => {
    const reply = await chat(upstream, { headers: { 'x-fault': `usage=${kind}` } })
    const { usage } = (await reply.json()) as { usage?: object }
    if (expected) expect(usage).toMatchObject(expected)
    else expect(usage).toBeUndefined()
  })

  test('of a closed port refuses connections until it is opened again', async () => {
    const own = await startUpstream()
    await own.refuse()
    const refused: unknown = await chat(own, {}).catch((thrown: unknown) => thrown)
    expect(String(refused)).toMatch(/refused/i)
    await own.accept()
    expect((await chat(own, {})).status).toBe(200)
    await own.close()
  })
})

describe('a draw', () => {
  test('depends on seed, deployment and request alone, and keeps its rate', () => {
    const numbers = Array.from({ length: 5_000 }, (_, at) => String(at))
    const once = numbers.map((number) => drawFault(draw, 'a', number))
    expect(numbers.toReversed().map((number) => drawFault(draw, 'a', number))).toEqual(once.toReversed())
    expect(numbers.map((number) => drawFault(draw, 'b', number))).not.toEqual(once)
    expect(numbers.map((number) => drawFault({ ...draw, seed: 8 }, 'a', number))).not.toEqual(once)
    // Six standard deviations of a binomial with n = 5000, p = 0.2 are 170.
    expect(Math.abs(once.filter((fault) => fault !== null).length - 1_000)).toBeLessThan(170)
    expect(new Set(once).size).toBe(faultNames.length + 1)
  })

  test('finds the request’s number in the header, the first message, the input or `user`', () => {
    const messages = [{ role: 'user', content: 'what of #12?' }]
    expect(requestNumberOf({ 'x-request-number': '9' }, { messages })).toBe('9')
    expect(requestNumberOf({}, { messages, user: 'u' })).toBe('12')
    expect(requestNumberOf({}, { input: ['#13'] })).toBe('13')
    expect(requestNumberOf({}, { messages: [], user: 'u-1' })).toBe('u-1')
    expect(requestNumberOf({}, { messages: [{ content: 'none' }] })).toBeNull()
  })

  test('strikes as foretold, and every number is counted apart', async () => {
    drawing.resetStats()
    for (let number = 0; number < 40; number++) {
      const reply = await chat(drawing, { body: { stream: true, user: `n${number}` } })
      await reply.text().catch(() => undefined)
    }
    const { requests, calls } = drawing.stats()
    expect(calls).toBe(40)
    for (const [number, { calls: own, faults, whole, error, cut }] of Object.entries(requests)) {
      const fault = drawFault({ seed: 7, rate: 0.5, faults: ['503', 'cut', 'no-usage'] }, 'west', number)
      expect(own).toBe(1)
      expect(faults).toEqual(fault === null ? [] : [fault])
      expect([whole, error, cut]).toEqual([
        fault === null || fault === 'no-usage' ? 1 : 0,
        fault === '503' ? 1 : 0,
        fault === 'cut' ? 1 : 0,
      ])
    }
  })
})

describe('the counts', () => {
  test('have the words before a cut, the tokens told, and whether the client left', async () => {
    const ask = async (user: string, body: object, fault?: string) => {
      const sent = { body: { user, ...body }, headers: fault === undefined ? {} : { 'x-fault': fault } }
      await (await chat(upstream, sent)).text().catch(() => undefined)
      return upstream.stats().requests[user]
    }
    expect(await ask('json', {})).toMatchObject({ calls: 1, whole: 1, words: 8, told: 1, toldOutput: 8 })
    expect(await ask('cut', { stream: true }, 'cut')).toMatchObject({ cut: 1, whole: 0, words: 3, told: 0 })
    expect(await ask('usage', { stream: true, stream_options: { include_usage: true } })).toMatchObject({
      words: 8,
      told: 1,
      toldOutput: 8,
    })
    expect(await ask('busy', {}, '503')).toMatchObject({ error: 1, words: 0, told: 0 })
    const leaving = new AbortController()
    const reply = await chat(upstream, {
      body: { user: 'leaver', stream: true },
      headers: { 'x-fault': 'silentAfter=2' },
      signal: leaving.signal,
    })
    await reply.body?.getReader().read()
    leaving.abort()
    for (let waits = 0; upstream.stats().open > 0 && waits < 500; waits++) await Bun.sleep(2)
    expect(upstream.stats()).toMatchObject({ open: 0, requests: { leaver: { cancelled: 1, words: 2 } } })
  })
})

describe('responses', () => {
  const client = new OpenAI({ apiKey: 'x', baseURL: upstream.url, maxRetries: 0 })

  test('are read by the official library, whole and as events that end in the same text', async () => {
    const whole = await client.responses.create({ model: 'test-chat', input: 'the quay' })
    const events = await client.responses.create({ model: 'test-chat', input: 'the quay', stream: true })
    let text = ''
    let numbers = 0
    for await (const event of events) {
      expect(event.sequence_number).toBe(numbers++)
      if (event.type === 'response.output_text.delta') text += event.delta
      if (event.type === 'response.completed') expect(event.response.output_text ?? text).toBe(whole.output_text)
    }
    expect(text).toBe(whole.output_text)
    expect(whole.usage?.output_tokens).toBe(8)
  })

  test('are not there unless they were asked for', async () => {
    const reply = await fetch(`${drawing.url}/responses`, { method: 'POST', body: '{"model":"test-chat"}' })
    expect(reply.status).toBe(404)
  })
})

test('as a program it tells its counts over HTTP and starts them anew', async () => {
  const program = join(import.meta.dirname, 'kit/upstream.ts')
  const child = spawn(process.execPath, [program, '--port', '0', '--name', 'east', '--rate', '1', '--faults', '503'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const url = await new Promise<string>((resolve) =>
      child.stdout.on('data', (text: Buffer) => resolve(/http\S+/.exec(text.toString())?.[0] ?? '')),
    )
    const reply = await chat({ url } as Upstream, { body: { messages: [{ role: 'user', content: '#42' }] } })
    expect(reply.status).toBe(503)
    const stats = new URL('/__stats', url)
    expect(await (await fetch(stats)).json()).toMatchObject({
      calls: 1,
      error: 1,
      requests: { 42: { faults: ['503'] } },
    })
    await fetch(stats, { method: 'DELETE' })
    expect(await (await fetch(stats)).json()).toMatchObject({ calls: 0, requests: {} })
  } finally {
    child.kill()
  }
})

/** Where a fault strikes, as a client sees it. */
async function strikeOf(name: string, stream: boolean): Promise<string> {
  let words = 0
  try {
    const reply = await chat(upstream, { body: { stream }, headers: { 'x-fault': name } })
    if (reply.status !== 200) return 'before'
    if (!stream) return 'choices' in ((await reply.json()) as object) ? 'harmless' : 'before'
    for await (const frame of framesOf(reply)) {
      if (frame === 'data: [DONE]') continue
      const { error, choices } = JSON.parse(frame.slice(6)) as { error?: object; choices?: { delta?: object }[] }
      if (error || !choices) throw new Error('broken')
      if (JSON.stringify(choices[0]?.delta ?? {}).includes('"content":"') && !frame.includes('"role"')) words += 1
    }
    return words > 0 ? 'harmless' : 'before'
  } catch {
    return words > 0 ? 'after' : 'before'
  }
}

async function* framesOf(reply: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of reply.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    const frames = text.split('\n\n')
    text = frames.pop() ?? ''
    yield* frames
  }
}
