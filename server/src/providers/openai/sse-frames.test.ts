import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { concatBytes, createFrameSplitter, readFrame } from './sse-frames.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

const line = fc.constantFrom('data: {"a":1}', 'data:x', ': comment', 'event: ping', 'data: é字', 'data:')
const frame = fc
  .tuple(fc.array(line, { maxLength: 3 }), fc.constantFrom('\n', '\r\n'))
  .map(([lines, end]) => `${lines.map((each) => `${each}${end}`).join('')}${end}`)

test('frames are the same however the bytes are cut, and together are every byte', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 6 }),
      fc.string({ unit: fc.constantFrom('d', ':', '\r'), maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      (frames, rest, cuts) => {
        const bytes = encode(frames.join('') + rest)
        const splitter = createFrameSplitter()
        const found: Uint8Array[] = []
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const next = at + (cuts[turn % cuts.length] ?? 1)
          found.push(...splitter.push(bytes.slice(at, next)))
          at = next
        }
        expect(found.map(decode)).toEqual(frames)
        expect(splitter.pendingBytes()).toBe(rest.length)
      },
    ),
  )
})

test('a line of four megabytes in the smallest pieces takes time in proportion, not squared', () => {
  const piece = new Uint8Array(4).fill(97)
  const timeOf = (pieces: number) => {
    const splitter = createFrameSplitter()
    const startedAt = performance.now()
    for (let i = 0; i < pieces; i += 1) splitter.push(piece)
    expect(splitter.push(encode('\n\n'))).toHaveLength(1)
    return performance.now() - startedAt
  }
  timeOf(65_536)
  // Sixteen times the bytes: 16 in proportion, 256 when squared. Against the noise of a busy machine, the best of three.
  const [short, long] = [65_536, 1_048_576].map((pieces) => Math.min(...[1, 2, 3].map(() => timeOf(pieces))))
  expect((long ?? 0) / (short ?? 1)).toBeLessThan(64)
})

test('the payload is found with and without the space, in CRLF, and over several lines', () => {
  const dataOf = (text: string) => {
    const { data } = readFrame(encode(text))
    return data && decode(data)
  }
  expect(dataOf('data: x\n\n')).toBe('x')
  expect(dataOf('data:x\r\n\r\n')).toBe('x')
  expect(dataOf('event: e\ndata:  x\n\n')).toBe(' x')
  expect(dataOf('data: {"a":\ndata: 1}\n\n')).toBe('{"a":\n1}')
  expect(dataOf('data:\n\n')).toBe('')
  expect(dataOf(': comment\n\n')).toBeNull()
  expect(decode(concatBytes([]))).toBe('')
})
