/** The listening socket: hands each request and its peer's address to one handler, and stops in two steps. */

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
  readonly idleTimeoutSeconds: number
  readonly handle: (request: Request, peer: HttpPeer) => Promise<Response>
  /** What is thrown past `handle`; the client gets a bare 500. */
  readonly onError: (thrown: unknown) => void
}

export interface HttpListener {
  readonly hostname: string
  readonly port: number
  /** Takes no new connection, closes idle ones, resolves when the last request is answered. */
  stopAccepting(): Promise<void>
  /** Cuts whatever is open. */
  closeAll(): Promise<void>
}

/** Throws what the system says when the address cannot be used (`code` is `EADDRINUSE` or the like). */
export function listenHttp({
  hostname,
  port,
  reusePort = false,
  idleTimeoutSeconds,
  handle,
  onError,
}: HttpListenOptions): HttpListener {
  const server = Bun.serve({
    hostname,
    port,
    reusePort,
    development: false,
    idleTimeout: idleTimeoutSeconds,
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
  return {
    hostname: server.hostname ?? hostname,
    port: server.port ?? port,
    stopAccepting: () => server.stop(false),
    closeAll: () => server.stop(true),
  }
}
