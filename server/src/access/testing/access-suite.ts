/** What `access` promises, whatever the engine of its store. */
import { describe, expect, test } from 'bun:test'
import type { KeyInfo } from '@cairn/contract'
import {
  CairnError,
  createAnswers,
  createLogger,
  createLonePeers,
  createToken,
  sha256,
  type Logger,
} from '../../base/index.ts'
import type { Store } from '../../storage/index.ts'
import type { MakePlace } from '../../storage/testing/places.ts'
import type { Access } from '../index.ts'
import { dayMs, minuteMs, useAccess, visitor, type AccessRig } from './access-rig.ts'

export function describeAccess(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    const rig = useAccess(makePlace)
    const current: Current = {
      ...rig,
      me: () => rig.access().authenticate({ key: 'local-credential', session: null }),
    }
    describeKeys(current)
    describeSignIn(current)
    describeOwner(current)
  })
}

interface Current extends AccessRig {
  me(): ReturnType<Access['authenticate']>
}

/** The error as a caller would see it. */
async function refusalOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const thrown = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(CairnError)
  const { code, message } = thrown as CairnError
  return { code, message }
}

/** All that a copy of the database would give away. */
async function dump(store: Store): Promise<string> {
  const tables = ['access_principals', 'access_keys', 'access_sessions', 'access_sign_in_tokens']
  return JSON.stringify(await Promise.all(tables.map((table) => store.read(`SELECT * FROM ${table}`))))
}

// --- Keys -------------------------------------------------------------------------------------------------------------

function describeKeys({ access, store, pass, me, open }: Current): void {
  const withKey = (key: string) => access().authenticate({ key, session: null })

  test('a key is known again, stands hashed in the store, and is listed by its beginning', async () => {
    const { key, ...info } = await access().createKey(await me(), { name: 'laptop' })
    expect(await withKey(key)).toMatchObject({ kind: 'owner', via: 'key', credentialId: info.id })
    expect(key.startsWith(info.prefix)).toBe(true)
    expect(info.prefix).toHaveLength(12)
    const stored = await dump(store())
    expect(stored).not.toContain(key)
    expect(stored).not.toContain(key.slice(12))
    expect(stored).toContain(sha256(key))
    expect(JSON.stringify(await access().listKeys(await me()))).not.toContain(key.slice(12))
  })

  test('an unknown, a revoked and an expired key are refused in the same words', async () => {
    const revoked = await access().createKey(await me(), { name: 'revoked' })
    const expired = await access().createKey(await me(), { name: 'expired', expiresInDays: 1 })
    await access().revokeKey(await me(), revoked.id)
    pass(dayMs - 1)
    expect((await withKey(expired.key)).credentialId).toBe(expired.id)
    pass(1)
    const refusals = [
      await refusalOf(withKey(`cairn_${createToken(32)}`)),
      await refusalOf(withKey(revoked.key)),
      await refusalOf(withKey(expired.key)),
      await refusalOf(withKey('')),
      await refusalOf(withKey(sha256(revoked.key))),
    ]
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1)
    expect(refusals[0]?.code).toBe('access.key-unknown')
  })

  test('a key that is used again and again is looked up once a second, and one that is revoked at once no more', async () => {
    const { key, id } = await access().createKey(await me(), { name: 'often' })
    // Another process of this host, and another server that hears of nothing.
    const answers = createAnswers()
    const joined = { answer: answers.add, collect: (topic: string) => answers.read(topic), askOwner: null }
    const neighbour = await open({ peers: joined })
    const stranger = await open()
    const own = await open({ peers: { ...createLonePeers(), collect: joined.collect } })
    for (const each of [neighbour, stranger, own])
      expect((await each.authenticate({ key, session: null })).credentialId).toBe(id)
    await own.revokeKey(await me(), id)
    expect((await refusalOf(neighbour.authenticate({ key, session: null }))).code).toBe('access.key-unknown')
    pass(1_001)
    expect((await refusalOf(stranger.authenticate({ key, session: null }))).code).toBe('access.key-unknown')
  })

  test('a key is revoked once, and a key that is not there is missing', async () => {
    const { id } = await access().createKey(await me(), { name: 'a' })
    const principal = await me()
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => access().revokeKey(principal, id)))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await refusalOf(access().revokeKey(principal, id))).code).toBe('access.key-missing')
    expect((await refusalOf(access().revokeKey(principal, 'key_none'))).code).toBe('access.key-missing')
  })

  test('keys are listed in the order they were made', async () => {
    const made: string[] = []
    for (const name of ['b', 'a', 'c']) {
      made.push((await access().createKey(await me(), { name })).id)
      pass(1)
    }
    expect((await access().listKeys(await me())).map(({ id }) => id)).toEqual(made)
  })

  test('the last use of a key is written once a minute at most', async () => {
    const { key, id } = await access().createKey(await me(), { name: 'a' })
    let writes = 0
    const counting = await createCounting(open, store(), () => writes++)
    const lastUse = async () =>
      (await access().listKeys(await me())).find((info: KeyInfo) => info.id === id)?.lastUsedAt ?? null
    expect(await lastUse()).toBeNull()
    for (let index = 0; index < 30; index++) {
      await counting.authenticate({ key, session: null })
      pass(1_000)
    }
    await settled(async () => (await lastUse()) !== null)
    const first = await lastUse()
    expect(writes).toBe(1)
    pass(minuteMs)
    await counting.authenticate({ key, session: null })
    await settled(async () => (await lastUse()) !== first)
    expect(writes).toBe(2)
  })

  test('a key is taken also while its last use cannot be written, which is logged without the key', async () => {
    const { key } = await access().createKey(await me(), { name: 'a' })
    const lines: string[] = []
    const logger = createLogger({
      level: 'debug',
      format: 'json',
      clock: { now: () => 0, monotonic: () => 0 },
      write: (line) => void lines.push(line),
    })
    const broken = await createCounting(
      open,
      store(),
      () => {
        throw new CairnError('storage.failed')
      },
      logger,
    )
    expect((await broken.authenticate({ key, session: null })).via).toBe('key')
    await settled(async () => lines.length > 0)
    expect(lines.join('')).toContain('last use of a key')
    expect(lines.join('')).not.toContain(key)
  })

  test('the local credential is the owner, and a session or key that looks like it is not', async () => {
    expect(await me()).toMatchObject({ kind: 'owner', via: 'local', credentialId: 'local' })
    await refusalOf(withKey('local-credential '))
    await refusalOf(access().authenticate({ key: null, session: 'local-credential' }))
    await refusalOf(withKey(sha256('local-credential')))
    expect(await dump(store())).not.toContain(sha256('local-credential'))
  })

  test('nothing offered is unauthenticated', async () => {
    expect((await refusalOf(access().authenticate({ key: null, session: null }))).code).toBe('access.unauthenticated')
  })
}

/** Access on the same store, with `onUse` called before each write. */
function createCounting(open: Current['open'], store: Store, onUse: () => void, logger?: Logger): Promise<Access> {
  const write = store.write
  return open(logger ? { logger } : {}).then((access) => {
    store.write = async (statements) => {
      onUse()
      return write(statements)
    }
    return access
  })
}

async function settled(isDone: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200 && !(await isDone()); tries++) await Bun.sleep(5)
}

// --- Signing in -------------------------------------------------------------------------------------------------------

function describeSignIn({ access, store, pass }: Current): void {
  const withSession = (session: string) => access().authenticate({ key: null, session })

  test('of 50 that use one sign-in token at the same time, exactly one gets a session', async () => {
    const { token } = await access().createSignInToken()
    const tries = await Promise.allSettled(Array.from({ length: 50 }, () => access().signIn(token, visitor)))
    const winners = tries.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    const losers = tries.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as CairnError] : []))
    expect(winners).toHaveLength(1)
    expect(new Set(losers.map(({ code }) => code))).toEqual(new Set(['access.link-invalid']))
    expect(await store().read('SELECT COUNT(*) AS n FROM access_sessions')).toEqual([{ n: 1 }])
    const [{ session, principal }] = winners as [(typeof winners)[0]]
    expect(await withSession(session)).toEqual(principal)
  })

  test('a sign-in token lives ten minutes', async () => {
    const { token: early, expiresAt } = await access().createSignInToken()
    const { token: late } = await access().createSignInToken()
    pass(10 * minuteMs - 1)
    expect((await access().signIn(early, visitor)).principal.via).toBe('session')
    pass(1)
    expect((await refusalOf(access().signIn(late, visitor))).code).toBe('access.link-invalid')
    expect((await access().createSignInToken()).expiresAt - expiresAt).toBe(10 * minuteMs)
  })

  test('an unknown, a used and an expired token are refused in the same words', async () => {
    const { token: used } = await access().createSignInToken()
    const { token: expired } = await access().createSignInToken()
    await access().signIn(used, visitor)
    pass(10 * minuteMs)
    const refusals = [
      await refusalOf(access().signIn(used, visitor)),
      await refusalOf(access().signIn(expired, visitor)),
      await refusalOf(access().signIn('never-made', visitor)),
    ]
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1)
  })

  test('neither a token nor a session stands in the store', async () => {
    const { token } = await access().createSignInToken()
    expect(await dump(store())).not.toContain(token)
    const { session } = await access().signIn(token, visitor)
    expect(await dump(store())).not.toContain(session)
  })

  test('a session that is used lives thirty days, and ends at once when its holder signs out', async () => {
    const first = await access().signIn((await access().createSignInToken()).token, visitor)
    const second = await access().signIn((await access().createSignInToken()).token, visitor)
    await access().signOut(first.principal)
    expect((await refusalOf(withSession(first.session))).code).toBe('access.unauthenticated')
    for (let day = 0; day < 30; day++) {
      expect((await withSession(second.session)).credentialId).toBe(second.principal.credentialId)
      await Bun.sleep(5)
      pass(dayMs - (day === 29 ? 1 : 0))
    }
    expect((await withSession(second.session)).credentialId).toBe(second.principal.credentialId)
    pass(1)
    expect((await refusalOf(withSession(second.session))).code).toBe('access.unauthenticated')
    expect(await refusalOf(withSession(second.session))).toEqual(await refusalOf(withSession('never-made')))
  })

  test('ended sessions and tokens are cleared away by the next sign-in', async () => {
    await access().signIn((await access().createSignInToken()).token, visitor)
    await access().createSignInToken()
    pass(31 * dayMs)
    await access().signIn((await access().createSignInToken()).token, visitor)
    expect(await store().read('SELECT COUNT(*) AS n FROM access_sessions')).toEqual([{ n: 1 }])
    expect(await store().read('SELECT COUNT(*) AS n FROM access_sign_in_tokens')).toEqual([{ n: 0 }])
  })
}

// --- The owner --------------------------------------------------------------------------------------------------------

function describeOwner({ store, open, startAnew, access }: Current): void {
  const ownerKey = 'owner-key-0123456789'

  test('CAIRN_OWNER_KEY is taken while there is no owner, works, and is not stored', async () => {
    await startAnew()
    const first = await open({ ownerKey })
    expect(await first.authenticate({ key: ownerKey, session: null })).toMatchObject({ kind: 'owner', via: 'key' })
    expect(await dump(store())).not.toContain(ownerKey)
    const again = await open({ ownerKey })
    expect((await again.authenticate({ key: ownerKey, session: null })).kind).toBe('owner')
    await open()
  })

  test('another CAIRN_OWNER_KEY later is an error that tells neither key', async () => {
    await startAnew()
    await open({ ownerKey })
    const refusal = await refusalOf(open({ ownerKey: 'another-key-0123456789' }))
    expect(refusal.code).toBe('config.invalid')
    expect(refusal.message).toContain('CAIRN_OWNER_KEY')
    expect(refusal.message).not.toMatch(/0123456789/)
  })

  test('CAIRN_OWNER_KEY is not taken once there is an owner', async () => {
    expect((await refusalOf(open({ ownerKey }))).code).toBe('config.invalid')
    expect(await access().listKeys(await access().authenticate({ key: 'local-credential', session: null }))).toEqual([])
  })

  test('servers that start together make one owner; one with another key is refused', async () => {
    await startAnew()
    const started = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        open({ ownerKey: index % 2 === 0 ? ownerKey : 'another-key-0123456789' }),
      ),
    )
    expect(await store().read('SELECT COUNT(*) AS n FROM access_principals')).toEqual([{ n: 1 }])
    expect(await store().read('SELECT COUNT(*) AS n FROM access_keys')).toEqual([{ n: 1 }])
    expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
  })

  test('the owner stays the same at each start', async () => {
    const before = await access().authenticate({ key: 'local-credential', session: null })
    const after = await (await open()).authenticate({ key: 'local-credential', session: null })
    expect(after.id).toBe(before.id)
  })
}
