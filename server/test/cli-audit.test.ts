/** `cairn audit …` against the real server, and against files alone. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditVerifyReport } from '@cairn/contract'
import { run } from '../src/cli/testing/tiny-server.ts'
import { emailOf, openTeam, type Team } from './kit/team.ts'

setDefaultTimeout(60_000)

let team: Team
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-cli-audit-'))
  team = await openTeam({ vaults: { lake: { 'heron.md': '# Heron\n\nOne leg.\n' } } })
  await team.person('Ann Lee')
})
afterAll(async () => {
  await team[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

function cairn(...args: string[]) {
  const server = { address: team.url, requests: [], [Symbol.asyncDispose]: async () => {} }
  return run(['audit', ...args], { server, env: { CAIRN_KEY: team.owner.key } })
}

/** Without any server to ask. */
const offline = (...args: string[]) => run(['audit', 'verify', ...args], { env: {} })
const at = (name: string) => join(folder, name)

test('exports into a file for its owner alone, with the hash that the log has', async () => {
  const { exitCode, out } = await cairn('export', '--format', 'csv', '--since', '2020-01-01', '--out', at('log.csv'))
  const text = await readFile(at('log.csv'), 'utf8')
  expect([exitCode, text.startsWith('seq,time,')]).toEqual([0, true])
  expect(out).toContain(createHash('sha256').update(text).digest('hex'))
  expect((await stat(at('log.csv'))).mode & 0o777).toBe(0o600)
  const later = await cairn('export', '--type', 'audit.exported', '--out', at('after.jsonl'), '--json')
  expect(JSON.parse(later.out)).toMatchObject({ file: at('after.jsonl'), bytes: expect.any(Number) })
  expect(await readFile(at('after.jsonl'), 'utf8')).toContain(createHash('sha256').update(text).digest('hex'))
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('leaves a file that is there alone, and what is refused makes none', async () => {
  await writeFile(at('mine.txt'), 'mine')
  expect(await cairn('export', '--out', at('mine.txt'))).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('is there already'),
  })
  expect(await readFile(at('mine.txt'), 'utf8')).toBe('mine')
  for (const wrong of [
    ['--format', 'xml'],
    ['--since', 'yesterday'],
    ['--type', 'moon.landed'],
    ['--to-seq', 'x'],
  ])
    expect(await cairn('export', ...wrong, '--out', at('never'))).toMatchObject({ exitCode: 2 })
  expect(await cairn('export')).toMatchObject({ exitCode: 2, err: expect.stringContaining('--out is missing') })
  // The owner of a new server reads the log, and what notes are called only when somebody grants it.
  expect(await cairn('export', '--content', '--out', at('never'))).toMatchObject({ exitCode: 1 })
  expect(await readdir(folder)).not.toContain('never')
})

test('asks the server to verify, also against a checkpoint of before', async () => {
  await writeFile(at('checkpoint'), await (await team.owner.call('/api/audit/checkpoint')).text())
  const good = await cairn('verify', '--against', at('checkpoint'))
  expect([good.exitCode, good.out]).toEqual([0, expect.stringContaining('The log is whole')])
  await writeFile(at('foreign'), (await readFile(at('checkpoint'), 'utf8')).replace('deployment', 'departments'))
  const bad = await cairn('verify', '--against', at('foreign'), '--json')
  expect(bad.exitCode).toBe(1)
  expect((JSON.parse(bad.out) as AuditVerifyReport).errorCount).toBeGreaterThan(0)
  expect(await cairn('verify', '--key', 'x')).toMatchObject({ exitCode: 2 })
  expect(await cairn('verify', '--against', at('nowhere'))).toMatchObject({ exitCode: 2 })
})

test('verifies an archive without a server: whole, changed, and no archive', async () => {
  await cairn('export', '--format', 'archive', '--out', at('log.tar'))
  const key = await (await team.owner.call('/api/audit/key')).text()
  await writeFile(at('key'), key)
  const own = await offline('--offline', at('log.tar'))
  expect([own.exitCode, own.out.includes('Give the one that you know')]).toEqual([0, true])
  for (const known of [key.trim(), at('key')]) {
    const { exitCode, out } = await offline('--offline', at('log.tar'), '--key', known, '--against', at('checkpoint'))
    expect([exitCode, out.includes('Give the one that you know')]).toEqual([0, false])
  }

  const bytes = await readFile(at('log.tar'))
  const where = bytes.indexOf('"type":"user.created"')
  expect(where).toBeGreaterThan(0)
  bytes.write('"type":"user.removed"', where)
  await writeFile(at('changed.tar'), bytes)
  const changed = await offline('--offline', at('changed.tar'), '--key', at('key'))
  expect([changed.exitCode, changed.out]).toEqual([1, expect.stringContaining('ROOT')])
  const json = await offline('--offline', at('changed.tar'), '--json')
  expect((JSON.parse(json.out) as AuditVerifyReport).ok).toBe(false)

  await writeFile(at('cut.tar'), bytes.subarray(0, 3_000))
  await writeFile(at('text.tar'), 'no archive at all')
  for (const name of ['cut.tar', 'text.tar', 'nothing.tar'])
    expect([name, (await offline('--offline', at(name))).exitCode]).toEqual([name, 2])
  expect(await offline('--offline', at('log.tar'), '--key', at('text.tar'))).toMatchObject({ exitCode: 2 })
})

test('lists the reports, and prints one with its totals, its pin, and no more columns than fit', async () => {
  const list = await cairn('report')
  expect([list.exitCode, list.out]).toEqual([0, expect.stringContaining('access-review')])
  const { exitCode, out } = await cairn('report', 'access-review', '--with', 'dormantDays=7')
  expect([exitCode, out]).toEqual([0, expect.stringContaining('Ann Lee')])
  expect(out).toMatch(/People and services +2\n/)
  expect(out).toMatch(/--as-of \d+ gives it again/)
  expect(out).toContain('As of now, and not from the log: Who there is')
})

test('a report goes into a file in the format of its name, with the hash that the log has', async () => {
  for (const name of ['review.pdf', 'review.csv', 'review.json']) {
    const { exitCode, out } = await cairn('report', 'access-review', '--out', at(name))
    const sha256 = createHash('sha256')
      .update(await readFile(at(name)))
      .digest('hex')
    expect([exitCode, out]).toEqual([0, expect.stringContaining(sha256)])
    const log = await cairn('query', '--type', 'audit.reported', '--limit', '1', '--json')
    expect(log.out).toContain(sha256)
  }
  expect((await readFile(at('review.pdf'), 'latin1')).slice(0, 5)).toBe('%PDF-')
  const csv = await cairn('report', 'usage', '--format', 'csv')
  expect(csv.out).toStartWith('part,fact,value,who,who name,')
})

test('what a report is not asked with is refused, and nothing is written', async () => {
  for (const wrong of [
    ['usage', '--with', 'moon=3'],
    ['usage', '--with', 'reads=3'],
    ['usage', '--format', 'xml'],
    ['usage', '--format', 'pdf'],
    ['usage', '--from', 'yesterday'],
    ['nothing', '--out', at('never')],
  ])
    expect([1, 2]).toContain((await cairn('report', ...wrong)).exitCode)
  expect(await readdir(folder)).not.toContain('never')
})

test('shows horizons and what is due, sets them within their bounds, and runs', async () => {
  const shown = await cairn('retention')
  expect([shown.exitCode, shown.out]).toEqual([0, expect.stringMatching(/content +3 +13 +Notes that were read/)])
  expect(shown.out).toContain('Nothing is due')
  const changed = await cairn('retention', 'set', '--category', 'content', '--personal', '6')
  expect([changed.exitCode, changed.out]).toEqual([0, expect.stringMatching(/content +6 \(default 3\) +13/)])
  expect(await cairn('retention', 'set', '--category', 'content', '--personal', '14')).toMatchObject({ exitCode: 2 })
  for (const wrong of [
    ['set', '--category', 'moon', '--personal', '6'],
    ['set', '--personal', '6'],
    ['set', '--category', 'content'],
    ['set', '--category', 'content', '--entries', '241'],
    ['show', '--dry-run'],
    ['run', '--personal', '6'],
    ['forget'],
  ])
    expect([wrong, await cairn('retention', ...wrong)]).toEqual([wrong, expect.objectContaining({ exitCode: 2 })])
  const plan = JSON.parse((await cairn('retention', 'run', '--dry-run', '--json')).out) as {
    plan: { periods: unknown[] }
  }
  expect(plan.plan.periods).toEqual([])
  expect(await cairn('retention', 'run')).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining('Nothing was due.'),
  })
})

test('shows how much is kept, and sets it from a file', async () => {
  expect(await cairn('levels')).toMatchObject({ exitCode: 0, out: expect.stringContaining('No texts are kept') })
  await writeFile(
    at('levels.json'),
    JSON.stringify({ keepDays: 3, rules: [{ provider: 'lab', level: 'request', purpose: 'Trial' }] }),
  )
  const set = await cairn('levels', at('levels.json'))
  expect([set.exitCode, set.out]).toEqual([0, expect.stringMatching(/1 +request +provider lab +Trial/)])
  expect(set.out).toContain('3 days after theirs')
  await writeFile(at('wrong.json'), JSON.stringify({ keepDays: 3, rules: [{ level: 'request' }] }))
  await writeFile(at('none.json'), '{')
  for (const wrong of [at('wrong.json'), at('none.json'), at('missing.json')])
    expect([wrong, (await cairn('levels', wrong)).exitCode]).toEqual([wrong, 2])
  await writeFile(at('levels.json'), JSON.stringify({ keepDays: 7, rules: [] }))
  expect((await cairn('levels', at('levels.json'), '--json')).out).toContain('"keepDays": 7')
})

test('places a hold on somebody by their address, lists it by name, and releases it with a reason', async () => {
  const placed = await cairn('hold', 'place', '--person', emailOf('Ann Lee'), '--from', '2026-05', '--reason', 'Case 7')
  expect([placed.exitCode, placed.out]).toEqual([0, expect.stringMatching(/Placed: hold_\w+, entry \d+/)])
  const listed = await cairn('hold')
  expect(listed.out).toMatch(/hold_\w+ +active +Ann Lee, from 2026-05 +\d{4}-\d\d-\d\d +Case 7/)
  const id = /hold_\w+/.exec(listed.out)?.[0] ?? ''
  expect(await cairn('hold', 'release', id)).toMatchObject({ exitCode: 2, err: expect.stringContaining('--reason') })
  expect(await cairn('hold', 'release', id, '--reason', 'Case 7 is closed')).toMatchObject({ exitCode: 0 })
  expect(await cairn('hold', 'release', id, '--reason', 'Case 7 is closed')).toMatchObject({ exitCode: 1 })
  const after = JSON.parse((await cairn('hold', 'list', '--json')).out) as { holds: { releaseReason: string }[] }
  expect(after.holds.map(({ releaseReason }) => releaseReason)).toEqual(['Case 7 is closed'])
  for (const wrong of [
    ['place', '--reason', 'Case 8'],
    ['list', '--person', 'x'],
    ['list', id],
    ['release', '--reason', 'x y z'],
    ['drop'],
  ])
    expect([wrong, await cairn('hold', ...wrong)]).toEqual([wrong, expect.objectContaining({ exitCode: 2 })])
  expect(await cairn('hold', 'place', '--person', 'nobody@example.org', '--reason', 'Case 8')).toMatchObject({
    exitCode: 1,
  })
})
