/** The server verifies its log by itself: what it finds is on record and in the health, until a later one finds nothing. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyBook } from '../src/audit/record/key-book.ts'
import { openLogKit, testSecrets, type LogKit } from '../src/audit/testing/log-kit.ts'
import { startVerifying } from '../src/audit/verify/automatic.ts'
import { CairnError } from '../src/base/index.ts'
import { until } from './harness.ts'

let home: string
let kit: LogKit
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cairn-verify-'))
  kit = await openLogKit({ kind: 'sqlite', file: join(home, 'audit.db'), durability: 'normal' })
  await kit.fill(40)
})
afterEach(async () => {
  await kit.log.close()
  await rm(home, { recursive: true, force: true })
})

const logger = { error() {} } as never

function start(verify: Parameters<typeof startVerifying>[0]['verify'], everyMs = 5) {
  const recorded: { outcome: string; fields?: unknown }[] = []
  const verifying = startVerifying({
    verify,
    recorder: { record: async (entry) => recorded.push(entry) },
    logger,
    everyMs,
    firstAfterMs: 1,
  })
  return { recorded, verifying }
}

test('a key that somebody renames is found without being asked, and the finding goes when it is put right', async () => {
  const { recorded, verifying } = start(() => kit.log.verify())
  try {
    await until('a verification is on record', async () => recorded.length > 0)
    expect(recorded[0]).toMatchObject({ outcome: 'ok', fields: { size: 40, errors: 0 } })
    expect(verifying.finding()).toBeNull()
    const name = createKeyBook(testSecrets).nameOf('person_1')
    await kit.log.connection.run("UPDATE audit_keys SET name = 'somebody else' WHERE name = ?", [name])
    await until('it is found', async () => verifying.finding() !== null)
    expect(verifying.finding()).toContain('KEY_ROW')
    expect(recorded.at(-1)).toMatchObject({ outcome: 'failed' })
    await kit.log.connection.run("UPDATE audit_keys SET name = ? WHERE name = 'somebody else'", [name])
    await until('it is right again', async () => verifying.finding() === null)
  } finally {
    verifying.stop()
  }
})

test('a verification that is under way or cannot read is tried again, and none comes after the stop', async () => {
  let tries = 0
  const { recorded, verifying } = start(async () => {
    tries++
    if (tries < 3) throw new CairnError(tries === 1 ? 'server.busy' : 'storage.failed')
    return kit.log.verify()
  })
  await until('a verification is on record', async () => recorded.length > 0)
  verifying.stop()
  const before = tries
  await Bun.sleep(40)
  expect(tries).toBeLessThanOrEqual(before + 1)
})

test('0 is never', async () => {
  const { recorded, verifying } = start(() => kit.log.verify(), 0)
  await Bun.sleep(30)
  expect(recorded).toEqual([])
  verifying.stop()
})
