/**
 * The log goes to receivers outside: nothing is lost while they are down, order is kept, and what they have acknowledged
 * does not come again. Against real receivers that answer with errors, hang, break off and are gone for a while.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditSinkConfig } from '@cairn/contract'
import type { AuditEntry } from '../src/audit/index.ts'
import { createKeys } from '../src/audit/export/take-out.ts'
import { createSinkStore, holdMs, type SinkStore } from '../src/audit/sinks/sink-store.ts'
import { openAuditSinks, type AuditSinks } from '../src/audit/sinks/sinks.ts'
import { openLogKit, someEvent, testOrigin, testSecrets, type LogKit } from '../src/audit/testing/log-kit.ts'
import { Secret, silentLogger, type Clock } from '../src/base/index.ts'
import { createOutbound, createPermitOffice, createTlsDoor } from '../src/platform/index.ts'
import { makeCertificate, type MadeCertificate } from './kit/certificate.ts'
import {
  jsonOf,
  readFrames,
  signatureOf,
  startSyslog,
  startWebhook,
  type Mood,
  type Receiver,
} from './kit/sink-receivers.ts'
import { until } from './harness.ts'

setDefaultTimeout(60_000)

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const timing = { idleMs: 20, heldMs: 20, firstRetryMs: 10, mostRetryMs: 60, sendMs: 2_000 }

let folder: string
let certificate: MadeCertificate
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-sinks-'))
  certificate = makeCertificate(folder, 'receiver')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Rig extends AsyncDisposable {
  readonly kit: LogKit
  readonly store: SinkStore
  readonly recorded: AuditEntry[]
  readonly clock: Clock & { skip(ms: number): void }
  open(sinks: readonly AuditSinkConfig[], changes?: Partial<Parameters<typeof openAuditSinks>[0]>): AuditSinks
  append(count: number): Promise<void>
}

let rigs = 0

async function openRig(): Promise<Rig> {
  const file = join(folder, `audit-${rigs++}.db`)
  const kit = await openLogKit({ kind: 'sqlite', file, durability: 'full' })
  const recorded: AuditEntry[] = []
  const store = createSinkStore(kit.log.connection, {
    keys: createKeys(kit.log.connection, testSecrets),
    version: '0.1.0',
    origin: testOrigin,
  })
  let skipped = 0
  const clock = {
    now: () => Date.now() + skipped,
    monotonic: () => performance.now(),
    skip: (ms: number) => void (skipped += ms),
  }
  const permits = createPermitOffice()
  const outbound = createOutbound({ permits, clock, logger: silentLogger })
  const opened = new Set<AuditSinks>()
  let appended = 0
  return {
    kit,
    store,
    recorded,
    clock,
    open(sinks, changes = {}) {
      const made = openAuditSinks({
        sinks,
        secrets: new Map(sinks.map(({ id }) => [id, new Secret(secret)])),
        store,
        origin: testOrigin,
        audit: {
          record: async (entry) => {
            recorded.push(entry)
            const { type, actor, outcome, fields = {} } = entry
            return kit.log.append({ type, actor, outcome, at: kit.clock.now(), fields, context: {} })
          },
        },
        clock,
        logger: silentLogger,
        outbound,
        permits,
        tls: createTlsDoor({ permits, clock }),
        timing,
        ...changes,
      })
      opened.add(made)
      return made
    },
    async append(count) {
      await Promise.all(Array.from({ length: count }, () => kit.log.append(someEvent(appended++, kit.clock.now()))))
      for (const sinks of opened) sinks.wake()
    },
    async [Symbol.asyncDispose]() {
      for (const sinks of opened) await sinks.close()
      await kit.log.close()
    },
  }
}

const webhook = ({ port }: Receiver, more: object = {}): AuditSinkConfig => ({
  id: 'hook',
  kind: 'webhook',
  url: `http://127.0.0.1:${port}/audit`,
  format: 'jsonl',
  names: false,
  ...more,
})
const syslog = ({ port }: Receiver, more: object = {}): AuditSinkConfig => ({
  id: 'collector',
  kind: 'syslog',
  host: '127.0.0.1',
  port,
  caFile: certificate.certFile,
  format: 'rfc5424-json',
  names: false,
  ...more,
})

const kinds = [
  ['webhook', () => startWebhook(), webhook],
  ['syslog', () => startSyslog(certificate), syslog],
] as const

const deliveredTo = async ({ kit, store }: Rig, id: string) => {
  const [progress, { size }] = [await store.progress(id), await kit.log.head()]
  return progress !== null && progress.cursor >= size
}

/** What reached a receiver as acknowledged, in the order in which it did. */
const acknowledged = ({ taken }: Receiver) => taken.flatMap(({ isAcknowledged, seqs }) => (isAcknowledged ? seqs : []))

/** A webhook gets nothing again that it has acknowledged; syslog acknowledges nothing, so what it has may come again. */
const received = (receiver: Receiver, id: string) => {
  const seqs = acknowledged(receiver)
  return id === 'hook' ? seqs : [...new Set(seqs)]
}

/** The scripted outage: every mood, a kill and a restart, with the log growing all the while. */
async function haveOutage(rig: Rig, receiver: Receiver): Promise<void> {
  await rig.append(700)
  const worse: Mood[] = ['failing', 'breaking', 'hanging']
  for (const mood of worse) {
    receiver.mood = mood
    await rig.append(300)
    await new Promise((go) => setTimeout(go, 120))
  }
  await receiver.kill()
  await rig.append(900)
  await new Promise((go) => setTimeout(go, 150))
  receiver.mood = 'good'
  await receiver.start()
  await rig.append(100)
}

describe.each(kinds)('a %s', (_, start, configure) => {
  test('gets everything, once and in order, whatever happens to it', async () => {
    await using receiver = await start()
    await using rig = await openRig()
    await rig.kit.fill(50)
    const sink = configure(receiver)
    const sinks = rig.open([sink])
    await until('it begins', async () => (await rig.store.progress(sink.id)) !== null)
    const from = 50
    await haveOutage(rig, receiver)
    await until('all is delivered', () => deliveredTo(rig, sink.id), 30_000)
    await sinks.close()

    // That it recovered may have been recorded a moment ago, and waits for the next start.
    const { cursor = 0 } = (await rig.store.progress(sink.id)) ?? {}
    expect(cursor).toBeGreaterThanOrEqual(from + 2_600)
    expect(received(receiver, sink.id)).toEqual(Array.from({ length: cursor - from }, (__, at) => from + at))
    const told = rig.recorded.map(({ type }) => type)
    expect(told[0]).toBe('sink.configured')
    expect(told.filter((type) => type === 'sink.failed').length).toBe(
      told.filter((type) => type === 'sink.recovered').length,
    )
    expect(rig.recorded.find(({ type }) => type === 'sink.failed')?.fields).toMatchObject({
      sink: sink.id,
      code: expect.any(String),
    })
    const receipts = await rig.store.receipts({ id: sink.id, after: 0, limit: 1_000 })
    expect(receipts[0]?.first).toBe(from)
    for (const [at, { first }] of receipts.entries()) if (at > 0) expect(first).toBe((receipts[at - 1]?.last ?? 0) + 1)
    expect(receipts.at(-1)?.last).toBe(cursor - 1)
    expect(await rig.kit.codes()).toEqual([])
  })

  test('a cursor that is moved before the receiver has acknowledged is found out', async () => {
    await using receiver = await start()
    await using rig = await openRig()
    const { store } = rig
    const early: SinkStore = {
      ...store,
      async next(of) {
        const next = await store.next(of)
        if (next.kind === 'batch') {
          const { body, progress: _progress, kind: _kind, ...batch } = next
          await store.done({ id: of.plan.id, holder: of.holder, at: of.at, ...batch, bytes: body.length })
        }
        return next
      },
      done: async () => ({ recovered: null }),
    }
    const sink = configure(receiver)
    const sinks = rig.open([sink], { store: early })
    await until('it begins', async () => (await store.progress(sink.id)) !== null)
    await haveOutage(rig, receiver)
    await until('all is passed', () => deliveredTo(rig, sink.id), 30_000)
    await sinks.close()
    const { size } = await rig.kit.log.head()
    expect(new Set(acknowledged(receiver)).size).toBeLessThan(size)
  })

  test('goes on where it was after a restart of the server, without a gap', async () => {
    await using receiver = await start()
    await using rig = await openRig()
    const sink = configure(receiver)
    const first = rig.open([sink])
    await until('it begins', async () => (await rig.store.progress(sink.id)) !== null)
    await rig.append(120)
    await until('all is delivered', () => deliveredTo(rig, sink.id))
    await first.close()
    await rig.append(80)
    const second = rig.open([sink])
    await until('all is delivered', () => deliveredTo(rig, sink.id))
    await second.close()
    const { size } = await rig.kit.log.head()
    expect(received(receiver, sink.id)).toEqual(Array.from({ length: size }, (__, at) => at))
    expect(rig.recorded.map(({ type }) => type)).toEqual(['sink.configured'])
  })
})

describe('what is sent', () => {
  test('people by reference and no names, unless names are asked for; the change is recorded', async () => {
    await using receiver = await startWebhook()
    await using rig = await openRig()
    const send = async (names: boolean) => {
      const sinks = rig.open([webhook(receiver, { names })])
      await until('it begins', async () => (await rig.store.progress('hook')) !== null)
      await rig.append(20)
      await until('all is delivered', () => deliveredTo(rig, 'hook'))
      await sinks.close()
      return receiver.taken
        .splice(0)
        .map(({ text }) => text)
        .join('')
    }
    const refs = await send(false)
    expect(refs).not.toMatch(/person_\d|Käse|vault_1|127\.0\.0\.1/)
    expect(refs).toMatch(/"actor":"subject_[a-z0-9]+"/)
    expect(refs).toMatch(/"user":"subject_[a-z0-9]+"/)
    const names = await send(true)
    expect(names).toMatch(/"actor":"person_\d"/)
    expect(names).toContain('Käse')
    expect(rig.recorded.map(({ type, fields }) => [type, fields?.['names']])).toEqual([
      ['sink.configured', false],
      ['sink.configured', true],
    ])
    await rig.kit.erase('person_1')
    // Who is forgotten has no reference any more in what comes later.
    expect(await send(true)).not.toContain('person_1')
  })

  test('a webhook can verify the signature, and knows a batch that is sent again', async () => {
    await using receiver = await startWebhook()
    await using rig = await openRig()
    receiver.mood = 'failing'
    rig.open([webhook(receiver, { format: 'ocsf' })])
    await until('it was tried', () => receiver.taken.length > 2 || rig.append(1).then(() => false))
    receiver.mood = 'good'
    await until('it was taken', () => receiver.taken.some(({ isAcknowledged }) => isAcknowledged))
    const [first, again] = receiver.taken
    for (const each of receiver.taken) expect(signatureOf(each, secret)).toBe(String(each.headers['webhook-signature']))
    expect(again?.headers['webhook-id']).toBe(first?.headers['webhook-id'] as string)
    expect(again?.text).toBe(first?.text as string)
    const age = Date.now() / 1_000 - Number(first?.headers['webhook-timestamp'])
    expect(Math.abs(age)).toBeLessThan(60)
  })

  test('syslog in its two forms, framed and with a header that is one', async () => {
    await using receiver = await startSyslog(certificate)
    await using rig = await openRig()
    const sinks = rig.open([syslog(receiver, { names: true })])
    await until('it begins', async () => (await rig.store.progress('collector')) !== null)
    await rig.append(8)
    await until('all is delivered', () => deliveredTo(rig, 'collector'))
    await sinks.close()
    const messages = receiver.taken.flatMap(({ text }) => readFrames(text))
    const read = messages.find((message) => message.includes('note.read')) ?? ''
    expect(read).toMatch(
      /^<110>1 2026-01-15T08:00:00\.\d{3}Z - cairn - note\.read \[meta sequenceId="\d+"\]\[origin software="Cairn" swVersion="0\.1\.0"\] \{/,
    )
    // oxlint-disable-next-line no-control-regex -- ASCII is what is asked for
    expect(read).toMatch(/^[\x20-\x7E]*$/)
    expect((JSON.parse(jsonOf(read)) as { fields: { note: string } }).fields.note).toBe('Öre/Käse.md')
  })
})

describe('a receiver that is not trusted, or not allowed', () => {
  const failure = async (rig: Rig, id: string) => {
    await rig.append(1)
    await until('it fails', async () => (await rig.store.progress(id))?.lastError != null)
    return (await rig.store.progress(id))?.lastError ?? ''
  }

  test('gets nothing with a certificate of nobody we trust, or for another name', async () => {
    await using receiver = await startSyslog(certificate)
    await using rig = await openRig()
    const other = makeCertificate(folder, 'another')
    rig.open([syslog(receiver, { caFile: other.certFile })])
    await until('it begins', async () => (await rig.store.progress('collector')) !== null)
    expect(await failure(rig, 'collector')).toContain('upstream.unreachable')
    expect(receiver.taken).toEqual([])
  })

  test('gets nothing at a link-local address, by a redirect, or in the clear', async () => {
    await using rig = await openRig()
    rig.open([syslog({ port: 6_514 } as Receiver, { id: 'meta', host: '169.254.169.254' })])
    await until('it begins', async () => (await rig.store.progress('meta')) !== null)
    expect(await failure(rig, 'meta')).toContain('egress.denied')

    const moved = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => Response.redirect('http://127.0.0.1:9/', 307),
    })
    rig.open([webhook({ port: moved.port } as Receiver, { id: 'moved' })])
    await until('it begins', async () => (await rig.store.progress('moved')) !== null)
    expect(await failure(rig, 'moved')).toContain('upstream.redirect')
    await moved.stop(true)

    await using plain = await startWebhook()
    rig.open([syslog(plain, { id: 'plain' })])
    await until('it begins', async () => (await rig.store.progress('plain')) !== null)
    expect(await failure(rig, 'plain')).toContain('upstream.unreachable')
    expect(plain.taken).toEqual([])
  })
})

describe('several', () => {
  test('a receiver that hangs holds up neither the others nor the log', async () => {
    await using slow = await startWebhook()
    await using good = await startWebhook()
    await using rig = await openRig()
    slow.mood = 'hanging'
    rig.open([webhook(slow, { id: 'slow' }), webhook(good, { id: 'good' })])
    await until(
      'both begin',
      async () => (await rig.store.progress('slow')) !== null && (await rig.store.progress('good')) !== null,
    )
    await rig.append(50)
    await until('the good one has all', () => deliveredTo(rig, 'good'))
    expect(await deliveredTo(rig, 'slow')).toBe(false)
  })

  test('processes take turns: one delivers, another takes over when it is gone', async () => {
    await using receiver = await startWebhook()
    await using rig = await openRig()
    const one = rig.open([webhook(receiver)])
    await until('it begins', async () => (await rig.store.progress('hook')) !== null)
    const other = rig.open([webhook(receiver)])
    await rig.append(200)
    await until('all is delivered', () => deliveredTo(rig, 'hook'))
    await one.close()
    await rig.append(100)
    await until('the other goes on', () => deliveredTo(rig, 'hook'))
    await other.close()
    const seqs = acknowledged(receiver)
    expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b))
    expect(seqs.length).toBe((await rig.kit.log.head()).size)

    // One that ended without a word holds the receiver until its time is over, and what it finishes then counts no more.
    const plan = { id: 'hook', kind: 'webhook', format: 'jsonl', names: false } as const
    await rig.append(10)
    const dead = await rig.store.next({ plan, holder: 'dead', at: rig.clock.now() })
    expect(dead.kind).toBe('batch')
    expect((await rig.store.next({ plan, holder: 'next', at: rig.clock.now() })).kind).toBe('held')
    rig.clock.skip(holdMs + 1)
    expect((await rig.store.next({ plan, holder: 'next', at: rig.clock.now() })).kind).toBe('batch')
    if (dead.kind !== 'batch') throw new Error('no batch')
    const { body, ...batch } = dead
    expect(
      await rig.store.done({ ...batch, id: 'hook', holder: 'dead', at: rig.clock.now(), bytes: body.length }),
    ).toBeNull()
  })
})

test('what was pruned before it could be delivered is said by an entry, and deliveries go on', async () => {
  await using receiver = await startWebhook()
  await using rig = await openRig()
  const first = rig.open([webhook(receiver)])
  await until('it begins', async () => (await rig.store.progress('hook')) !== null)
  await first.close()
  await rig.append(600)
  await rig.kit.log.checkpoints.sign()
  await rig.kit.log.prune(rig.kit.by(), 512)
  const { minIndex } = await rig.kit.log.head()
  expect(minIndex).toBeGreaterThan(200)
  const second = rig.open([webhook(receiver)])
  await until('all is delivered', () => deliveredTo(rig, 'hook'))
  const skipped = rig.recorded.find(({ type }) => type === 'sink.skipped')
  expect(skipped?.fields).toMatchObject({ sink: 'hook', to: minIndex })
  const receipts = await rig.store.receipts({ id: 'hook', after: 0, limit: 1_000 })
  expect(Math.min(...receipts.map(({ first: at }) => at))).toBe(minIndex)
  expect((await second.list())[0]).toMatchObject({ state: 'ok', lag: 0, lastError: null })
})
