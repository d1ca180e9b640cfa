/** The first sync of ten thousand notes, with server and device killed on the way. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { openDirectStore } from '../src/storage/index.ts'
import { vaultsSchema } from '../src/vaults/index.ts'
import { startServer, until, type RunningServer } from './harness.ts'
import { Device, httpTransport, makeVault } from './sync/device.ts'

const count = 10_000
const words = ['heron', 'tide', 'reed', 'slipway', 'lantern', 'harbour', 'gull', 'rope', 'ferry', 'buoy']
const textOf = (at: number): string =>
  `# Entry ${at}\n\n${Array.from({ length: 12 }, (_, word) => words[(at * 7 + word * 3) % words.length]).join(' ')}. Number n${at}x.`

test('is resumed after kill -9, and everything is there once', async () => {
  const data = await mkdtemp(join(tmpdir(), 'cairn-sync-'))
  const env = { CAIRN_DATA: join(data, 'data'), CAIRN_KEYRING: join(data, 'keyring.json') }
  let server: RunningServer = await startServer({ env })
  let sent = 0
  try {
    const vault = await makeVault(server.call, 'Big')
    const transport = {
      compare: (request: never) => httpTransport(server.call, vault).compare(request),
      async write(request: never) {
        const written = await httpTransport(server.call, vault).write(request)
        sent += written.stored.length
        return written
      },
    }
    const device = new Device('phone', transport)
    for (let at = 0; at < count; at++) device.write(`Log/${at % 97}/entry ${at}.md`, textOf(at))

    // The device is killed after the server has done what it asked for, and before it hears of it.
    device.faults = [...Array.from({ length: 20 }, () => null), 'killed-after']
    expect(await device.run()).toBeNull()
    const before = sent
    expect(before).toBeGreaterThan(500)
    expect(before).toBeLessThan(count)

    // The server is killed while it stores.
    const running = device.run()
    await until('a third is sent', async () => sent > count / 3, 60_000)
    process.kill(server.pid, 'SIGKILL')
    expect(await running).toEqual({ kind: 'offline' })
    device.kill()
    server = await startServer({ env })

    expect(await device.run()).toEqual({ kind: 'done', conflicts: [], problems: [] })
    // At most one batch of each kill was sent again; what was sent again was there and counts no second time.
    expect(sent).toBeLessThanOrEqual(count + 200)
    const store = await openDirectStore({
      location: { kind: 'sqlite', file: join(env.CAIRN_DATA, 'cairn.db'), durability: 'normal' },
      schemas: [vaultsSchema],
    })
    const rows = await store.read('SELECT path, text FROM vaults_synced_notes WHERE vault = ? AND deleted = 0', [vault])
    await store.close()
    expect(new Map(rows.map((row) => [row['path'], row['text']]))).toEqual(
      new Map([...device.files].map(([path, { text }]) => [path, text])),
    )

    // What is the same on both sides costs one question.
    device.kill()
    device.requests = 0
    expect(await device.run()).toMatchObject({ kind: 'done' })
    expect(device.requests).toBe(1)

    const isIndexed = async () => {
      const big = (await server.vaults()).find(({ id }) => id === vault)
      return big?.index.state === 'ready' && big.notes === count
    }
    await until('all of it is indexed', isIndexed, 120_000)
    device.write('Log/0/entry 0.md', 'A kestrel hovers.')
    device.rename('Log/1/entry 1.md', 'Log/1/renamed.md')
    device.remove('Log/2/entry 2.md')
    expect(await device.run()).toMatchObject({ kind: 'done', conflicts: [] })
    const search = async (query: string) => {
      const reply = await server.post('/v1/search', { vault, query, mode: 'keyword', limit: 3 })
      return ((await reply.json()) as { results: { note: string }[] }).results.map(({ note }) => note)
    }
    await until('the edit is found', async () => (await search('kestrel')).join() === 'Log/0/entry 0.md', 20_000)
    await until('the rename is found', async () => (await search('n1x'))[0] === 'Log/1/renamed.md', 20_000)
    const deleted = () => server.call(`/api/vaults/${vault}/notes/Log/2/entry%202.md`)
    await until('the deletion is seen', async () => (await deleted()).status === 404, 20_000)
  } finally {
    await server.stop()
    await rm(data, { recursive: true, force: true })
  }
}, 240_000)
