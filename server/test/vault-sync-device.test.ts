/** The syncer of the plugin on one device, with a real server: what it asks, what it holds back, what it shows. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { SyncProgress } from '../../plugin/src/core/sync/index.ts'
import { openServer, type OpenServer } from './kit/open-server.ts'
import { Device, httpTransport, makeVault } from './sync/device.ts'

let server: OpenServer
beforeAll(async () => {
  server = await openServer({})
})
afterAll(() => server[Symbol.asyncDispose]())

async function openDevices() {
  const vault = await makeVault(server.call, 'Notes')
  const transport = httpTransport(server.call, vault)
  const progress: SyncProgress[] = []
  const device = new Device('laptop', transport, (parts) => ({ ...parts, onProgress: (each) => progress.push(each) }))
  /** Paths on the server, asked by a device that has nothing. */
  const onServer = async () => {
    const reply = await transport.compare({
      device: 'nobody0000000000',
      base: 1e9,
      files: [],
      deleted: [],
      excluded: [],
      range: { after: null, upTo: null },
    })
    return reply.gone.toSorted()
  }
  return { device, other: new Device('phone', transport), onServer, progress, transport }
}

const clean = { kind: 'done', conflicts: [], problems: [] } as const

describe('a device', () => {
  test('asks before it deletes much, does all else first, and deletes when it is told to', async () => {
    const { device, onServer } = await openDevices()
    for (let at = 0; at < 60; at++) device.write(`${at}.md`, `text ${at}`)
    expect(await device.run()).toEqual(clean)
    for (let at = 0; at < 40; at++) device.files.delete(`${at}.md`)
    device.write('new.md', 'new')
    device.kill()
    expect(await device.run()).toEqual({ kind: 'ask-deletions', count: 40, of: 61 })
    expect(await onServer()).toHaveLength(61)
    expect(await device.run()).toMatchObject({ kind: 'ask-deletions' })
    device.confirmDeletions()
    expect(await device.run()).toEqual(clean)
    expect(await onServer()).toHaveLength(21)
  })

  test('names a note as the server does, whatever Unicode form its file system has', async () => {
    const { device, onServer } = await openDevices()
    device.write('Pla\u0308ne/Café.md', 'one')
    device.write('Pläne/Cafe\u0301.md', 'two')
    const outcome = await device.run()
    expect(outcome).toMatchObject({
      kind: 'done',
      problems: [{ path: 'Pläne/Café.md', reason: 'another file has the same name in another Unicode form' }],
    })
    expect(await onServer()).toEqual(['Pläne/Café.md'])
  })

  test('says which notes cannot be synced, and syncs the others', async () => {
    const { device, onServer } = await openDevices()
    device.write('zero.md', 'a\0b')
    device.write('back\\slash.md', 'x')
    device.write('huge.md', 'x'.repeat(10 * 1_024 * 1_024 + 1))
    device.write('good.md', 'good')
    const outcome = await device.run()
    expect(outcome?.kind === 'done' && outcome.problems.map(({ path }) => path).toSorted()).toEqual([
      'back\\slash.md',
      'huge.md',
      'zero.md',
    ])
    expect(await onServer()).toEqual(['good.md'])
  })

  test('holds excluded notes back, and takes them from the server at the next run', async () => {
    const { device, onServer } = await openDevices()
    device.write('Private/a.md', 'one')
    device.write('b.md', 'two #diary')
    device.write('c.md', 'three')
    device.exclude({ folders: ['Private'], tags: ['diary'] })
    expect(await device.run()).toEqual(clean)
    expect(await onServer()).toEqual(['c.md'])
    device.exclude({ folders: [], tags: [] })
    await device.run()
    expect(await onServer()).toEqual(['Private/a.md', 'b.md', 'c.md'])
    device.exclude({ folders: ['Private'], tags: ['diary'] })
    expect(await device.run()).toEqual(clean)
    expect(await onServer()).toEqual(['c.md'])
    // Also when it does not remember that it ever sent them.
    device.exclude({ folders: [], tags: [] })
    await device.run()
    device.known.clear()
    device.exclude({ folders: ['Private'], tags: ['diary'] })
    device.kill()
    expect(await device.run()).toEqual(clean)
    expect(await onServer()).toEqual(['c.md'])
  })

  test('a note that gets an excluded tag goes from the server', async () => {
    const { device, onServer } = await openDevices()
    device.exclude({ folders: [], tags: ['diary'] })
    device.write('a.md', 'one')
    device.write('b.md', 'two')
    await device.run()
    device.write('a.md', 'one #diary')
    expect(await device.run()).toEqual(clean)
    expect(await onServer()).toEqual(['b.md'])
  })

  test('that is not the publisher only says how it differs, until a person has it take over', async () => {
    const { device, other, onServer } = await openDevices()
    device.write('a.md', 'one')
    device.write('b.md', 'two')
    await device.run()
    other.write('a.md', 'mine')
    other.write('c.md', 'three')
    expect(await other.run()).toMatchObject({
      kind: 'follower',
      publisher: { name: device.id },
      drift: { differing: 2, missing: 1 },
    })
    expect(await onServer()).toEqual(['a.md', 'b.md'])
    other.takeOver(device.id)
    const taken = await other.run()
    expect(taken).toMatchObject({
      kind: 'done',
      conflicts: [
        { path: 'a.md', kind: 'edited' },
        { path: 'b.md', kind: 'missing' },
      ],
    })
    expect(await onServer()).toEqual(['a.md', 'b.md', 'c.md'])
    const [conflict] = taken?.kind === 'done' ? taken.conflicts : []
    if (conflict) expect(await other.keepMine(conflict)).toEqual(clean)
    expect(await other.run()).toMatchObject({ kind: 'done' })
    expect(await device.run()).toMatchObject({ kind: 'follower' })
  })

  test('two whose notes are the same differ in nothing', async () => {
    const { device, other } = await openDevices()
    for (const each of [device, other]) each.write('a.md', 'one')
    await device.run()
    expect(await other.run()).toMatchObject({ kind: 'follower', drift: { differing: 0, missing: 0 } })
  })

  test('does offline what it can, which is to wait, and goes on after it', async () => {
    const { device, onServer } = await openDevices()
    device.write('a.md', 'one')
    device.isOffline = true
    expect(await device.run()).toEqual({ kind: 'offline' })
    expect(device.isDue()).toBe(true)
    device.isOffline = false
    expect(await device.run()).toEqual(clean)
    expect([device.isDue(), await onServer()]).toEqual([false, ['a.md']])
  })

  test('tells how far it is', async () => {
    const { device, progress } = await openDevices()
    for (let at = 0; at < 620; at++) device.write(`${at}.md`, `text ${at}`)
    await device.run()
    expect(
      progress.filter(({ phase }) => phase === 'comparing').map(({ done, total }) => `${done} of ${total}`),
    ).toEqual(['500 of 620', '620 of 620'])
    expect(progress.filter(({ phase }) => phase === 'sending').at(-1)).toMatchObject({ done: 120, total: 120 })
  })
})
