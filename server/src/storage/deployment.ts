/** The name of this deployment, made once in its database. Whatever leaves the database for a shared place begins with it. */
import { createId, type Clock } from '../base/index.ts'
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
