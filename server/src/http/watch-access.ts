/**
 * A stream that stands for as long as its page is open must end with the session or key that opened it: who it is for is
 * asked again every second, which costs a look into what `access` has just read.
 */
import type { Exchange, RouteServices } from './route.ts'
import { readCredentials } from './credentials.ts'

const everyMs = 1_000

export interface AccessWatch {
  /** Aborted when the caller is let in no more. */
  readonly signal: AbortSignal
  stop(): void
}

export function watchAccess({ request, ownOrigin }: Exchange, { access, port, logger }: RouteServices): AccessWatch {
  const credentials = readCredentials(request.headers, { ownOrigin, port: port() })
  const ended = new AbortController()
  let isAsking = false
  const ask = async () => {
    if (isAsking) return
    isAsking = true
    try {
      await access.authenticate(credentials)
    } catch {
      logger.debug('a stream ends with the access of its caller')
      ended.abort()
    } finally {
      isAsking = false
    }
  }
  const timer = setInterval(() => void ask(), everyMs)
  return { signal: ended.signal, stop: () => clearInterval(timer) }
}
