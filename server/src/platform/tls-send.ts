/**
 * Bytes to another machine over TLS, with no protocol above it that would answer. The door for what is not HTTP: it wants
 * a permit, refuses the addresses that the door for HTTP refuses, connects to exactly what it checked, and verifies the
 * certificate always.
 *
 * The other side acknowledges nothing. What can be had: everything is written; the connection stands for a moment more, in
 * which a receiver that is gone would show; then it is closed in order, and the other side closes too, which it does when
 * it has read to the end. A connection that breaks, or that the other side closes first, has failed.
 */
import { lookup as lookupName } from 'node:dns/promises'
import { isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { CairnError, fail, type Clock } from '../base/index.ts'
import { isForbiddenAddress, isForbiddenHost, type EgressPermit, type PermitOffice } from './outbound.ts'

export interface TlsMessage {
  readonly host: string
  readonly port: number
  /** Authorities to trust instead of the built-in ones, PEM. */
  readonly ca?: string
  readonly bytes: Uint8Array
  readonly signal: AbortSignal
}

export interface TlsDoor {
  /** Throws `egress.denied`, `upstream.unreachable`, `upstream.failed`, or the signal’s reason. */
  send(permit: EgressPermit, message: TlsMessage): Promise<void>
}

export interface TlsDoorOptions {
  readonly permits: Pick<PermitOffice, 'vouchesFor'>
  readonly clock: Pick<Clock, 'monotonic'>
  readonly lookup?: (name: string) => Promise<readonly string[]>
}

/** The address of a permit for it. */
export function tlsAddress(host: string, port: number): string {
  return `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}/`
}

export function createTlsDoor({ permits, clock, lookup = lookupAll }: TlsDoorOptions): TlsDoor {
  return {
    async send(permit, message) {
      const url = new URL(tlsAddress(message.host, message.port))
      if (!permits.vouchesFor(permit)) deny('forged or foreign permit')
      if (url.origin !== permit.origin) deny('the permit is for another origin')
      if (isForbiddenHost(url)) deny('a link-local or metadata address')
      const addresses = await resolve(message.host, lookup)
      let last: unknown = new CairnError('upstream.unreachable', { internal: 'the name has no address' })
      for (const address of addresses) {
        try {
          return await sendTo(address, message, clock)
        } catch (thrown) {
          if (!(thrown instanceof Unconnected)) throw thrown
          last = new CairnError('upstream.unreachable', { internal: thrown.message })
        }
      }
      throw last
    },
  }
}

function deny(internal: string): never {
  fail('egress.denied', { internal })
}

async function resolve(host: string, lookup: (name: string) => Promise<readonly string[]>): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host]
  if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1']
  const found = await lookup(host).catch((thrown: unknown) =>
    fail('upstream.unreachable', { internal: nameOf(thrown) }),
  )
  if (found.some(isForbiddenAddress)) deny('a link-local or metadata address')
  return [...found].sort((one, other) => isIP(one) - isIP(other))
}

async function lookupAll(name: string): Promise<string[]> {
  return (await lookupName(name, { all: true })).map(({ address }) => address)
}

/** Nothing was sent, so that the next address may be tried. */
class Unconnected extends Error {}

/** A handshake takes two ways there and back; as long, between these bounds, a reset has time to arrive. */
const lingerMs = { least: 50, most: 1_000 }
const lingerParts = 5

function sendTo(
  address: string,
  { host, port, ca, bytes, signal }: TlsMessage,
  clock: Pick<Clock, 'monotonic'>,
): Promise<void> {
  return new Promise((done, reject) => {
    const startedAt = clock.monotonic()
    let state: 'connecting' | 'writing' | 'closing' = 'connecting'
    let lingering: ReturnType<typeof setTimeout> | undefined
    const socket = connectTls({
      host: address,
      port,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
    })
    const abort = () => finish(signal.reason)
    function finish(thrown?: unknown): void {
      signal.removeEventListener('abort', abort)
      clearTimeout(lingering)
      socket.destroy()
      if (thrown === undefined) done()
      else reject(thrown as Error)
    }
    const broke = (why: string) =>
      finish(
        state === 'connecting'
          ? new Unconnected(why)
          : new CairnError('upstream.failed', { internal: `the receiver broke off: ${why}` }),
      )
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    socket.once('secureConnect', () => {
      state = 'writing'
      const tookMs = clock.monotonic() - startedAt
      const waitMs = Math.min(lingerMs.most, Math.max(lingerMs.least, tookMs))
      socket.write(bytes, () => linger(lingerParts, waitMs / lingerParts))
    })
    /** In parts: however long this thread was held up, what came meanwhile is heard between two of them. */
    function linger(left: number, ms: number): void {
      if (left > 0) return void (lingering = setTimeout(linger, ms, left - 1, ms))
      state = 'closing'
      socket.end()
    }
    // What it says has no meaning; unread it would hold back its end.
    socket.on('data', () => undefined)
    socket.once('end', () => {
      if (state !== 'closing') broke('it closed first')
    })
    socket.once('error', (thrown: Error) => broke(nameOf(thrown)))
    socket.once('close', () => (state === 'closing' ? finish() : broke('it closed first')))
  })
}

function nameOf(thrown: unknown): string {
  const { code, name } = thrown as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown'
}
