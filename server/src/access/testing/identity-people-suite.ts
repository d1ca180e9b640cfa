/** What identity promises of people and groups. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { CairnError, someNotes } from '../../base/index.ts'
import { visitor, type AccessRig } from './access-rig.ts'
import { byOwner, codeOf, good, join, me, other, withSession } from './identity-kit.ts'
import { bound } from './identity-keys-suite.ts'

export function describePeople({ access, open }: AccessRig): void {
  test('the last active owner stays, also when two owners go at the same moment', async () => {
    const { people } = access().identity
    const first = await me(access())
    expect(await codeOf(people.change(first.id, { status: 'suspended' }))).toBe('access.last-owner')
    expect(await codeOf(people.change(first.id, { isOwner: false }))).toBe('access.last-owner')
    expect(await codeOf(people.remove(first.id))).toBe('access.last-owner')
    for (let round = 0; round < 5; round++) {
      const { id } = await join(access(), `second${round}@example.org`)
      await people.change(id, { isOwner: true })
      const owners = (await people.list()).filter((user) => user.isOwner && user.status === 'active')
      const tries = await Promise.allSettled(
        owners.map((owner, at) =>
          [
            () => people.change(owner.id, { status: 'suspended' }),
            () => people.remove(owner.id),
            () => people.change(owner.id, { isOwner: false }),
          ][(at + round) % 3]?.(),
        ),
      )
      expect(tries.filter(({ status }) => status === 'rejected')).toHaveLength(1)
      const left = (await people.list()).filter((user) => user.isOwner && user.status === 'active')
      expect(left).toHaveLength(1)
    }
  })

  test('an owner who is suspended is no owner that stays', async () => {
    const { people } = access().identity
    const first = await me(access())
    const { id } = await join(access(), 'second@example.org')
    await people.change(id, { isOwner: true })
    await people.change(id, { status: 'suspended' })
    expect(await codeOf(people.change(first.id, { status: 'suspended' }))).toBe('access.last-owner')
    expect(await codeOf(people.change(first.id, { isOwner: false }))).toBe('access.last-owner')
    expect(await codeOf(people.remove(first.id))).toBe('access.last-owner')
    await people.remove(id)
    expect((await people.list()).map((user) => user.id)).toEqual([first.id])
  })

  test('an owner who is not the first is taken by the local command line when the first has gone', async () => {
    const { people } = access().identity
    const before = await me(access())
    const { id } = await join(access(), 'ann@example.org')
    await people.change(id, { isOwner: true })
    await people.remove(before.id)
    expect((await me(access())).id).toBe(id)
    // A start does not make an owner anew.
    expect((await me(await open())).id).toBe(id)
    expect(await people.list()).toHaveLength(1)
  })

  test('an e-mail address is one however it is written, and each is had once', async () => {
    const { accounts, people } = access().identity
    await accounts.invite({ name: 'Ann', email: ' Ann@Example.ORG ' }, byOwner)
    expect((await people.findByEmail('ann@example.org'))?.name).toBe('Ann')
    for (const email of ['ann@example.org', 'ANN@EXAMPLE.ORG', 'ａnn@example.org'])
      expect(await codeOf(accounts.invite({ name: 'B', email }, byOwner))).toBe('access.user-exists')
    const { id } = await accounts.invite({ name: 'Ben', email: 'ben@example.org' }, byOwner)
    expect(await codeOf(people.change(id, { email: 'ANN@example.org' }))).toBe('access.user-exists')
    for (const email of ['ann', '@example.org', 'a b@example.org', 'a@b@c', 'a\u202e@example.org', 'a@', 'a\0@b.c'])
      expect([email, await codeOf(accounts.invite({ name: 'X', email }, byOwner))]).toEqual([email, 'request.invalid'])
  })

  test('suspending ends sessions, links and keys at once, and resuming brings back keys alone', async () => {
    const { people, accounts } = access().identity
    const { id, session } = await join(access(), 'ann@example.org')
    const key = await access().createKey(await withSession(access(), session), { name: 'k' })
    const link = await accounts.resetLink(id, byOwner)
    expect((await access().authenticate({ key: key.key, session: null })).kind).toBe('person')
    await people.change(id, { status: 'suspended' })
    expect(await codeOf(withSession(access(), session))).toBe('access.unauthenticated')
    expect(await codeOf(access().authenticate({ key: key.key, session: null }))).toBe('access.key-unknown')
    expect(await codeOf(access().identity.signIn.redeemLink(link.token, other, visitor))).toBe('access.link-invalid')
    const again = { email: 'ann@example.org', password: good }
    expect(await codeOf(access().identity.signIn.withPassword(again, visitor))).toBe('access.sign-in-refused')
    await people.change(id, { status: 'active' })
    expect(await codeOf(withSession(access(), session))).toBe('access.unauthenticated')
    expect((await access().authenticate({ key: key.key, session: null })).id).toBe(id)
    await people.remove(id)
    expect(await codeOf(access().authenticate({ key: key.key, session: null }))).toBe('access.key-unknown')
  })

  test('a person who is no owner may use what is their own, and nothing else', async () => {
    const { session } = await join(access(), 'ann@example.org')
    const ann = await withSession(access(), session)
    access().requireSignedIn(ann)
    for (const action of ['read', 'user.manage', 'key.list', 'vault.configure', 'metrics.read'] as const)
      expect(() => access().require(ann, action)).toThrow(CairnError)
    expect(access().filter(ann, 'read', 'v')).toEqual(someNotes({}))
    expect(access().seesVault(ann, 'v')).toBe(false)
  })

  test('a service account has keys, no password, no session, and is in no group', async () => {
    const { people, accounts, groups } = access().identity
    const service = await people.addService('Indexer')
    const { key } = await access().createKey(await me(access()), { name: 'k', service })
    expect(await access().authenticate({ key, session: null })).toMatchObject({ kind: 'service', id: service })
    expect(await codeOf(accounts.resetLink(service, byOwner))).toBe('request.invalid')
    expect(await codeOf(people.change(service, { isOwner: true }))).toBe('request.invalid')
    const group = await groups.add('Team')
    expect(await codeOf(groups.addMember(group.id, { kind: 'user', id: service }))).toBe('access.user-missing')
    const { session } = await join(access(), 'ann@example.org')
    const ann = await withSession(access(), session)
    expect(await codeOf(access().createKey(ann, { name: 'k', service }))).toBe('access.forbidden')
  })
}

export function describeGroups({ access }: AccessRig): void {
  test('no order of additions makes a circle, and every addition that makes none is taken', async () => {
    const { groups } = access().identity
    const ids = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(async (name) => (await groups.add(name)).id))
    const edge = fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 }))
    await fc.assert(
      fc.asyncProperty(fc.array(edge, { maxLength: 12 }), async (edges) => {
        const model = new Map<number, Set<number>>(ids.map((_, at) => [at, new Set()]))
        const reaches = (from: number, to: number): boolean =>
          from === to || [...(model.get(from) ?? [])].some((next) => reaches(next, to))
        for (const [outer, inner] of edges) {
          const added = groups.addMember(ids[outer] ?? '', { kind: 'group', id: ids[inner] ?? '' })
          if (reaches(inner, outer)) expect(await codeOf(added)).toBe('access.group-cycle')
          else {
            await added
            model.get(outer)?.add(inner)
          }
        }
        for (const [at, members] of model)
          for (const inner of members) await groups.removeMember(ids[at] ?? '', { kind: 'group', id: ids[inner] ?? '' })
      }),
      { numRuns: 12, seed: 7 },
    )
  })

  test('two additions that would close a circle together: one is refused', async () => {
    const { groups } = access().identity
    const [a, b] = [await groups.add('a'), await groups.add('b')]
    const tries = await Promise.allSettled([
      groups.addMember(a.id, { kind: 'group', id: b.id }),
      groups.addMember(b.id, { kind: 'group', id: a.id }),
    ])
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('the provider’s word replaces its own memberships, and leaves those that were made here', async () => {
    const { groups } = access().identity
    const { id } = await join(access(), 'ann@example.org')
    const staff = await groups.add('Staff')
    await groups.addMember(staff.id, { kind: 'user', id })
    await groups.setExternal(id, ['Staff', 'Engineering'])
    const namesOf = async (source: string) =>
      (await groups.list())
        .filter(({ members }) => members.some((member) => member.id === id && member.source === source))
        .map(({ name }) => name)
    expect(await namesOf('openid')).toEqual(['Engineering', 'Staff'])
    await groups.setExternal(id, ['Sales'])
    expect([await namesOf('openid'), await namesOf('local')]).toEqual([['Sales'], ['Staff']])
    expect(await codeOf(groups.add('Staff'))).toBe('access.group-exists')
    await groups.remove(staff.id)
    expect(await namesOf('local')).toEqual([])
    expect(await codeOf(groups.rename(staff.id, 'x'))).toBe('access.group-missing')
  })
}

export function describeDirectory({ access }: AccessRig): void {
  test('each change of who there is has a new epoch, and the directory is of one', async () => {
    const { identity } = access()
    const seen: number[] = [await identity.epoch()]
    const step = async (work: Promise<unknown>) => {
      await work
      seen.push(await identity.epoch())
    }
    const owner = await me(access())
    const { id } = await join(access(), 'ann@example.org')
    seen.push(await identity.epoch())
    const group = await identity.groups.add('Team')
    seen.push(group.epoch)
    await step(identity.groups.addMember(group.id, { kind: 'user', id }))
    const key = await access().createKey(owner, { name: 'k', bound })
    seen.push(await identity.epoch())
    await step(access().revokeKey(owner, key.id))
    const kept = await access().createKey(owner, { name: 'kept', bound })
    seen.push(await identity.epoch())
    await step(identity.people.change(id, { status: 'suspended' }))
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b))
    const directory = await identity.directory()
    expect(directory.epoch).toBe(seen.at(-1) ?? 0)
    expect(directory.users.map(({ status, isOwner }) => `${status} ${isOwner}`).sort()).toEqual([
      'active true',
      'suspended false',
    ])
    expect(directory.memberships).toEqual([{ group: group.id, member: { kind: 'user', id }, source: 'local' }])
    expect(directory.keys).toEqual([{ id: kept.id, owner: owner.id, parent: null, bound, expiresAt: null }])
  })

  test('what is refused has no epoch', async () => {
    const { identity } = access()
    const before = await identity.epoch()
    const owner = await me(access())
    await codeOf(identity.people.remove(owner.id))
    await codeOf(identity.groups.remove('group_none'))
    await codeOf(access().revokeKey(owner, 'key_none'))
    expect(await identity.epoch()).toBe(before)
  })
}
