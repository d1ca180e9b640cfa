/**
 * Groups: members are people and other groups, without a circle. Who is a member because the provider of the sign-in
 * says so stands beside who is one because somebody here said so; the provider’s part is replaced at each sign-in.
 */
import { identityLimits, type GroupInfo, type GroupMember } from '@cairn/contract'
import { createId, fail, type Clock } from '../../base/index.ts'
import type { Statement, Store } from '../../storage/index.ts'
import type { Changes } from './changes.ts'

export interface Groups {
  list(): Promise<GroupInfo[]>
  /** Throws `access.group-missing`. */
  describe(id: string): Promise<GroupInfo>
  /** Throws `access.group-exists`, `request.invalid`. */
  add(name: string): Promise<{ id: string; epoch: number }>
  /** Throws `access.group-missing`, `access.group-exists`. */
  rename(id: string, name: string): Promise<number>
  /** Also out of the groups that it is in. Throws `access.group-missing`. */
  remove(id: string): Promise<number>
  /** Throws `access.group-missing`, `access.user-missing`, `access.group-cycle`. */
  addMember(groupId: string, member: Pick<GroupMember, 'kind' | 'id'>): Promise<number>
  /** The local membership. Throws `access.group-missing`, `access.user-missing` when there is none. */
  removeMember(groupId: string, member: Pick<GroupMember, 'kind' | 'id'>): Promise<number>
  /** Exactly these groups, by name, are the person’s by the provider’s word; groups that are not there are made. */
  setExternal(personId: string, names: readonly string[]): Promise<void>
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createGroups({ store, clock, changes }: { store: Store; clock: Clock; changes: Changes }): Groups {
  async function exists(id: string): Promise<boolean> {
    return (await store.read('SELECT 1 AS one FROM access_groups WHERE id = ?', [id])).length > 0
  }

  async function list(where = '', params: readonly string[] = []): Promise<GroupInfo[]> {
    const [groups, members] = await Promise.all([
      store.read(`SELECT id, name, created_at FROM access_groups ${where} ORDER BY name, id`, params),
      store.read(
        'SELECT group_id, member_kind, member_id, source FROM access_group_members ORDER BY member_kind, member_id, source',
      ),
    ])
    const byGroup = Map.groupBy(members, (row) => String(row['group_id']))
    return groups.map((row) => ({
      id: String(row['id']),
      name: String(row['name']),
      createdAt: Number(row['created_at']),
      members: (byGroup.get(String(row['id'])) ?? []).map(toMember),
    }))
  }

  return {
    list: () => list(),
    async describe(id) {
      const [group] = await list('WHERE id = ?', [id])
      return group ?? fail('access.group-missing')
    },
    async add(name) {
      const id = createId('group')
      const done = await changes.write([insertGroup(id, name, clock.now(), 1)])
      if (done) return { id, epoch: done.epoch }
      const [{ n } = { n: 0 }] = await store.read('SELECT COUNT(*) AS n FROM access_groups')
      return Number(n) >= identityLimits.groups
        ? fail('request.invalid', { message: `There are ${identityLimits.groups} groups already.` })
        : fail('access.group-exists')
    },
    async rename(id, name) {
      const done = await changes.write([
        {
          text: `UPDATE access_groups SET name = ? WHERE id = ?
            AND NOT EXISTS (SELECT 1 FROM access_groups o WHERE o.name = ? AND o.id <> access_groups.id)`,
          params: [name, id, name],
          expectChanges: 1,
        },
      ])
      return done?.epoch ?? fail((await exists(id)) ? 'access.group-exists' : 'access.group-missing')
    },
    async remove(id) {
      const done = await changes.write([
        { text: 'DELETE FROM access_groups WHERE id = ?', params: [id], expectChanges: 1 },
        { text: 'DELETE FROM access_group_members WHERE group_id = ?', params: [id] },
        { text: "DELETE FROM access_group_members WHERE member_kind = 'group' AND member_id = ?", params: [id] },
      ])
      return done?.epoch ?? fail('access.group-missing')
    },
    async addMember(groupId, member) {
      const done = await changes.write([insertMember(groupId, member)])
      if (done) return done.epoch
      if (!(await exists(groupId))) fail('access.group-missing')
      if (member.kind === 'group') fail((await exists(member.id)) ? 'access.group-cycle' : 'access.group-missing')
      return fail('access.user-missing', { message: 'There is no such person. Service accounts are in no group.' })
    },
    async removeMember(groupId, { kind, id }) {
      const done = await changes.write([
        {
          text: "DELETE FROM access_group_members WHERE group_id = ? AND member_kind = ? AND member_id = ? AND source = 'local'",
          params: [groupId, kind, id],
          expectChanges: 1,
        },
      ])
      if (done) return done.epoch
      return fail((await exists(groupId)) ? 'access.user-missing' : 'access.group-missing', {
        message: 'There is no such membership that was made here.',
      })
    },
    async setExternal(personId, names) {
      const before = await store.read(
        `SELECT g.name FROM access_group_members m JOIN access_groups g ON g.id = m.group_id
          WHERE m.member_kind = 'user' AND m.member_id = ? AND m.source = 'openid'`,
        [personId],
      )
      const wanted = [...new Set(names)].sort()
      const known = before.map((row) => String(row['name'])).sort()
      if (JSON.stringify(wanted) === JSON.stringify(known)) return
      const now = clock.now()
      await changes.write([
        {
          text: "DELETE FROM access_group_members WHERE member_kind = 'user' AND member_id = ? AND source = 'openid'",
          params: [personId],
        },
        ...wanted.map((name) => insertGroup(createId('group'), name, now)),
        ...wanted.map((name) => ({
          text: `INSERT INTO access_group_members (group_id, member_kind, member_id, source)
            SELECT id, 'user', CAST(? AS TEXT), 'openid' FROM access_groups WHERE name = ? ON CONFLICT DO NOTHING`,
          params: [personId, name],
        })),
      ])
    },
  }
}

function insertGroup(id: string, name: string, now: number, expectChanges?: number): Statement {
  return {
    text: `INSERT INTO access_groups (id, name, created_at)
      SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT) WHERE (SELECT COUNT(*) FROM access_groups) < ?
      ON CONFLICT DO NOTHING`,
    params: [id, name, now, identityLimits.groups],
    ...(expectChanges === undefined ? {} : { expectChanges }),
  }
}

/**
 * Adding what is there already changes one row to itself. A group goes in when the group it goes into is not among its
 * own members, however deep; `UNION` ends the walk also where a circle would be.
 */
function insertMember(groupId: string, { kind, id }: Pick<GroupMember, 'kind' | 'id'>): Statement {
  const isThere =
    kind === 'user'
      ? "EXISTS (SELECT 1 FROM access_principals WHERE id = ? AND kind <> 'service')"
      : `EXISTS (SELECT 1 FROM access_groups WHERE id = ?) AND g.id NOT IN (
          WITH RECURSIVE below(id) AS (
            SELECT CAST(? AS TEXT)
            UNION SELECT m.member_id FROM access_group_members m JOIN below b ON m.group_id = b.id WHERE m.member_kind = 'group')
          SELECT id FROM below)`
  return {
    text: `INSERT INTO access_group_members (group_id, member_kind, member_id, source)
      SELECT g.id, CAST(? AS TEXT), CAST(? AS TEXT), 'local' FROM access_groups g WHERE g.id = ? AND ${isThere}
      ON CONFLICT (group_id, member_kind, member_id, source) DO UPDATE SET source = 'local'`,
    params: kind === 'user' ? [kind, id, groupId, id] : [kind, id, groupId, id, id],
    expectChanges: 1,
  }
}

function toMember(row: Readonly<Record<string, unknown>>): GroupMember {
  return {
    kind: row['member_kind'] === 'group' ? 'group' : 'user',
    id: String(row['member_id']),
    source: row['source'] === 'openid' ? 'openid' : 'local',
  }
}
