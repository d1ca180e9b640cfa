/** Witnesses: what somebody outside has seen of the audit log, against what becomes of it inside. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { appendFile, copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLog } from '../src/audit/log/log.ts'
import { testSecrets } from '../src/audit/testing/log-kit.ts'
import { createWitnessFile } from '../src/audit/witness/witness-file.ts'
import { systemClock } from '../src/base/index.ts'
import { until } from './harness.ts'
import { openServer, type OpenServer } from './kit/open-server.ts'

setDefaultTimeout(60_000)

interface Reported {
  readonly verdict: string
  readonly seen: number
  readonly size: number
  readonly checkpoint: string | null
}

let home: string
beforeEach(async () => void (home = await mkdtemp(join(tmpdir(), 'cairn-witness-'))))
afterEach(() => rm(home, { recursive: true, force: true }))

const open = () =>
  openServer({ audit: { witnessFile: join(home, 'elsewhere', 'witness.jsonl') } }, { home, keepsHome: true })

async function report(server: OpenServer, checkpoint: string): Promise<Reported> {
  const reply = await server.call('/api/audit/witness', {
    method: 'POST',
    body: JSON.stringify({ checkpoint }),
    headers: { 'content-type': 'application/json' },
  })
  expect(reply.status).toBe(200)
  return (await reply.json()) as Reported
}

const auditOf = async (server: OpenServer) =>
  ((await (await server.call('/healthz')).json()) as { audit: string }).audit

/** The newest checkpoint, once there is one. */
async function newest(server: OpenServer): Promise<Reported & { checkpoint: string }> {
  let told: Reported | null = null
  await until('there is a checkpoint', async () => (told = await report(server, 'none')).checkpoint !== null)
  return told as unknown as Reported & { checkpoint: string }
}

/** Something that is on record. */
const act = (server: OpenServer, name: string) =>
  server.call('/api/access/groups', {
    method: 'POST',
    body: JSON.stringify({ name }),
    headers: { 'content-type': 'application/json' },
  })

test('what fits is said to fit, and text that is no checkpoint is nothing', async () => {
  await using server = await open()
  const { checkpoint, verdict } = await newest(server)
  expect(verdict).toBe('unknown')
  await act(server, 'A')
  expect((await report(server, checkpoint)).verdict).toBe('fits')
  expect((await report(server, checkpoint.replace('\n\n', '\nmore\n\n'))).verdict).toBe('unknown')
  expect(await auditOf(server)).toBe('ok')
  const bare = await fetch(`${server.url}/api/audit/witness`, { method: 'POST', body: '{}' })
  expect(bare.status).toBe(401)
})

test('a log that was put back from an older copy is found out by a client and by the file, and the alarm is on record', async () => {
  const data = join(home, 'data')
  const copies = ['audit.db', 'audit.db-wal']
  {
    await using server = await open()
    await newest(server)
  }
  for (const name of copies) await copyFile(join(data, name), join(home, name)).catch(() => undefined)
  let seen = ''
  {
    await using server = await open()
    await act(server, 'B')
    await act(server, 'C')
    await until('all of it is signed', async () => {
      const { checkpoint, size } = await report(server, 'none')
      seen = checkpoint ?? ''
      return Number(seen.split('\n')[1]) === size
    })
  }
  for (const name of copies) {
    await rm(join(data, name), { force: true })
    await copyFile(join(home, name), join(data, name)).catch(() => undefined)
  }
  // Without the file nobody inside would know; the client does.
  await rm(join(home, 'elsewhere'), { recursive: true })
  await using server = await open()
  expect(await auditOf(server)).toBe('ok')
  const told = await report(server, seen)
  expect(['rollback', 'fork']).toContain(told.verdict)
  expect(await auditOf(server)).toBe('forked')
  expect(await (await server.call('/metrics')).text()).toContain('cairn_audit_forked 1')
  const found = async () =>
    (await (await server.call('/api/audit/events?type=audit.fork')).json()) as { entries: { fields: object }[] }
  await until('it is on record', async () => (await found()).entries.length === 1)
  expect((await found()).entries[0]?.fields).toMatchObject({ witness: 'client', verdict: told.verdict })
  // Told again it is no second alarm.
  await report(server, seen)
  expect((await found()).entries).toHaveLength(1)
})

test('the file has the newest checkpoint, and one of another log in it is an alarm at the start', async () => {
  const file = join(home, 'elsewhere', 'witness.jsonl')
  {
    await using server = await open()
    const { checkpoint } = await newest(server)
    await until('the file has it', async () => (await readFile(file, 'utf8').catch(() => '')).includes('checkpoint'))
    expect((await readFile(file, 'utf8')).split('\n')[0]).toContain(
      JSON.stringify(checkpoint.split('\n')[0]).slice(1, -1),
    )
  }
  const stranger = await openLog({
    location: { kind: 'sqlite', file: join(home, 'other.db'), durability: 'full' },
    origin: 'cairn/audit/deployment_other',
    secrets: testSecrets,
    clock: systemClock,
  })
  const { note, size, at } = await stranger.checkpoints.sign()
  await stranger.close()
  await appendFile(file, `${JSON.stringify({ at, size, checkpoint: note })}\n`)
  await using server = await open()
  expect(await auditOf(server)).toBe('forked')
  expect(server.logLines.some((line) => line.includes('a witness has seen another audit log'))).toBe(true)
})

test('without a setting a file beside the keyring tells of a log that began anew, at every start', async () => {
  const openPlain = () => openServer({}, { home, keepsHome: true })
  {
    await using server = await openPlain()
    for (const name of ['A', 'B']) await act(server, name)
  }
  const written = (await readdir(home, { recursive: true })).filter((name) => /audit-witness-\w+\.jsonl$/.test(name))
  expect(written).toHaveLength(1)
  const file = join(home, written[0] ?? '')
  expect(file.startsWith(join(home, 'data'))).toBe(false)
  const before = await readFile(file, 'utf8')
  for (const name of ['audit.db', 'audit.db-wal', 'audit.db-shm']) await rm(join(home, 'data', name), { force: true })
  for (let start = 0; start < 2; start++) {
    await using server = await openPlain()
    await act(server, `Group ${start}`)
    expect(await auditOf(server)).toBe('forked')
    expect(await readFile(file, 'utf8')).toBe(before)
  }
  // Whoever did that on purpose says so by moving the file away.
  await rm(file)
  await using server = await openPlain()
  expect(await auditOf(server)).toBe('ok')
})

test('a witness file is told once a minute, and read to its last whole line', async () => {
  let now = 0
  const file = join(home, 'w.jsonl')
  const witness = createWitnessFile({ path: file, everyMs: 60_000 }, { monotonic: () => now })
  expect(await witness.last()).toBeNull()
  expect(await witness.tell({ at: 1, size: 5, note: 'five' })).toBe(true)
  expect(await witness.tell({ at: 2, size: 6, note: 'six' })).toBe(false)
  now = 61_000
  expect(await witness.tell({ at: 3, size: 5, note: 'five' })).toBe(false)
  expect(await witness.tell({ at: 3, size: 7, note: 'seven' })).toBe(true)
  expect(await witness.last()).toBe('seven')
  await appendFile(file, '{"at":4,"si')
  expect(await witness.last()).toBe('seven')
})
