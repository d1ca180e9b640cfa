/**
 * The audit log when its disk fails: full, broken, hanging, or gone under the server. What must be on record is refused
 * with a reason, the rest goes on and is kept aside, and when the log is back it has all of it.
 */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAudit, type Audit, type AuditEntry } from '../src/audit/index.ts'
import { openLog } from '../src/audit/log/log.ts'
import { testOrigin, testSecrets } from '../src/audit/testing/log-kit.ts'
import { silentLogger, systemClock, type CairnError } from '../src/base/index.ts'
import { until } from './harness.ts'

setDefaultTimeout(60_000)

const brokenProgram = new URL('./kit/broken-log-program.ts', import.meta.url)
const strict = (at: number): AuditEntry => ({
  type: 'key.revoked',
  actor: 'person_1',
  requestId: `strict_${at}`,
  outcome: 'ok',
  fields: { keyId: `key_${at}` },
})
const spooled = (at: number): AuditEntry => ({
  type: 'search.run',
  actor: 'person_2',
  requestId: `spooled_${at}`,
  outcome: 'ok',
  fields: { vaults: ['vault_1'], results: at },
})
const dropped = (): AuditEntry => ({
  type: 'audit.verified',
  actor: 'server',
  requestId: null,
  outcome: 'ok',
  fields: { size: 1, errors: 0 },
})

let home: string
let file: string
let spoolFolder: string
let audit: Audit | null
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cairn-faults-'))
  file = join(home, 'audit.db')
  spoolFolder = join(home, 'audit-spool')
  audit = null
})
afterEach(async () => {
  await audit?.close().catch(() => undefined)
  rmSync(home, { recursive: true, force: true })
})

const location = () => ({ kind: 'sqlite', file, durability: 'full' }) as const
const open = async (program?: URL) =>
  (audit = await openAudit({
    location: location(),
    origin: testOrigin,
    secrets: testSecrets,
    clock: systemClock,
    logger: silentLogger,
    spoolFolder,
    isFirst: true,
    answerMs: 1_000,
    ...(program ? { program } : {}),
  }))
const fault = (what: string) => writeFileSync(`${file}.fault`, what)
const refusal = (work: Promise<unknown>): Promise<CairnError> =>
  work.then(
    () => Promise.reject(new Error('nothing was refused')),
    (thrown: CairnError) => thrown,
  )

/** Request ids of what is in the log, in order, once nobody writes to it. */
async function recorded(): Promise<string[]> {
  await audit?.close()
  audit = null
  const log = await openLog({ location: location(), origin: testOrigin, secrets: testSecrets, clock: systemClock })
  const entries = await log.entries({ from: 0, to: 100_000 })
  expect(await log.verify()).toMatchObject({ ok: true })
  await log.close()
  return entries.flatMap(({ context }) => (typeof context['requestId'] === 'string' ? [context['requestId']] : []))
}

describe.each(['EIO', 'ENOSPC', 'hang'])('a disk that fails with %s', (what) => {
  test('refuses what must be on record, keeps the rest aside, says so, and loses nothing', async () => {
    const log = await open(brokenProgram)
    await log.record(strict(1))
    fault(what)
    const refused = await refusal(log.record(strict(2)))
    expect([refused.code, refused.spec.status, refused.retryAfterMs]).toEqual(['audit.unavailable', 503, 2_000])
    expect(refused.message).toContain('The audit log cannot be written')
    expect(await log.record(spooled(3))).toBeNull()
    expect(await log.record(spooled(4))).toBeNull()
    expect(await log.record(dropped())).toBeNull()
    expect(log.health()).toMatchObject({ state: 'failing', waiting: 2, lost: 1 })
    expect(log.health().since).toBeGreaterThan(0)
    expect(() => log.requireReady()).toThrow('The audit log cannot be written')
    // Nobody reads in the file what waits in it.
    const waiting = readdirSync(spoolFolder).map((name) => readFileSync(join(spoolFolder, name), 'latin1'))
    expect(waiting.join('')).not.toMatch(/search\.run|person_2|spooled_/)
    rmSync(`${file}.fault`)
    await until('the log is back', () => log.health().state === 'ok' && log.health().waiting === 0, 20_000)
    await log.record(strict(5))
    expect(await recorded()).toEqual(['strict_1', 'spooled_3', 'spooled_4', 'strict_5'])
    expect(readdirSync(spoolFolder)).toEqual([])
  })
})

test('a log whose file is taken away under the server takes nothing more, and has all once it is back', async () => {
  const log = await open()
  await log.record(strict(1))
  const aside = join(home, 'aside')
  mkdirSync(aside)
  const files = readdirSync(home).filter((name) => name.startsWith('audit.db'))
  for (const name of files) renameSync(join(home, name), join(aside, name))
  expect((await refusal(log.record(strict(2)))).code).toBe('audit.unavailable')
  expect(await log.record(spooled(3))).toBeNull()
  expect(log.health().message).toContain('deleted or replaced')
  for (const name of files) renameSync(join(aside, name), join(home, name))
  await until('the log is back', () => log.health().state === 'ok', 20_000)
  expect(await recorded()).toEqual(['strict_1', 'spooled_3'])
})

test('what a killed process has kept aside is appended by the next one, once', async () => {
  const first = await open(brokenProgram)
  fault('EIO')
  for (let at = 0; at < 700; at++) await first.record(spooled(at))
  // It is gone without a word.
  audit = null
  rmSync(`${file}.fault`)
  await open(brokenProgram)
  await first.close().catch(() => undefined)
  expect((await recorded()).toSorted()).toEqual(Array.from({ length: 700 }, (_, at) => `spooled_${at}`).toSorted())
})

/** Whether this machine lets us have a small disk. */
const canMount = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-mount-'))
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder]).status === 0
  if (isMounted) spawnSync('umount', [folder])
  rmSync(folder, { recursive: true, force: true })
  return isMounted
})()

test.skipIf(!canMount)(
  'a real disk of 1 MB runs full: what was acknowledged is there, and room brings the log back',
  async () => {
    const disk = join(home, 'disk')
    mkdirSync(disk)
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk]).status).toBe(0)
    try {
      // Room that can be given back.
      writeFileSync(join(disk, 'ballast'), new Uint8Array(300_000))
      file = join(disk, 'audit.db')
      const log = await open()
      const acknowledged: string[] = []
      let refused: CairnError | null = null
      for (let at = 0; at < 5_000 && refused === null; at++)
        await log.record(strict(at)).then(
          () => acknowledged.push(`strict_${at}`),
          (thrown: CairnError) => (refused = thrown),
        )
      expect((refused as CairnError | null)?.code).toBe('audit.unavailable')
      expect(acknowledged.length).toBeGreaterThan(10)
      for (let at = 0; at < 20; at++) expect(await log.record(spooled(at))).toBeNull()
      expect(log.health()).toMatchObject({ state: 'failing', waiting: 20 })
      rmSync(join(disk, 'ballast'))
      await until('the log is back', () => log.health().state === 'ok' && log.health().waiting === 0, 20_000)
      expect(await recorded()).toEqual([...acknowledged, ...Array.from({ length: 20 }, (_, at) => `spooled_${at}`)])
    } finally {
      await audit?.close().catch(() => undefined)
      audit = null
      spawnSync('umount', [disk])
    }
  },
)
