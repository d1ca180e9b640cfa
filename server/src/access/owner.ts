/** The owner of a deployment, made at its first start, with `CAIRN_OWNER_KEY` as first key when that is set. */
import { CairnError, createId, sha256, type Clock, type Secret } from '../base/index.ts'
import type { Store } from '../storage/index.ts'
import { findKey, insertKey } from './keys.ts'

export interface Owner {
  readonly id: string
  readonly name: string
}

/** Throws `config.invalid` when the key is not one of the owner that exists. */
export async function ensureOwner(store: Store, clock: Clock, ownerKey: Secret | null): Promise<Owner> {
  const key = ownerKey?.reveal() ?? null
  const owner = (await findOwner(store)) ?? (await makeOwner(store, clock, key)) ?? (await findOwner(store))
  if (!owner) throw new CairnError('internal.error', { internal: 'there is no owner after making one' })
  if (key !== null && !(await findKey(store, sha256(key)))) {
    throw new CairnError('config.invalid', {
      message:
        'CAIRN_OWNER_KEY is not the key this data directory was begun with. Unset it, and make a key with `npx cairn key create`.',
    })
  }
  return owner
}

async function findOwner(store: Store): Promise<Owner | null> {
  const [row] = await store.read("SELECT id, name FROM access_principals WHERE kind = 'owner'")
  return row ? { id: String(row['id']), name: String(row['name']) } : null
}

/** Null when another server made the owner first; this one’s key is then not taken. */
async function makeOwner(store: Store, clock: Clock, key: string | null): Promise<Owner | null> {
  const owner: Owner = { id: createId('person'), name: 'Owner' }
  const createdAt = clock.now()
  const info = {
    id: createId('key'),
    name: 'CAIRN_OWNER_KEY',
    prefix: '',
    createdAt,
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
  }
  const done = await store.write([
    {
      text: "INSERT INTO access_principals (id, name, kind, created_at) VALUES (?, ?, 'owner', ?) ON CONFLICT DO NOTHING",
      params: [owner.id, owner.name, createdAt],
      expectChanges: 1,
    },
    ...(key === null ? [] : [insertKey(info, owner.id, key)]),
  ])
  return done === null ? null : owner
}
