/** Rows that come in pairs, so that a torn write shows. */
import { sha256 } from '../../base/index.ts'
import type { Schema, Store } from '../index.ts'

export const pairsSchema: Schema = {
  scope: 'pairs',
  migrations: [
    {
      id: 1,
      name: 'pairs',
      statements: ['lefts', 'rights'].map((name) => `CREATE TABLE ${name} (id {int} PRIMARY KEY, body TEXT NOT NULL)`),
    },
  ],
}

/** What is wrong with the pairs; the ids of those that are whole. */
export async function inspectPairs(store: Store): Promise<{ torn: number[]; whole: Set<number> }> {
  const lefts = await store.read('SELECT id, body FROM lefts')
  const rights = new Map((await store.read('SELECT id, body FROM rights')).map(({ id, body }) => [Number(id), body]))
  const whole = new Set<number>()
  const torn: number[] = []
  for (const { id, body } of lefts) {
    const isWhole = body === sha256(String(id)).repeat(40) && rights.get(Number(id)) === body
    if (isWhole) whole.add(Number(id))
    else torn.push(Number(id))
  }
  for (const id of rights.keys()) if (!whole.has(id)) torn.push(id)
  return { torn, whole }
}
