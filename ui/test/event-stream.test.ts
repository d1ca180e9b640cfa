/** Promises of the event stream reader. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createEventParser, readEvents, type ServerEvent } from '../src/client/index.ts'

const parseAll = (chunks: readonly string[]) => {
  const parse = createEventParser()
  return chunks.flatMap((chunk) => parse(chunk))
}

test('reads names, several data lines, comments and values without a space', () => {
  const text =
    ': hello\n\nevent: token\ndata: {"a":\ndata: 1}\nid: 7\nretry: 10\n\ndata:x\n\nevent: only-a-name\n\ndata\n\n'
  expect(parseAll([text])).toEqual([
    { event: 'token', data: '{"a":\n1}' },
    { event: 'message', data: 'x' },
    { event: 'message', data: '' },
  ])
})

test('takes a byte order mark, CR and CRLF, and drops an event that never ended', () => {
  expect(parseAll(['\ufeffevent: a\r\ndata: 1\r\n\r\ndata: 2\r\rdata: 3\n'])).toEqual([
    { event: 'a', data: '1' },
    { event: 'message', data: '2' },
  ])
})

test('gives the same events wherever the network cuts the text', () => {
  const ending = fc.constantFrom('\n', '\r', '\r\n')
  const lines = fc.array(fc.constantFrom('event: a', 'data: x', 'data:', 'data: ünï 漢', ': c', '', ''), {
    maxLength: 30,
  })
  fc.assert(
    fc.property(lines, ending, fc.array(fc.nat(200), { maxLength: 20 }), (list, end, cuts) => {
      const text = `${list.map((line) => line + end).join('')}data: last${end}${end}:`
      const places = [...new Set(cuts.map((cut) => cut % text.length))].toSorted((a, b) => a - b)
      const chunks = [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length))
      expect(parseAll(chunks)).toEqual(parseAll([text]))
      expect(parseAll([text]).at(-1)?.data.endsWith('last')).toBe(true)
    }),
  )
})

test('joins characters whose bytes came in different chunks', async () => {
  const bytes = new TextEncoder().encode('data: 漢字 🪨\n\n')
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
      controller.close()
    },
  })
  const found: ServerEvent[] = []
  for await (const event of readEvents(body)) found.push(event)
  expect(found).toEqual([{ event: 'message', data: '漢字 🪨' }])
})
