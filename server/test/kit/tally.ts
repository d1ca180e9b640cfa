/**
 * What the test upstream did, in all and for each request number: calls, words sent, tokens told in `usage`, and how
 * each call ended. Ledgers are compared with it.
 */
import type { FaultName } from './faults.ts'

/** `whole`: an answer to its end; `error`: an error of the dialect or a redirect; `cut`: broken by the upstream itself. */
export type CallEnd = 'whole' | 'error' | 'cut' | 'cancelled'

export interface CallTotals {
  calls: number
  whole: number
  error: number
  cut: number
  /** The client closed the connection before the end. */
  cancelled: number
  /** What `usage` said in replies that carried it to the socket; what was no number counts as nothing. */
  toldInput: number
  toldOutput: number
  /** Replies that carried usage. */
  told: number
  /** Chunks with content, or words of a JSON reply, handed to the socket. */
  words: number
}

export interface UpstreamStats extends CallTotals {
  /** Calls under way now, and the most there were at once. */
  open: number
  mostOpen: number
  sockets: number
  /** By request number, for calls that had one; the oldest are dropped beyond the bound. */
  requests: Record<string, CallTotals & { faults: FaultName[] }>
}

/** One call under way. */
export interface OpenCall {
  sentWords(count: number): void
  toldUsage(usage: { input: number; output: number }): void
  end(how: CallEnd): void
}

export interface Tally {
  open(request: string | null, fault: FaultName | null): OpenCall
  read(): Omit<UpstreamStats, 'sockets'>
  reset(): void
}

const none: CallTotals = {
  calls: 0,
  whole: 0,
  error: 0,
  cut: 0,
  cancelled: 0,
  toldInput: 0,
  toldOutput: 0,
  told: 0,
  words: 0,
}

/** `maxRequests`: how many request numbers are kept apart. */
export function createTally(maxRequests: number): Tally {
  let totals = { ...none }
  let requests = new Map<string, CallTotals & { faults: FaultName[] }>()
  let open = 0
  let mostOpen = 0

  function entryOf(request: string | null) {
    if (request === null || maxRequests === 0) return null
    let entry = requests.get(request)
    if (entry) return entry
    if (requests.size >= maxRequests) requests.delete(requests.keys().next().value ?? '')
    requests.set(request, (entry = { ...none, faults: [] }))
    return entry
  }

  return {
    open(request, fault) {
      const entry = entryOf(request)
      const both = entry ? [totals, entry] : [totals]
      let isOpen = true
      if (fault !== null) entry?.faults.push(fault)
      for (const each of both) each.calls += 1
      open += 1
      mostOpen = Math.max(mostOpen, open)
      return {
        sentWords(count) {
          for (const each of both) each.words += count
        },
        toldUsage({ input, output }) {
          for (const each of both) {
            each.toldInput += input
            each.toldOutput += output
            each.told += 1
          }
        },
        end(how) {
          if (!isOpen) return
          isOpen = false
          open -= 1
          for (const each of both) each[how] += 1
        },
      }
    },
    read: () => ({ ...totals, open, mostOpen, requests: Object.fromEntries(requests) }),
    reset() {
      totals = { ...none }
      requests = new Map()
      mostOpen = open
    },
  }
}
