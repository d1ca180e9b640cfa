import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDirectStore, type Store } from '../../storage/index.ts'
import { indexSchema } from './migrations.ts'
import { createSharedState, fenceStore, newEvent, putState } from './shared-state.ts'

let folder: string
let store: Store
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-shared-'))
  const location = { kind: 'sqlite', file: join(folder, 'index.db'), durability: 'normal' } as const
  store = await openDirectStore({ location, schemas: [indexSchema] })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

test('what the process that indexed before still writes is refused once another has begun', async () => {
  const shared = createSharedState(store)
  const before = fenceStore(store, await shared.takeFence())
  const written = await before.write([
    putState({ ...newEvent('v'), done: 1 }),
    { text: 'SELECT done FROM index_states' },
  ])
  expect(written?.rows).toEqual([[], [{ done: 1 }]])
  const after = fenceStore(store, await shared.takeFence())
  expect(await before.write([putState({ ...newEvent('v'), done: 2 })])).toBeNull()
  expect((await shared.read()).get('v')?.event.done).toBe(1)
  expect(await after.write([putState({ ...newEvent('v'), done: 3 })])).not.toBeNull()
  expect((await shared.read()).get('v')?.event.done).toBe(3)
})

test('a request to index anew stands until it is handled, and an earlier answer does not settle a later request', async () => {
  const shared = createSharedState(store)
  await store.write([putState(newEvent('v'))])
  expect(await shared.request('v')).toBe(1)
  expect(await shared.request('v')).toBe(2)
  await shared.handled('v', 1)
  expect((await shared.read()).get('v')).toMatchObject({ asked: 2, handled: 1 })
  await shared.handled('v', 2)
  await shared.handled('v', 1)
  expect((await shared.read()).get('v')).toMatchObject({ asked: 2, handled: 2 })
})
