/**
 * What the test upstream can do wrong. A request chooses by the name of its model: what follows `!` is a list such as
 * `test-chat!status=503,headDelayMs=20`; or by a header, `x-fault: status=503`, where other gateways stand between. A
 * test can also give a script, one entry per request, or have faults drawn by seed (`draw.ts`).
 *
 * A refused connection is no fault of a request: `Upstream.refuse()` closes the port for a while.
 */

export interface Faults {
  headDelayMs?: number
  /** Before each chunk of a stream. */
  chunkDelayMs?: number
  /** An error of the dialect with this status. */
  status?: number
  /** The header `retry-after` as it is; `retry-after-ms`; a date so many seconds from now. */
  retryAfter?: string | number
  retryAfterMs?: number
  retryAfterDate?: number
  /** `error.code` of it. */
  code?: string
  /** `location` of a redirect, which is a 302 unless `status` says another. */
  redirect?: string
  /**
   * `malformed`: no JSON; `truncated`: half of the JSON, properly ended; `cut`: half, then the connection closes;
   * `html`: a page, with the status given; `huge`: without end; `type`: JSON where a stream was asked for;
   * `error`: an error object with status 200.
   */
  body?: 'malformed' | 'truncated' | 'cut' | 'html' | 'huge' | 'type' | 'error'
  /** Closes the connection after that many chunks with content; 0 is before the first. */
  breakAfter?: number
  /** The same, after the first half of a character of the next chunk. */
  halfAfter?: number
  /** The same with an error frame, with a frame that is no JSON, with silence. */
  errorAfter?: number
  garbageAfter?: number
  silentAfter?: number
  /** Leaves `data: [DONE]` out; with `noFinish` also the finish. */
  noDone?: boolean
  noFinish?: boolean
  /** `finish_reason` in place of the usual one, such as `content_filter` or `length`. */
  finish?: string
  /** Between the last frame of a stream and the end of the reply. */
  lateEndMs?: number
  /** Never sends a head. */
  hang?: boolean
  /** Resets the connection instead of a reply. */
  reset?: boolean
  /** Bytes per write. */
  split?: number
  /** Words of several bytes a character, and every write ends inside one. */
  splitCharacters?: boolean
  /** Lines of a stream end in CRLF. */
  crlf?: boolean
  /** SSE comments between the frames. */
  comments?: boolean
  /** Chunks with content in a stream, words of the JSON. */
  chunks?: number
  /** Characters per chunk, to fill pipes. */
  chunkChars?: number
  /** Least bytes of content, in chunks of 16 kB: 10000000 is a reply of 10 MB. */
  contentBytes?: number
  /** Thinks aloud, in this field. */
  reasoning?: 'reasoning_content' | 'reasoning'
  /** Streams put usage on the last content chunk too. */
  usageEverywhere?: boolean
  /** What usage says: nothing, zeros, ten times as much, less than nothing, words in place of numbers. */
  usage?: 'none' | 'zero' | 'tenfold' | 'negative' | 'text'
}

/** The faults in a model’s name. */
export function parseFaults(model: string): Faults {
  const list = model.split('!')[1]
  return list === undefined ? {} : parseFaultList(list)
}

/** `name=value,name`; or one name of the table. */
export function parseFaultList(list: string): Faults {
  if (isFaultName(list)) return faultTable[list].faults
  const pairs = list.split(',').map((part) => {
    const [name = '', value] = part.split('=')
    return [name.trim(), value === undefined ? true : /^\d+$/.test(value) ? Number(value) : value]
  })
  return Object.fromEntries(pairs) as Faults
}

export interface NamedFault {
  readonly faults: Faults
  /**
   * Where it strikes: `before` the first word, so that another deployment can still answer; `after` it, when the answer
   * is told in part; `harmless`, when the answer is whole. It is so for streams and for JSON unless `json` differs.
   */
  readonly strikes: 'before' | 'after' | 'harmless'
  /** Of replies in JSON. */
  readonly json?: 'before' | 'harmless'
  /** Ends with the reader’s patience only. */
  readonly needsDeadline?: true
}

/** The failures of a provider by name, for draws. */
export const faultTable = {
  reset: { faults: { reset: true }, strikes: 'before' },
  'no-head': { faults: { hang: true }, strikes: 'before', needsDeadline: true },
  '429': { faults: { status: 429 }, strikes: 'before' },
  '429-retry-after': { faults: { status: 429, retryAfter: 1 }, strikes: 'before' },
  '429-retry-after-ms': { faults: { status: 429, retryAfterMs: 50 }, strikes: 'before' },
  '429-retry-after-date': { faults: { status: 429, retryAfterDate: 1 }, strikes: 'before' },
  '500': { faults: { status: 500 }, strikes: 'before' },
  '503': { faults: { status: 503 }, strikes: 'before' },
  overflow: { faults: { status: 400, code: 'context_length_exceeded' }, strikes: 'before' },
  policy: { faults: { status: 400, code: 'content_policy_violation' }, strikes: 'before' },
  'wrong-key': { faults: { status: 401, code: 'invalid_api_key' }, strikes: 'before' },
  redirect: { faults: { redirect: 'http://169.254.169.254/', status: 307 }, strikes: 'before' },
  page: { faults: { body: 'html', status: 502 }, strikes: 'before' },
  malformed: { faults: { body: 'malformed' }, strikes: 'before' },
  'error-with-200': { faults: { body: 'error' }, strikes: 'before' },
  'cut-at-start': { faults: { breakAfter: 0, body: 'cut' }, strikes: 'before' },
  'error-at-start': { faults: { errorAfter: 0 }, strikes: 'before', json: 'harmless' },
  'garbage-at-start': { faults: { garbageAfter: 0 }, strikes: 'before', json: 'harmless' },
  'stall-at-start': { faults: { silentAfter: 0 }, strikes: 'before', json: 'harmless', needsDeadline: true },
  cut: { faults: { breakAfter: 3 }, strikes: 'after', json: 'harmless' },
  'half-character': { faults: { halfAfter: 3 }, strikes: 'after', json: 'harmless' },
  'error-frame': { faults: { errorAfter: 3 }, strikes: 'after', json: 'harmless' },
  garbage: { faults: { garbageAfter: 3 }, strikes: 'after', json: 'harmless' },
  stall: { faults: { silentAfter: 3 }, strikes: 'after', json: 'harmless', needsDeadline: true },
  'slow-head': { faults: { headDelayMs: 40 }, strikes: 'harmless' },
  'slow-words': { faults: { chunkDelayMs: 5 }, strikes: 'harmless' },
  'split-characters': { faults: { splitCharacters: true }, strikes: 'harmless' },
  'no-usage': { faults: { usage: 'none' }, strikes: 'harmless' },
  'tenfold-usage': { faults: { usage: 'tenfold' }, strikes: 'harmless' },
  'ten-megabytes': { faults: { contentBytes: 10_000_000 }, strikes: 'harmless' },
  'no-done': { faults: { noDone: true }, strikes: 'harmless' },
} as const satisfies Record<string, NamedFault>

export type FaultName = keyof typeof faultTable

export const faultNames = Object.keys(faultTable) as FaultName[]

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faultTable, name)
}

export function faultOf(name: FaultName): NamedFault {
  return faultTable[name]
}
