/**
 * Taking the audit log out. That somebody is about to is durable before the first byte; how it ended, with the hash of
 * what they were given, before the last.
 */
import type { AuditExportQuery } from '@cairn/contract'
import { createHash } from 'node:crypto'
import { CairnError, errorFields, toCairnError } from '../../base/index.ts'
import type { AuditFile } from '../../audit/index.ts'
import type { AuditEntry, Call } from '../dependencies.ts'
import type { HttpReply } from '../reply.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { watchCall } from '../watch-access.ts'

type Input = ProtectedInput<string, undefined, AuditExportQuery>

const kinds = {
  jsonl: { mediaType: 'application/x-ndjson', extension: 'jsonl' },
  ocsf: { mediaType: 'application/x-ndjson', extension: 'ocsf.jsonl' },
  csv: { mediaType: 'text/csv; charset=utf-8; header=present', extension: 'csv' },
  archive: { mediaType: 'application/x-tar', extension: 'tar' },
  proofs: { mediaType: 'application/x-tar', extension: 'proofs.tar' },
} as const

export async function exportLog({ call: asked, services, exchange, query }: Input): Promise<HttpReply> {
  const { access, audit, auditOutlet } = services
  const { principal } = asked
  if (query.content) access.require(principal, 'audit.content')
  const call = watchCall({ call: asked, exchange, services })
  call.onlyWhile?.(
    () => access.may(principal, 'audit.read') && (!query.content || access.may(principal, 'audit.content')),
  )
  const file = await auditOutlet.take(query)
  const what = describe(query, file)
  const entry = { actor: principal.id, requestId: call.requestId }
  let intent: number | null
  try {
    intent = await audit.record({ ...entry, type: 'audit.export-intended', outcome: 'ok', fields: what })
  } catch (thrown) {
    file.end()
    throw thrown
  }
  const { mediaType, extension } = kinds[query.format]
  return {
    status: 200,
    headers: {
      'content-type': mediaType,
      'content-disposition': `attachment; filename="cairn-audit-${file.size}.${extension}"`,
      'x-cairn-audit-size': String(file.size),
      'x-cairn-audit-root': file.root,
    },
    body: streamFile(file, { call, services, entry, fields: { ...what, intent } }),
  }
}

/** By name, not by value: those may name somebody’s day. */
function describe(query: AuditExportQuery, { size }: AuditFile): NonNullable<AuditEntry['fields']> {
  const names = ['from', 'to', 'fromSeq', 'toSeq', 'category', 'type'] as const
  return {
    format: query.format,
    filters: names.filter((name) => query[name] !== undefined),
    content: query.content,
    size,
  }
}

interface Taking {
  readonly call: Call
  readonly services: RouteServices
  readonly entry: Pick<AuditEntry, 'actor' | 'requestId'>
  readonly fields: NonNullable<AuditEntry['fields']>
}

function streamFile(file: AuditFile, { call, services, entry, fields }: Taking): ReadableStream<Uint8Array> {
  const { audit, logger } = services
  const hash = createHash('sha256')
  let [results, bytes] = [0, 0]
  let isOver = false

  async function finish(outcome: 'ok' | 'failed'): Promise<void> {
    if (isOver) return
    isOver = true
    file.end()
    const told = { ...fields, results, bytes, sha256: hash.digest('hex') }
    await audit.record({ ...entry, type: 'audit.exported', outcome, fields: told })
  }

  /** The reader of a stream that failed is gone; what remains is to say so. */
  async function breakOff(): Promise<void> {
    await finish('failed').catch((thrown: unknown) =>
      logger.error('an export that broke off could not be recorded', {
        requestId: call.requestId,
        ...errorFields(thrown),
      }),
    )
  }

  async function takePiece(): Promise<Uint8Array | null> {
    for (;;) {
      const piece = await file.next()
      if (call.signal.aborted) throw call.signal.reason
      if (piece === null) return null
      results += piece.results
      if (piece.bytes.length > 0) return piece.bytes
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const piece = await takePiece()
          if (piece === null) {
            // Who is told that this is the end may rely on the entry.
            await finish('ok')
            return controller.close()
          }
          hash.update(piece)
          bytes += piece.length
          controller.enqueue(piece)
        } catch (thrown) {
          await breakOff()
          controller.error(thrown instanceof CairnError ? thrown : toCairnError(thrown))
        }
      },
      cancel: breakOff,
    },
    { highWaterMark: 0 },
  )
}
