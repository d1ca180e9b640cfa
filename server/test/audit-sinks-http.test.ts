/** Receivers of the audit log as somebody configures them: a whole server, what it tells of them, and what is refused. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from 'bun:sqlite'
import type { AuditReceipt, AuditSinkState } from '@cairn/contract'
import { loadConfig } from '../src/config/index.ts'
import { sha256 } from '../src/base/index.ts'
import { signatureOf, startWebhook } from './kit/sink-receivers.ts'
import { openTeam, take } from './kit/team.ts'
import { startServer, until } from './harness.ts'

setDefaultTimeout(60_000)

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

test('what happens on a server reaches its webhook; states, receipts and metrics say so', async () => {
  await using receiver = await startWebhook()
  const sink = { id: 'siem', kind: 'webhook', url: `http://127.0.0.1:${receiver.port}/in`, secret }
  await using team = await openTeam({
    vaults: { lake: { 'heron.md': '# Heron\n\nOne leg.\n' } },
    config: { audit: { sinks: [sink] } },
  })
  const ann = await team.person('Ann Lee')
  await team.owner.call(`/api/vaults/${team.vaultIds['lake']}/notes/heron.md`)
  const text = () => receiver.taken.map((each) => each.text).join('')
  await until('the note is told of', () => text().includes('"type":"note.read"'))
  expect(text()).toContain('"type":"sink.configured"')
  expect(text()).not.toMatch(new RegExp(`heron|${ann.id}|${team.owner.id}|127\\.0\\.0\\.1`))
  for (const each of receiver.taken) expect(signatureOf(each, secret)).toBe(String(each.headers['webhook-signature']))

  const state = async () =>
    (await take<{ sinks: AuditSinkState[] }>(team.owner.call('/api/audit/sinks'))).sinks[0] as AuditSinkState
  await until('nothing is left to deliver', async () => (await state()).lag === 0)
  expect(await state()).toMatchObject({ id: 'siem', kind: 'webhook', format: 'jsonl', names: false, state: 'ok' })
  const { receipts } = await take<{ receipts: AuditReceipt[] }>(team.owner.call('/api/audit/sinks/siem/receipts'))
  expect(receipts.map((each) => each.sha256)).toEqual(receiver.taken.map((each) => sha256(each.text)))
  const page = await take<{ receipts: AuditReceipt[]; next: number | null }>(
    team.owner.call('/api/audit/sinks/siem/receipts?limit=1'),
  )
  expect([page.receipts.length, page.next]).toEqual([1, receipts[1]?.first ?? null])
  const back = async (before: number) =>
    take<{ receipts: AuditReceipt[]; next: number | null }>(
      team.owner.call(`/api/audit/sinks/siem/receipts?before=${before}&limit=1`),
    )
  const backwards: AuditReceipt[] = []
  for (let before: number | null = 9e15; before !== null;) {
    const {
      receipts: [found],
      next,
    } = await back(before)
    if (found) backwards.push(found)
    before = next
  }
  expect(backwards.slice(-receipts.length).toReversed()).toEqual(receipts)
  expect((await team.owner.call('/api/audit/sinks/other/receipts')).status).toBe(404)
  expect((await ann.call('/api/audit/sinks')).status).toBe(403)

  receiver.mood = 'failing'
  await team.owner.call(`/api/vaults/${team.vaultIds['lake']}/notes/heron.md`)
  await until('it fails', async () => (await state()).state === 'failing')
  expect((await state()).lastError).toBe('upstream.failed: status 500')
  const metrics = await (await fetch(`${team.url}/metrics`)).text()
  expect(metrics).toMatch(/cairn_audit_sink_batches_total\{.*sink="siem".*\} \d/)
  expect(metrics).toContain('cairn_audit_sink_lag_entries{sink="siem"}')
  const said = `${team.logLines.join('\n')}${JSON.stringify(await state())}${metrics}`
  expect(said).not.toContain(secret.slice(6))
  receiver.mood = 'good'
  await until('it takes entries again', async () => (await state()).state === 'ok', 20_000)
})

test('a server that is killed before a receiver has answered sends the same batch again, and leaves nothing out', async () => {
  await using receiver = await startWebhook()
  const home = await mkdtemp(join(tmpdir(), 'cairn-sink-kill-'))
  const sinks = [{ id: 'siem', kind: 'webhook', url: `http://127.0.0.1:${receiver.port}/in`, secret }]
  const start = () =>
    startServer({
      env: {
        CAIRN_DATA: join(home, 'data'),
        CAIRN_KEYRING: join(home, 'keyring.json'),
        CAIRN_AUDIT_SINKS: JSON.stringify(sinks),
      },
    })
  try {
    receiver.mood = 'hanging'
    const first = await start()
    await until('a batch is on its way', async () => {
      await first.call('/api/audit/events')
      return receiver.taken.length > 0
    })
    process.kill(first.pid, 'SIGKILL')
    await Promise.allSettled([first[Symbol.asyncDispose]()])
    receiver.mood = 'good'
    // As a minute later, when what the dead process held has run out.
    const log = new Database(join(home, 'data', 'audit.db'))
    log.run('UPDATE audit_sinks SET held_until = 0')
    log.close()
    await using next = await start()
    const state = async () =>
      ((await (await next.call('/api/audit/sinks')).json()) as { sinks: AuditSinkState[] }).sinks[0]
    await until('all is delivered', async () => (await state())?.lag === 0, 20_000)
    const [unanswered, again] = receiver.taken
    expect(again?.headers['webhook-id']).toBe(unanswered?.headers['webhook-id'] as string)
    expect(again?.seqs).toEqual([...(unanswered?.seqs ?? [])])
    const told = receiver.taken.filter(({ isAcknowledged }) => isAcknowledged).flatMap(({ seqs }) => seqs)
    expect(told).toEqual(Array.from({ length: told.length }, (_, at) => at + (told[0] ?? 0)))
    expect(told[0]).toBe(unanswered?.seqs[0] as number)
    const { receipts } = (await (await next.call('/api/audit/sinks/siem/receipts')).json()) as {
      receipts: AuditReceipt[]
    }
    expect(receipts.reduce((sum, { entries }) => sum + entries, 0)).toBe(told.length)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
})

test('wrong receivers are refused with what is wrong, and secrets are not shown', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-sinks-config-'))
  const load = async (sinks: unknown) => {
    await writeFile(join(folder, 'cairn.config.json'), JSON.stringify({ audit: { sinks } }))
    return loadConfig({ env: {}, flags: {}, directory: folder })
  }
  const hook = { id: 'a', kind: 'webhook', url: 'https://siem.example/in', secret }
  const wrong: [unknown, string][] = [
    [[{ ...hook, url: 'http://siem.example/in' }], 'https://'],
    [[{ ...hook, secret: undefined }], 'a webhook needs one'],
    [[{ ...hook, secret: 'password' }], 'whsec_'],
    [[hook, hook], 'two of them are called a'],
    [[{ ...hook, url: 'https://169.254.169.254/in' }], 'nothing is sent to this address'],
    [[{ id: 'b', kind: 'syslog', host: 'metadata.google.internal' }], 'nothing is sent to this address'],
    [[{ id: 'b', kind: 'syslog', host: 'a b' }], 'host name'],
    [[{ id: 'b', kind: 'udp' }], 'audit.sinks.0'],
  ]
  for (const [sinks, words] of wrong) await expect(load(sinks)).rejects.toThrow(words)
  const loaded = await load([hook, { id: 'b', kind: 'syslog', host: '::1', caFile: 'ca.pem' }])
  expect(loaded.config.audit.sinks).toEqual([
    { id: 'a', kind: 'webhook', url: 'https://siem.example/in', format: 'jsonl', names: false },
    {
      id: 'b',
      kind: 'syslog',
      host: '::1',
      port: 6_514,
      caFile: join(folder, 'ca.pem'),
      format: 'rfc5424-json',
      names: false,
    },
  ])
  expect(JSON.stringify([loaded.config, loaded.settings])).not.toContain(secret)
  expect(loaded.secrets.sinkSecrets.get('a')?.reveal()).toBe(secret)
  const fromEnvironment = loadConfig({
    env: { CAIRN_AUDIT_SINKS: JSON.stringify([{ ...hook, id: 'c' }]) },
    flags: {},
    directory: folder,
  })
  expect(fromEnvironment.config.audit.sinks.map(({ id }) => id)).toEqual(['c'])
  await rm(folder, { recursive: true })
})
