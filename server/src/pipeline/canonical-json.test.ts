import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { canonicalJson } from './canonical-json.ts'

test.each([
  ['fields in any order', '{"b":1,"a":[{"d":2,"c":3}]}', '{ "a" : [ {"c":3 ,"d":2} ],\n"b":1}'],
  ['escapes', '{"caf\\u00e9":"\\/ \\u6f6e"}', '{"café":"/ 潮"}'],
  ['empty ones', ' { "a" : [ ] , "b" : { } } ', '{"b":{},"a":[]}'],
])('writes what says the same the same: %s', (_, one, other) => {
  expect(canonicalJson(one)).toBe(canonicalJson(other))
})

test.each([
  ['numbers written differently', '{"t":1}', '{"t":1.0}'],
  ['large numbers that parse alike', '{"seed":12345678901234567890}', '{"seed":12345678901234567891}'],
  ['two fields of one name in another order', '{"a":1,"a":2}', '{"a":2,"a":1}'],
  ['a field of the name twice', '{"a":1,"a":1}', '{"a":1}'],
  ['the order of a list', '[1,2]', '[2,1]'],
  ['null and absence', '{"a":null}', '{}'],
  ['a text and a number', '{"a":"1"}', '{"a":1}'],
  ['halves of surrogate pairs', '"\\ud800"', '"\\ud801"'],
  ['spaces inside a text', '"a b"', '"a  b"'],
])('keeps apart what a provider may take differently: %s', (_, one, other) => {
  expect(canonicalJson(one)).not.toBe(canonicalJson(other))
})

test('leaves out the named fields of the outermost object only', () => {
  const without = new Set(['stream'])
  expect(canonicalJson('{"stre\\u0061m":true,"x":{"stream":1}}', without)).toBe('{"x":{"stream":1}}')
})

test('means the same as what it was made from, and is its own canonical form', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 1, 2), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent)
      const canonical = canonicalJson(spaced)
      expect(JSON.parse(canonical)).toEqual(JSON.parse(text))
      expect(canonicalJson(canonical)).toBe(canonical)
    }),
    { numRuns: 2_000 },
  )
})

test.each(['', '{', '{"a"', '[1', '"x', '{"a":1'])('ends on text that is cut off: %s', (text) => {
  expect(() => canonicalJson(text)).toThrow()
})
