/** What is held: the law over random lives of notes, twins that forget, and cases by hand. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { CairnError, fail, silentLogger, systemClock } from '../../base/index.ts'
import { openStore, type Store } from '../../storage/index.ts'
import { vaultsSchema } from '../schema.ts'
import { judgedFacts, type OwnFacts, type Protection } from './held-facts.ts'
import { parseNote } from '../notes/parse-note.ts'
import { createKeeper, type Keeper, type Sighting } from './keeper.ts'
import { fingerprintBody } from './note-body.ts'
import { checkHeld, protection, steps, type Step } from './testing/held-laws.ts'

let store: Store
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-held-'))
  const location = { kind: 'sqlite', file: join(folder, 'state.db'), durability: 'normal' } as const
  store = await openStore({ location, schemas: [vaultsSchema] }, silentLogger)
})
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const empty = () => store.write([{ text: 'DELETE FROM vaults_kept' }])
const open = (rules: Protection = protection): Keeper =>
  createKeeper({ store, clock: systemClock, protection: async () => rules })

const plain: OwnFacts = { tags: [], label: null, owner: null, properties: {} }
const says = (more: Partial<OwnFacts>): OwnFacts => ({ ...plain, ...more })

function sight(
  path: string,
  before: Partial<OwnFacts> | null,
  now: Partial<OwnFacts> | null,
  more: Partial<Sighting> = {},
) {
  return {
    path,
    before: before === null ? null : says(before),
    now: now === null ? null : says(now),
    body: '',
    isNewBody: false,
    ...more,
  }
}

describe('the law', () => {
  test('whatever is done to notes, what one has said is in force until somebody confirms', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (todo) => {
        await empty()
        await checkHeld(open, todo)
      }),
      { numRuns: 300 },
    )
  }, 60_000)

  const tagged = says({ tags: ['secret'], label: 'restricted', properties: { status: 'draft' } })
  const bare: Step = { do: 'write', path: 'a.md', own: plain }
  const written: Step = { do: 'write', path: 'a.md', own: tagged }
  const twins: readonly [string, (keeper: Keeper) => Keeper, readonly Step[]][] = [
    ['holds nothing', (keeper) => ({ ...keeper, decide: async () => ({}) }), [written, bare]],
    [
      'forgets when the index is made anew',
      (keeper) => ({
        ...keeper,
        async decide(vault, sightings) {
          if (sightings.some(({ before }) => before === null)) await empty()
          return keeper.decide(vault, sightings)
        },
      }),
      [written, bare, { do: 'reindex' }],
    ],
    [
      'forgets notes that are gone',
      (keeper) => ({
        ...keeper,
        async decide(vault, sightings) {
          const held = await keeper.decide(vault, sightings)
          if (sightings.some(({ now }) => now === null)) await empty()
          return held
        },
      }),
      [written, { do: 'delete', path: 'a.md' }, bare],
    ],
    [
      'does not follow a note that is moved',
      (keeper) => ({
        ...keeper,
        decide: (vault, sightings) =>
          keeper.decide(
            vault,
            sightings.map(({ from: _, ...each }) => ({ ...each, before: null })),
          ),
      }),
      [written, { do: 'move', path: 'a.md', to: 'b.md', own: plain }],
    ],
    [
      'holds on to what was let go',
      (keeper) => ({ ...keeper, release: async () => {} }),
      [written, bare, { do: 'confirm', path: 'a.md' }],
    ],
    [
      'keeps labels only',
      (keeper) => ({
        ...keeper,
        async decide(vault, sightings) {
          const held = await keeper.decide(vault, sightings)
          return Object.fromEntries(
            Object.entries(held).map(([path, each]) => [path, { ...each, tags: [], values: {}, unclear: [] }]),
          )
        },
      }),
      [written, bare],
    ],
    [
      'takes a note to be where it is and nowhere else',
      (keeper) => ({
        ...keeper,
        async decide(vault, sightings) {
          const held = await keeper.decide(vault, sightings)
          return Object.fromEntries(Object.entries(held).map(([path, each]) => [path, { ...each, places: [] }]))
        },
      }),
      [
        { do: 'write', path: 'c/d.md', own: plain },
        { do: 'move', path: 'c/d.md', to: 'a.md', own: plain },
      ],
    ],
  ]
  for (const [name, twin, todo] of twins)
    test(`a twin that ${name} is caught`, async () => {
      await empty()
      await checkHeld(open, todo)
      await empty()
      let caught: unknown = null
      await checkHeld(() => twin(open()), todo).catch((thrown: unknown) => (caught = thrown))
      expect(caught).toBeInstanceOf(Error)
    })
})

describe('by hand', () => {
  beforeEach(empty)

  test('one person is held to nothing; what was held before stays until it is confirmed', async () => {
    const alone = open({ ...protection, isTeam: false })
    expect(await alone.decide('v', [sight('a.md', { tags: ['secret'] }, {})])).toEqual({})
    expect(await store.read('SELECT * FROM vaults_kept')).toEqual([])
    const team = await open().decide('v', [sight('a.md', { tags: ['secret'] }, {})])
    expect(team['a.md']?.tags).toEqual(['secret'])
    expect(await alone.decide('v', [sight('a.md', {}, {})])).toEqual(team)
    await alone.release('v', 'a.md', plain, null)
    expect(await alone.decide('v', [sight('a.md', {}, {})])).toEqual({})
  })

  test('a note without a past that has the text of a kept one is held by what that one said', async () => {
    const body = fingerprintBody('The heron stands in the reeds and waits. '.repeat(4), 0)
    const keeper = open()
    await keeper.decide('v', [sight('a.md', null, { tags: ['secret'] }, { body, isNewBody: true })])
    const copied = await keeper.decide('v', [sight('b.md', null, {}, { body, isNewBody: true })])
    expect(copied['b.md']?.tags).toEqual(['secret'])
    const other = await keeper.decide('v', [sight('c.md', null, {}, { body: 'another', isNewBody: true })])
    expect(other).toEqual({})
    // Put over a harmless note, which has a past of its own.
    const over = await keeper.decide('v', [sight('c.md', {}, {}, { body, isNewBody: true })])
    expect(over['c.md']?.tags).toEqual(['secret'])
    // Confirmed once, it is not held again by being indexed anew.
    await keeper.release('v', 'b.md', plain, null)
    expect(await keeper.decide('v', [sight('b.md', {}, {}, { body })])).toEqual({})
    expect(await keeper.decide('v', [sight('b.md', null, {}, { body, isNewBody: true })])).toEqual({})
  })

  test('deleted, and made again under another name with the same words', async () => {
    const text =
      'The heron stands in the reeds and waits for a fish that does not come, all day and all the next day too.'
    const before = parseNote('a.md', `---\ntags: [secret]\n---\n# Heron\n${text}`)
    const after = parseNote('b.md', `# heron\n\n${text} #open\n`)
    const bodyOf = (source: string, { textStart }: { textStart: number }) => fingerprintBody(source, textStart)
    const [one, two] = [
      bodyOf(`---\ntags: [secret]\n---\n# Heron\n${text}`, before),
      bodyOf(`# heron\n\n${text} #open\n`, after),
    ]
    expect(one).toBe(two)
    const keeper = open()
    await keeper.decide('v', [sight('a.md', null, { tags: before.tags }, { body: one, isNewBody: true })])
    await keeper.decide('v', [sight('a.md', { tags: before.tags }, null, { body: one })])
    const held = await keeper.decide('v', [sight('b.md', null, { tags: after.tags }, { body: two, isNewBody: true })])
    expect(held['b.md']?.tags).toEqual(['secret'])
    // Both in one look, and never heard of before.
    await empty()
    const atOnce = await open().decide('v', [
      sight('b.md', null, { tags: after.tags }, { body: two, isNewBody: true }),
      sight('a.md', { tags: before.tags }, null, { body: one }),
    ])
    expect(atOnce['b.md']?.tags).toEqual(['secret'])
    // Too short to tell one note from another.
    expect(fingerprintBody('# Meeting\n\n## Attendees\n', 0)).toBe('')
  })

  test('another spelling of a tag, or another place of it in the note, is the same tag', async () => {
    const rules: Protection = { isTeam: true, tags: ['geheim/übergabe'], conditions: [], places: [] }
    const keeper = open(rules)
    const texts = [
      '---\ntags: [Geheim/Übergabe]\n---\nText.',
      'Text. #GEHEIM/U\u0308BERGABE',
      '---\ntags: "#geheim/übergabe"\n---\nText.',
      '# Title #geheim/übergabe/2026',
    ]
    let before: OwnFacts | null = null
    for (const text of texts) {
      const { tags, label, owner, properties } = parseNote('a.md', text)
      const now = { tags, label, owner, properties }
      expect(await keeper.decide('v', [sight('a.md', before, now)])).toEqual({})
      before = now
    }
    // Look-alikes are other tags.
    const { tags } = parseNote('a.md', 'Text. #geheim/ubergabe')
    expect((await keeper.decide('v', [sight('a.md', before, { tags })]))['a.md']?.tags).toEqual([
      'geheim/übergabe/2026',
    ])
  })

  test('a flood of tags or properties does not push a protected one out', async () => {
    const keeper = open()
    const flood = Array.from({ length: 600 }, (_, at) => `#t${at}x`).join(' ')
    const secret = parseNote('a.md', '---\nstatus: draft\n---\nText. #secret')
    const names = Array.from({ length: 60 }, (_, at) => `p${at}: 1`).join('\n')
    const flooded = parseNote('a.md', `---\n${names}\nstatus: draft\n---\n${flood}\n\nText. #secret`)
    expect(flooded.tags).not.toContain('secret')
    const held = await keeper.decide('v', [sight('a.md', secret, flooded)])
    expect(held['a.md']).toMatchObject({ tags: ['secret'], values: { 'resource.property.status': 'draft' } })
  })

  test('a value that lifts a deny does not; one that adds a deny does at once, and both where one value cannot', async () => {
    const keeper = open()
    const go = async (before: string | null, now: string | null) =>
      (
        await keeper.decide('v', [
          sight(
            'a.md',
            { properties: before === null ? {} : { status: before } },
            { properties: now === null ? {} : { status: now } },
          ),
        ])
      )['a.md']
    expect(await go('final', 'draft')).toBeUndefined()
    expect(await go('draft', 'review')).toBeUndefined()
    expect((await go('review', 'final'))?.values).toEqual({ 'resource.property.status': 'review' })
    const both = await go('final', 'secret')
    expect(both).toMatchObject({ values: {}, unclear: ['resource.property.status'] })
    expect(judgedFacts(says({ properties: { status: 'secret', level: 5 } }), both ?? null).properties).toEqual({
      level: 5,
    })
    expect((await go('secret', null))?.unclear).toEqual(['resource.property.status'])
  })

  test('a raised label that a deny does not name any more is unknown to rules, and chooses models all the same', async () => {
    const held = (await open().decide('v', [sight('a.md', { label: 'confidential' }, { label: 'restricted' })]))['a.md']
    expect(held).toMatchObject({ label: null, unclear: ['resource.label'] })
    expect(judgedFacts(says({ label: 'restricted' }), held ?? null)).not.toHaveProperty('label')
  })

  test('a deny that is taken out and put back finds its notes held on', async () => {
    const without: Protection = { isTeam: true, tags: [], conditions: [], places: [] }
    const first = await open().decide('v', [sight('a.md', { tags: ['hr'], owner: 'ana' }, { owner: 'ben' })])
    expect(first['a.md']).toMatchObject({ tags: ['hr'], values: { 'resource.owner': 'ana' } })
    expect(await open(without).decide('v', [sight('a.md', { owner: 'ben' }, { owner: 'ben' })])).toEqual(first)
    expect(await open().decide('v', [sight('a.md', { owner: 'ben' }, { owner: 'ben' })])).toEqual(first)
  })

  test('a new rule is met by what a held note says itself', async () => {
    const one: Protection = {
      isTeam: true,
      tags: [],
      conditions: [['resource.property.status', '==', 'draft']],
      places: [],
    }
    const two: Protection = { ...one, conditions: [...one.conditions, ['resource.property.status', '==', 'final']] }
    const now = { properties: { status: 'final' } }
    const held = await open(one).decide('v', [sight('a.md', { properties: { status: 'draft' } }, now)])
    expect(held['a.md']?.values).toEqual({ 'resource.property.status': 'draft' })
    expect((await open(two).decide('v', [sight('a.md', now, now)]))['a.md']?.unclear).toEqual([
      'resource.property.status',
    ])
  })

  test('nothing is decided, and nothing kept, while the rules of the moment are unknown', async () => {
    let isKnown = false
    const keeper = createKeeper({
      store,
      clock: systemClock,
      protection: async () => (isKnown ? protection : fail('access.unconfirmed')),
    })
    const lost = sight('a.md', { tags: ['secret'] }, {})
    expect(await codeOf(keeper.decide('v', [lost]))).toBe('access.unconfirmed')
    expect(await store.read('SELECT * FROM vaults_kept')).toEqual([])
    isKnown = true
    expect((await keeper.decide('v', [lost]))['a.md']?.tags).toEqual(['secret'])
  })

  test('who confirms what has changed meanwhile is told, and edits and confirmations lose nothing of each other', async () => {
    const [one, other] = [open(), open()]
    await one.decide('v', [sight('a.md', { tags: ['secret'] }, {})])
    const seen = (await one.revisions('v', ['a.md'])).get('a.md') ?? null
    await other.decide('v', [sight('a.md', { label: 'restricted' }, {})])
    expect(await codeOf(one.release('v', 'a.md', plain, seen))).toBe('note.held-changed')
    // One reads while another writes.
    await Promise.all(
      Array.from({ length: 6 }, (_, at) => [
        one.decide('v', [sight('a.md', { tags: [`hr/${at}`] }, {})]),
        other.decide('v', [sight('a.md', { tags: [`hr/x${at}`] }, {})]),
      ]).flat(),
    )
    const held = (await one.decide('v', [sight('a.md', {}, {})]))['a.md']
    expect(held?.tags.filter((tag) => tag.startsWith('hr/'))).toHaveLength(12)
    expect(held?.label).toBe('restricted')
    await one.release('v', 'a.md', plain, null)
    expect(await one.waiting()).toHaveLength(1)
    await one.settled(await one.waiting())
    expect(await one.waiting()).toEqual([])
    expect(await other.decide('v', [sight('a.md', {}, {})])).toEqual({})
  })
})

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (thrown) {
    return thrown instanceof CairnError ? thrown.code : String(thrown)
  }
}
