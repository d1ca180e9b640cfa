/**
 * What the test upstream can do wrong. A request chooses by the name of its model: what follows `!` is a list such as
 * `test-chat!status=503,headDelayMs=20`. A test can also give a script, one entry per request, for names it must keep.
 */

export interface Faults {
  headDelayMs?: number
  /** Before each chunk of a stream. */
  chunkDelayMs?: number
  /** An error of the dialect with this status. */
  status?: number
  retryAfter?: string
  /** `error.code` of it. */
  code?: string
  /** `location` of a 302. */
  redirect?: string
  /**
   * `malformed`: no JSON; `truncated`: half of the JSON, properly ended; `cut`: half, then the connection closes;
   * `html`: a page, with the status given; `huge`: without end; `type`: JSON where a stream was asked for;
   * `error`: an error object with status 200.
   */
  body?: 'malformed' | 'truncated' | 'cut' | 'html' | 'huge' | 'type' | 'error'
  /** Closes the connection after that many chunks with content; 0 is before the first. */
  breakAfter?: number
  /** The same with an error frame, with a frame that is no JSON, with silence. */
  errorAfter?: number
  garbageAfter?: number
  silentAfter?: number
  /** Leaves `data: [DONE]` out; with `noFinish` also the finish. */
  noDone?: boolean
  noFinish?: boolean
  /** Between the last frame of a stream and the end of the reply. */
  lateEndMs?: number
  /** Never sends a head. */
  hang?: boolean
  /** Resets the connection instead of a reply. */
  reset?: boolean
  /** Bytes per write. */
  split?: number
  /** Lines of a stream end in CRLF. */
  crlf?: boolean
  /** SSE comments between the frames. */
  comments?: boolean
  /** Chunks with content in a stream. */
  chunks?: number
  /** Characters per chunk, to fill pipes. */
  chunkChars?: number
  /** Streams put usage on the last content chunk too. */
  usageEverywhere?: boolean
}

/** The faults in a model’s name. */
export function parseFaults(model: string): Faults {
  const list = model.split('!')[1]
  if (list === undefined) return {}
  const pairs = list.split(',').map((part) => {
    const [name = '', value] = part.split('=')
    return [name, value === undefined ? true : /^\d+$/.test(value) ? Number(value) : value]
  })
  return Object.fromEntries(pairs) as Faults
}
