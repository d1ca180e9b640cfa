/** The listening socket: hands each request and its peer's address to one handler, and stops in two steps. */
import type { TlsPair } from './tls-files.ts'

export interface HttpPeer {
  /** Address of the other end of the connection, empty when it is gone already. */
  readonly remoteAddress: string
  /** Seconds of silence after which the connection is closed; 0 for never. Holds until it is set again. */
  readonly setIdleTimeout?: (seconds: number) => void
}

export interface HttpListenOptions {
  readonly hostname: string
  /** 0 takes any free port. */
  readonly port: number
  /** Whether other processes may listen on the same port. */
  readonly reusePort?: boolean
  /** What to speak TLS with, 1.2 or 1.3; plain HTTP when absent. */
  readonly tls?: TlsPair
  readonly idleTimeoutSeconds: number
  readonly handle: (request: Request, peer: HttpPeer) => Promise<Response>
  /** What is thrown past `handle`; the client gets a bare 500. */
  readonly onError: (thrown: unknown) => void
}

export interface HttpListener {
  readonly hostname: string
  readonly port: number
  /**
   * New connections speak TLS with this pair; open ones go on to their end with the earlier one. False where a port
   * cannot be listened on twice (Windows), and the pair is taken with the next start.
   */
  renew(tls: TlsPair): boolean
  /** Takes no new connection, closes idle ones, resolves when the last request is answered. */
  stopAccepting(): Promise<void>
  /** Cuts whatever is open. */
  closeAll(): Promise<void>
}

interface Place {
  readonly port: number
  readonly reusePort: boolean
  readonly tls: TlsPair | undefined
}

/** Throws what the system says when the address cannot be used (`code` is `EADDRINUSE` or the like). */
export function listenHttp({ hostname, reusePort = false, ...options }: HttpListenOptions): HttpListener {
  const open = (place: Place) => serve({ hostname, ...place }, options)
  // The runtime takes no other certificate for a socket that listens: a second one on the port takes its place.
  const isRenewable = options.tls !== undefined && process.platform !== 'win32'
  const asked = isRenewable && !reusePort ? findAlone(open, options.port) : options.port
  let current = open({ port: asked, reusePort: reusePort || isRenewable, tls: options.tls })
  const port = current.port ?? asked
  const earlier = new Map<typeof current, Promise<void>>()

  return {
    hostname: current.hostname ?? hostname,
    port,
    renew(tls) {
      if (!isRenewable) return false
      const before = current
      current = open({ port, reusePort: true, tls })
      const ended = before.stop(false).finally(() => earlier.delete(before))
      earlier.set(before, ended)
      return true
    },
    stopAccepting: async () => void (await Promise.all([current.stop(false), ...earlier.values()])),
    closeAll: async () => void (await Promise.all([current, ...earlier.keys()].map((each) => each.stop(true)))),
  }
}

/** Another server that shares the port would otherwise go unnoticed, and get half of our requests. */
function findAlone(open: (place: Place) => ReturnType<typeof serve>, port: number): number {
  const alone = open({ port, reusePort: false, tls: undefined })
  const found = alone.port ?? port
  void alone.stop(true)
  return found
}

function serve(
  { hostname, port, reusePort, tls }: Place & { readonly hostname: string },
  { idleTimeoutSeconds, handle, onError }: Omit<HttpListenOptions, 'hostname'>,
) {
  return Bun.serve({
    hostname,
    port,
    reusePort,
    development: false,
    idleTimeout: idleTimeoutSeconds,
    ...(tls ? { tls: { cert: tls.cert, key: tls.key } } : {}),
    // The runtime's own refusal has no error shape; `http/read-body.ts` sets the bound.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request, self) =>
      handle(request, {
        remoteAddress: self.requestIP(request)?.address ?? '',
        setIdleTimeout: (seconds) => self.timeout(request, seconds),
      }),
    error(thrown) {
      onError(thrown)
      return new Response(null, { status: 500, headers: { connection: 'close' } })
    },
  })
}
