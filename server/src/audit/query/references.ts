/**
 * References: what the index has in place of ids and paths. HMAC-SHA-256, cut to 128 bits, under the key of one build of
 * the index: two builds have nothing in common, and without the key nobody can try names.
 */
import { createHmac } from 'node:crypto'

export interface References {
  /** Of a person, by the random ref of their key in the log: nothing leads from it to the person once that is gone. */
  person(keyRef: string): Uint8Array
  /** Of `anonymous` and `server`, who have no key. */
  nobody(name: string): Uint8Array
  vault(id: string): Uint8Array
  note(vault: string, path: string): Uint8Array
  request(id: string): Uint8Array
}

const bytes = 16

export function createReferences(key: Uint8Array): References {
  const refer = (...parts: readonly string[]): Uint8Array =>
    Uint8Array.from(createHmac('sha256', key).update(JSON.stringify(parts)).digest().subarray(0, bytes))
  return {
    person: (keyRef) => refer('person', keyRef),
    nobody: (name) => refer('nobody', name),
    vault: (id) => refer('vault', id),
    note: (vault, path) => refer('note', vault, path),
    request: (id) => refer('request', id),
  }
}
