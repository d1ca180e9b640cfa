import { describe, expect, test } from 'bun:test'
import { sumStats } from '../../cache/index.ts'
import { sampleStats } from '../../cache/testing/sample-stats.ts'
import type { CacheStats } from '../../cache/index.ts'
import { problem, run, startTinyServer } from '../testing/tiny-server.ts'

const one = sampleStats()
const committed = { seq: 42, committed: true, acked: ['node-a'], pending: [] as string[] }
const address = 'POST /api/cache/invalidate'
const withStats = (...all: CacheStats[]) => startTinyServer({ 'GET /api/cache/stats': () => ({ json: sumStats(all) }) })

describe('cache stats', () => {
  test('shows tiers, hit rates by kind and the state of the log', async () => {
    await using server = await withStats(one)
    const { exitCode, out } = await run(['cache', 'stats'], { server })
    expect(exitCode).toBe(0)
    expect(out).toBe(
      [
        '✓ In step with the log on this host, at position 41.',
        '',
        'TIER    STATE  ENTRIES     SIZE       OF  HITS  MISSES  EVICTED  ERRORS',
        'memory  on         120   3.0 MB  64.0 MB    80      20        4       0',
        'disk    on         400  20.0 MB   1.0 GB     8      12        1       2',
        'shared  off          –        –        –     –       –        –       –',
        '',
        'WHAT     HIT RATE  MEMORY  DISK  SHARED  MISSED  STALE  BYPASSED  SAVED',
        'answers       87%      80     8       0      12      1         3  $2.50',
        '',
        'Counted since the start of 1 process. Eviction: s3-fifo, changed 2 times.',
        '',
      ].join('\n'),
    )
  })

  test('says in words what is wrong', async () => {
    const lost = sampleStats({
      node: 'node-b\u001B[2J',
      log: { ...one.log, sequencer: 'redis', seq: 44, applied: 41, isLeased: false, pending: 1 },
      breaker: { state: 'open', opened: 1 },
      inconsistencies: 1,
      namespaces: [],
    })
    await using server = await withStats(lost)
    const { out } = await run(['cache', 'stats'], { server, columns: 60, env: { NO_COLOR: '1' } })
    for (const words of [
      '✗ Out of touch with the log on Redis: node-b. Values are made anew until it is back.',
      '! 3 lines of the log still to apply.',
      '! 1 invalidation not committed yet, kept and tried again.',
      '! The shared tier failed and is left alone for a while.',
      '✗ The consistency checker found 1 wrong entry.',
      'Nothing has been read from the cache yet.',
    ])
      expect(out).toContain(words)
    expect(out).not.toContain('\u001B')
    const table = out.split('\n').filter((line) => /^(?:TIER|memory|disk|shared) /.test(line))
    expect(table).toHaveLength(4)
    for (const line of table) expect(line.length).toBeLessThanOrEqual(60)
  })

  test('prints the reply of the API with --json', async () => {
    await using server = await withStats(one)
    expect(JSON.parse((await run(['cache', 'stats', '--json'], { server })).out)).toEqual(sumStats([one]))
  })

  test('exits 3 without a server', async () => {
    expect((await run(['cache', 'stats'])).exitCode).toBe(3)
  })
})

describe('cache invalidate', () => {
  test('sends the scopes and prints the receipt', async () => {
    await using server = await startTinyServer({ [address]: () => ({ json: { ...committed, pending: ['node-b'] } }) })
    const { exitCode, out } = await run(['cache', 'invalidate', 'vault:v1', 'note:v1/A b.md'], { server })
    expect(exitCode).toBe(0)
    expect(out).toBe('✓ Invalidated at position 42 of the log.\n  applied by      node-a\n  not heard from  node-b\n')
    expect(server.requests[0]?.body).toEqual({ scopes: ['vault:v1', 'note:v1/A b.md'], kind: 'hard', wait: 'commit' })
  })

  test('passes --soft and --wait, and prints the reply with --json', async () => {
    await using server = await startTinyServer({ [address]: () => ({ json: committed }) })
    const { out } = await run(['cache', 'invalidate', '*', '--soft', '--wait', 'all', '--json'], { server })
    expect(JSON.parse(out)).toEqual(committed)
    expect(server.requests[0]?.body).toEqual({ scopes: ['*'], kind: 'soft', wait: 'all' })
  })

  test('exits 1 while it is not committed, and says that it is kept', async () => {
    const json = { seq: null, committed: false, acked: [], pending: ['node-a'], message: 'Kept and tried again.' }
    await using server = await startTinyServer({ [address]: () => ({ status: 202, json }) })
    const { exitCode, out } = await run(['cache', 'invalidate', 'ns:answers'], { server })
    expect(exitCode).toBe(1)
    expect(out).toBe('! Not committed yet.\n  Kept and tried again.\n  not heard from  node-a\n')
  })

  test.each([
    ['no scope', [], 'SCOPE is missing.'],
    ['an unknown scope', ['vaults:v1'], 'SCOPE is not a scope: "vaults:v1". Scopes are *, ns:…'],
    ['a wrong one among right ones', ['*', 'README.md'], 'SCOPE 2 is not a scope: "README.md"'],
    ['names of files where * stood', ['a.md', 'b.md'], "Quote it: cairn cache invalidate '*'"],
    ['a tag of 1 MB', [`tag:${'x'.repeat(1_000_000)}`], 'SCOPE is longer than 1024 characters'],
    [
      '10,000 tags',
      Array.from({ length: 10_000 }, (_, i) => `tag:${i}`),
      'At most 1000 scopes in one call, not 10000.',
    ],
    ['a wrong word for --wait', ['*', '--wait', 'forever'], '--wait takes commit or all, not “forever”.'],
    ['--wait without a word', ['*', '--wait'], '--wait needs a value'],
    ['a value for --soft', ['*', '--soft=yes'], '--soft takes no value'],
  ])('refuses %s with exit code 2 and sends nothing', async (_, words, message) => {
    await using server = await startTinyServer({ [address]: () => ({ json: committed }) })
    const { exitCode, err, out } = await run(['cache', 'invalidate', ...words], { server })
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' })
    expect(err).toContain(message)
    expect(err.length).toBeLessThan(400)
    expect(server.requests).toEqual([])
  })

  test('tells a refusal of the server, and exits 3 without one', async () => {
    const refused = problem('access.forbidden', 403, 'Not allowed.')
    await using server = await startTinyServer({ [address]: () => ({ status: 403, json: refused }) })
    expect(await run(['cache', 'invalidate', '*'], { server })).toMatchObject({ exitCode: 1, err: 'Not allowed.\n' })
    expect((await run(['cache', 'invalidate', '*'])).exitCode).toBe(3)
  })
})

test('the help shows both, with flags and what the exit codes say', async () => {
  const { out } = await run(['--help'])
  expect(out).toContain('cache stats')
  expect(out).toContain('cache invalidate SCOPE…')
  const { out: help } = await run(['cache', 'invalidate', '--help'])
  for (const words of ['--soft', '--wait UNTIL', '1 it is not committed yet and tried again'])
    expect(help).toContain(words)
})
