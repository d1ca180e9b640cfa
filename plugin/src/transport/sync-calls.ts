/** The calls of vault sync, with their replies checked by hand: shapes take longer to build than a run takes. */
import type { NotesWritten, SyncConflict, SyncReply } from '@cairn/contract'
import type { Failure, Reply } from '@cairn/ui/client'
import { conflictTable } from '../core/sync/report.ts'
import { SyncFailure, type SyncTransport } from '../core/sync/types.ts'
import type { Transport } from './transport.ts'

/** A batch of notes may be some megabytes on a slow line. */
const longestMs = 120_000

export interface SyncCalls extends SyncTransport {
  /** Null when the server has no such note, or not for us. */
  readonly read: (path: string) => Promise<{ readonly text: string; readonly version: string } | null>
}

/** `signal` is asked for at each call. */
export function syncCalls(transport: Transport, vault: string, signal: () => AbortSignal): SyncCalls {
  const at = `/api/vaults/${encodeURIComponent(vault)}`
  return {
    compare: async (body) =>
      take(
        await transport.request(`${at}/sync`, schemaOf(isSyncReply), {
          method: 'POST',
          body,
          timeoutMs: longestMs,
          signal: signal(),
        }),
      ),
    write: async (body) =>
      take(
        await transport.request(`${at}/notes`, schemaOf(isNotesWritten), {
          method: 'PUT',
          body,
          timeoutMs: longestMs,
          signal: signal(),
        }),
      ),
    async read(path) {
      const place = `${at}/notes/${path.split('/').map(encodeURIComponent).join('/')}`
      const reply = await transport.request(place, schemaOf(isNote))
      return !reply.ok && reply.failure.status === 404 ? null : take(reply)
    },
  }
}

function take<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value
  throw new SyncFailure(...wordsOf(reply.failure))
}

const silent = ['plugin.unreachable', 'plugin.too-slow', 'plugin.not-connected']

function wordsOf({ code, title, message, hint }: Failure): [code: string, message: string] {
  if (silent.includes(code)) return ['unreachable', title]
  const sentences = [title, message, hint ?? ''].filter((each) => each !== '')
  return [code, sentences.map((each) => (/[.!?]$/.test(each) ? each : `${each}.`)).join(' ')]
}

type Check<T> = (value: unknown) => value is T

function schemaOf<T>(isIt: Check<T>) {
  return {
    safeParse: (value: unknown) =>
      isIt(value) ? { success: true as const, data: value } : { success: false as const },
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string'
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value)
const isListOf = <T>(value: unknown, isIt: Check<T>): value is T[] => Array.isArray(value) && value.every(isIt)

const isConflict = (value: unknown): value is SyncConflict =>
  isRecord(value) &&
  isText(value['path']) &&
  isText(value['kind']) &&
  Object.hasOwn(conflictTable, value['kind']) &&
  isTextOrNull(value['version'])

const isNeeded = (value: unknown): value is SyncReply['need'][number] =>
  isRecord(value) && isText(value['path']) && isTextOrNull(value['match'])

const isPublisher = (value: unknown): value is SyncReply['publisher'] =>
  value === null || (isRecord(value) && isText(value['device']) && isText(value['name']))

const isSyncReply = (value: unknown): value is SyncReply =>
  isRecord(value) &&
  isListOf(value['need'], isNeeded) &&
  isListOf(value['conflicts'], isConflict) &&
  isListOf(value['gone'], isText) &&
  Number.isInteger(value['seq']) &&
  isPublisher(value['publisher']) &&
  typeof value['isPublisher'] === 'boolean'

const isStored = (value: unknown): value is NotesWritten['stored'][number] =>
  isRecord(value) && isText(value['path']) && isText(value['version'])

const isNotesWritten = (value: unknown): value is NotesWritten =>
  isRecord(value) &&
  isListOf(value['stored'], isStored) &&
  isListOf(value['deleted'], isText) &&
  isListOf(value['conflicts'], isConflict) &&
  Number.isInteger(value['seq'])

const isNote = (value: unknown): value is { text: string; version: string } =>
  isRecord(value) && isText(value['text']) && isText(value['version'])
