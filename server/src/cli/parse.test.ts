import { describe, expect, test } from 'bun:test'
import { commands } from './commands/index.ts'
import { nearest } from './nearest.ts'
import { run } from './testing/tiny-server.ts'

describe('wrong use', () => {
  test.each([
    [['serch', 'x'], 'Did you mean “search”?'],
    [['valut', 'list'], 'Did you mean “vault list”?'],
    [['vault'], 'There are: vault add, vault list, vault remove.'],
    [['vault', 'ad'], 'There are: vault add, vault list, vault remove.'],
    [['frobnicate'], 'See cairn --help.'],
    [['search', 'x', '--limt', '3'], 'Did you mean --limit?'],
    [['search', 'x', '--limit'], '--limit needs a value'],
    [['search', 'x', '--limit', '1', '--limit', '2'], '--limit is given twice'],
    [['search', 'x', '--json=yes'], '--json takes no value'],
    [['search'], 'QUERY is missing.'],
    [['vault', 'list', 'all'], '“all” is one word too many.'],
    [['key', 'list', '--server', 'nonsense'], 'is no address of a server'],
  ])('%j exits 2 and says what to do', async (argv, words) => {
    const { exitCode, err, out } = await run(argv)
    expect(exitCode).toBe(2)
    expect(err).toContain(words)
    expect(out).toBe('')
  })

  test('no command at all prints the help to the error output', async () => {
    const { exitCode, err } = await run([])
    expect(exitCode).toBe(2)
    expect(err).toContain('Usage: cairn COMMAND')
  })

  test('a later command is absent, not pretended', async () => {
    expect((await run(['backup'])).exitCode).toBe(2)
  })
})

describe('help', () => {
  test('lists every command with its arguments', async () => {
    const { exitCode, out } = await run(['--help'])
    expect(exitCode).toBe(0)
    for (const { name, summary } of commands) {
      expect(out).toContain(name)
      expect(out).toContain(summary.slice(0, 20))
    }
  })

  test('of a command shows its flags and an example, without running it, in any order', async () => {
    for (const argv of [
      ['vault', 'add', '--help'],
      ['help', 'vault', 'add'],
      ['-h', 'vault', 'add'],
    ]) {
      const { exitCode, out } = await run(argv)
      expect(exitCode).toBe(0)
      expect(out).toContain('Usage: cairn vault add DIR')
      expect(out).toContain('--name NAME')
      expect(out).toContain('cairn vault add ~/notes')
    }
  })

  test('fits the terminal', async () => {
    const { out } = await run(['--help'], { columns: 60, env: { NO_COLOR: '1' } })
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110)
  })

  test('every example of the table parses', async () => {
    for (const { example } of commands) {
      const words = (example.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''))
      const { exitCode } = await run([...words.slice(1), '--help'])
      expect(exitCode).toBe(0)
    }
  })
})

test('the version is printed', async () => {
  expect((await run(['--version'])).out).toBe('0.1.0\n')
})

test('nearest finds swapped, missing and wrong letters, and nothing that is too far', () => {
  expect(nearest('serach', ['search', 'serve'])).toBe('search')
  expect(nearest('sign', ['sign-in', 'serve'])).toBeUndefined()
  expect(nearest('signin', ['sign-in', 'serve'])).toBe('sign-in')
  expect(nearest('xyz', ['search'])).toBeUndefined()
})
