/** What the store of providers promises, whatever the engine. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProviderWrite } from '@cairn/contract'
import { createLogger, silentLogger, systemClock, type Logger } from '../../base/index.ts'
import { openKeyring, type Keyring } from '../../platform/index.ts'
import type { Store } from '../../storage/index.ts'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { createProviderStore, mostStoredProviders, providersSchema, type ProviderStore } from '../provider-store.ts'

const key = 'sk-canary-0123456789abcdef'

const written = (change: Partial<ProviderWrite> = {}): ProviderWrite => ({
  dialect: 'openai',
  baseUrl: 'https://models.example.org/v1',
  models: ['m-1', { id: 'm-2', inputUsdPerMTok: 1 }],
  ...change,
})

// oxlint-disable-next-line max-lines-per-function -- a suite: each of its tests is short
export function describeProviderStore(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    let place: Place
    let store: Store
    let folder: string
    let keyring: Keyring
    let providers: ProviderStore
    const open = (seal: Keyring = keyring, logger: Logger = silentLogger): ProviderStore =>
      createProviderStore({ store, seal, clock: systemClock, logger })
    const openKeys = (deployment: string) =>
      openKeyring(join(folder, 'keyring.json'), deployment, ['receipt-label', 'provider-keys'])
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'cairn-providers-'))
      keyring = await openKeys('deployment_1')
      place = await makePlace()
      store = await place.open([providersSchema])
      providers = open()
    })
    afterEach(async () => {
      await store.close()
      await place.remove()
      await rm(folder, { recursive: true, force: true })
    })

    test('gives back what was put, in the order of adding, with the key opened', async () => {
      expect(await providers.put('zeta', written({ apiKey: key }))).toEqual({
        isNew: true,
        changes: ['baseUrl', 'dialect', 'models', 'apiKey'],
      })
      await providers.put('alpha', written({ egress: 'local', clearance: 'restricted', enabled: false }))
      const [first, second, ...rest] = await providers.list()
      expect(rest).toEqual([])
      expect(first?.id).toBe('zeta')
      expect(first?.apiKey?.reveal()).toBe(key)
      expect(first?.settings).toEqual(written())
      expect(second).toEqual({
        id: 'alpha',
        settings: written({ egress: 'local', clearance: 'restricted', enabled: false }),
        apiKey: null,
      })
      expect((await providers.find('zeta'))?.apiKey?.reveal()).toBe(key)
      expect(await providers.find('other')).toBeNull()
    })

    test('lists in the order of adding what was added in the same millisecond, or before the clock was set back', async () => {
      let now = 1_800_000_000_000
      const clock = { ...systemClock, now: () => now }
      const frozen = createProviderStore({ store, seal: keyring, clock, logger: silentLogger })
      for (const id of ['zeta', 'mu', 'beta']) await frozen.put(id, written())
      now -= 60_000
      await frozen.put('alpha', written())
      // A change keeps the place.
      await frozen.put('mu', written({ region: 'eu' }))
      expect((await frozen.list()).map(({ id }) => id)).toEqual(['zeta', 'mu', 'beta', 'alpha'])
    })

    test('keeps the key when none is given, replaces it by a new one, and takes it away for null', async () => {
      await providers.put('p', written({ apiKey: key }))
      expect(await providers.put('p', written({ region: 'eu' }))).toEqual({ isNew: false, changes: ['region'] })
      expect((await providers.find('p'))?.apiKey?.reveal()).toBe(key)
      expect((await providers.put('p', written({ region: 'eu', apiKey: 'sk-other' }))).changes).toEqual(['apiKey'])
      expect((await providers.find('p'))?.apiKey?.reveal()).toBe('sk-other')
      expect((await providers.put('p', written({ region: 'eu', apiKey: null }))).changes).toEqual(['apiKey'])
      expect((await providers.find('p'))?.apiKey).toBeNull()
      expect((await providers.put('p', written({ region: 'eu', apiKey: null }))).changes).toEqual([])
    })

    test('never lets a kept key go on to another scheme, host or port', async () => {
      await providers.put('p', written({ apiKey: key }))
      for (const baseUrl of [
        'https://evil.example.org/v1',
        'http://models.example.org/v1',
        'https://models.example.org:8443/v1',
      ]) {
        const failure = await providers.put('p', written({ baseUrl })).catch((thrown: unknown) => thrown)
        expect(failure).toMatchObject({ code: 'request.invalid', param: 'apiKey' })
      }
      expect((await providers.find('p'))?.settings.baseUrl).toBe('https://models.example.org/v1')
      await providers.put('p', written({ baseUrl: 'https://models.example.org/v2' }))
      expect((await providers.find('p'))?.apiKey?.reveal()).toBe(key)
      await providers.put('p', written({ baseUrl: 'https://evil.example.org/v1', apiKey: null }))
      expect((await providers.find('p'))?.apiKey).toBeNull()
    })

    test('stores no key that can be read, and seals the same key anew each time', async () => {
      await providers.put('p', written({ apiKey: key }))
      await providers.put('q', written({ apiKey: key }))
      const rows = await store.read('SELECT * FROM providers_stored')
      const sealed = rows.map((row) => String(row['sealed_key']))
      expect(new Set(sealed).size).toBe(2)
      const forms = [key, Buffer.from(key).toString('base64').slice(0, 16), Buffer.from(key).toString('hex')]
      for (const form of forms) {
        expect(JSON.stringify(rows)).not.toContain(form)
        for (const each of sealed) expect(Buffer.from(each, 'base64url').toString('latin1')).not.toContain(form)
      }
    })

    test('opens no key that was moved to another provider or address, changed, or sealed in another deployment', async () => {
      const lines: string[] = []
      const logger = createLogger({
        level: 'debug',
        format: 'json',
        clock: systemClock,
        write: (line) => lines.push(line),
      })
      const keyOf = async (from: ProviderStore) => (await from.find('p'))?.apiKey ?? null
      const damage: [text: string, params: string[]][] = [
        [
          "UPDATE providers_stored SET sealed_key = (SELECT sealed_key FROM providers_stored WHERE id = 'q') WHERE id = 'p'",
          [],
        ],
        [
          'UPDATE providers_stored SET settings = ? WHERE id = ?',
          [JSON.stringify(written({ baseUrl: 'https://evil.example.org/v1' })), 'p'],
        ],
        ["UPDATE providers_stored SET sealed_key = 'AQ' || substr(sealed_key, 4) WHERE id = 'p'", []],
        ["UPDATE providers_stored SET sealed_key = '' WHERE id = 'p'", []],
      ]
      for (const [text, params] of damage) {
        await providers.put('p', written({ apiKey: key }))
        await providers.put('q', written({ apiKey: 'sk-of-q' }))
        expect((await keyOf(open(keyring, logger)))?.reveal()).toBe(key)
        await store.write([{ text, params }])
        expect(await keyOf(open(keyring, logger))).toBeNull()
        await providers.remove('p')
      }
      await providers.put('p', written({ apiKey: key }))
      expect(await keyOf(open(await openKeys('deployment_2'), logger))).toBeNull()
      expect(lines).toHaveLength(damage.length + 1)
      for (const line of lines) expect(line).toContain('cannot be opened')
      expect(lines.join('')).not.toContain(key)
    })

    test('counts every change and nothing else', async () => {
      const before = await providers.version()
      await providers.put('p', written({ apiKey: key }))
      expect(await providers.version()).toBe(before + 1)
      await providers.put('p', written())
      await providers.list()
      expect(await providers.remove('other')).toBe(false)
      expect(await providers.version()).toBe(before + 1)
      await providers.put('p', written({ maxInFlight: 3 }))
      expect(await providers.remove('p')).toBe(true)
      expect(await providers.version()).toBe(before + 3)
      expect(await providers.list()).toEqual([])
      expect(await open().version()).toBe(before + 3)
    })

    test('of changes at the same moment none is lost in part: the row is one of them whole', async () => {
      const regions = ['eu', 'us', 'asia', 'home']
      const results = await Promise.allSettled(
        regions.map((region) => providers.put('p', written({ region, apiKey: `sk-${region}` }))),
      )
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'server.busy' })
      expect(results.some(({ status }) => status === 'fulfilled')).toBe(true)
      const found = await providers.find('p')
      expect(found?.apiKey?.reveal()).toBe(`sk-${found?.settings.region}`)
    })

    test('leaves a row out that it cannot read, says so, and lets it be replaced or removed', async () => {
      const lines: string[] = []
      const logger = createLogger({
        level: 'info',
        format: 'json',
        clock: systemClock,
        write: (line) => lines.push(line),
      })
      await providers.put('good', written())
      for (const settings of ['{', '{}', '{"dialect":"telepathy","baseUrl":"https://x.example","models":[]}']) {
        await providers.put('bad', written({ apiKey: key }))
        await store.write([
          { text: 'UPDATE providers_stored SET settings = ? WHERE id = ?', params: [settings, 'bad'] },
        ])
        expect((await open(keyring, logger).list()).map(({ id }) => id)).toEqual(['good'])
        expect(lines.splice(0).join('')).toContain('"provider":"bad"')
        const failure = await providers.put('bad', written()).catch((thrown: unknown) => thrown)
        expect(failure).toMatchObject({ code: 'request.invalid', param: 'apiKey' })
      }
      await providers.put('bad', written({ apiKey: 'sk-new' }))
      expect((await providers.find('bad'))?.apiKey?.reveal()).toBe('sk-new')
      expect(await providers.remove('bad')).toBe(true)
    })

    test('takes no more than its bound, and still changes those it has', async () => {
      for (let n = 0; n < mostStoredProviders; n++) await providers.put(`p-${n}`, written())
      const failure = await providers.put('one-more', written()).catch((thrown: unknown) => thrown)
      expect(failure).toMatchObject({ code: 'request.invalid' })
      expect((await providers.put('p-7', written({ region: 'eu' }))).changes).toEqual(['region'])
      expect(await providers.list()).toHaveLength(mostStoredProviders)
    })

    test('prints no key', async () => {
      await providers.put('p', written({ apiKey: key }))
      const listed = await providers.list()
      expect(Bun.inspect(listed, { depth: 10 }) + JSON.stringify(listed)).not.toContain(key)
      const text = await readFile(join(folder, 'keyring.json'), 'utf8')
      expect(text).not.toContain(key)
    })
  })
}
