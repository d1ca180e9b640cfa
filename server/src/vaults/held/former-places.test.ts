/** Places that notes were taken out of: what is kept of them, and for how long. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { silentLogger, systemClock } from '../../base/index.ts'
import { openStore, type Store } from '../../storage/index.ts'
import { vaultsSchema } from '../schema.ts'
import { protectedPlaces, settlePlaces } from './former-places.ts'
import { keptSchema, type OwnFacts, type Protection } from './held-facts.ts'
import { createKeeper, type Keeper, type Sighting } from './keeper.ts'

describe('what is left of former places', () => {
  const scopes = ['folder:v/a', 'folder:v/a/b', 'folder:v/a/b/c', 'folder:v/z', 'note:v/n.md', 'folder:w/q']
  const part = fc.constantFrom('a', 'b', 'c', 'z', 'q')
  const path = fc.oneof(
    fc.array(part, { maxLength: 4 }).map((parts) => [...parts, 'x.md'].join('/')),
    fc.constant('n.md'),
  )
  const inScope = (scope: string, at: string) => {
    const named = scope.slice(scope.indexOf('/') + 1)
    return scope.includes(':v/') && (scope.startsWith('note') ? at === named : at.startsWith(`${named}/`))
  }

  test('every rule that ever held is in force at the path or at a place, by no more places than there are rules', () => {
    const property = fc.property(
      fc.array(path, { maxLength: 12 }),
      path,
      fc.subarray(scopes),
      (former, at, inForce) => {
        const { kept, held } = settlePlaces(former, at, protectedPlaces('v', inForce))
        for (const scope of inForce.filter((each) => former.some((place) => inScope(each, place))))
          expect([at, ...held].some((place) => inScope(scope, place))).toBe(true)
        expect(held.every((place) => former.includes(place) && place !== at)).toBe(true)
        expect(held.length).toBeLessThanOrEqual(inForce.length)
        // None without a rule of its own.
        for (const place of held) {
          const others = [at, ...held.filter((each) => each !== place)]
          const own = inForce.filter((scope) => inScope(scope, place))
          expect(own.some((scope) => !others.some((each) => inScope(scope, each)))).toBe(true)
        }
        expect(settlePlaces(kept, at, protectedPlaces('v', inForce))).toEqual({ kept, held })
        expect(kept).toEqual(former.includes(at) && inForce.some((scope) => inScope(scope, at)) ? [...held, at] : held)
      },
    )
    fc.assert(property, { numRuns: 2_000, seed: 3 })
  })

  test('a note that went through very many restricted folders keeps the first of them', () => {
    const many = Array.from({ length: 50 }, (_, at) => `f${at}`)
    const places = protectedPlaces(
      'v',
      many.map((folder) => `folder:v/${folder}`),
    )
    const { held } = settlePlaces(
      many.map((folder) => `${folder}/x.md`),
      'x.md',
      places,
    )
    expect(held).toEqual(many.slice(0, 32).map((folder) => `${folder}/x.md`))
  })
})

describe('notes that are moved', () => {
  let store: Store
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-places-'))
    const location = { kind: 'sqlite', file: join(folder, 'state.db'), durability: 'normal' } as const
    store = await openStore({ location, schemas: [vaultsSchema] }, silentLogger)
  })
  afterAll(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(() => store.write([{ text: 'DELETE FROM vaults_kept' }]).then(() => undefined))

  const rules: Protection = { isTeam: true, tags: [], conditions: [], places: ['folder:v/secret', 'folder:v/hr'] }
  const open = (now: Partial<Protection> = {}): Keeper =>
    createKeeper({ store, clock: systemClock, protection: async () => ({ ...rules, ...now }) })
  const own: OwnFacts = { tags: [], label: null, owner: null, properties: {} }
  const sight = (path: string, more: Partial<Sighting> = {}): Sighting => ({
    path,
    before: own,
    now: own,
    body: '',
    isNewBody: false,
    ...more,
  })
  const placesOf = async (keeper: Keeper, ...sightings: Sighting[]) => {
    const held = await keeper.decide('v', sightings)
    return Object.fromEntries(Object.entries(held).map(([path, { places }]) => [path, places]))
  }
  const kept = async () => (await store.read('SELECT path FROM vaults_kept ORDER BY path')).map((row) => row['path'])

  test('are held by the place they were taken out of, and not at home, nor deeper inside', async () => {
    const keeper = open()
    expect(await placesOf(keeper, sight('secret/a.md'), sight('secret/b.md'), sight('open/c.md'))).toEqual({})
    expect(await kept()).toEqual(['secret/a.md', 'secret/b.md'])
    expect(await placesOf(keeper, sight('secret/deep/a.md', { from: 'secret/a.md' }))).toEqual({})
    expect(await placesOf(keeper, sight('open/a.md', { from: 'secret/deep/a.md' }))).toEqual({
      'open/a.md': ['secret/deep/a.md'],
    })
    expect(await placesOf(open(), sight('open/a.md'))).toEqual({ 'open/a.md': ['secret/deep/a.md'] })
    expect(await placesOf(keeper, sight('hr/a.md', { from: 'open/a.md' }))).toEqual({ 'hr/a.md': ['secret/deep/a.md'] })
    expect(await placesOf(keeper, sight('away/a.md', { from: 'hr/a.md' }))).toEqual({
      'away/a.md': ['secret/deep/a.md', 'hr/a.md'],
    })
    expect(await placesOf(keeper, sight('secret/a.md', { from: 'away/a.md' }))).toEqual({ 'secret/a.md': ['hr/a.md'] })
    expect(await kept()).toEqual(['secret/a.md', 'secret/b.md'])
  })

  test('are held also when the rule is younger than the last look, and when nobody saw where they went', async () => {
    expect(await placesOf(open(), sight('open/a.md', { from: 'secret/a.md' }))).toEqual({
      'open/a.md': ['secret/a.md'],
    })
    const gone = sight('hr/b.md', { now: null, body: 'b'.repeat(32) })
    await open().decide('v', [gone])
    const again = sight('open/b.md', { before: null, body: 'b'.repeat(32), isNewBody: true })
    expect(await placesOf(open(), again)).toEqual({ 'open/b.md': ['hr/b.md'] })
  })

  test('are held by the same when the process was killed before the index had it', async () => {
    const moved = [sight('open/a.md', { from: 'secret/a.md' }), sight('hr/b.md', { from: 'secret/b.md' })]
    const once = await placesOf(open(), ...moved)
    expect(once).toEqual({ 'open/a.md': ['secret/a.md'], 'hr/b.md': ['secret/b.md'] })
    expect(await placesOf(open(), ...moved)).toEqual(once)
    // The index was made anew instead, and knows nothing of a move.
    expect(await placesOf(open(), ...moved.map(({ path }) => sight(path, { before: null })))).toEqual(once)
  })

  test('and copied are held in each copy, of however many the text is', async () => {
    const body = 'c'.repeat(32)
    const inside = Array.from({ length: 2_000 }, (_, at) => sight(`secret/${at}.md`, { body }))
    await open().decide('v', inside)
    const copies = Array.from({ length: 20 }, (_, at) =>
      sight(`open/${at}.md`, { before: null, body, isNewBody: true }),
    )
    const held = await placesOf(open(), ...copies)
    expect(Object.values(held).map((places) => places.length)).toEqual(copies.map(() => 1))
  })

  test('are let go by who confirms, and when no rule names the place any more; other vaults have other rules', async () => {
    const moved = sight('open/a.md', { from: 'secret/a.md' })
    await open().decide('v', [moved])
    await open().release('v', 'open/a.md', own, null)
    expect(await placesOf(open(), sight('open/a.md'))).toEqual({})
    await open().decide('v', [sight('open/b.md', { from: 'secret/b.md' })])
    expect(await placesOf(open({ places: [] }), sight('open/b.md'))).toEqual({})
    expect(await placesOf(open(), sight('open/b.md'))).toEqual({})
    expect(await open().decide('w', [moved])).toEqual({})
    // Released at home, a note is as it was: taken out once more, it is held once more.
    await open().release('v', 'secret/c.md', own, null)
    expect(await placesOf(open(), sight('open/c.md', { from: 'secret/c.md' }))).toEqual({
      'open/c.md': ['secret/c.md'],
    })
  })

  test('are not held while one is alone, and stay held when only one is left', async () => {
    const moved = sight('open/a.md', { from: 'secret/a.md' })
    expect(await placesOf(open({ isTeam: false }), moved)).toEqual({})
    expect(await kept()).toEqual([])
    await open().decide('v', [moved])
    expect(await placesOf(open({ isTeam: false }), sight('open/a.md'))).toEqual({ 'open/a.md': ['secret/a.md'] })
  })

  test('what an earlier version kept has no places', () => {
    expect(keptSchema.parse({ labels: [], tags: ['x'], values: {}, unclear: [] }).places).toEqual([])
  })
})
