import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { applySplices, findFields, readString } from './json-spans.ts'
import { rewriteModel, rewriteRequest } from './rewrite.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** Values as JSON text with random white space and odd spellings, so that byte equality means something. */
const space = fc.constantFrom('', ' ', '\n', '\t ', '\r\n')
const scalar = fc.oneof(
  fc.constantFrom(
    '1.0',
    '1e3',
    '-0',
    '12345678901234567890',
    'true',
    'false',
    'null',
    String.raw`"\u0061\"}]{,"`,
    String.raw`"\\"`,
    '""',
  ),
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
)
const { value } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalar, tie('list'), tie('object')),
  list: fc
    .tuple(space, fc.array(tie('value'), { maxLength: 3 }))
    .map(([gap, items]) => `[${gap}${items.join(`${gap},${gap}`)}${gap}]`),
  object: fc
    .tuple(
      space,
      fc.array(fc.tuple(fc.constantFrom('"model"', '"a"', String.raw`"\u006dodel"`), tie('value')), { maxLength: 3 }),
    )
    .map(
      ([gap, fields]) =>
        `{${gap}${fields.map(([key, item]) => `${key}${gap}:${gap}${item}`).join(`${gap},${gap}`)}${gap}}`,
    ),
}))
const topLevel = fc
  .tuple(
    space,
    fc.array(
      fc.tuple(
        fc.string().map((text) => JSON.stringify(text)),
        value,
      ),
      { maxLength: 5 },
    ),
    fc.boolean(),
  )
  .map(([gap, fields, bom]) => ({
    bom,
    fields,
    text: `${gap}{${gap}${fields.map(([key, item]) => `${key}${gap}:${gap}${item}`).join(`${gap},${gap}`)}${gap}}${gap}`,
  }))

describe('findFields', () => {
  test('finds every field of any object, with exactly the bytes of its value', () => {
    fc.assert(
      fc.property(topLevel, ({ bom, fields, text }) => {
        const bytes = encode(`${bom ? '\ufeff' : ''}${text}`)
        const spans = findFields(bytes)
        expect(spans?.fields.map(({ name, start, end }) => [name, decode(bytes.subarray(start, end))])).toEqual(
          fields.map(([key, item]) => [JSON.parse(key) as string, item]),
        )
        expect(bytes[spans?.close ?? -1]).toBe(0x7d)
      }),
    )
  })

  test('never throws and never runs past the end, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc.string({ unit: fc.constantFrom(...'{}[]",:\\ am1'), maxLength: 60 }).map(encode),
        ),
        (bytes) => {
          for (const { start, end } of findFields(bytes)?.fields ?? [])
            expect(start < end && end <= bytes.length).toBe(true)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test.each(['', '[]', '"x"', '1', 'null', '{', '{"a"', '{"a":', '{"a":1', '{a:1}'])('is nothing for %j', (text) => {
    expect(findFields(encode(text))).toBeUndefined()
  })
})

describe('rewriteModel', () => {
  test('changes the top-level model and no other byte', () => {
    fc.assert(
      fc.property(topLevel, value, ({ fields }, inner) => {
        const others = fields.filter(([key]) => JSON.parse(key) !== 'model')
        const build = (model: string) =>
          `{"messages": ${inner},${others.map(([key, item]) => `${key}:${item},`).join('')} "model" :\t${model}\n}`
        expect(decode(rewriteModel(encode(build('"old"')), 'a/"b"'))).toBe(build(JSON.stringify('a/"b"')))
      }),
    )
  })

  test('gives back the very same bytes when the model is already right, however it is spelled', () => {
    const bytes = encode(String.raw`{"model":"test\u002dchat"}`)
    expect(rewriteModel(bytes, 'test-chat')).toBe(bytes)
  })

  test('replaces a model that is no string', () => {
    expect(decode(rewriteModel(encode('{"model":null,"x":{"model":1}}'), 'm'))).toBe('{"model":"m","x":{"model":1}}')
  })
})

test('rewriteRequest keeps broken UTF-8 as it came', () => {
  const body = new Uint8Array([...encode('{"x":"'), 0xff, 0xfe, 0xc3, ...encode('","model":"a"}')])
  const call = { body, model: 'bb', answerAs: 'x', stream: true, includeUsage: false }
  expect(rewriteRequest(call)).toEqual(
    new Uint8Array([
      ...encode('{"x":"'),
      0xff,
      0xfe,
      0xc3,
      ...encode('","model":"bb","stream_options":{"include_usage":true}}'),
    ]),
  )
})

test('splices are made in order', () => {
  expect(
    decode(
      applySplices(encode('abcdef'), [
        { start: 1, end: 2, text: 'XX' },
        { start: 4, end: 4, text: '-' },
      ]),
    ),
  ).toBe('aXXcd-ef')
  expect(readString(encode('12'))).toBeUndefined()
})
