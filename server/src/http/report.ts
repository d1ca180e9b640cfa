/** What the edge tells about its work: the access log, the metrics, failures, and refusals for the audit log. */
import type { Recorder } from './dependencies.ts'
import { errorFields, type CairnError, type Clock, type Logger } from '../base/index.ts'
import type { MetricsRegistry } from './metrics.ts'
import { createRefusals } from './refusals.ts'

export interface ReportServices {
  readonly metrics: MetricsRegistry
  readonly clock: Clock
  readonly logger: Logger
  readonly audit: Recorder
  readonly inFlight: () => number
}

export interface Answered {
  readonly method: string
  /** The template, never the path: that may name a note. */
  readonly route: string
  readonly status: number
  readonly requestId: string
  /** The id that the client gave it. */
  readonly clientRequestId: string | null
  readonly startedAtMs: number
}

export interface About {
  readonly requestId: string
  readonly route: string
  readonly actor: string
}

export interface Report {
  answered(answered: Answered): void
  failed(error: CairnError, about: About): void
  /** A streamed reply was ended before its end; the client was told. */
  cut(error: CairnError, about: About): void
  /** Counts an open stream; returns what counts its end. */
  streamOpened(): () => void
  streamBroke(thrown: unknown, requestId: string): void
}

const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const knownMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createReport({ metrics, clock, logger, audit, inFlight }: ReportServices): Report {
  const requests = metrics.counter(
    'cairn_http_requests_total',
    'Requests answered, by route, method and class of status.',
  )
  const seconds = metrics.histogram(
    'cairn_http_request_duration_seconds',
    'Time from the head of a request to the end of its reply.',
    durationBuckets,
  )
  const errors = metrics.counter('cairn_http_errors_total', 'Requests refused or failed, by code of the error table.')
  const dropped = metrics.counter('cairn_http_refusals_unrecorded_total', 'Refusals that could not be recorded.')
  let streams = 0
  const recordRefusal = createRefusals(audit, logger, dropped)
  metrics.gauge('cairn_server_processes', 'Processes that answer on the port.', () => 1)
  metrics.gauge('cairn_http_requests_in_flight', 'Requests being answered now.', inFlight)
  metrics.gauge('cairn_http_streams_open', 'Streamed replies open now.', () => streams)
  metrics.gauge('cairn_process_resident_memory_bytes', 'Memory of the server’s processes.', () =>
    process.memoryUsage.rss(),
  )
  metrics.gauge(
    'cairn_process_heap_used_bytes',
    'Heap in use by the server’s processes.',
    () => process.memoryUsage().heapUsed,
  )

  return {
    answered({ method, route, status, requestId, clientRequestId, startedAtMs }) {
      const ms = clock.monotonic() - startedAtMs
      const labels = { route, method: knownMethods.has(method) ? method : 'other' }
      requests.add({ ...labels, status: `${Math.floor(status / 100)}xx` })
      seconds.observe(labels, ms / 1_000)
      // What went well is counted in the metrics; a terminal or a log file need not repeat it.
      const log = status < 400 ? logger.debug : logger.info
      const theirs = clientRequestId === null ? {} : { clientRequestId }
      log('request', { method: labels.method, route, status, ms: Math.round(ms * 100) / 100, requestId, ...theirs })
    },
    failed(error, about) {
      errors.add({ code: error.code })
      if (error.code.startsWith('access.') && error.spec.status !== 404)
        recordRefusal({ type: 'access.refused', code: error.code, ...about })
      const fields = { ...errorFields(error), requestId: about.requestId, route: about.route }
      if (error.code === 'internal.error') logger.error('a request failed', fields)
      else if (error.spec.status >= 500) logger.warn('a request failed', fields)
      else logger.debug('a request was refused', fields)
    },
    cut(error, about) {
      if (!error.code.startsWith('access.')) return
      errors.add({ code: error.code })
      recordRefusal({ type: 'answer.cut', code: error.code, ...about })
      logger.info('an answer was cut', { ...errorFields(error), requestId: about.requestId, route: about.route })
    },
    streamOpened() {
      streams += 1
      return () => {
        streams -= 1
      }
    },
    streamBroke: (thrown, requestId) => logger.error('a reply broke off', { requestId, ...errorFields(thrown) }),
  }
}
