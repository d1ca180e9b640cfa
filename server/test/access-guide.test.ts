/** The worked examples of the guide are files of scenarios; each comes out as the page says. */
import { expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { scenarioFileSchema } from '@cairn/contract'
import { testScenarios } from '../src/access/index.ts'
import { repository } from './harness.ts'

const page = await readFile(join(repository, 'docs/guide/access.md'), 'utf8')
const examples = [...page.matchAll(/## Example: ([^\n]+)\n[\s\S]*?```json scenario\n([\s\S]*?)```/g)]

test('there are three', () => {
  expect(examples.map(([, title]) => title)).toEqual([
    'a small team',
    'a department with restricted folders',
    'an outside contractor',
  ])
})

test.each(examples.map(([, title = '', text = '']) => [title, text] as const))('%s', (_, text) => {
  const file = scenarioFileSchema.parse(JSON.parse(text))
  const outcomes = testScenarios(file, 0)
  expect(outcomes.filter(({ passed }) => !passed)).toEqual([])
  // A policy without its denies and barriers is told from this one.
  const { policy } = file.world ?? { policy: null }
  const open = { ...file, world: { ...file.world, policy: { ...policy, denies: [], barriers: [] } } } as typeof file
  expect(testScenarios(open, 0).some(({ passed }) => !passed)).toBe(true)
})
