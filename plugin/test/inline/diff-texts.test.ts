import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { countChanges, diffTexts, joinPieces, type Piece } from '../../src/core/inline/diff-texts.ts'

const changesOf = (pieces: readonly Piece[]) =>
  pieces.flatMap((piece) => (piece.kind === 'change' ? [[piece.removed, piece.added]] : []))

const words = fc.constantFrom('a', 'the', 'note', 'Tern', ' ', ' ', '\n', '\n\n', '. ', '- ', '漢字', 'né', '🪨')
const texts = fc.array(words, { maxLength: 60 }).map((parts) => parts.join(''))

describe('a diff', () => {
  test('with all its changes is the new text, and with none the old', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const pieces = diffTexts(before, after)
        expect(joinPieces(pieces, () => true)).toBe(after)
        expect(joinPieces(pieces, () => false)).toBe(before)
      }),
      { numRuns: 500 },
    )
  })

  test('says nothing of equal texts, and has no two changes side by side', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        expect(countChanges(diffTexts(before, before))).toBe(0)
        const pieces = diffTexts(before, after)
        for (const [at, piece] of pieces.entries()) expect(piece.kind).not.toBe(pieces[at + 1]?.kind)
      }),
    )
  })

  test.each([
    ['The wind is strong.', 'The wind was strong.', [['is', 'was']]],
    ['One two three.', 'One three.', [['two ', '']]],
    ['It’s its boat.', 'It’s it’s boat.', [['its', 'it’s']]],
    ['one\ntwo\nthree\n', 'one\n2\nthree\n', [['two', '2']]],
    ['私は船', '私は海', [['船', '海']]],
  ])('of %j and %j is what a person would say', (before, after, changes) => {
    expect(changesOf(diffTexts(before, after))).toEqual(changes)
  })

  test('takes two words rewritten side by side as one change', () => {
    expect(changesOf(diffTexts('a very long story here', 'a rather short story here'))).toEqual([
      ['very long', 'rather short'],
    ])
  })

  test('of two texts that have nothing in common is one change, and does not take for ever', () => {
    const before = Array.from({ length: 4_000 }, (_, at) => `a${at}`).join(' ')
    const after = Array.from({ length: 4_000 }, (_, at) => `b${at}`).join('\t')
    expect(countChanges(diffTexts(before, after))).toBe(1)
  })
})
