/** Handlers of what proves the audit log: checkpoint, key, proofs, tiles, and verifying it all. */
import type { AuditVerifyReport } from '@cairn/contract'
import { fail, type CairnError } from '../../base/index.ts'
import { acceptsEvents, eventStream, json, type HttpReply } from '../reply.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { createEventStream, describeError, type ServerEvent } from '../sse.ts'
import type { Call } from '../dependencies.ts'
import { watchCall } from '../watch-access.ts'
import { recordCall } from './record.ts'

type Input<B = undefined, P extends string = string> = ProtectedInput<P, B, undefined>

const text = (body: string): HttpReply => ({
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body,
})

/** Holds sizes and hashes alone, like tiles of hashes; reading these leaves no entry. */
export async function readCheckpoint({ services: { auditOutlet } }: Input): Promise<HttpReply> {
  return text(await auditOutlet.checkpoint())
}

export async function readKey({ services: { auditOutlet } }: Input): Promise<HttpReply> {
  return text(await auditOutlet.key())
}

export async function readProof({
  services,
  call,
  params: { seq },
}: Input<undefined, '/api/audit/proof/:seq'>): Promise<HttpReply> {
  if (!/^(?:0|[1-9]\d{0,14})$/.test(seq))
    fail('request.invalid', { param: 'seq', message: 'Give the number of an entry, from 0.' })
  const proof = await services.auditOutlet.proof(Number(seq))
  await recordCall(services, call, 'audit.searched', { filters: ['proof'], size: null, results: 1 })
  return text(proof)
}

export async function readTile({
  services,
  call,
  params: { path },
}: Input<undefined, '/api/audit/tile/*path'>): Promise<HttpReply> {
  const tile = await services.auditOutlet.tile(`tile/${path}`)
  if (tile === null)
    fail('request.not-found', { message: 'There is no such tile: the log is not that large yet, or it was pruned.' })
  if (tile.isEntries)
    await recordCall(services, call, 'audit.searched', { filters: ['tile'], size: null, results: null })
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'cache-control': tile.isFull ? 'private, max-age=31536000, immutable' : 'no-cache',
    },
    body: tile.bytes,
  }
}

// --- Verifying --------------------------------------------------------------------------------------------------------

export async function verifyLog({
  services,
  call: asked,
  exchange,
  body: { against },
}: Input<{ against: string[] }>): Promise<HttpReply> {
  const { access, heartbeatMs } = services
  const call = watchCall({ call: asked, exchange, services })
  call.onlyWhile?.(() => access.may(call.principal, 'audit.read'))
  const verification = { services, call, against }
  if (!acceptsEvents(exchange.request)) return json(await verify(verification, () => {}))
  return eventStream(
    createEventStream(tellVerification(verification), { signal: call.signal, heartbeatMs, onError: tellError }),
  )
}

interface Asked {
  readonly services: RouteServices
  readonly call: Call
  readonly against: readonly string[]
}

type OnProgress = (progress: { done: number; size: number }) => void

/** What comes of it is recorded before it is told. */
async function verify({ services, call, against }: Asked, onProgress: OnProgress): Promise<AuditVerifyReport> {
  const { auditOutlet, audit } = services
  const { errors, ...report } = await auditOutlet.verify({ against, onProgress, signal: call.signal })
  await audit.record({
    type: 'audit.verified',
    actor: call.principal.id,
    requestId: call.requestId,
    outcome: report.ok ? 'ok' : 'failed',
    fields: { size: report.size, errors: report.errorCount },
  })
  return { ...report, errors: errors.map((each) => ({ ...each })) }
}

async function* tellVerification(asked: Asked): AsyncIterable<ServerEvent> {
  let newest: { done: number; size: number } | null = null
  let wake = () => {}
  let isOver = false
  const working = verify(asked, (progress) => {
    newest = progress
    wake()
  }).finally(() => {
    isOver = true
    wake()
  })
  working.catch(() => undefined)
  while (!isOver) {
    await new Promise<void>((resolve) => {
      wake = resolve
      if (isOver || newest !== null) resolve()
    })
    if (newest !== null) yield { event: 'progress', data: newest }
    newest = null
  }
  yield { event: 'report', data: await working }
}

const tellError = (error: CairnError): ServerEvent[] => [{ event: 'error', data: describeError(error) }]
