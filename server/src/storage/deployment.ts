/** The name of this deployment, made once in its database. Whatever leaves the database for a shared place begins with it. */
import { createId, fail, type Clock } from '../base/index.ts'
import type { Schema, Store } from './types.ts'

export const deploymentSchema: Schema = {
  scope: 'deployment',
  migrations: [
    {
      id: 1,
      name: 'deployment id',
      statements: [
        'CREATE TABLE deployment (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), id TEXT NOT NULL, created_at {int} NOT NULL)',
      ],
    },
    { id: 2, name: 'which keyring is in use', statements: ['ALTER TABLE deployment ADD COLUMN keyring TEXT'] },
  ],
}

export async function findDeploymentId(store: Store, clock: Clock): Promise<string> {
  // Two servers that start together on one database must agree: the first row wins.
  await store.write([
    {
      text: 'INSERT INTO deployment (only_row, id, created_at) VALUES (1, ?, ?) ON CONFLICT (only_row) DO NOTHING',
      params: [createId('deployment'), clock.now()],
    },
  ])
  const [row] = await store.read('SELECT id FROM deployment')
  return String(row?.['id'])
}

/**
 * What one process of a deployment signs or seals, the others must open, so all have the same keyring; the first one
 * says which. `fingerprint` tells nothing of the keys. Throws `config.invalid` for another than the one in use.
 */
export async function requireSameKeyring(
  store: Store,
  { fingerprint, isFirst }: { fingerprint: string; isFirst: boolean },
): Promise<void> {
  const text = `UPDATE deployment SET keyring = ${isFirst ? '?' : 'COALESCE(keyring, ?)'}`
  await store.write([{ text, params: [fingerprint] }])
  const [row] = await store.read('SELECT keyring FROM deployment')
  if (row?.['keyring'] === fingerprint) return
  fail('config.invalid', {
    message:
      'The keyring of this server is not the one that the other servers of its database use. Copy their keyring file here, or name it with CAIRN_KEYRING.',
  })
}
