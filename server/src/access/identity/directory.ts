/** Who there is, as of one epoch: what a world for decisions is made from. */
import type { GroupMember, KeyBound } from '@cairn/contract'
import { fail } from '../../base/index.ts'
import { toNumber, toText, type Store } from '../../storage/index.ts'
import { parseBound } from './bounds.ts'
import type { Changes } from './changes.ts'
import { toPerson, type Person } from './people.ts'

export interface DirectoryKey {
  readonly id: string
  /** Person or service account that it belongs to. */
  readonly owner: string
  readonly parent: string | null
  readonly bound: KeyBound | null
  /** Milliseconds since 1970. */
  readonly expiresAt: number | null
}

export interface DirectoryMembership {
  readonly group: string
  readonly member: Pick<GroupMember, 'kind' | 'id'>
  readonly source: GroupMember['source']
}

export interface Directory {
  readonly epoch: number
  readonly users: readonly Person[]
  readonly services: readonly Person[]
  readonly groups: readonly { readonly id: string; readonly name: string }[]
  readonly memberships: readonly DirectoryMembership[]
  /** Those that are not revoked; whether they are expired is for whoever knows the time. */
  readonly keys: readonly DirectoryKey[]
}

/** Changes that come while it is read; each is short, so a calm moment comes soon. */
const mostTries = 20

/** Reads until nothing changed meanwhile, so that all parts are of one epoch. Throws `server.busy`. */
export async function readDirectory(store: Store, changes: Pick<Changes, 'epoch'>): Promise<Directory> {
  for (let tries = 0; tries < mostTries; tries++) {
    const epoch = await changes.epoch()
    const parts = await readParts(store)
    if ((await changes.epoch()) === epoch) return { epoch, ...parts }
  }
  return fail('server.busy', { retryAfterMs: 1_000, internal: 'the directory changes too fast to be read' })
}

async function readParts(store: Store): Promise<Omit<Directory, 'epoch'>> {
  const [principals, groups, members, keys] = await Promise.all([
    store.read('SELECT id, name, email, kind, status, is_owner FROM access_principals ORDER BY id'),
    store.read('SELECT id, name FROM access_groups ORDER BY id'),
    store.read(
      'SELECT group_id, member_kind, member_id, source FROM access_group_members ORDER BY group_id, member_kind, member_id, source',
    ),
    store.read(
      'SELECT id, principal_id, parent_id, bound, expires_at FROM access_keys WHERE revoked_at IS NULL ORDER BY id',
    ),
  ])
  const people = principals.map(toPerson)
  return {
    users: people.filter(({ kind }) => kind === 'user'),
    services: people.filter(({ kind }) => kind === 'service'),
    groups: groups.map((row) => ({ id: String(row['id']), name: String(row['name']) })),
    memberships: members.map((row) => ({
      group: String(row['group_id']),
      member: { kind: row['member_kind'] === 'group' ? 'group' : 'user', id: String(row['member_id']) },
      source: row['source'] === 'openid' ? 'openid' : 'local',
    })),
    keys: keys.map((row) => ({
      id: String(row['id']),
      owner: String(row['principal_id']),
      parent: toText(row['parent_id']),
      bound: parseBound(row['bound']),
      expiresAt: toNumber(row['expires_at']),
    })),
  }
}
