/** Finds a port that several processes are about to share, and keeps others from it until they do. */

export interface ReservedPort {
  readonly port: number
  /** To be called once another process listens: until then the port would be free again. */
  release(): Promise<void>
}

/** 0 takes any free one. Throws what the system says when the address cannot be used (`code` `EADDRINUSE` or the like). */
export async function reservePort(hostname: string, port: number): Promise<ReservedPort> {
  const listen = (at: number, reusePort: boolean) =>
    Bun.serve({
      hostname,
      port: at,
      reusePort,
      development: false,
      // Nobody knows of the port yet.
      fetch: () => new Response(null, { status: 503, headers: { connection: 'close', 'retry-after': '1' } }),
    })
  // Alone at first: another server that shares its port would otherwise go unnoticed, and get half of our requests.
  const alone = listen(port, false)
  const found = alone.port ?? port
  await alone.stop(true)
  const shared = listen(found, true)
  return { port: found, release: () => shared.stop(true) }
}
