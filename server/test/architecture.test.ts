/** The repository keeps to the import table and the word rules; and the checker itself fails where it must. */
import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Glob } from 'bun'
import { checkSources, checkTable, renderTable } from './architecture/check.ts'

const root = resolve(import.meta.dir, '../..')

function readSources(): Record<string, string> {
  const paths = new Glob('{contract,server,ui,console,plugin}/**/*.{ts,tsx}').scanSync(root)
  return Object.fromEntries(
    [...paths]
      .filter((path) => !path.includes('node_modules'))
      .map((path) => [path, readFileSync(resolve(root, path), 'utf8')]),
  )
}

describe('this repository', () => {
  test('imports only what the table allows, and keeps runtime, time, environment and console in their rooms', () => {
    expect(checkSources(readSources())).toEqual([])
  })

  test('shows the same table in ARCHITECTURE.md', () => {
    const path = resolve(root, 'ARCHITECTURE.md')
    expect(checkTable(existsSync(path) ? readFileSync(path, 'utf8') : undefined)).toEqual([])
  })
})

describe('the checker', () => {
  const only = (path: string, source: string) => checkSources({ [path]: source })

  test('refuses an import of http in cache, and says what to do', () => {
    const [complaint, ...others] = only('server/src/cache/tier.ts', "import { reply } from '../http/index.ts'")
    expect(others).toEqual([])
    expect(complaint).toBe(
      'server/src/cache/tier.ts imports http/, but cache/ may import only base, contract, storage, platform; declare the small interface it needs in cache/types.ts and let app.ts pass it in.',
    )
  })

  test.each([
    [
      'a type import of a module outside the row',
      'server/src/cache/tier.ts',
      "import type { Route } from '../http/index.ts'",
      'imports http/',
    ],
    [
      'an export from another module',
      'server/src/base/index.ts',
      "export { x } from '../vaults/index.ts'",
      'imports vaults/',
    ],
    [
      'an import over several lines',
      'server/src/audit/log.ts',
      "import {\n  a,\n  b,\n} from '../cache/index.ts'",
      'imports cache/',
    ],
    ['a dynamic import', 'server/src/audit/log.ts', "const x = await import('../cache/index.ts')", 'imports cache/'],
    [
      'a module entered past its index',
      'server/src/http/routes.ts',
      "import { key } from '../cache/key.ts'",
      'import from cache/index.ts',
    ],
    [
      'values of config where only types are allowed',
      'server/src/cache/tier.ts',
      "import { loadConfig } from '../config/index.ts'",
      'types only',
    ],
    [
      'another workspace by path',
      'server/src/cache/tier.ts',
      "import { z } from '../../../contract/src/ask.ts'",
      'import @cairn/contract instead',
    ],
    ['a workspace outside the row', 'ui/src/table.tsx', "import { app } from '@cairn/server'", 'imports server/'],
    ['a package in contract', 'contract/src/ask.ts', "import { parse } from 'yaml'", 'no package but zod'],
    [
      'a test imported by a program',
      'server/src/cache/tier.ts',
      "import { suite } from './testing/suite.ts'",
      'nothing may import tests',
    ],
    [
      'a script imported by a program',
      'server/src/cli/x.ts',
      "import { y } from '../../../scripts/test.ts'",
      'nothing may import tests',
    ],
    [
      'a folder that the table does not know',
      'server/src/utils/x.ts',
      "import { y } from '../base/index.ts'",
      'does not know',
    ],
    [
      'process.env outside config/load.ts',
      'server/src/http/server.ts',
      'const port = process.env.PORT',
      'config/load.ts only',
    ],
    ['Date.now( outside the clock', 'server/src/cache/tier.ts', 'const now = Date.now()', 'take a Clock'],
    ['new Date( outside the clock', 'server/src/cache/tier.ts', 'const now = new Date()', 'formatTime()'],
    ['performance. outside the clock', 'server/src/cache/tier.ts', 'const now = performance.now()', 'monotonic()'],
    ['console. in a program', 'console/src/app.tsx', "console.log('x')", 'Logger'],
    ['Bun outside platform', 'server/src/http/server.ts', 'Bun.serve({})', 'server/src/platform/'],
    [
      'an import of bun outside platform',
      'server/src/http/server.ts',
      "import { Database } from 'bun:sqlite'",
      'server/src/platform/',
    ],
    ['obsidian outside the plugin', 'ui/src/table.tsx', "import { Plugin } from 'obsidian'", 'plugin/src/obsidian/'],
    [
      'obsidian in a view of the plugin',
      'plugin/src/features/ask/ask-pane.tsx',
      "import { Notice } from 'obsidian'",
      'plugin/src/obsidian/',
    ],
    [
      'a view of the plugin that enters the adapters',
      'plugin/src/features/ask/ask-pane.tsx',
      "import { openAsk } from '../../obsidian/open-ask.ts'",
      'imports plugin/obsidian/',
    ],
    [
      'the transport in the core of the plugin',
      'plugin/src/core/ask.ts',
      "import { createTransport } from '../transport/transport.ts'",
      'imports plugin/transport/',
    ],
    ['a second fetch in the plugin', 'plugin/src/features/x.ts', "await window.fetch('/x')", 'transport/transport.ts'],
    ['the page in the core of the plugin', 'plugin/src/core/x.ts', 'document.body.focus()', 'core pure'],
    [
      'the plugin in its test host',
      'plugin/host/src/main.ts',
      "import { x } from '../../src/core/x.ts'",
      'imports plugin/core/',
    ],
  ])('refuses %s', (_, path, source, words) => {
    const complaints = only(path, source)
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toContain(words)
  })

  test.each([
    ['types of config in cache', 'server/src/cache/tier.ts', "import type { Config } from '../config/index.ts'"],
    [
      'inline types of config in cache',
      'server/src/cache/tier.ts',
      "import { type Config, type Origin } from '../config/index.ts'",
    ],
    ['a neighbour in the same module', 'server/src/cache/tier.ts', "import { key } from './key.ts'"],
    ['a subfolder of the same module', 'server/src/providers/openai/chat.ts', "import { key } from '../types.ts'"],
    ['anything in app.ts', 'server/src/app.ts', "import { a } from './http/index.ts'"],
    [
      'the words in a comment',
      'server/src/cache/tier.ts',
      '// not process.env, not Date.now(), not console.log\n/* Bun.serve */',
    ],
    [
      'anything in a test',
      'server/src/cache/tier.test.ts',
      "import { a } from '../http/routes.ts'\nconst now = Date.now()",
    ],
    ['the runtime in platform', 'server/src/platform/sql.ts', "import { SQL } from 'bun'"],
  ])('allows %s', (_, path, source) => {
    expect(only(path, source)).toEqual([])
  })

  test('refuses a ring of values and allows a ring of types', () => {
    const ring = (kind: string) => ({
      'server/src/cache/a.ts': "import { b } from './b.ts'",
      'server/src/cache/b.ts': `import ${kind}{ a } from './a.ts'`,
    })
    expect(checkSources(ring(''))[0]).toContain('server/src/cache/a.ts → server/src/cache/b.ts → server/src/cache/a.ts')
    expect(checkSources(ring('type '))).toEqual([])
  })

  test('refuses a thread that loads the shapes of the contract or the Redis client, at once and through others', () => {
    const thread = (source: string) =>
      checkSources({
        'server/src/vaults/some-worker.ts': "import { a } from './a.ts'",
        'server/src/vaults/a.ts': "export { b } from '../base/index.ts'",
        'server/src/base/index.ts': source,
      })
    expect(thread("import { errorTable } from '@cairn/contract'")).toEqual([
      'The thread server/src/vaults/some-worker.ts loads @cairn/contract through server/src/base/index.ts; import what it needs from @cairn/contract/tables, which builds no shapes.',
    ])
    expect(thread("import { Redis } from 'ioredis'")).toHaveLength(1)
    expect(thread("import type { Redis } from 'ioredis'\nconst load = () => import('ioredis')")).toEqual([])
    expect(thread("import { errorTable } from '@cairn/contract/tables'")).toEqual([])
    expect(thread("import type { Label } from '@cairn/contract'")).toEqual([])
  })

  test('refuses a missing document, a missing table, a missing row and a row too many', () => {
    const shown = renderTable()
    expect(checkTable(undefined)[0]).toContain('ARCHITECTURE.md is missing')
    expect(checkTable('# Architecture')[0]).toContain('has no table')
    expect(checkTable(`text\n\n${shown}\n\ntext`)).toEqual([])
    expect(checkTable(shown.replace('| `base` | `contract` |\n', ''))[0]).toContain('| `base` | `contract` |')
    expect(checkTable(`${shown}\n| \`utils\` | everything |`)[0]).toContain('utils')
    expect(checkTable(shown.replace('| `ui` | `contract` |', '| `ui` | `base` |'))).toHaveLength(2)
  })
})
