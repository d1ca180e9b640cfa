/** What the index announces to the log, and answers while the searcher is behind what was announced. */
import { describe, expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sleep } from '../src/base/index.ts'
import type { Announce } from '../src/vaults/index.ts'
import { until } from './harness.ts'
import { openAskRig, type AskRig } from './kit/ask-rig.ts'

const notes = {
  'Tide.md': 'Spring tides at the pier reach 3.4 metres above chart datum.\n',
  'Boat.md': 'The boat stays in the harbour above 22 knots of wind.\n',
}
const question = 'How high do spring tides reach at the pier?'
const edited = notes['Tide.md'].replace('3.4', '3.9')

/** Keeps what is announced, and holds it back while it is told to. */
function createEar() {
  const told: string[][] = []
  let gate: PromiseWithResolvers<void> | null = null
  let deaf = 0
  const announce =
    (inner: Announce): Announce =>
    async (scopes) => {
      if (deaf > 0) return deaf-- === 0 ? inner(scopes) : null
      told.push([...scopes])
      const position = await inner(scopes)
      await gate?.promise
      return position
    }
  return {
    announce,
    told,
    hold: () => (gate = Promise.withResolvers<void>()),
    release: () => gate?.resolve(),
    fail: (times: number) => (deaf = times),
  }
}

describe('the index announces', () => {
  test('a changed note, both places of a moved one and a deleted one; a new one is no news', async () => {
    const ear = createEar()
    await using rig = await openAskRig({ notes, announce: ear.announce })
    const vault = await rig.vaultId()
    const news = async (work: () => Promise<void>) => {
      ear.told.length = 0
      await rig.change(work)
      return ear.told.flat().toSorted()
    }
    const note = (path: string) => `note:${vault}/${path}`
    const index = `index:${vault}`
    expect(await news(() => rig.write('New.md', 'Kelp soup.\n'))).toEqual([])
    expect(await news(() => rig.write('Tide.md', edited))).toEqual([index, note('Tide.md')])
    expect(await news(() => rig.move('Tide.md', 'Übersicht 潮.md'))).toEqual([
      index,
      note('Tide.md'),
      note('Übersicht 潮.md'),
    ])
    expect(await news(() => rig.remove('Boat.md'))).toEqual([index, note('Boat.md')])
    expect(await news(() => rig.vaults.reindex(vault))).toEqual([index, `vault:${vault}`])
    ear.told.length = 0
    await rig.vaults.remove(vault)
    await until('the removal is announced', () => ear.told.flat().includes(`vault:${vault}`))
  })

  test('many notes at once as their vault, and claims it only when the log has it', async () => {
    const ear = createEar()
    const many = Object.fromEntries(Array.from({ length: 620 }, (_, index) => [`Log/${index}.md`, `Entry ${index}.\n`]))
    await using rig = await openAskRig({ notes: many, announce: ear.announce })
    const vault = await rig.vaultId()
    ear.told.length = 0
    await rig.change(() => rm(join(rig.folder, 'Log'), { recursive: true }))
    expect(new Set(ear.told.flat())).toEqual(new Set([`vault:${vault}`, `index:${vault}`]))
    const { epoch, seq } = rig.vaults.logPosition(vault)
    expect([epoch, seq]).toEqual([rig.cache.epoch(), rig.cache.newestMark(`index:${vault}`)])
  }, 30_000)

  test('again and again until the log has taken it', async () => {
    const ear = createEar()
    await using rig = await openAskRig({ notes, announce: ear.announce })
    await rig.ask({ question })
    ear.told.length = 0
    ear.fail(2)
    await rig.change(() => rig.write('Tide.md', edited))
    expect(ear.told).toHaveLength(1)
    expect((await rig.ask({ question })).answer).toContain('3.9')
  })
})

describe('what was announced and not yet searched', () => {
  /** The log has heard of an edit and the stored index does not say so yet. */
  async function withHeldBack(run: (rig: AskRig, release: () => void) => Promise<void>): Promise<void> {
    const ear = createEar()
    await using rig = await openAskRig({ notes, announce: ear.announce })
    ear.hold()
    await rig.write('Tide.md', edited)
    const vault = await rig.vaultId()
    await rig.until(
      'the edit is announced',
      () => rig.cache.newestMark(`index:${vault}`) > rig.vaults.logPosition(vault).seq,
    )
    try {
      await run(rig, ear.release)
    } finally {
      ear.release()
    }
  }

  test(
    'is answered and not kept; once the index has caught up it is kept again',
    () =>
      withHeldBack(async (rig, release) => {
        const aboutTheBoat = { question: 'How much wind can the boat take?' }
        expect((await rig.ask(aboutTheBoat)).receipt.cache.status).toBe('miss')
        // What was announced has nothing to do with it.
        expect((await rig.ask(aboutTheBoat)).receipt.cache.status).toBe('hit')
        // Made from the note that the log has ended since: never given again.
        for (let turn = 0; turn < 2; turn++) expect((await rig.ask({ question })).receipt.cache.status).toBe('miss')
        release()
        await rig.settled()
        expect((await rig.ask({ question })).receipt.cache.status).toBe('miss')
        const last = await rig.ask({ question })
        expect(last.receipt.cache.status).toBe('hit')
        expect(last.answer).toContain('3.9')
      }),
    30_000,
  )

  test('is waited for a moment', () =>
    withHeldBack(async (rig, release) => {
      const asked = rig.ask({ question })
      await sleep(100)
      release()
      await asked
      const vault = await rig.vaultId()
      expect(rig.vaults.logPosition(vault).seq).toBe(rig.cache.newestMark(`index:${vault}`))
      expect((await rig.ask({ question })).receipt.cache.status).toBe('hit')
    }))

  test(
    'keeps search results from being given again',
    () =>
      withHeldBack(async (rig) => {
        const before = rig.stats('search')?.hits.memory ?? 0
        for (let turn = 0; turn < 2; turn++) await rig.search('spring tides')
        expect(rig.stats('search')?.hits.memory ?? 0).toBe(before)
      }),
    30_000,
  )
})
