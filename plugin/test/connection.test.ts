/** Promises of the connection: which addresses are used, what is said of a server, and how a device is paired. */
import { describe, expect, test } from 'bun:test'
import type { VaultInfo } from '@cairn/contract'
import { apiLevel } from '@cairn/contract/tables'
import {
  createConnection,
  wordsOf,
  type ConnectionState,
  type Probe,
  type StoredKey,
} from '../src/core/connection/connection.ts'
import { failureOf, malformed, unreachable } from '../src/core/connection/failures.ts'
import { startPairing } from '../src/core/connection/pairing.ts'
import { judgeAddress, parseServerAddress } from '../src/core/connection/server-address.ts'

describe('an address', () => {
  test.each([
    ['localhost:8484', 'http://localhost:8484'],
    [' 127.0.0.1:8484/ ', 'http://127.0.0.1:8484'],
    ['http://localhost:8484/#/ask', 'http://localhost:8484'],
    ['[::1]:8484', 'http://[::1]:8484'],
    ['cairn.example', 'https://cairn.example'],
    ['cairn.example:443', 'https://cairn.example'],
    ['127.0.0.1:443', 'http://127.0.0.1:443'],
    ['HTTPS://Cairn.Example:9443/x', 'https://cairn.example:9443'],
    ['http://10.0.0.2:80', 'http://10.0.0.2'],
  ])('%p is %p', (text, origin) => {
    expect(parseServerAddress(text)).toMatchObject({ ok: true, origin })
  })

  test.each(['', 'ftp://x', 'javascript:alert(1)', 'http://', 'https://a b', 'http://me:secret@host'])(
    '%p is none',
    (text) => {
      const address = parseServerAddress(text)
      expect(address.ok).toBe(false)
      if (!address.ok) expect(address.message).not.toContain('secret')
    },
  )

  test('without TLS is used on this machine, on a phone never, elsewhere only when allowed', () => {
    const judge = (url: string, isMobile: boolean, allowPlainHttp: boolean) => {
      const address = parseServerAddress(url)
      return address.ok ? judgeAddress(address, { isMobile, allowPlainHttp }) : 'no address'
    }
    expect(judge('http://localhost:1', false, false)).toBeNull()
    expect(judge('http://10.0.0.1', false, false)).toContain('could read')
    expect(judge('http://10.0.0.1', false, true)).toBeNull()
    expect(judge('http://10.0.0.1', true, true)).toContain('Phones and tablets')
    expect(judge('https://10.0.0.1', true, false)).toBeNull()
  })
})

const origin = 'http://127.0.0.1:8484'
const vaults: readonly VaultInfo[] = []
const well: Probe = { reply: { ok: true, value: vaults }, apiLevel, tookMs: 12 }
const failing = (failure: ReturnType<typeof failureOf>, level: number | null = apiLevel): Probe => ({
  reply: { ok: false, failure },
  apiLevel: level,
  tookMs: 1,
})

function rig({ url = origin, key = { origin, key: 'ck', keyId: 'k' } as StoredKey | null, probes = [well] } = {}) {
  const asked: unknown[] = []
  const timers: { run: () => void; ms: number }[] = []
  const world = { url, key, probes: [...probes] }
  const connection = createConnection({
    address: () => ({ url: world.url, allowPlainHttp: false }),
    isMobile: false,
    readKey: () => world.key,
    probe: (target) => {
      asked.push(target)
      return Promise.resolve(world.probes.length > 1 ? world.probes.shift()! : world.probes[0]!)
    },
    later: (run, ms) => {
      const timer = { run, ms }
      timers.push(timer)
      return () => void timers.splice(timers.indexOf(timer), 1)
    },
    random: () => 0.5,
  })
  return { connection, asked, timers, world, at: () => connection.state.get().at }
}

describe('a server', () => {
  test.each<[string, Probe, ConnectionState['at']]>([
    ['that answers', well, 'ready'],
    ['that is not there', failing(unreachable, null), 'offline'],
    ['in trouble', failing(failureOf('server.busy', '', 503)), 'offline'],
    ['that refuses the key', failing(failureOf('access.key-unknown', '', 401)), 'revoked'],
    ['of another kind', failing(failureOf('plugin.status', '', 404), null), 'wrong-server'],
    ['that talks nonsense', failing(malformed, null), 'wrong-server'],
    ['of an older edition', { ...well, apiLevel: apiLevel - 1 }, 'version'],
    ['of a newer edition', { ...well, apiLevel: apiLevel + 1 }, 'version'],
  ])('%s', async (_, probe, at) => {
    const { connection } = rig({ probes: [probe] })
    await connection.check()
    const state = connection.state.get()
    expect(state.at).toBe(at)
    const { sentence } = wordsOf(state)
    expect(sentence).toMatch(/\.$/)
    expect(sentence).toContain('127.0.0.1:8484')
  })

  test('says which of the two is older', async () => {
    for (const [level, words] of [
      [apiLevel - 1, 'update the server'],
      [apiLevel + 1, 'update the plugin'],
    ] as const) {
      const { connection } = rig({ probes: [{ ...well, apiLevel: level }] })
      await connection.check()
      expect(wordsOf(connection.state.get()).sentence).toContain(words)
      expect(connection.target()).toBeNull()
    }
  })

  test('is never sent the key of another', async () => {
    const { connection, asked } = rig({
      key: { origin: 'https://other.example', key: 'ck_other', keyId: 'k' },
      probes: [failing(failureOf('access.unauthenticated', '', 401))],
    })
    await connection.check()
    expect(asked).toEqual([{ origin, key: null }])
    expect(connection.state.get().at).toBe('unpaired')
    expect(connection.target()).toBeNull()
  })

  test('that is not set is not looked for', async () => {
    const { connection, asked, at } = rig({ url: '' })
    await connection.check()
    expect([at(), asked]).toEqual(['unset', []])
    expect(wordsOf(connection.state.get()).sentence).toBe(
      'No Cairn server is set: give its address in the settings, then pair this device.',
    )
  })

  test('that has gone is looked for with growing pauses while somebody waits, and found again', async () => {
    const { connection, timers, world, at } = rig({ probes: [failing(unreachable, null)] })
    await connection.check()
    expect(timers).toHaveLength(0)
    const stop = connection.wait()
    const pauses: number[] = []
    for (let round = 0; round < 8; round++) {
      const timer = timers.shift()!
      pauses.push(timer.ms)
      timer.run()
      await Promise.resolve().then(() => new Promise((done) => setTimeout(done, 0)))
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 60_000, 60_000])
    world.probes = [well]
    timers.shift()!.run()
    await new Promise((done) => setTimeout(done, 0))
    expect([at(), timers.length]).toEqual(['ready', 0])
    stop()
  })

  test('is not looked for any more when nobody waits', async () => {
    const { connection, timers } = rig({ probes: [failing(unreachable, null)] })
    const stop = connection.wait()
    await connection.check()
    expect(timers).toHaveLength(1)
    stop()
    expect(timers).toHaveLength(0)
  })

  test('whose key a request finds refused is looked at again', async () => {
    const { connection, world, at } = rig()
    await connection.check()
    world.probes = [failing(failureOf('access.key-unknown', '', 401))]
    connection.noticed({ kind: 'reached', status: 401 }, origin)
    await new Promise((done) => setTimeout(done, 0))
    expect(at()).toBe('revoked')
  })

  test('that answers late says nothing about the one that is set now', async () => {
    const { connection, world, at } = rig()
    const slow = connection.check()
    world.url = ''
    await connection.check()
    await slow
    expect(at()).toBe('unset')
  })
})

describe('pairing', () => {
  const authorized = {
    device_code: 'd'.repeat(43),
    user_code: 'BCDFG-HJKLM',
    verification_uri: `${origin}/#/pair`,
    verification_uri_complete: `${origin}/#/pair?code=BCDFG-HJKLM`,
    expires_in: 300,
    interval: 5,
  }
  const granted = { access_token: 'ck_new', token_type: 'Bearer', keyId: 'key_1', vault: 'vault_1' }
  const error = (name: string) => ({ error: name, error_description: '' })

  async function pair(answers: readonly unknown[]) {
    let now = 0
    const pauses: number[] = []
    const kept: unknown[] = []
    const waiting = [...answers]
    const pairing = startPairing({
      origin,
      clientName: 'Obsidian on Linux',
      vault: null,
      begin: () => Promise.resolve({ ok: true, value: authorized }),
      ask: () => {
        const answer = waiting.length > 1 ? waiting.shift() : waiting[0]
        return Promise.resolve(answer === null ? { ok: false, failure: unreachable } : { ok: true, value: answer })
      },
      keep: (key, vault) => void kept.push({ key, vault }),
      now: () => now,
      pause: (ms) => {
        pauses.push(ms)
        now += ms
        return Promise.resolve()
      },
    })
    return { last: await pairing.done, pauses, kept, pairing }
  }

  test('keeps the key that was granted, for that server alone', async () => {
    const { last, kept, pauses } = await pair([error('authorization_pending'), error('authorization_pending'), granted])
    expect(last).toEqual({ at: 'paired', vault: 'vault_1' })
    expect(kept).toEqual([{ key: { origin, key: 'ck_new', keyId: 'key_1' }, vault: 'vault_1' }])
    expect(pauses).toEqual([5_000, 5_000, 5_000])
  })

  test('asks less often when it is told to, five seconds each time', async () => {
    const { pauses } = await pair([error('slow_down'), error('slow_down'), granted])
    expect(pauses).toEqual([5_000, 10_000, 15_000])
  })

  test('ends when it is refused, or the code has expired', async () => {
    expect((await pair([error('access_denied')])).last).toEqual({ at: 'refused' })
    expect((await pair([error('expired_token')])).last).toEqual({ at: 'expired' })
    const { last, kept } = await pair([error('authorization_pending')])
    expect([last, kept]).toEqual([{ at: 'expired' }, []])
  })

  test('goes on while the server is away', async () => {
    expect((await pair([null, null, granted])).last).toEqual({ at: 'paired', vault: 'vault_1' })
  })

  test('that was cancelled keeps nothing, even when the grant is on its way', async () => {
    const kept: unknown[] = []
    let grant: (value: unknown) => void = () => {}
    const pairing = startPairing({
      origin,
      clientName: 'x',
      vault: null,
      begin: () => Promise.resolve({ ok: true, value: authorized }),
      ask: () => new Promise((done) => (grant = (value) => done({ ok: true, value }))),
      keep: (key) => void kept.push(key),
      now: () => 0,
      pause: () => Promise.resolve(),
    })
    await new Promise((done) => setTimeout(done, 0))
    pairing.cancel()
    grant(granted)
    await pairing.done
    expect(kept).toEqual([])
  })
})
