import { afterAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assemble, createVendorRig, readAll, textOfPieces } from '../../../test/kit/vendors/rig.ts'

interface Fixture {
  readonly model: string
  /** The client's request, what the vendor must get of it, and what it answers, whole and as events. */
  readonly chat: object
  readonly sends: Readonly<Record<string, unknown>>
  readonly reply: object
  readonly events: readonly { readonly type?: string }[]
  /** What the client must get, without the time. */
  readonly completion: object
}

/** Words and counts of the dialect itself, which a reply in another dialect has other words for. */
const tags = new Set(['type', 'role', 'index', 'object'])

/** Everything that a value says: its texts and numbers. */
function leavesOf(value: unknown, name = ''): (string | number)[] {
  if (tags.has(name)) return []
  if (typeof value === 'string' || typeof value === 'number') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => leavesOf(each, Array.isArray(value) ? '' : key))
}

/** What is nowhere to be found in what the client got, also not inside a text such as the arguments of a call. */
function lostOf(said: unknown, got: unknown): (string | number)[] {
  const values = leavesOf(got)
  const texts = values.filter((value) => typeof value === 'string')
  return leavesOf(said).filter(
    (leaf) =>
      !values.includes(leaf) && !texts.some((text) => text.includes(typeof leaf === 'number' ? String(leaf) : leaf)),
  )
}

describe.each(['anthropic', 'google'] as const)('%s, by its public documentation', (dialect) => {
  const folder = join(import.meta.dir, '..', dialect, '__fixtures__', 'from-docs')
  const names = readdirSync(folder)
  let fixture: Fixture
  let received: unknown
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      received = await request.json()
      const isStream = request.url.includes('stream') || (received as { stream?: boolean }).stream === true
      if (!isStream) return Response.json(fixture.reply)
      const frames = fixture.events.map(
        (event) => `${event.type === undefined ? '' : `event: ${event.type}\n`}data: ${JSON.stringify(event)}\n\n`,
      )
      return new Response(frames.join(''), { headers: { 'content-type': 'text/event-stream' } })
    },
  })
  const rig = createVendorRig({ dialect, baseUrl: server.url.href })
  afterAll(() => server.stop(true))

  test('there are fixtures', () => {
    expect(names.length).toBeGreaterThanOrEqual(5)
  })

  test.each(names)('%s: the request, the reply and the stream are as written, and nothing is lost', async (name) => {
    fixture = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Fixture
    const { model } = fixture
    const { created, ...completion } = await rig.complete(fixture.chat, { model })
    expect(created).toBeGreaterThan(1_700_000_000)
    expect(received).toEqual(fixture.sends)
    expect(completion as object).toEqual(fixture.completion)
    expect(lostOf(fixture.reply, completion)).toEqual([])

    const text = textOfPieces(await readAll(await rig.stream(fixture.chat, { model })))
    expect(received).toEqual({ ...fixture.sends, ...(dialect === 'anthropic' ? { stream: true } : {}) })
    const streamed = assemble(text)
    const [choice] = completion.choices
    const { refusal: _, ...message } = { refusal: null, ...choice?.message }
    expect(streamed.message as object).toEqual(message)
    expect(streamed.finish).toBe(choice?.finish_reason ?? '')
    expect(streamed.usage).toEqual(completion.usage)
    expect(streamed.ids).toEqual(new Set([completion.id]))
    // A count that grows with each event is told by its last value.
    const counts = new Set(leavesOf(fixture.events).filter((leaf) => typeof leaf === 'number'))
    const lost = lostOf(fixture.events, [streamed, text]).filter((leaf) => !counts.has(leaf as number))
    expect(lost).toEqual([])
  })
})
