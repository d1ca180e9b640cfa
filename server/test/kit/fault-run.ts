/**
 * A run of chat requests over three deployments that fail by seed: what each deployment will do to each request is
 * known beforehand, so that it is known what the client must hear. Used by a test with a sample and by a benchmark with
 * the whole run.
 */
import { createRandom } from '../../src/base/testing/random.ts'
import { CairnError, silentLogger, systemClock } from '../../src/base/index.ts'
import { meteringSchema, openMeter } from '../../src/metering/index.ts'
import { openStore } from '../../src/storage/index.ts'
import type { HealthBoard } from '../../src/routing/health/types.ts'
import { createLonePeers } from '../../src/base/index.ts'
import { join } from 'node:path'
import { rm } from 'node:fs/promises'
import { answer } from './answers.ts'
import { drawFault, type Draw } from './draw.ts'
import { faultNames, faultTable, type FaultName, type NamedFault } from './faults.ts'
import { createRig, summaryOf, textOf, upstreamOf } from './gateway-rig.ts'
import { startUpstream, type Upstream } from './upstream.ts'
import { makeFolder } from './vault-rig.ts'

export interface FaultRunOptions {
  readonly requests: number
  readonly seed: number
  readonly concurrency: number
  readonly retryRatio: number
  /** Leaves deployments alone that fail; without it every deployment is always tried. */
  readonly withHealth?: boolean
}

export interface Heard {
  readonly number: number
  readonly streamed: boolean
  /** `cancelled`: the client left after the first words. */
  readonly how: 'whole' | 'partial' | 'refused' | 'cancelled'
  readonly code: string | null
  readonly retried: boolean
  /** What is wrong with it, in words. */
  readonly wrongs: readonly string[]
}

export interface LedgerSum {
  readonly requestId: string
  readonly rows: number
  readonly told: number
  readonly toldInput: number
  readonly toldOutput: number
  readonly estimated: number
  readonly whole: number
}

export interface FaultRun {
  readonly heard: readonly Heard[]
  /** What each deployment does to a request, in the order a, b, c. */
  faultsOf(number: number): (FaultName | null)[]
  readonly upstreams: readonly Upstream[]
  readonly ledger: ReadonlyMap<number, LedgerSum>
  readonly openReservations: number
  readonly seconds: number
}

const names = ['a', 'b', 'c'] as const
const deadlines = { connectTimeoutMs: 3_000, firstTokenTimeoutMs: 3_000, idleTimeoutMs: 3_000, totalTimeoutMs: 9_000 }
const cancelledShare = 0.05

/** Neither leaves a deployment alone nor prefers one. */
const patient: HealthBoard = {
  view: () => ({
    state: 'ok',
    reason: null,
    untilMs: null,
    ttftMs: null,
    meanTtftMs: null,
    heardAtMs: null,
    tokensPerSecond: null,
    errorRate: 0,
    inFlight: 0,
    share: 1,
  }),
  begin: () => ({ firstToken() {}, succeeded() {}, failed() {}, abandoned() {} }),
  close: async () => {},
}

export async function runFaults(options: FaultRunOptions): Promise<FaultRun> {
  const draw: Draw = { seed: options.seed, rate: 0.2, faults: faultNames }
  const upstreams = await Promise.all(
    names.map((name) => startUpstream({ name, draw, keepsRequests: false, maxCounted: options.requests })),
  )
  const folder = await makeFolder('faults')
  const location = { kind: 'sqlite', file: join(folder, 'state.db'), durability: 'normal' } as const
  const store = await openStore({ location, schemas: [meteringSchema] }, silentLogger)
  const meter = await openMeter({
    store,
    location,
    clock: systemClock,
    logger: silentLogger,
    isFirst: true,
    deploymentId: 'dep_test',
    redis: null,
    peers: createLonePeers(),
    workers: 1,
  })
  try {
    const random = createRandom(options.seed)
    const rig = createRig({
      upstreams: names.map((name, at) =>
        upstreamOf(name, upstreams[at]?.url ?? '', [], {
          egress: 'local',
          models: [{ id: 'm', inputUsdPerMTok: 2, outputUsdPerMTok: 8 }],
        }),
      ),
      models: deadlines,
      routing: { strategy: 'balanced', maxAttempts: 3, retryRatio: options.retryRatio },
      random,
      meter,
      ...(options.withHealth === true ? {} : { health: patient }),
    })
    const startedAt = performance.now()
    const heard: Heard[] = []
    let next = 0
    const drive = async () => {
      for (let number = next++; number < options.requests; number = next++)
        heard.push(await ask(rig, number, createRandom(options.seed + number)() < cancelledShare))
    }
    await Promise.all(Array.from({ length: options.concurrency }, drive))
    const seconds = (performance.now() - startedAt) / 1_000
    await rest(upstreams)
    await meter.flush()
    const rows = await store.read(
      `SELECT request_id, COUNT(*) AS n, SUM(CASE WHEN is_estimated = 0 AND outcome = 'ok' THEN 1 ELSE 0 END) AS told,
         SUM(CASE WHEN is_estimated = 0 THEN input_tokens ELSE 0 END) AS input,
         SUM(CASE WHEN is_estimated = 0 THEN output_tokens ELSE 0 END) AS output,
         SUM(is_estimated) AS estimated, SUM(CASE WHEN outcome = 'ok' THEN 1 ELSE 0 END) AS whole
       FROM metering_ledger GROUP BY request_id`,
    )
    const [open] = await store.read('SELECT COUNT(*) AS n FROM metering_reservations')
    return {
      heard,
      upstreams,
      faultsOf: (number) => names.map((name) => drawFault(draw, name, String(number))),
      ledger: new Map(
        rows.map((row) => [
          Number(String(row['request_id']).slice(4)),
          {
            requestId: String(row['request_id']),
            rows: Number(row['n']),
            told: Number(row['told']),
            toldInput: Number(row['input']),
            toldOutput: Number(row['output']),
            estimated: Number(row['estimated']),
            whole: Number(row['whole']),
          },
        ]),
      ),
      openReservations: Number(open?.['n']),
      seconds,
    }
  } finally {
    await meter.close()
    await store.close()
    await Promise.all(upstreams.map((upstream) => upstream.close()))
    await rm(folder, { recursive: true, force: true })
  }
}

/** Nothing is under way at any upstream for a while. */
async function rest(upstreams: readonly Upstream[]): Promise<void> {
  for (let quiet = 0, waits = 0; quiet < 5 && waits < 500; waits += 1) {
    await Bun.sleep(20)
    quiet = upstreams.every((upstream) => upstream.stats().open === 0) ? quiet + 1 : 0
  }
}

type Rig = ReturnType<typeof createRig>

async function ask(rig: Rig, number: number, leaves: boolean): Promise<Heard> {
  const streamed = number % 3 !== 0
  const body = {
    model: 'm',
    user: String(number),
    messages: [{ role: 'user', content: `#${number} name some stones` }],
    ...(streamed ? { stream: true, stream_options: { include_usage: true } } : {}),
  }
  const told = { number, streamed, code: null, retried: false, wrongs: [] }
  const controller = new AbortController()
  try {
    const more = { requestId: `req_${number}` }
    const reply = await rig.chat(JSON.stringify(body), controller.signal, more)
    if (!streamed) return { ...told, ...judgeJson(await textOf(reply), body) }
    if (leaves) return { ...told, how: await leaveEarly(reply.body as ReadableStream<Uint8Array>, controller) }
    return { ...told, ...judgeStream(await textOf(reply), body) }
  } catch (thrown) {
    if (!(thrown instanceof CairnError)) throw thrown
    return { ...told, how: 'refused', code: thrown.code, retried: thrown.retried }
  }
}

async function leaveEarly(stream: ReadableStream<Uint8Array>, controller: AbortController): Promise<'cancelled'> {
  const reader = stream.getReader()
  await reader.read().catch(() => undefined)
  controller.abort(new DOMException('The client left.', 'AbortError'))
  await reader.cancel().catch(() => undefined)
  return 'cancelled'
}

type Body = Parameters<typeof answer>[0]

function judgeJson(text: string, body: Body): Pick<Heard, 'how' | 'wrongs'> {
  const reply = JSON.parse(text) as { choices: { message: { content: string }; finish_reason: string }[] }
  const [choice] = reply.choices
  return { how: 'whole', wrongs: judgeText(choice?.message.content ?? '', choice?.finish_reason ?? null, body) }
}

interface Chunk {
  readonly error?: { readonly code: string }
  readonly choices?: { readonly delta?: { readonly content?: string }; readonly finish_reason?: string | null }[]
}

function judgeStream(stream: string, body: Body): Pick<Heard, 'how' | 'wrongs' | 'code'> {
  const data = [...stream.matchAll(/^data: ?(.*)$/gm)].map(([, payload]) => payload?.trimEnd() ?? '')
  const wrongs: string[] = []
  if (data.at(-1) !== '[DONE]') wrongs.push('the stream does not end with [DONE]')
  const chunks = data.filter((payload) => payload !== '[DONE]').map((payload) => JSON.parse(payload) as Chunk)
  const error = chunks.find((chunk) => chunk.error)?.error
  const attempts = summaryOf(stream)['attempts'] as { outcome: string }[]
  const text = chunks.map(({ choices }) => choices?.[0]?.delta?.content ?? '').join('')
  const finish = chunks.findLast(({ choices }) => typeof choices?.[0]?.finish_reason === 'string')
  if (error) {
    if (attempts.at(-1)?.outcome !== 'broken-stream') wrongs.push('a broken stream is not marked in its summary')
    if (finish) wrongs.push('a finished answer is told as broken')
    return { how: 'partial', wrongs, code: error.code }
  }
  if (attempts.at(-1)?.outcome !== 'ok') wrongs.push('a whole answer is not marked so')
  return {
    how: 'whole',
    wrongs: [...wrongs, ...judgeText(text, finish?.choices?.[0]?.finish_reason ?? null, body)],
    code: null,
  }
}

/** A whole answer is all that the upstream says to this request, or the long or wide one that a fault made of it. */
function judgeText(text: string, finish: string | null, body: Body): string[] {
  const usual = answer(body).words.join('')
  const isWide = text === answer(body, { splitCharacters: true }).words.join('')
  const isLong = text.length >= 10_000_000
  const isWhole = text === usual || isWide || isLong
  return [...(isWhole ? [] : ['an answer told as whole is truncated']), ...(finish === 'stop' ? [] : ['no finish'])]
}

/** Whether the answer is whole in spite of the fault. */
export function isHarmless(fault: FaultName | null, streamed: boolean): boolean {
  if (fault === null) return true
  const { strikes, json }: NamedFault = faultTable[fault]
  return (streamed ? strikes : (json ?? strikes)) === 'harmless'
}

/** Whether a fault strikes before the first word, so that another deployment can still answer. */
export function strikesBefore(fault: FaultName | null, streamed: boolean): boolean {
  if (fault === null) return false
  const { strikes, json }: NamedFault = faultTable[fault]
  return (streamed ? strikes : (json ?? strikes)) === 'before'
}
