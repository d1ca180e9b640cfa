import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createCitationFilter } from './citation-filter.ts'

function filter(pieces: readonly string[], passages = 8, limit = 5) {
  const made = createCitationFilter(passages, limit)
  const shown = pieces.map((piece) => made.push(piece))
  return { text: shown.join('') + made.end(), used: [...made.used()] }
}

describe('markers in an answer', () => {
  test.each([
    ['in the order of their first use', 'A [3]. B [1], again [3].', 'A [1]. B [2], again [1].', [3, 1]],
    ['several in one pair of brackets', 'A [2, 4; 2].', 'A [1][2][1].', [2, 4]],
    ['none that names no passage', 'A [0] b [9]? C [99].', 'A b? C.', []],
    ['only what is known of a list', 'A [9, 2].', 'A [1].', [2]],
    ['no more than the limit', 'A [1][2][3][4][5][6][7].', 'A [1][2][3][4][5].', [1, 2, 3, 4, 5]],
    [
      'nothing that is no marker',
      'See [[Note 1]], [^2], [a](b), [1a], x[].',
      'See [[Note 1]], [^2], [a](b), [1a], x[].',
      [],
    ],
  ])('are numbered anew: %s', (_, text, expected, used) => {
    expect(filter([text])).toEqual({ text: expected, used })
  })

  test('come out the same however the stream cuts the text', () => {
    const part = fc.constantFrom(
      'word',
      ' ',
      '  ',
      '[',
      ']',
      '[1]',
      '[12',
      ', 3]',
      ';',
      '2',
      '[99]',
      ' [7]',
      '\n',
      '[[1]]',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), fc.array(fc.nat(200), { maxLength: 20 }), (parts, cuts) => {
        const text = parts.join('')
        const places = [...new Set(cuts.map((cut) => Math.min(cut, text.length)))].toSorted((a, b) => a - b)
        const pieces = [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length))
        expect(filter(pieces)).toEqual(filter([text]))
      }),
      { numRuns: 3_000 },
    )
  })

  test('name only citations there are, none twice, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(30), fc.constant(null))),
        fc.nat(10),
        fc.nat(6),
        (numbers, passages, limit) => {
          const text = numbers.map((number) => (number === null ? ' and ' : `fact [${number}]`)).join('')
          const { text: shown, used } = filter([text], passages, limit)
          expect(used.length).toBeLessThanOrEqual(limit)
          expect(new Set(used).size).toBe(used.length)
          expect(used.every((passage) => passage >= 1 && passage <= passages)).toBe(true)
          const named = [...shown.matchAll(/\[(\d+)\]/g)].map((match) => Number(match[1]))
          expect([...new Set(named)]).toEqual(used.map((_, index) => index + 1))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('hold back no more than a marker can be long', () => {
    const { push } = createCitationFilter(3, 3)
    expect(push('answer [')).toBe('answer')
    expect(push('x'.repeat(10))).toBe(` [${'x'.repeat(10)}`)
    expect(push(`[${' '.repeat(400)}`).length).toBeGreaterThan(200)
  })
})
