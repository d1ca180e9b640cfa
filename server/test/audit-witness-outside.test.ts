/**
 * Witnesses outside are told signed checkpoints, and what they answer to have seen is compared: down for a while, slow,
 * with wrong answers, and with the memory of a log that was written anew. Against a real receiver over HTTP.
 */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditWitnessList } from '@cairn/contract'
import type { AuditEntry } from '../src/audit/index.ts'
import { createSignedPost } from '../src/audit/signed-post.ts'
import { openLogKit, someEvent, testOrigin, type LogKit } from '../src/audit/testing/log-kit.ts'
import { parseCheckpoint } from '../src/audit/tree/checkpoint.ts'
import { compareSeen } from '../src/audit/witness/compare.ts'
import { openOutsideWitnesses, type OutsideWitnesses } from '../src/audit/witness/outside.ts'
import { createWitnessStore } from '../src/audit/witness/witness-store.ts'
import { createWitnesses } from '../src/audit/witness/witnesses.ts'
import { Secret, silentLogger } from '../src/base/index.ts'
import { loadConfig } from '../src/config/index.ts'
import { createOutbound, createPermitOffice } from '../src/platform/index.ts'
import { signatureOf } from './kit/sink-receivers.ts'
import { startWitnessReceiver, type WitnessReceiver } from './kit/witness-receiver.ts'
import { openTeam, take } from './kit/team.ts'
import { until } from './harness.ts'

setDefaultTimeout(60_000)

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const timing = { idleMs: 20, heldMs: 20, firstRetryMs: 10, mostRetryMs: 60 }
const hour = 3_600_000

let folder: string
let receiver: WitnessReceiver
let logs = 0
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-outside-'))
  receiver = await startWitnessReceiver()
})
afterEach(async () => {
  await receiver[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

interface Rig extends AsyncDisposable {
  readonly kit: LogKit
  readonly outside: OutsideWitnesses
  readonly recorded: AuditEntry[]
  alarms(): AuditWitnessList['alarms']
  /** Each with a checkpoint of its own. */
  grow(checkpoints: number): Promise<void>
  skip(ms: number): void
}

const openKit = (file: string) => openLogKit({ kind: 'sqlite', file: join(folder, file), durability: 'full' })

async function openRig({ every = 1, file = `audit-${logs++}.db`, sendMs = 10_000 } = {}): Promise<Rig> {
  const kit = await openKit(file)
  const { connection, checkpoints } = kit.log
  const recorded: AuditEntry[] = []
  let [skipped, grown] = [0, 0]
  const clock = { now: () => Date.now() + skipped, monotonic: () => performance.now() }
  const permits = createPermitOffice()
  const judging = createWitnesses({
    compare: (note) => compareSeen(connection, note, checkpoints.signer.verifier),
    record: async (entry) => recorded.push(entry),
    file: null,
    clock,
    logger: silentLogger,
  })
  const outside = openOutsideWitnesses({
    witnesses: [{ id: 'notary', url: receiver.url, every }],
    secrets: new Map([['notary', new Secret(secret)]]),
    store: createWitnessStore(connection),
    origin: testOrigin,
    judge: (note) => judging.report(note, 'webhook'),
    clock,
    logger: silentLogger,
    outbound: createOutbound({ permits, clock, logger: silentLogger }),
    permits,
    timing: { ...timing, sendMs },
  })
  return {
    kit,
    outside,
    recorded,
    alarms: judging.alarms,
    skip: (ms) => void (skipped += ms),
    async grow(count) {
      for (let at = 0; at < count; at++) {
        await kit.log.append(someEvent(grown++, kit.clock.now()))
        await checkpoints.sign()
      }
      outside.wake()
    },
    async [Symbol.asyncDispose]() {
      await outside.close()
      await kit.log.close()
    },
  }
}

const stateOf = async ({ outside }: Rig) => {
  const [state] = await outside.list()
  if (state === undefined) throw new Error('no witness')
  return state
}
const sizesSeen = () => receiver.seen.map((note) => parseCheckpoint(note)?.size)

test('it is told each n-th checkpoint, signed, and at least one an hour', async () => {
  await using rig = await openRig({ every: 5 })
  await rig.grow(1)
  await until('the first is told at once', () => receiver.seen.length === 1)
  await rig.grow(4)
  await Bun.sleep(150)
  expect(receiver.seen).toHaveLength(1)
  await rig.grow(1)
  await until('the fifth new one is told', () => receiver.seen.length === 2)
  await rig.grow(2)
  rig.skip(hour)
  await until('an hour is over', () => receiver.seen.length === 3)
  expect(sizesSeen()).toEqual([1, 6, 8])
  for (const each of receiver.taken) expect(signatureOf(each, secret)).toBe(String(each.headers['webhook-signature']))
  expect(new Set(receiver.taken.map(({ headers }) => headers['webhook-id'])).size).toBe(3)
  await until('it is stored', async () => (await stateOf(rig)).told?.size === 8)
  expect(await stateOf(rig)).toMatchObject({ id: 'notary', kind: 'webhook', state: 'ok', lag: 0, seen: null })
})

test('while it is down it is behind and says so; back again it gets the newest alone, and goes on', async () => {
  await using rig = await openRig()
  await rig.grow(2)
  await until('it has them', async () => (await stateOf(rig)).lag === 0)
  await receiver.kill()
  await rig.grow(3)
  await until('it fails', async () => (await stateOf(rig)).state === 'failing')
  await until('it is tried again', () => (rig.outside.loads()[0]?.failed ?? 0) >= 3)
  const before = await stateOf(rig)
  expect(before).toMatchObject({
    told: { size: 2 },
    lag: 3,
    lastError: expect.stringContaining('upstream.unreachable'),
  })
  expect(rig.outside.loads()[0]).toMatchObject({ witness: 'notary', lag: 3, isFailing: true })
  const seen = receiver.seen.length
  await receiver.start()
  await until('it is told', async () => (await stateOf(rig)).state === 'ok')
  expect(sizesSeen().slice(seen)).toEqual([5])
  receiver.mood = 'failing'
  await rig.grow(1)
  await until('it refuses', async () => (await stateOf(rig)).lastError === 'upstream.failed: status 503')
  receiver.mood = 'good'
  await until('it takes again', async () => (await stateOf(rig)).lag === 0)
  expect(rig.alarms()).toEqual([])
})

test('one that is slow, or stops in the middle of its answer, is left after its time and holds up nobody', async () => {
  await using rig = await openRig({ sendMs: 500 })
  for (const mood of ['hanging', 'dripping'] as const) {
    receiver.mood = mood
    receiver.answer = () => '{"checkpoint": "none"}'
    await rig.grow(1)
    await until(`${mood} is given up`, async () => (await stateOf(rig)).lastError !== null)
    expect((await stateOf(rig)).lastError).toMatch(/^upstream\.(timeout|unreachable|failed)/)
    receiver.mood = 'good'
    receiver.answer = null
    await until('it is told', async () => (await stateOf(rig)).state === 'ok')
  }
})

test('its answer is compared: what fits is noted, what is nothing is passed over, what is foreign is an alarm', async () => {
  await using rig = await openRig()
  receiver.answer = (last) => JSON.stringify(last === null ? {} : { checkpoint: last, more: true })
  await rig.grow(2)
  await until('it has them', async () => (await stateOf(rig)).lag === 0)
  await rig.grow(1)
  await until('it says what it saw', async () => (await stateOf(rig)).seen !== null)
  expect((await stateOf(rig)).seen).toMatchObject({ verdict: 'fits' })
  for (const nothing of ['', '<html>', '[]', '{"checkpoint": 7}', JSON.stringify({ checkpoint: 'x'.repeat(40_000) })]) {
    receiver.answer = () => nothing
    const { told } = await stateOf(rig)
    await rig.grow(1)
    await until('it is told', async () => ((await stateOf(rig)).told?.size ?? 0) > (told?.size ?? 0))
  }
  expect([rig.alarms(), rig.recorded]).toEqual([[], []])
  receiver.answer = (last) => JSON.stringify({ checkpoint: last?.replace(/\n\d+\n/, '\n2\n') })
  await rig.grow(1)
  await until('it is an alarm', () => rig.alarms().length === 1)
  expect(rig.alarms()[0]).toMatchObject({ witness: 'webhook', verdict: 'unknown' })
  expect(rig.recorded.map(({ type, fields }) => [type, fields?.['witness']])).toEqual([['audit.fork', 'webhook']])
})

test('a log that was written anew with its own key is found out by what it saw', async () => {
  receiver.answer = (last) => JSON.stringify(last === null ? {} : { checkpoint: last })
  {
    await using rig = await openRig({ file: 'first.db' })
    await rig.grow(4)
    await until('it has seen it', async () => (await stateOf(rig)).lag === 0)
  }
  // Larger than what was seen before anybody is told of it.
  const rewritten = await openKit('anew.db')
  await rewritten.fill(6)
  await rewritten.log.close()
  await using anew = await openRig({ file: 'anew.db' })
  await until('it is an alarm', () => anew.alarms().length === 1)
  expect(anew.alarms()[0]).toMatchObject({ witness: 'webhook', verdict: 'fork', seen: 4 })
  await until('it is noted', async () => (await stateOf(anew)).seen !== null)
  expect((await stateOf(anew)).seen).toMatchObject({ size: 4, verdict: 'fork' })
  // Told again it is no second alarm.
  await anew.grow(2)
  await until('it goes on', async () => (await stateOf(anew)).lag === 0)
  expect(anew.recorded.filter(({ type }) => type === 'audit.fork')).toHaveLength(1)
})

test('two processes tell it each checkpoint once, and one takes over from the other', async () => {
  await using rig = await openRig({ file: 'shared.db' })
  await rig.grow(1)
  await until('it is told', () => receiver.seen.length === 1)
  await using other = await openRig({ file: 'shared.db' })
  await rig.grow(1)
  other.outside.wake()
  await until('it is told', () => receiver.seen.length === 2)
  await Bun.sleep(100)
  expect(receiver.seen).toHaveLength(2)
  await rig.outside.close()
  await other.kit.log.append(someEvent(9, other.kit.clock.now()))
  await other.kit.log.checkpoints.sign()
  other.outside.wake()
  await until('the other tells it', () => receiver.seen.length === 3)
})

test('nothing goes to an address that the outbound door refuses', async () => {
  const clock = { now: () => 0, monotonic: () => 0 }
  const permits = createPermitOffice()
  const outbound = createOutbound({
    permits,
    clock,
    logger: silentLogger,
    lookup: async () => ['169.254.169.254'],
  })
  const url = 'https://metadata.example/'
  const post = createSignedPost({ receiver: 'w', url, secret: new Secret(secret), clock, outbound, permits })
  const message = { id: 'm', mediaType: 'application/json', body: new Uint8Array(1) }
  await expect(post(message, AbortSignal.timeout(5_000))).rejects.toMatchObject({ code: 'egress.denied' })
})

test('a server tells the witnesses of its configuration, and says in health and metrics when one is behind', async () => {
  const witness = { id: 'notary', url: receiver.url, secret, every: 1 }
  await using team = await openTeam({
    vaults: { lake: { 'heron.md': '# Heron\n' } },
    config: { audit: { witnesses: [witness] } },
  })
  const list = () => take<AuditWitnessList>(team.owner.call('/api/audit/witnesses'))
  const health = async () => (await (await fetch(`${team.url}/healthz`)).json()) as { auditWitnesses?: string }
  const ann = await team.person('Ann Lee')
  await until('it is told', async () => (await list()).witnesses[0]?.told !== null)
  // The file is the one beside the keyring, which every server has.
  expect((await list()).witnesses.map(({ id, kind }) => [id, kind])).toEqual([
    ['notary', 'webhook'],
    [null, 'file'],
    [null, 'clients'],
  ])
  expect((await health()).auditWitnesses).toBe('ok')
  await receiver.kill()
  await team.person('Ben Okafor')
  await until('it is behind', async () => (await health()).auditWitnesses === 'behind', 20_000)
  const metrics = await (await fetch(`${team.url}/metrics`)).text()
  expect(metrics).toContain('cairn_audit_witness_failing{witness="notary"} 1')
  expect(metrics).toMatch(/cairn_audit_witness_lag_entries\{witness="notary"\} [1-9]/)
  expect((await ann.call('/api/audit/witnesses')).status).toBe(403)
  const said = `${team.logLines.join('\n')}${JSON.stringify(await list())}${metrics}`
  expect(said).not.toContain(secret.slice(6))
  await receiver.start()
  await until('it is told again', async () => (await health()).auditWitnesses === 'ok', 20_000)
})

test('wrong witnesses are refused with what is wrong, and secrets are not shown', async () => {
  const load = async (witnesses: unknown) => {
    await writeFile(join(folder, 'cairn.config.json'), JSON.stringify({ audit: { witnesses } }))
    return loadConfig({ env: {}, flags: {}, directory: folder })
  }
  const hook = { id: 'a', url: 'https://notary.example/in', secret }
  const wrong: [unknown, string][] = [
    [[{ ...hook, url: 'http://notary.example/in' }], 'https://'],
    [[{ ...hook, secret: undefined }], 'a webhook needs one'],
    [[{ ...hook, secret: 'password' }], 'whsec_'],
    [[hook, hook], 'two of them are called a'],
    [[{ ...hook, url: 'https://169.254.169.254/in' }], 'nothing is sent to this address'],
    [[{ ...hook, every: 0 }], 'audit.witnesses.0.every'],
  ]
  for (const [witnesses, words] of wrong) await expect(load(witnesses)).rejects.toThrow(words)
  const loaded = await load([hook])
  expect(loaded.config.audit.witnesses).toEqual([{ id: 'a', url: 'https://notary.example/in', every: 100 }])
  expect(JSON.stringify(loaded.settings)).not.toContain(secret)
})
