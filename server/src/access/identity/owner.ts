/** The first owner of a deployment, made at its first start, with `CAIRN_OWNER_KEY` as first key when that is set. */
import { CairnError, createId, type Clock, type Secret } from '../../base/index.ts'
import type { Store } from '../../storage/index.ts'
import { hasKey, insertKey } from './keys.ts'

/** Throws `config.invalid` when the key is none of this deployment. */
export async function ensureOwner(store: Store, clock: Clock, ownerKey: Secret | null): Promise<void> {
  const key = ownerKey?.reveal() ?? null
  if (!(await hasOwner(store))) await makeOwner(store, clock, key)
  if (key !== null && !(await hasKey(store, key))) {
    throw new CairnError('config.invalid', {
      message:
        'CAIRN_OWNER_KEY is not the key this data directory was begun with. Unset it, and make a key with `npx cairn key create`.',
    })
  }
}

async function hasOwner(store: Store): Promise<boolean> {
  return (await store.read('SELECT 1 AS one FROM access_principals WHERE is_owner = 1 LIMIT 1')).length > 0
}

/** Nothing happens when another server made the owner first; this one’s key is then not taken. */
async function makeOwner(store: Store, clock: Clock, key: string | null): Promise<void> {
  const id = createId('person')
  const createdAt = clock.now()
  const info = {
    id: createId('key'),
    name: 'CAIRN_OWNER_KEY',
    prefix: '',
    createdAt,
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    bound: null,
    parent: null,
    device: null,
  }
  await store.write([
    {
      text: "INSERT INTO access_principals (id, name, kind, created_at, is_owner) VALUES (?, 'Owner', 'owner', ?, 1) ON CONFLICT DO NOTHING",
      params: [id, createdAt],
      expectChanges: 1,
    },
    ...(key === null ? [] : [insertKey(info, id, key)]),
  ])
}
