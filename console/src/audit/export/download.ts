/** An export on its way into the page: how much has come, and the whole of it at the end, or nothing. */
import type { AuditExportFormat } from '@cairn/contract'
import { brokenOff, malformed, type Failure, type Reply } from '../../api/failure.ts'
import { send } from '../../api/request.ts'
import { formatWords } from './formats.ts'

export interface DownloadProgress {
  readonly bytes: number
  /** Entries that have come whole; null where the form does not tell. */
  readonly entries: number | null
}

export interface Downloaded extends DownloadProgress {
  readonly file: Blob
  readonly name: string
  /** Of the call, by which its entries are found in the log. */
  readonly requestId: string | null
}

export interface DownloadRun {
  readonly query: Readonly<Record<string, string>>
  readonly format: AuditExportFormat
  readonly onProgress: (progress: DownloadProgress) => void
  readonly signal: AbortSignal
  readonly open?: (path: string, signal: AbortSignal) => Promise<Reply<Response>>
}

/** As much is given to the browser, which keeps it where it has room. */
const blobBytes = 8_000_000
/** Telling each piece would draw more than it downloads. */
const tellBytes = 100_000

/** Null when it was ended by the signal. */
export async function runDownload({
  query,
  format,
  onProgress,
  signal,
  open = ask,
}: DownloadRun): Promise<Reply<Downloaded> | null> {
  const failed = (failure: Failure) => (signal.aborted ? null : ({ ok: false, failure } as const))
  const reply = await open(`/api/audit/export?${new URLSearchParams(query).toString()}`, signal)
  if (!reply.ok) return failed(reply.failure)
  const { body, headers } = reply.value
  if (body === null) return failed(malformed)
  const count = createRowCounter(formatWords[format].rows ?? null)
  const file = createPile(headers.get('content-type') ?? 'application/octet-stream')
  let [told, entries]: [number, number | null] = [0, null]
  const reader = body.getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      file.add(next.value)
      entries = count(next.value)
      if (file.bytes() - told < tellBytes) continue
      told = file.bytes()
      onProgress({ bytes: told, entries })
    }
  } catch {
    return failed(brokenOff)
  } finally {
    await reader.cancel().catch(() => {})
  }
  if (signal.aborted) return null
  const name = nameIn(headers.get('content-disposition')) ?? `cairn-audit.${format}`
  const value = { file: file.take(), name, bytes: file.bytes(), entries, requestId: headers.get('x-request-id') }
  return { ok: true, value }
}

const ask = (path: string, signal: AbortSignal) => send(path, { accept: '*/*', signal })

/** The server’s name for the file, where it is one that is safe to have. */
function nameIn(disposition: string | null): string | null {
  return /filename="([\w.-]{1,100})"/.exec(disposition ?? '')?.[1] ?? null
}

function createPile(type: string) {
  let [parts, waiting, bytes, waitingBytes]: [Blob[], Uint8Array<ArrayBuffer>[], number, number] = [[], [], 0, 0]
  const settle = () => {
    if (waiting.length > 0) parts = [...parts, new Blob(waiting)]
    waiting = []
    waitingBytes = 0
  }
  return {
    add(piece: Uint8Array) {
      waiting.push(new Uint8Array(piece))
      bytes += piece.length
      waitingBytes += piece.length
      if (waitingBytes >= blobBytes) settle()
    },
    bytes: () => bytes,
    take() {
      settle()
      return new Blob(parts, { type })
    },
  }
}

const newline = 10
const quote = 34

/** Counts entries as their bytes come: lines, or rows of CSV without its first, where a line break may stand in a cell. */
export function createRowCounter(rows: 'lines' | 'csv' | null): (piece: Uint8Array) => number | null {
  let count = 0
  let isQuoted = false
  return (piece) => {
    if (rows === null) return null
    for (const byte of piece) {
      if (byte === quote) isQuoted = !isQuoted
      else if (byte === newline && (rows === 'lines' || !isQuoted)) count++
    }
    return rows === 'csv' ? Math.max(0, count - 1) : count
  }
}
