import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock } from '../../base/index.ts'
import { openDirectStore, openStore, type Store } from '../../storage/index.ts'
import { createScopeNamer } from '../scopes.ts'
import { describeSequencer } from '../testing/sequencer-suite.ts'
import { beginEra, cacheEraSchema } from './era.ts'
import { createJournal } from './journal.ts'
import { cacheSchema, endLocalLog, openSqliteSequencer, readLocalEpoch } from './sqlite-sequencer.ts'

async function openPlace() {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-log-'))
  const location = { kind: 'sqlite', file: join(directory, 'cache.db'), durability: 'normal' } as const
  const stores: Store[] = []
  const open = async (mostMarks?: number) => {
    const store = await openStore({ location, schemas: [cacheSchema] }, silentLogger)
    stores.push(store)
    return openSqliteSequencer({ store, clock: systemClock, ...(mostMarks === undefined ? {} : { mostMarks }) })
  }
  const sequencer = await open()
  return {
    sequencer,
    another: open,
    /** As when somebody deleted the file; one that is put back from a copy shows by the positions that nodes have seen. */
    async loseData() {
      await stores[0]?.write(endLocalLog)
    },
    async [Symbol.asyncDispose]() {
      for (const store of stores) await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

describeSequencer('the log in SQLite', openPlace, { canLose: true })

const name = createScopeNamer(new Uint8Array(32))

test('old marks fold into the floor, so that the log stays within its bound', async () => {
  await using place = await openPlace()
  const small = await place.another(10)
  for (let each = 0; each < 50; each++) await small.commit('hard', [name(`tag:${each}`)], null)
  const tail = await small.tail({ node: 'n', applied: { epoch: '', seq: 0 }, maxStaleMs: 0 })
  expect(tail).toMatchObject({ seq: 50, floor: 40, isWhole: true })
  expect(tail.marks).toHaveLength(10)
  expect(await small.marksOf([name('tag:3'), name('tag:49')])).toMatchObject({ floor: 40, hard: [0, 50] })
})

test('the journal gives no number twice, so that nobody takes out what is another’s', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-journal-'))
  const location = { kind: 'sqlite', file: join(directory, 'cache.db'), durability: 'normal' } as const
  const store = await openDirectStore({ location, schemas: [cacheSchema] })
  try {
    const journal = createJournal(store)
    const first = await journal.append('hard', [name('tag:a')])
    await journal.remove(first)
    const second = await journal.append('hard', [name('tag:b')])
    await journal.remove(first)
    expect((await journal.list()).map(({ id }) => id)).toEqual([second])
  } finally {
    await store.close()
    await rm(directory, { recursive: true, force: true })
  }
})

describe('going over to another log', () => {
  const everything = name('*')

  async function openEra() {
    const directory = await mkdtemp(join(tmpdir(), 'cairn-era-'))
    const locate = (file: string) => ({ kind: 'sqlite', file: join(directory, file), durability: 'normal' }) as const
    const state = await openDirectStore({ location: locate('state.db'), schemas: [cacheEraSchema] })
    const local = await openDirectStore({ location: locate('cache.db'), schemas: [cacheSchema] })
    const begin = async (kind: 'sqlite' | 'redis', isDone = true) => {
      const era = await beginEra({ kind, state, local, everything })
      if (kind === 'sqlite') await openSqliteSequencer({ store: local, clock: systemClock })
      await era.settle(() => isDone)
    }
    const pending = async () => (await createJournal(local).list()).map(({ scopes }) => scopes)
    return {
      begin,
      pending,
      epoch: () => readLocalEpoch(local),
      async [Symbol.asyncDispose]() {
        await state.close()
        await local.close()
        await rm(directory, { recursive: true, force: true })
      },
    }
  }

  test('the log of a host goes on when nothing else was followed meanwhile', async () => {
    await using era = await openEra()
    await era.begin('sqlite')
    const before = await era.epoch()
    await era.begin('sqlite')
    expect(await era.epoch()).toBe(before)
    expect(await era.pending()).toEqual([])
  })

  test('to Redis everything is invalidated, at each start until that is committed', async () => {
    await using era = await openEra()
    await era.begin('sqlite')
    await era.begin('redis', false)
    expect(await era.pending()).toEqual([[everything]])
    await era.begin('redis')
    expect(await era.pending()).toEqual([[everything], [everything]])
    await era.begin('redis')
    expect(await era.pending()).toHaveLength(2)
  })

  test('back from Redis the log of the host begins a new life', async () => {
    await using era = await openEra()
    await era.begin('sqlite')
    const before = await era.epoch()
    await era.begin('redis')
    await era.begin('sqlite')
    expect(await era.epoch()).not.toBe(before)
  })
})
