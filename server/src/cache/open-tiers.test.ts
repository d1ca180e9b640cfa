import { expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock } from '../base/index.ts'
import { openKeyring } from '../platform/index.ts'
import { openDirectStore } from '../storage/index.ts'
import { cacheEraSchema } from './log/era.ts'
import { openTieredCache } from './open-tiers.ts'

test('a damaged cache.db is named, with what to do, and nothing stays open', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-tiers-'))
  const location = { kind: 'sqlite', file: join(directory, 'state.db'), durability: 'normal' } as const
  const state = await openDirectStore({ location, schemas: [cacheEraSchema] })
  try {
    const keyring = await openKeyring(join(directory, 'keys.json'), 'deployment_1', ['cache', 'cache-names'])
    const open = () =>
      openTieredCache({
        directory,
        deploymentId: 'deployment_1',
        memoryBytes: 16_000_000,
        diskBytes: 0,
        redisUrl: null,
        state,
        keyring,
        clock: systemClock,
        logger: silentLogger,
      })
    await writeFile(join(directory, 'cache.db'), 'no database at all '.repeat(1_000))
    await expect(open()).rejects.toMatchObject({
      code: 'storage.failed',
      message: expect.stringContaining('Delete it'),
    })
    await rm(join(directory, 'cache.db'))
    const cache = await open()
    const space = cache.namespace<string>('n', { ttlMs: 1_000 })
    expect((await space.reuse('k', async () => 'v')).status).toBe('miss')
    expect((await space.reuse('k', async () => 'v')).status).toBe('hit')
    await cache.close()
  } finally {
    await state.close()
    await rm(directory, { recursive: true, force: true })
  }
})
