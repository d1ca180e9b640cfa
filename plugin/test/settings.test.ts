/** Promises of the settings: two devices do not overwrite each other, nothing wrong gets in, nothing unknown gets lost. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { forgetUses, readUses, recordUse } from '../src/core/palette/frecency.ts'
import { checkValue } from '../src/core/settings/check-value.ts'
import { readSettingsFile, writeSettingsFile } from '../src/core/settings/settings-file.ts'
import { openSettings, type Settings } from '../src/core/settings/settings-store.ts'
import { createStamps, mergeEntries, type Entries } from '../src/core/settings/stamped.ts'
import { initialOf, initialSettings, settingKeys, specOf, type SettingKey } from '../src/core/settings/setting-table.ts'
import { exportSettings, planImport } from '../src/core/settings/transfer.ts'

/** A device with its storage; the file is shared with others by whoever copies `file`. */
async function openDevice(
  name: string,
  now: () => number,
  storage = new Map<string, unknown>(),
  file: { content: unknown } = { content: null },
) {
  const waiting: (() => void)[] = []
  const settings: Settings = await openSettings({
    readFile: () => Promise.resolve(structuredClone(file.content)),
    writeFile: (content) => Promise.resolve(void (file.content = structuredClone(content))),
    readDevice: (key) => structuredClone(storage.get(key) ?? null),
    writeDevice: (key, value) => void storage.set(key, structuredClone(value)),
    now,
    newDeviceId: () => name.padEnd(8, '0'),
    later: (run) => {
      waiting.push(run)
      return () => void waiting.splice(waiting.indexOf(run), 1)
    },
  })
  return { settings, file, storage, waiting }
}

const stampArbitrary = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom('aa', 'bb', 'cc'))
  .map(([ms, device]) => `${ms.toString(36).padStart(9, '0')}.0000.${device}`)
const entriesArbitrary: fc.Arbitrary<Entries> = fc
  .array(
    fc.tuple(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.record({
        value: fc.option(fc.oneof(fc.boolean(), fc.integer(), fc.string()), { nil: undefined }),
        stamp: stampArbitrary,
      }),
    ),
    { maxLength: 8 },
  )
  .map((list) => new Map(list))
const plain = (entries: Entries) => Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))

describe('merging', () => {
  test('gives the same in whatever order and however often files are seen', () => {
    fc.assert(
      fc.property(entriesArbitrary, entriesArbitrary, entriesArbitrary, (a, b, c) => {
        expect(plain(mergeEntries(a, b))).toEqual(plain(mergeEntries(b, a)))
        expect(plain(mergeEntries(mergeEntries(a, b), c))).toEqual(plain(mergeEntries(a, mergeEntries(b, c))))
        expect(plain(mergeEntries(a, a))).toEqual(plain(a))
      }),
    )
  })

  test('a stamp is later than all that were made or seen before, also by a clock that is late', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1e12 }), { minLength: 2, maxLength: 20 }),
        stampArbitrary,
        (times, seen) => {
          let at = 0
          const stamps = createStamps('dd', () => times[at++ % times.length] ?? 0)
          stamps.see(seen)
          const made = times.map(() => stamps.next())
          expect(made[0]! > seen).toBe(true)
          expect([...made].sort()).toEqual(made)
          expect(new Set(made).size).toBe(made.length)
        },
      ),
    )
  })
})

type Step =
  | { readonly kind: 'set'; readonly device: 0 | 1; readonly key: SettingKey; readonly value: unknown }
  | { readonly kind: 'exclude' | 'include'; readonly device: 0 | 1; readonly folder: string }
  /** A sync tool copies the file of one device over the other's, whole. */
  | { readonly kind: 'copy' | 'copy-unseen'; readonly from: 0 | 1 }
  | { readonly kind: 'restart'; readonly device: 0 | 1 }

const deviceArbitrary = fc.constantFrom(0 as const, 1 as const)
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    device: deviceArbitrary,
    key: fc.constant('answers.citations' as const),
    value: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({
    kind: fc.constant('set' as const),
    device: deviceArbitrary,
    key: fc.constant('answers.sendWith' as const),
    value: fc.constantFrom('enter', 'mod'),
  }),
  fc.record({
    kind: fc.constant('set' as const),
    device: deviceArbitrary,
    key: fc.constant('appearance.density' as const),
    value: fc.constantFrom('comfortable', 'compact'),
  }),
  fc.record({
    kind: fc.constantFrom('exclude' as const, 'include' as const),
    device: deviceArbitrary,
    folder: fc.constantFrom('A', 'B', 'C'),
  }),
  fc.record({ kind: fc.constantFrom('copy' as const, 'copy-unseen' as const), from: deviceArbitrary }),
  fc.record({ kind: fc.constant('restart' as const), device: deviceArbitrary }),
)

describe('two devices with one file', () => {
  test('come to the last change of each setting, whatever a sync tool does with their files', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 25 }), async (steps) => {
        let clock = 1_000
        const now = () => (clock += 1)
        const devices = [await openDevice('aaaaaaaa', now), await openDevice('bbbbbbbb', now)]
        const of = (index: 0 | 1) => devices[index]!
        /** Device, and how long ago a change has been: what counts is what a device knew when it changed. */
        const seen = async (index: 0 | 1) => {
          await of(index).settings.readAgain()
          await of(index).settings.flush()
        }
        for (const step of steps) {
          if (step.kind === 'set') expect(of(step.device).settings.set(step.key, step.value)).toBeNull()
          else if ('folder' in step) {
            const { settings } = of(step.device)
            const others = settings.get('privacy.excludedFolders').filter((each) => each !== step.folder)
            settings.set('privacy.excludedFolders', step.kind === 'exclude' ? [...others, step.folder] : others)
          } else if (step.kind === 'restart') {
            const { storage, file, settings } = of(step.device)
            await settings.flush()
            devices[step.device] = await openDevice('unused', now, storage, file)
          } else {
            const to = step.from === 0 ? 1 : 0
            await of(step.from).settings.flush()
            await of(to).settings.flush()
            of(to).file.content = structuredClone(of(step.from).file.content)
            // Unseen: Obsidian is not told; the plugin learns of it at the next start, or with the next copy.
            if (step.kind === 'copy') await seen(to)
            else devices[to] = await openDevice('unused', now, of(to).storage, of(to).file)
          }
        }
        // What each device has in force may not be lost by the other's file.
        const changed = devices.map(({ settings }) => settings.values.get())
        for (const from of [0, 1, 0] as const) {
          const to = from === 0 ? 1 : 0
          await of(from).settings.flush()
          of(to).file.content = structuredClone(of(from).file.content)
          await seen(to)
        }
        const [a, b] = devices.map(({ settings }) => settings.values.get())
        expect(a).toEqual(b!)
        for (const key of ['answers.citations', 'answers.sendWith', 'appearance.density'] as const) {
          const before: unknown[] = changed.map((values) => values[key])
          expect(before).toContain(a![key])
          // Whoever alone has changed it keeps the change.
          const own = before.filter((value) => value !== initialSettings[key])
          if (own.length === 1 && steps.filter((step) => step.kind === 'set' && step.key === key).length === 1)
            expect(a![key] as unknown).toBe(own[0])
        }
      }),
      { numRuns: 150 },
    )
  })

  test('that exclude different folders at the same time exclude both', async () => {
    const now = () => 5
    const [a, b] = [await openDevice('aaaaaaaa', now), await openDevice('bbbbbbbb', now)]
    a.settings.set('privacy.excludedFolders', ['Private'])
    b.settings.set('privacy.excludedFolders', ['Health'])
    await a.settings.flush()
    await b.settings.flush()
    b.file.content = structuredClone(a.file.content)
    await b.settings.readAgain()
    expect(b.settings.get('privacy.excludedFolders')).toEqual(['Health', 'Private'])
  })

  test('count what was used on both, and lose nothing when one file takes the place of the other', async () => {
    const now = () => 5
    const [a, b] = [await openDevice('aaaaaaaa', now), await openDevice('bbbbbbbb', now)]
    const use = ({ settings }: typeof a, command: string) =>
      settings.setHabits(recordUse(settings.habits(), settings.deviceId, command, now()))
    use(a, 'bold')
    use(b, 'bold')
    use(b, 'italic')
    await a.settings.flush()
    await b.settings.flush()
    // While B was closed, a sync tool put A's file in the place of B's.
    const content = structuredClone(a.file.content)
    const again = await openDevice('unused', now, b.storage, { content })
    const uses = readUses(again.settings.habits(), now())
    expect([uses.get('bold'), uses.get('italic')]).toEqual([2, 1])
    again.settings.setHabits(forgetUses(again.settings.habits(), 'bold'))
    await again.settings.flush()
    a.file.content = structuredClone(again.file.content)
    use(a, 'bold')
    await a.settings.readAgain()
    await a.settings.flush()
    // What was forgotten there counts no more here; what came after does.
    expect(readUses(a.settings.habits(), now()).get('bold')).toBe(1)
    again.file.content = structuredClone(a.file.content)
    await again.settings.readAgain()
    expect(again.settings.habits()).toEqual(a.settings.habits())
    expect(again.waiting).toHaveLength(0)
    a.settings.set('answers.citations', 7)
    a.settings.reset(settingKeys)
    expect(readUses(a.settings.habits(), now()).get('italic')).toBe(1)
  })

  test('keep what belongs to one device out of the file', async () => {
    const { settings, file } = await openDevice('aaaaaaaa', () => 5)
    settings.set('connection.serverUrl', 'http://localhost:8484')
    settings.set('answers.citations', 7)
    await settings.flush()
    expect(JSON.stringify(file.content)).not.toContain('8484')
    expect(file.content).toMatchObject({ values: { 'answers.citations': 7 } })
  })

  test('take a change that a hand made in the file', async () => {
    const { settings, file } = await openDevice('aaaaaaaa', () => 5)
    settings.set('answers.citations', 7)
    await settings.flush()
    ;(file.content as { values: Record<string, unknown> }).values['answers.citations'] = 3
    await settings.readAgain()
    expect(settings.get('answers.citations')).toBe(3)
  })

  test('write nothing back when the other’s file has all that they know', async () => {
    const a = await openDevice('aaaaaaaa', () => 5)
    a.settings.set('answers.citations', 7)
    await a.settings.flush()
    const b = await openDevice('bbbbbbbb', () => 5, new Map(), { content: structuredClone(a.file.content) })
    await b.settings.readAgain()
    expect(b.waiting).toHaveLength(0)
  })
})

describe('a file of others', () => {
  test('never breaks the plugin, and each wrong value is as at first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.jsonValue(),
          fc.record({ values: fc.dictionary(fc.constantFrom(...settingKeys), fc.jsonValue()), stamps: fc.jsonValue() }),
        ),
        async (content) => {
          const { settings } = await openDevice('aaaaaaaa', () => 5, new Map(), { content })
          for (const key of settingKeys) expect([key, checkValue(specOf(key), settings.get(key))]).toEqual([key, null])
        },
      ),
      { numRuns: 200 },
    )
  })

  test('of a later version keeps what we do not know', async () => {
    const content = { schemaVersion: 9, values: { 'answers.citations': 4, 'later.setting': { x: 1 } }, other: [1] }
    const { settings, file } = await openDevice('aaaaaaaa', () => 5, new Map(), { content })
    expect(settings.get('answers.citations')).toBe(4)
    settings.set('answers.citations', 6)
    await settings.flush()
    expect(file.content).toMatchObject({
      schemaVersion: 9,
      values: { 'answers.citations': 6, 'later.setting': { x: 1 } },
      other: [1],
    })
  })

  test('names what was not usable', () => {
    expect(readSettingsFile({ values: { 'answers.citations': 99, 'answers.sendWith': 'enter' } }).repaired).toEqual([
      'answers.citations',
    ])
  })

  test('is written as it was read', () => {
    const content = {
      schemaVersion: 1,
      values: { 'answers.citations': 6 },
      stamps: { 'answers.citations': '000000005.0000.aa' },
    }
    expect(writeSettingsFile(readSettingsFile(content))).toEqual(content)
  })
})

describe('what may be typed', () => {
  test.each([
    ['answers.citations', 0, 'from 1 to 20'],
    ['answers.citations', 2.5, 'steps of 1'],
    ['answers.citations', Number.NaN, 'from 1 to 20'],
    ['connection.timeoutSeconds', 7, 'steps of 5'],
    ['answers.sendWith', 'return', 'enter, mod'],
    ['appearance.accent', 'red', '#1a664c'],
    ['answers.conversationFolder', '../out', 'folder of this vault'],
    ['answers.conversationFolder', '/etc', 'folder of this vault'],
    ['answers.conversationFolder', '.obsidian', 'begin with a dot'],
    ['answers.model', 'two words', 'without spaces'],
    ['connection.serverUrl', 'ftp://x', 'http:// or https://'],
    ['privacy.excludedTags', ['two words'], 'without spaces'],
    ['privacy.excludedTags', ['#2024'], 'such as #private'],
    ['privacy.excludedFolders', ['a\nb'], 'control characters'],
    ['privacy.excludedFolders', Array.from({ length: 201 }, (_, n) => `f${n}`), 'at most 200'],
    ['shortcuts.keys', { a: 1 }, 'texts'],
  ] as const)('%s is not %p', (key, value, words) => {
    expect(checkValue(specOf(key), value)).toContain(words)
  })

  test.each([
    ['answers.conversationFolder', ''],
    ['answers.conversationFolder', 'Cairn/Saved'],
    ['privacy.excludedTags', ['#private', 'gesundheit/ärztin']],
    ['connection.serverUrl', 'localhost:8484'],
    ['appearance.accent', '#1a664c'],
  ] as const)('%s may be %p', (key, value) => {
    expect(checkValue(specOf(key), value)).toBeNull()
  })

  test('what a setting is at first may always be', () => {
    for (const key of settingKeys) expect([key, checkValue(specOf(key), initialOf(specOf(key)))]).toEqual([key, null])
  })
})

describe('import and export', () => {
  test('an export taken in again changes nothing, and holds neither address nor key', () => {
    const values = { ...initialSettings, 'connection.serverUrl': 'http://10.0.0.1:1', 'answers.citations': 9 }
    const text = exportSettings(values)
    expect(text).not.toContain('10.0.0.1')
    expect(planImport(text, values)).toEqual({ changes: [], ignored: [], wrong: [] })
  })

  test('tells what would change, what is unknown and what is wrong', () => {
    const text = JSON.stringify({
      kind: 'cairn-settings',
      version: 1,
      settings: {
        'answers.citations': 9,
        'answers.followUps': 999,
        'x.y': 1,
        'connection.serverUrl': 'http://evil.example',
      },
    })
    expect(planImport(text, initialSettings)).toEqual({
      changes: [{ key: 'answers.citations', from: 5, to: 9 }],
      ignored: ['x.y', 'connection.serverUrl'],
      wrong: [{ key: 'answers.followUps', message: 'Give a number from 0 to 20 exchanges.' }],
    })
  })

  test.each(['', '{', '[]', '{"kind":"other"}', 'x'.repeat(500_001)])('refuses what is no export: %p', (text) => {
    expect(typeof planImport(text, initialSettings)).toBe('string')
  })
})
