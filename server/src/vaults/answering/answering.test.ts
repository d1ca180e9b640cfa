import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Passage } from '../types.ts'
import { chooseSentences } from './choose-sentences.ts'
import { confidenceOf } from './confidence.ts'
import { holdsKind, parseQuestion } from './question.ts'
import { listWindows } from './windows.ts'

const passage = (quote: string, more: Partial<Passage> = {}): Passage => ({
  vault: 'v',
  note: 'Note.md',
  version: '1',
  title: 'Note',
  heading: 'Note',
  start: 0,
  end: quote.length,
  quote,
  label: 'internal',
  facts: { tags: [] },
  score: 1,
  strength: 0.6,
  ...more,
})
const idf = (term: string): number => (term === 'zanzibar' ? 0 : 4)

describe('chooseSentences', () => {
  const quote = 'Offices open at nine. The meal allowance is 34 euros a day. Receipts go to Ruth.'

  test('quotes the sentence that answers, at its place in the note', () => {
    const { sentences } = chooseSentences(
      { question: 'How much is the meal allowance?' },
      [passage(quote, { start: 100, end: 100 + quote.length })],
      { limit: 5, idf },
    )
    expect(sentences[0]?.text).toContain('34 euros')
    expect(sentences[0]?.quote).toBe(quote.slice((sentences[0]?.start ?? 0) - 100, (sentences[0]?.end ?? 0) - 100))
  })

  test('is surer of a question whose words stand together than of one that names what no note has', () => {
    const sure = (question: string) => chooseSentences({ question }, [passage(quote)], { limit: 5, idf }).confidence
    expect(sure('How much is the meal allowance?')).toBeGreaterThan(sure('How much is the meal allowance in Zanzibar?'))
    expect(sure('How much is the meal allowance in Zanzibar?')).toBeLessThan(0.5)
  })

  test('an item of a list comes with the line that announces it', () => {
    const list = 'Bring these to the boat:\n\n- a life jacket\n- the red torch and spare cells\n- gloves'
    const { sentences } = chooseSentences({ question: 'What about the torch and spare cells?' }, [passage(list)], {
      limit: 1,
      idf,
    })
    expect(sentences[0]?.text).toStartWith('Bring these to the boat:')
    expect(sentences[0]?.text).toContain('red torch')
  })

  test('headings, link lines and rules are never quoted', () => {
    const { sentences } = chooseSentences(
      { question: 'meal allowance' },
      [passage('# Meal allowance\n\n[Meal allowance](https://example.org)\n\n---\n\n- [[Meal allowance]]')],
      { limit: 5, idf },
    )
    expect(sentences).toEqual([])
  })

  test('every quote is the slice of the passage it names, whatever the text', () => {
    const unit = fc.constantFrom(
      'meal ',
      'day ',
      '. ',
      '\n',
      '- ',
      '| ',
      ': ',
      '# ',
      '```\n',
      '%%',
      '[x](y)',
      '。',
      '**',
      'Tern ',
    )
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), fc.integer({ min: 0, max: 50 }), (parts, start) => {
        const text = parts.join('')
        const { sentences, confidence } = chooseSentences(
          { question: 'Which meal on a day?' },
          [passage(text, { start, end: start + text.length })],
          { limit: 5, idf },
        )
        expect(confidence).toBeGreaterThanOrEqual(0)
        expect(confidence).toBeLessThanOrEqual(1)
        for (const each of sentences) expect(each.quote).toBe(text.slice(each.start - start, each.end - start))
      }),
    )
  })

  test('no more quotes than asked for, and no passage gives none', () => {
    const many = Array.from({ length: 9 }, (_, at) =>
      passage(`The meal allowance of crew ${at} is ${at} euros a day.`, { note: `${at}.md` }),
    )
    expect(
      chooseSentences({ question: 'How much is the meal allowance?' }, many, { limit: 3, idf }).sentences.length,
    ).toBeLessThanOrEqual(3)
    expect(chooseSentences({ question: 'How much?' }, [], { limit: 3, idf }).sentences).toEqual([])
  })
})

describe('parseQuestion', () => {
  test.each([
    ['How many days of leave do I get?', 'number'],
    ['When is payday?', 'when'],
    ['Who approves travel?', 'who'],
    ['Where do I book?', 'where'],
    ['Why two sensors?', 'why'],
    ['How do I reset it?', 'how'],
    ['Is smoking allowed?', 'yes-no'],
    ['What is a tern?', 'what'],
    ['Wie lange dauert es?', 'number'],
    ['Wer ist zuständig?', 'who'],
    ['いつですか', 'when'],
    ['多少钱', 'number'],
  ] as const)('%s asks for %s', (text, kind) => expect(parseQuestion(text, idf).kind).toBe(kind))

  test('names and numbers are what an answer must be about', () => {
    const hard = (text: string) =>
      parseQuestion(text, idf)
        .terms.filter((term) => term.hard)
        .map(({ term }) => term)
    expect(hard('Does the Plover use 868 MHz?')).toEqual(['plover', '868', 'mhz'])
    expect(hard('Which vessel is used?')).toEqual([])
    expect(hard('Wie fest müssen die Schrauben am Deckel sitzen?')).toEqual([])
    expect(hard('Was the Plover die cast in Bremen?')).toEqual(['plover', 'bremen'])
  })

  test('tells whether a sentence holds what is asked for', () => {
    expect(holdsKind('number', 'It takes three weeks.')).toBe(true)
    expect(holdsKind('number', 'It takes a while.')).toBe(false)
    expect(holdsKind('what', 'Anything.')).toBeNull()
  })
})

test('windows lie within their passage and hold five words at least', () => {
  const text =
    'First things first here we go. Second sentence of the passage is here.\n\n- item one is short\n- item two is short too'
  for (const { start, end, words } of listWindows(text)) {
    expect(start).toBeGreaterThanOrEqual(0)
    expect(end).toBeLessThanOrEqual(text.length)
    expect(words).toBeGreaterThanOrEqual(5)
  }
})

test('an unknown name outweighs everything else', () => {
  const full = {
    windowCoverage: 1,
    passageCoverage: 1,
    unknownShare: 0,
    unknownHard: 0,
    kindHeld: 1,
    joint: 1,
    strength: 0.6,
  }
  expect(confidenceOf(full)).toBeGreaterThan(0.9)
  expect(confidenceOf({ ...full, unknownHard: 1 })).toBeLessThan(0.5)
})
