/** A question's answer through all three tiers, with real server processes. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabases } from '../src/storage/testing/places.ts'
import { startServer, until, type RunningServer } from './harness.ts'

setDefaultTimeout(120_000)

const databases = createDatabases(process.env['CAIRN_TEST_DATABASE_URL'])
const redisUrl = process.env['CAIRN_TEST_REDIS_URL'] ?? ''
const question = 'How long does the heron stand on one leg?'

let folder: string
let vault: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-tiers-'))
  vault = await mkdtemp(join(folder, 'vault-'))
  await write('heron.md', '# Heron\n\nThe heron stands on one leg for twenty minutes.')
  await write('otter.md', '# Otter\n\nThe otter sleeps on its back in the kelp.')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const write = (note: string, text: string) => writeFile(join(vault, note), text)

const start = (name: string, env: Record<string, string> = {}) =>
  startServer({
    vaults: [vault],
    env: {
      CAIRN_MODEL: 'extractive',
      CAIRN_DATA: join(folder, name),
      CAIRN_KEYRING: join(folder, 'keys.json'),
      ...env,
    },
  })

async function ask(server: RunningServer) {
  const { answer, receipt } = await server.ask({ question })
  return { answer, ...receipt.cache }
}

const hit = (tier: string) => ({ status: 'hit', tier })

/** Until the server's index has the word. */
async function untilRead(server: RunningServer, word: string): Promise<void> {
  await until(`the server has read ${word}`, async () => {
    const reply = await server.post('/v1/search', { query: word, mode: 'keyword' })
    return ((await reply.json()) as { results: unknown[] }).results.length > 0
  })
}

test('memory, disk after a restart, shared at a second server; an edit is a miss at both, another note’s is not', async () => {
  const databaseUrl = await databases.take()
  const shared = { CAIRN_DATABASE_URL: databaseUrl, CAIRN_REDIS_URL: redisUrl }
  try {
    let first = await start('first', shared)
    try {
      expect(await ask(first)).toMatchObject({ status: 'miss', tier: null })
      expect(await ask(first)).toMatchObject(hit('memory'))
      await first.stop()
      first = await start('first', shared)
      expect(await ask(first)).toMatchObject(hit('disk'))
      await using second = await start('second', shared)
      expect(await ask(second)).toMatchObject(hit('shared'))
      expect(await ask(second)).toMatchObject(hit('memory'))

      await write('heron.md', '# Heron\n\nThe heron stands on one leg for ninety minutes.')
      for (const server of [first, second]) await untilRead(server, 'ninety')
      const anew = await ask(first)
      expect(anew).toMatchObject({ status: 'miss' })
      expect(anew.answer).toContain('ninety minutes')
      const there = await ask(second)
      expect(there.answer).toContain('ninety minutes')
      // What the first has just made, the second may have from it; never what was made before.
      expect([there.status, there.tier]).toEqual(['hit', 'shared'])

      await write('otter.md', '# Otter\n\nThe otter sleeps on its back, wrapped in bladderwrack.')
      for (const server of [first, second]) await untilRead(server, 'bladderwrack')
      expect(await ask(first)).toMatchObject(hit('memory'))
      expect(await ask(second)).toMatchObject(hit('memory'))

      await write('heron.md', '# Heron\n\nThe heron stands on one leg for seventy minutes.')
      for (const server of [first, second]) await untilRead(server, 'seventy')
      expect(await ask(second)).toMatchObject({ status: 'miss' })
    } finally {
      await first[Symbol.asyncDispose]()
    }
  } finally {
    await databases.giveBack(databaseUrl)
  }
})

test('on one host without services an answer outlives a restart, unless its note was edited meanwhile', async () => {
  let server = await start('data')
  try {
    await ask(server)
    await server.stop()
    server = await start('data')
    expect(await ask(server)).toMatchObject(hit('disk'))
    await server.stop()
    await write('heron.md', '# Heron\n\nThe heron stands on one leg for ninety minutes.')
    server = await start('data')
    await untilRead(server, 'ninety')
    const anew = await ask(server)
    expect(anew).toMatchObject({ status: 'miss' })
    expect(anew.answer).toContain('ninety minutes')
  } finally {
    await server[Symbol.asyncDispose]()
  }
})

test('a killed server loses nothing that was invalidated, and keeps what is still true', async () => {
  const server = await start('data')
  await ask(server)
  const stats = (await (await server.call('/api/cache/stats')).json()) as { log: { epoch: string } }
  // The disk tier is written behind the reply.
  await until('the answer is on disk', async () => {
    const { tiers } = (await (await server.call('/api/cache/stats')).json()) as {
      tiers: { tier: string; entries: number }[]
    }
    return (tiers.find(({ tier }) => tier === 'disk')?.entries ?? 0) > 0
  })
  process.kill(server.pid, 'SIGKILL')
  await Promise.allSettled([server[Symbol.asyncDispose]()])
  await using next = await start('data')
  const after = (await (await next.call('/api/cache/stats')).json()) as { log: { epoch: string } }
  expect(after.log.epoch).toBe(stats.log.epoch)
  expect(await ask(next)).toMatchObject(hit('disk'))
})
