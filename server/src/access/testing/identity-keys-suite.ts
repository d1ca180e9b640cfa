/** What identity promises of keys within keys, and of devices. */
import { expect, test } from 'bun:test'
import type { KeyBound } from '@cairn/contract'
import { CairnError, isEmptyFilter, type Principal } from '../../base/index.ts'
import { minuteMs, type AccessRig } from './access-rig.ts'
import { allow, codeOf, join, me, other, withSession } from './identity-kit.ts'

export const bound: KeyBound = { actions: ['read', 'retrieve'], scopes: ['vault:v', 'folder:w/a'] }

export function describeChainedKeys({ access, store, pass }: AccessRig): void {
  const withKey = (key: string) => access().authenticate({ key, session: null })

  test('a child stays within its parent, and ends with any key of its chain', async () => {
    const { session } = await join(access(), 'ann@example.org')
    const ann = await withSession(access(), session)
    expect(await codeOf(access().createKey(ann, { name: 'more than her own', bound }))).toBe('access.key-wider')
    await allow(access(), `user:${ann.id}`, 'editor')
    const parent = await access().createKey(ann, { name: 'parent', bound })
    const child = await access().createKey(ann, {
      name: 'child',
      parent: parent.id,
      bound: { actions: ['read'], scopes: ['folder:v/x', 'note:w/a/b.md'] },
    })
    const grandchild = await access().createKey(await withKey(child.key), {
      name: 'grandchild',
      bound: { actions: ['read'], scopes: ['folder:v/x/y'] },
    })
    expect(await withKey(grandchild.key)).toMatchObject({
      kind: 'person',
      isBounded: true,
      credentialId: grandchild.id,
    })
    const wider: KeyBound[] = [
      { actions: ['read', 'write'], scopes: ['vault:v'] },
      { actions: ['read'], scopes: ['org:cairn'] },
      { actions: ['read'], scopes: ['vault:w'] },
      { actions: ['read'], scopes: ['folder:v2/x'] },
      { actions: ['read'], scopes: ['folder:w/ab'] },
      { actions: ['read'], scopes: ['folder:v/../w'] },
      { actions: ['read'], scopes: ['tag:v'] },
    ]
    for (const each of wider)
      expect([each, await codeOf(access().createKey(ann, { name: 'w', parent: parent.id, bound: each }))]).toEqual([
        each,
        'access.key-wider',
      ])
    expect(await codeOf(access().createKey(ann, { name: 'w', parent: parent.id }))).toBe('access.key-wider')
    expect(await codeOf(access().createKey(await withKey(parent.key), { name: 'w' }))).toBe('access.key-wider')
    expect(await codeOf(access().createKey(await withKey(child.key), { name: 'w', parent: parent.id, bound }))).toBe(
      'access.key-wider',
    )
    await access().revokeKey(ann, parent.id)
    for (const { key } of [parent, child, grandchild]) expect(await codeOf(withKey(key))).toBe('access.key-unknown')
    expect((await access().listKeys(ann)).every(({ revokedAt }) => revokedAt !== null)).toBe(true)
  })

  test('conditions of a parent are kept, a child expires with its parent, and the depth has an end', async () => {
    const owner = await me(access())
    const when: KeyBound['when'] = [['ip_zone', '==', 'office']]
    const parent = await access().createKey(owner, { name: 'p', bound: { ...bound, when }, expiresInDays: 2 })
    const child = (extra: object) => access().createKey(owner, { name: 'c', parent: parent.id, ...extra })
    expect(await codeOf(child({ bound }))).toBe('access.key-wider')
    expect(await codeOf(child({ bound: { ...bound, when }, expiresInDays: 3 }))).toBe('access.key-wider')
    let last = await child({
      bound: { ...bound, when: [...when, ['session.mfa', '==', true]] },
    })
    pass(2 * 86_400_000)
    expect(await codeOf(withKey(last.key))).toBe('access.key-unknown')
    last = await access().createKey(owner, { name: '0' })
    for (let depth = 1; depth <= 4; depth++)
      last = await access().createKey(owner, { name: String(depth), parent: last.id })
    expect((await withKey(last.key)).kind).toBe('owner')
    expect(await codeOf(access().createKey(owner, { name: '5', parent: last.id }))).toBe('access.key-wider')
  })

  test('keys of others can be neither seen, nor used as a parent, nor revoked', async () => {
    const ann = await withSession(access(), (await join(access(), 'ann@example.org')).session)
    const ben = await withSession(access(), (await join(access(), 'ben@example.org', other)).session)
    const key = await access().createKey(ann, { name: 'k' })
    expect(await access().listKeys(ben)).toEqual([])
    expect(await codeOf(access().createKey(ben, { name: 'k', parent: key.id }))).toBe('access.key-missing')
    expect(await codeOf(access().revokeKey(ben, key.id))).toBe('access.key-missing')
    await allow(access(), `user:${ann.id}`, 'asker')
    const narrow = await access().createKey(ann, { name: 'n', bound })
    expect(await codeOf(access().revokeKey(await withKey(narrow.key), key.id))).toBe('access.key-missing')
    expect((await access().listKeys(await withKey(narrow.key))).map(({ id }) => id)).toEqual([narrow.id])
    await access().revokeKey(await me(access()), key.id)
    expect(await codeOf(withKey(key.key))).toBe('access.key-unknown')
  })

  test('a bounded key, also an owner’s, may nothing but what is its own', async () => {
    const { key } = await access().createKey(await me(access()), { name: 'k', bound })
    const principal = await withKey(key)
    for (const action of ['org.configure', 'key.list', 'read'] as const)
      expect(() => access().require(principal, action)).toThrow(CairnError)
    expect(access().may(principal, 'read', 'note:v/a.md')).toBe(true)
    expect(access().may(principal, 'write', 'note:v/a.md')).toBe(false)
    expect(isEmptyFilter(access().filter(principal, 'read', 'other'))).toBe(true)
  })

  test('a chain that somebody cut or bent in the database opens nothing', async () => {
    const owner = await me(access())
    const ann = await withSession(access(), (await join(access(), 'ann@example.org')).session)
    const annsKey = await access().createKey(ann, { name: 'a' })
    const parent = await access().createKey(owner, { name: 'p' })
    const child = await access().createKey(owner, { name: 'c', parent: parent.id })
    const bend = (text: string, params: string[]) => store().write([{ text, params }])
    await bend('UPDATE access_keys SET parent_id = ? WHERE id = ?', [annsKey.id, child.id])
    expect(await codeOf(withKey(child.key))).toBe('access.key-unknown')
    pass(1_001)
    await bend('UPDATE access_keys SET parent_id = ? WHERE id = ?', [child.id, child.id])
    expect(await codeOf(withKey(child.key))).toBe('access.key-unknown')
    pass(1_001)
    await bend('UPDATE access_keys SET parent_id = ? WHERE id = ?', ['key_none', child.id])
    expect(await codeOf(withKey(child.key))).toBe('access.key-unknown')
    pass(1_001)
    await bend('UPDATE access_keys SET parent_id = NULL, bound = ? WHERE id = ?', ['{"actions":"*"}', child.id])
    expect((await withKey(child.key)).isBounded).toBe(true)
  })
}

export function describeDevices({ access, store, pass }: AccessRig): void {
  const devices = () => access().identity.devices
  const begin = () => devices().begin({ client: 'Obsidian', vault: 'notes' })
  async function decide(principal: Principal, userCode: string, approve: boolean) {
    return devices().decide({ principalId: principal.id, userCode, approve, vault: 'vault_1' })
  }

  test('a device gets one key, bound to the vault, once it was approved', async () => {
    const ann = await withSession(access(), (await join(access(), 'ann@example.org')).session)
    const { deviceCode, userCode } = await begin()
    expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{5}-[BCDFGHJKLMNPQRSTVWXZ]{5}$/)
    expect(await devices().poll(deviceCode)).toEqual({ kind: 'error', error: 'authorization_pending' })
    expect(await devices().poll(deviceCode)).toEqual({ kind: 'error', error: 'slow_down' })
    expect(await devices().look(userCode.toLowerCase().replace('-', ' '))).toMatchObject({
      clientName: 'Obsidian',
      vault: 'notes',
    })
    await decide(ann, userCode, true)
    expect(await codeOf(decide(ann, userCode, false))).toBe('access.device-code')
    pass(9_999)
    expect(await devices().poll(deviceCode)).toEqual({ kind: 'error', error: 'slow_down' })
    pass(15_000)
    const answers = await Promise.all([devices().poll(deviceCode), devices().poll(deviceCode)])
    const [grant] = answers.flatMap((answer) => (answer.kind === 'granted' ? [answer.grant] : []))
    expect(answers.filter(({ kind }) => kind === 'granted')).toHaveLength(1)
    expect(await access().authenticate({ key: grant?.key ?? '', session: null })).toMatchObject({
      id: ann.id,
      isBounded: true,
    })
    const [info] = await access().listKeys(ann)
    expect(info).toMatchObject({
      name: 'Obsidian',
      device: { client: 'Obsidian', vault: 'vault_1' },
      bound: { scopes: ['vault:vault_1', 'model:*', 'cache:*'] },
    })
    expect(await devices().poll(deviceCode)).toEqual({ kind: 'error', error: 'expired_token' })
    const dump = JSON.stringify(await store().read('SELECT * FROM access_devices'))
    expect(dump).not.toContain(deviceCode)
  })

  test('a device is told when it was refused, when its code is over, and when nobody knows it', async () => {
    const ann = await withSession(access(), (await join(access(), 'ann@example.org')).session)
    const refused = await begin()
    await decide(ann, refused.userCode, false)
    expect(await devices().poll(refused.deviceCode)).toEqual({ kind: 'error', error: 'access_denied' })
    const late = await begin()
    pass(5 * minuteMs)
    expect(await devices().poll(late.deviceCode)).toEqual({ kind: 'error', error: 'expired_token' })
    expect(await codeOf(devices().look(late.userCode))).toBe('access.device-code')
    expect(await codeOf(decide(ann, late.userCode, true))).toBe('access.device-code')
    expect(await devices().poll('x'.repeat(43))).toEqual({ kind: 'error', error: 'expired_token' })
  })

  test('somebody who was suspended after approving gives no key', async () => {
    const { id, session } = await join(access(), 'ann@example.org')
    const { deviceCode, userCode } = await begin()
    await decide(await withSession(access(), session), userCode, true)
    await access().identity.people.change(id, { status: 'suspended' })
    expect((await devices().poll(deviceCode)).kind).toBe('error')
  })

  test('a flood of devices has an end', async () => {
    await store().write(
      Array.from({ length: 1_000 }, (_, at) => ({
        text: `INSERT INTO access_devices (device_hash, code_hash, client, status, expires_at, polled_at, interval_ms)
          VALUES (?, ?, 'x', 'pending', 9999999999999, 0, 0)`,
        params: [`d${at}`, `c${at}`],
      })),
    )
    expect(await codeOf(begin())).toBe('server.busy')
  })
}
