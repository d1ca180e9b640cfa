import { describe, expect, test } from 'bun:test'
import type { AuditEntryView, AuditPageView, AuditSummaryView } from '@cairn/contract'
import { problem, run, startTinyServer } from '../testing/tiny-server.ts'

const at = Date.parse('2026-11-23T14:30:05Z')
const entry: AuditEntryView = {
  seq: 41,
  at,
  category: 'content',
  type: 'note.read',
  outcome: 'ok',
  actor: 'person_1',
  fields: { vault: null, note: null },
  hidden: true,
  context: { requestId: 'req_1' },
  blocks: { actor: 'open' },
}
const refused: AuditEntryView = {
  ...entry,
  seq: 40,
  type: 'access.refused',
  outcome: 'refused',
  actor: null,
  fields: { code: 'access.forbidden', route: `/api/${'x'.repeat(90)}\u001B[2J` },
  hidden: false,
}
const page: AuditPageView = { entries: [entry, refused], next: 'c', size: 42, behind: 0 }
const summary: AuditSummaryView = {
  by: ['actor', 'vault'],
  bucket: 'day',
  rows: [
    {
      group: ['person_1', null],
      hidden: true,
      start: Date.parse('2026-11-23'),
      count: 1_200,
      tokensIn: 5,
      tokensOut: 7,
    },
    { group: [null, null], hidden: false, start: Date.parse('2026-11-24'), count: 3, tokensIn: 0, tokensOut: 0 },
  ],
  truncated: false,
  size: 42,
  behind: 2,
}
const principals = { principals: [{ id: 'user:person_1', name: 'Ann', isActive: true }] }

function start(asked: string[] = []) {
  return startTinyServer({
    'GET /api/audit/events': ({ path }) => {
      asked.push(new URL(path, 'http://localhost').search)
      return { json: page }
    },
    'GET /api/audit/summary': ({ path }) => {
      asked.push(new URL(path, 'http://localhost').search)
      return { json: summary }
    },
    'GET /api/access/principals': () => ({ json: principals }),
  })
}

describe('audit query', () => {
  test('prints who did what and when, at a hundred columns, with names and what is hidden', async () => {
    await using server = await start()
    const { exitCode, out } = await run(['audit', 'query'], { server, columns: 100, env: { NO_COLOR: '1' } })
    expect(exitCode).toBe(0)
    const lines = out.split('\n')
    expect(lines[1]).toBe(
      '   41  2026-11-23 14:30:05  note.read       Ann          ok       vault=(hidden) note=(hidden)',
    )
    expect(lines[2]).toStartWith(
      '   40  2026-11-23 14:30:05  access.refused  (forgotten)  refused  code=access.forbidden',
    )
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100)
    expect(out).toContain('There are more: raise --limit, or set --until.')
    expect(out).toContain('As of 42 entries; --as-of 42 gives this answer again.')
    expect(out).not.toContain('\u001B')
  })

  test('sends what was asked, times as dates and as a while ago', async () => {
    const asked: string[] = []
    await using server = await start(asked)
    const flags = ['--since', '2026-11-22', '--until', '2026-11-23T14:30Z', '--category', 'auth,key', '--text', 'a b']
    await run(['audit', 'query', ...flags, '--actor', 'p', '--outcome', 'ok', '--as-of', '7', '--limit', '5'], {
      server,
    })
    expect(Object.fromEntries(new URLSearchParams(asked[0]))).toEqual({
      fresh: 'true',
      category: 'auth,key',
      actor: 'p',
      outcome: 'ok',
      q: 'a b',
      from: String(Date.parse('2026-11-22')),
      to: String(Date.parse('2026-11-23T14:30Z')),
      asOf: '7',
      limit: '5',
    })
    await run(['audit', 'query', '--since', '2h'], { server })
    expect(new URLSearchParams(asked[1]).get('from')).toBe(String(1_780_000_000_000 - 2 * 3_600_000))
  })

  test('counts with --group-by, and says that not everything is looked through', async () => {
    const asked: string[] = []
    await using server = await start(asked)
    const { out } = await run(['audit', 'query', '--group-by', 'actor,vault,day'], { server })
    expect(Object.fromEntries(new URLSearchParams(asked[0]))).toEqual({
      fresh: 'true',
      by: 'actor,vault',
      bucket: 'day',
    })
    expect(out.split('\n').slice(0, 3)).toEqual([
      'DAY         ACTOR  VAULT     ENTRIES  TOKENS IN  TOKENS OUT',
      '2026-11-23  Ann    (hidden)    1,200          5           7',
      '2026-11-24  –      –               3          0           0',
    ])
    expect(out).toContain('2 newer entries are not looked through yet.')
  })

  test('prints the reply of the API with --json', async () => {
    await using server = await start()
    expect(JSON.parse((await run(['audit', 'query', '--json'], { server })).out)).toEqual(page)
    expect(JSON.parse((await run(['audit', 'query', '--json', '--group-by', 'day'], { server })).out)).toEqual(summary)
  })

  test('wrong words are told before anything is asked, and refusals of the server in its words', async () => {
    await using server = await startTinyServer({
      'GET /api/audit/events': () => ({
        status: 403,
        json: problem('access.forbidden', 403, 'You need `audit.read` for this.'),
      }),
    })
    for (const flags of [
      ['--since', 'yesterday'],
      ['--limit', '501'],
      ['--as-of', '-1'],
      ['--group-by', 'day,hour'],
    ])
      expect((await run(['audit', 'query', ...flags], { server })).exitCode).toBe(2)
    const { exitCode, err } = await run(['audit', 'query'], { server })
    expect([exitCode, err]).toEqual([1, expect.stringContaining('You need `audit.read`')])
  })
})
