import { expect, test } from 'bun:test'
import { suggestFollowUps } from '../src/core/ask/follow-ups.ts'

const headings: Record<string, string[]> = {
  'Handbook/Leave.md': ['Hours', 'Annual leave', 'Parental leave', 'Sick leave', 'Carry-over'],
  'Tern.md': ['Motor'],
}
const suggest = (...cited: [string, string][]) =>
  suggestFollowUps(
    cited.map(([note, heading]) => ({ note, heading })),
    (note) => headings[note] ?? [],
  )

test('follow-ups name what stands after the passage, then what stands before it, three at most', () => {
  expect(suggest(['Handbook/Leave.md', 'Leave › Sick leave'])).toEqual([
    'What does “Leave” say about “Carry-over”?',
    'What does “Leave” say about “Hours”?',
    'What does “Leave” say about “Annual leave”?',
  ])
})

test('follow-ups name nothing that was cited, nothing twice, and nothing of a note that is not here', () => {
  expect(suggest(['Tern.md', 'Tern › Motor'], ['Gone.md', 'x'])).toEqual([])
  expect(suggest(['Tern.md', 'Tern'], ['Tern.md', ''])).toEqual(['What does “Tern” say about “Motor”?'])
})
