/**
 * A process of its own that writes to the SQLite store in its first argument, from 8 callers at once, and tells the
 * number of each write once it is acknowledged. It is made to be killed, and ends by itself when a write fails.
 */
import { writeSync } from 'node:fs'
import { sha256, silentLogger } from '../../base/index.ts'
import { openStore } from '../index.ts'
import { pairsSchema } from './pairs.ts'

const [, , file = '', start = '0'] = process.argv
const store = await openStore(
  { location: { kind: 'sqlite', file, durability: 'full' }, schemas: [pairsSchema] },
  silentLogger,
)
let next = Number(start)

async function writeOn(): Promise<void> {
  for (;;) {
    const id = next++
    const body = sha256(String(id)).repeat(40)
    await store.write([
      { text: 'INSERT INTO lefts (id, body) VALUES (?, ?)', params: [id, body] },
      { text: 'INSERT INTO rights (id, body) VALUES (?, ?)', params: [id, body] },
    ])
    writeSync(1, `${id}\n`)
  }
}

const failures = await Promise.allSettled(Array.from({ length: 8 }, writeOn))
const [first] = failures
writeSync(2, first?.status === 'rejected' ? `${(first.reason as { code?: string }).code}\n` : 'ended\n')
await store.close()
