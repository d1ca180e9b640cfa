import { expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inspectDocs } from './docs.ts'

function inspect(files: Record<string, string>, generated: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-docs-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return inspectDocs(
    folder,
    Object.entries(generated).map(([path, text]) => ({ path, text })),
  )
}

test('a generated page that differs or is missing is stale', () => {
  const { stale } = inspect(
    { 'docs/reference/a.md': 'old' },
    { 'docs/reference/a.md': 'new', 'docs/reference/b.md': 'b' },
  )
  expect(stale.map(({ path }) => path)).toEqual(['docs/reference/a.md', 'docs/reference/b.md'])
  expect(inspect({ 'docs/a.md': 'same' }, { 'docs/a.md': 'same' })).toEqual({ stale: [], problems: [] })
})

test('a region of an example is copied between its markers, without its indentation', () => {
  const { stale, problems } = inspect({
    'docs/guide/a.md': 'x\n<!-- from examples/e/main.ts#ask -->\nold\n<!-- end -->\ny\n',
    'examples/e/main.ts': 'a\n  // #region ask\n  await ask()\n    more()\n  // #endregion\nb\n',
  })
  expect(problems).toEqual([])
  expect(stale[0]?.text).toBe(
    'x\n<!-- from examples/e/main.ts#ask -->\n```ts\nawait ask()\n  more()\n```\n<!-- end -->\ny\n',
  )
})

test.each([
  ['a missing file', '[x](gone.md)', 'is no file'],
  ['a file outside the repository', '[x](../../etc/passwd)', 'is no file'],
  ['a missing heading', '[x](#gone)', 'no such heading'],
  ['a missing region', '<!-- from README.md#gone -->\n<!-- end -->', 'no such region'],
  ['JSON that is none', '```json\n{"a":}\n```', 'is not JSON'],
  [
    'a configuration with a wrong name',
    '```jsonc config\n{ "server": { "prt": 1 } } // no\n```',
    'no valid configuration',
  ],
])('%s is a problem', (_, text, words) => {
  const { problems } = inspect({ 'README.md': 'r', 'docs/a.md': text })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain(words)
})

test('good links, headings, code and configurations are no problem', () => {
  const text =
    '# A `b` thing\n[x](../README.md) [y](#a-b-thing) [z](https://example.org/gone) `[n](gone.md)`\n```sh\n[n](gone.md)\n```\n```jsonc config\n{ "server": { "port": 1 }, } // yes\n```'
  expect(inspect({ 'README.md': 'r', 'docs/a.md': text }).problems).toEqual([])
})
