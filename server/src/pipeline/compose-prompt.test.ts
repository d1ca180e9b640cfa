import { expect, test } from 'bun:test'
import type { Passage } from '../vaults/index.ts'
import { composePrompt } from './compose-prompt.ts'
import { findContext } from './follow-up.ts'

function passage(title: string, heading: string, quote: string): Passage {
  return {
    vault: 'v',
    note: `${title}.md`,
    version: 'v1',
    title,
    heading,
    start: 0,
    end: quote.length,
    quote,
    label: 'internal',
    facts: { tags: [] },
    score: 1,
    strength: 1,
  }
}

const grounded = (passages: Passage[]) => ({
  question: 'How long?',
  context: undefined,
  candidates: passages,
  passages,
  label: 'internal' as const,
  vaults: ['v'],
  positions: new Map(),
})

test('numbers the passages and says once where each stands', () => {
  const [system] = composePrompt(
    grounded([
      passage('Boat', 'Boat › Wind', 'Above 22 knots.'),
      passage('Tide', '', 'Low.'),
      passage('Tide', 'High', 'Up.'),
    ]),
  )
  expect(system?.content).toEndWith(
    'Passages:\n\n[1] Boat › Wind (Boat.md)\nAbove 22 knots.\n\n[2] Tide (Tide.md)\nLow.\n\n[3] Tide › High (Tide.md)\nUp.',
  )
})

test('sends the newest turns that fit, in order, and the question last', () => {
  const history = Array.from({ length: 20 }, (_, index) => ({
    role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
    content: `${index} ${'x'.repeat(2_000)}`,
    label: 'secret signature',
  }))
  const messages = composePrompt(grounded([]), history)
  expect(messages[0]?.role).toBe('system')
  expect(messages.slice(1, -1).map(({ content }) => content.split(' ')[0])).toEqual(['15', '16', '17', '18', '19'])
  expect(messages.at(-1)).toEqual({ role: 'user', content: 'How long?' })
  expect(JSON.stringify(messages)).not.toContain('signature')
})

const asked = (...questions: string[]) =>
  questions.flatMap((content) => [
    { role: 'user' as const, content },
    { role: 'assistant' as const, content: 'answer' },
  ])

test.each([
  ['And how long does it take?', 'Who repairs the boat?'],
  ['Why?', 'Who repairs the boat?'],
  ['Und wann beginnt das?', 'Wer wartet die Station?'],
  ['その費用はいくらですか', '出張の届け出は'],
  ['那个多少钱', '电池采购'],
])('a follow-up leans on the question before it: %s', (question, before) => {
  expect(findContext(question, asked(before))).toBe(before)
})

test('a question that stands on its own, or is the first, leans on nothing', () => {
  expect(
    findContext('Which sensors were calibrated in the workshop last March', asked('Who repairs the boat?')),
  ).toBeUndefined()
  expect(findContext('Why?', [])).toBeUndefined()
  expect(findContext('Why?', undefined)).toBeUndefined()
})

test('a chain of follow-ups leans on the question that began it', () => {
  expect(findContext('And why?', asked('Who repairs the boat?', 'When did they last do it?'))).toBe(
    'Who repairs the boat? When did they last do it?',
  )
})
