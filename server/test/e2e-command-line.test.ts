/** The command line against the real program: what a person types after `npm start`, and what it ends with. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AskReply } from '@cairn/contract'
import { repository, startServer, until, type RunningServer } from './harness.ts'

let server: RunningServer
let folder: string

beforeAll(async () => {
  server = await startServer()
  folder = await mkdtemp(join(tmpdir(), 'cairn-command-'))
  await writeFile(join(folder, 'Lamp.md'), '# Lamp\n\nThe keeper trims the lamp at nineteen minutes past dusk.\n')
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

interface Ended {
  code: number | null
  out: string
  err: string
}

function cairn(args: string[], env: Record<string, string> = { ...server.env }): Promise<Ended> {
  const { CAIRN_OWNER_KEY: _, ...rest } = env
  const program = ['--no-env-file', join(repository, 'server/src/main.ts')]
  const child = spawn(process.execPath, [...program, ...args], {
    env: rest,
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended: Ended = { code: null, out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (ended.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (ended.err += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ ...ended, code }))
  })
}

const question = 'How long did our most recent recovery drill last?'

describe('with a server', () => {
  test('the start says where it is, what it serves and which model answers, and nothing of it in the data directory is for others', async () => {
    const said = server.stdout()
    for (const words of [server.url, server.signInUrl, 'Example vault', 'built in: quotes your notes'])
      expect(said).toContain(words)
    const ready = /Example vault: ready, \d+ notes in \d+ passages/
    await until('the start says that the vault is ready', () => ready.test(server.stdout()), 5_000)
    expect((await stat(join(server.dataDirectory, 'server.json'))).mode & 0o077).toBe(0)
    expect((await stat(server.env['CAIRN_KEYRING'] ?? '')).mode & 0o077).toBe(0)
  })

  test('ask prints the answer with its sources; --json prints the reply', async () => {
    const told = await cairn(['ask', question])
    expect(told).toMatchObject({ code: 0, err: '' })
    expect(told.out).toMatch(/\[1\] \S+.*\.md/)
    const json = await cairn(['ask', '--json', question])
    const reply = JSON.parse(json.out) as AskReply
    expect(reply.outcome).toBe('answered')
    expect(reply.citations[0]?.note).toBe('Engineering/Runbook Restore from backup.md')
  })

  test('search finds; nothing found ends with 1', async () => {
    const found = await cairn(['search', 'tag:runbook backup'])
    expect(found.code).toBe(0)
    expect(found.out).toContain('Engineering/Runbook Restore from backup.md')
    expect((await cairn(['search', 'tag:nosuchtag backup'])).code).toBe(1)
  })

  test('vault add, list and remove', async () => {
    const added = await cairn(['vault', 'add', folder, '--name', 'Lighthouse'])
    expect(added).toMatchObject({ code: 0, err: '' })
    await server.indexed()
    const asked = await cairn(['ask', '--vault', 'Lighthouse', 'When does the keeper trim the lamp?'])
    expect(asked.out).toContain('nineteen minutes past dusk')
    expect((await cairn(['vault', 'list'])).out).toMatch(/Lighthouse\s+1\s+1\s+ready/)
    expect(await cairn(['vault', 'remove', 'Lighthouse'])).toMatchObject({ code: 0 })
    expect((await cairn(['vault', 'list'])).out).not.toContain('Lighthouse')
  })

  test('a key is made, works from elsewhere with CAIRN_KEY, and no longer after it is revoked', async () => {
    const made = await cairn(['key', 'create', 'phone', '--json'])
    const { key, id } = JSON.parse(made.out) as { key: string; id: string }
    const elsewhere = { ...server.env, CAIRN_DATA: join(folder, 'nothing'), CAIRN_KEY: key }
    expect((await cairn(['--server', server.url, 'ask', question], elsewhere)).code).toBe(0)
    expect((await cairn(['key', 'list'])).out).toContain('phone')
    expect((await cairn(['key', 'revoke', id])).code).toBe(0)
    expect((await cairn(['--server', server.url, 'ask', question], elsewhere)).code).not.toBe(0)
  })

  test('sign-in prints a new link, and doctor is content', async () => {
    const link = await cairn(['sign-in'])
    expect(link.out).toContain(`${server.url}/#sign-in=`)
    const doctor = await cairn(['doctor'])
    expect(doctor, doctor.out).toMatchObject({ code: 0 })
    expect(doctor.out).toContain(server.url)
  })

  test('wrong use ends with 2', async () => {
    for (const args of [['ask'], ['askk', 'x'], ['search', '--mode', 'loud', 'x'], ['ask', '--vault']])
      expect((await cairn(args)).code).toBe(2)
  })
})

test('a second server on the same data directory refuses to start and says why', async () => {
  const second = await cairn(['serve', '--port', '0'])
  expect(second.code).toBe(3)
  expect(second.err).toMatch(/in use|another|already/i)
  expect((await (await server.call('/readyz')).json()) as unknown).toEqual({ status: 'ok', audit: 'ok' })
})

test('SIGTERM ends the server in good order, and commands then say that none runs, or do without', async () => {
  await using other = await startServer({ vaults: [folder] })
  expect(await other.stop()).toBe(0)
  expect(await readFile(join(other.dataDirectory, 'server.json'), 'utf8').catch(() => 'gone')).toBe('gone')
  expect((await cairn(['ask', question], { ...other.env })).code).toBe(3)
  expect((await cairn(['vault', 'list'], { ...other.env })).code).toBe(0)
})
