/**
 * The only door to other machines. Whoever wants out shows an `EgressPermit`; the door checks that the address is the
 * one the permit was made for, that it is no link-local or metadata address under any spelling or name, connects to
 * exactly the address it checked, follows no redirect, uses no proxy, keeps the deadline, and counts.
 *
 * What is not feasible: Bun's fetch does not tell to which address it connected, so the door resolves names itself and
 * fetches by address with the `Host` header and TLS server name of the name (certificates are still checked against
 * the name). Connecting and waiting for the reply's head cannot be told apart, so both have one deadline. What an
 * allowed upstream itself forwards to stays out of sight.
 */
import { lookup as lookupName } from 'node:dns/promises'
import { isIP } from 'node:net'
import { CairnError, fail, type Clock, type Logger } from '../base/index.ts'

export type Egress = 'local' | 'external'

export interface PermitTicket {
  /** Provider id under which the door counts. */
  readonly provider: string
  readonly egress: Egress
  /** Any address of the upstream; the permit is good for its origin (scheme, host, port). */
  readonly url: string
}

const mint = Symbol('mint')

const origins = new Map<string, string>()
const mostOrigins = 1_000

/** Permits are made for each call, for few addresses. */
function originOf(address: string): string {
  const known = origins.get(address)
  if (known !== undefined) return known
  const { origin } = new URL(address)
  if (origins.size < mostOrigins) origins.set(address, origin)
  return origin
}

/** Proof that routing allowed a connection. Cannot be built outside an office, cannot be copied. */
export class EgressPermit {
  readonly #office: object
  readonly provider: string
  readonly egress: Egress
  readonly origin: string

  constructor(key: symbol, office: object, ticket: PermitTicket) {
    if (key !== mint) throw new TypeError('An EgressPermit is made by a permit office only.')
    this.#office = office
    this.provider = ticket.provider
    this.egress = ticket.egress
    this.origin = originOf(ticket.url)
    Object.freeze(this)
  }

  /** The office that made it; undefined for everything that only looks like a permit. */
  static officeOf(candidate: unknown): object | undefined {
    return typeof candidate === 'object' && candidate !== null && #office in candidate ? candidate.#office : undefined
  }
}

/** Makes permits. `app.ts` hands it to routing (and later compliance), to nobody else. */
export interface PermitOffice {
  issue(ticket: PermitTicket): EgressPermit
  vouchesFor(candidate: unknown): boolean
}

export function createPermitOffice(): PermitOffice {
  const office = {}
  return {
    issue: (ticket) => new EgressPermit(mint, office, ticket),
    vouchesFor: (candidate) => EgressPermit.officeOf(candidate) === office,
  }
}

export interface OutboundRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Aborting it closes the socket, also while the reply’s body is being read. */
  readonly signal: AbortSignal
  /** How long name lookup, connecting and the reply’s head may take together; the signal alone bounds it when absent. */
  readonly headTimeoutMs?: number
}

export interface EgressCount {
  readonly provider: string
  readonly egress: Egress
  readonly requests: number
  readonly failed: number
  readonly denied: number
}

export interface Outbound {
  /** Throws `egress.denied`, `upstream.redirect`, `upstream.unreachable`, `upstream.timeout`, or the signal’s reason. */
  fetch(permit: EgressPermit, request: OutboundRequest): Promise<Response>
  counts(): EgressCount[]
}

export interface OutboundOptions {
  readonly permits: Pick<PermitOffice, 'vouchesFor'>
  readonly clock: Clock
  readonly logger: Logger
  /** Addresses of a name. */
  readonly lookup?: (name: string) => Promise<string[]>
  /** Certificate authorities to trust instead of the built-in ones, PEM. */
  readonly ca?: string
  /** False: every request has a connection of its own, to measure what keeping them is worth. */
  readonly keepAlive?: boolean
}

type Tally = { -readonly [Key in keyof EgressCount]: EgressCount[Key] }

export function createOutbound({
  permits,
  clock,
  logger,
  lookup = lookupAll,
  ca,
  keepAlive = true,
}: OutboundOptions): Outbound {
  const tallies = new Map<string, Tally>()
  const resolve = createResolver(lookup, clock)

  async function send(permit: EgressPermit, request: OutboundRequest): Promise<Response> {
    if (!permits.vouchesFor(permit))
      fail('egress.denied', {
        message: 'There is no permit for this outbound connection.',
        internal: 'forged or foreign permit',
      })
    const tally = tallyOf(permit)
    tally.requests += 1
    const leash = request.headTimeoutMs === undefined ? looseLeash(request) : leashOf(request, request.headTimeoutMs)
    try {
      const place = placeOf(request.url)
      checkPlace(place, permit)
      const found = resolve(place.name)
      const addresses = found instanceof Promise ? await leash.hold(found) : found
      const response = await connect({ place, addresses, ca, keepAlive }, request, leash)
      if (response.status >= 300 && response.status < 400 && response.status !== 304) {
        void response.body?.cancel().catch(() => undefined)
        fail('upstream.redirect', { internal: `status ${response.status}` })
      }
      return response
    } catch (thrown) {
      const error = leash.reason() ?? convert(thrown)
      const denied = error instanceof CairnError && error.code === 'egress.denied'
      tally[denied ? 'denied' : 'failed'] += 1
      const code = error instanceof CairnError ? error.code : 'aborted'
      logger.debug('outbound call failed', { provider: permit.provider, egress: permit.egress, code })
      throw error
    } finally {
      leash.headArrived()
    }
  }

  function tallyOf(permit: EgressPermit): Tally {
    const key = `${permit.provider} ${permit.egress}`
    let tally = tallies.get(key)
    if (!tally)
      tallies.set(
        key,
        (tally = { provider: permit.provider, egress: permit.egress, requests: 0, failed: 0, denied: 0 }),
      )
    return tally
  }

  return { fetch: send, counts: () => [...tallies.values()].map((tally) => ({ ...tally })) }
}

interface Leash {
  readonly signal: AbortSignal
  hold<T>(promise: Promise<T>): Promise<T>
  headArrived(): void
  /** Why it was pulled, if it was. */
  reason(): unknown
}

/** The caller’s signal alone, without a deadline of the head. */
function looseLeash({ signal }: OutboundRequest): Leash {
  return {
    signal,
    hold(promise) {
      if (signal.aborted) return Promise.reject(signal.reason as Error)
      const { promise: pulled, reject } = Promise.withResolvers<never>()
      const pull = () => reject(signal.reason as Error)
      signal.addEventListener('abort', pull, { once: true })
      return Promise.race([promise, pulled]).finally(() => signal.removeEventListener('abort', pull))
    },
    headArrived() {},
    reason: () => (signal.aborted ? signal.reason : undefined),
  }
}

/** One signal out of the caller's and the deadline of the head. The caller's keeps working after the head came. */
function leashOf({ signal }: OutboundRequest, headTimeoutMs: number): Leash {
  const controller = new AbortController()
  const abort = (reason: unknown) => controller.abort(reason)
  const timer = setTimeout(
    () => abort(new CairnError('upstream.timeout', { internal: `no head within ${headTimeoutMs} ms` })),
    headTimeoutMs,
  )
  if (signal.aborted) abort(signal.reason)
  else signal.addEventListener('abort', () => abort(signal.reason), { once: true })
  const pulled = new Promise<never>((_, reject) => {
    if (controller.signal.aborted) reject(controller.signal.reason as Error)
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error), { once: true })
  })
  pulled.catch(() => undefined)
  return {
    signal: controller.signal,
    hold: (promise) => Promise.race([promise, pulled]),
    headArrived: () => clearTimeout(timer),
    reason: () => (controller.signal.aborted ? controller.signal.reason : undefined),
  }
}

interface Target {
  readonly place: Place
  /** Checked, in the order in which they are tried. */
  readonly addresses: readonly string[]
  readonly ca: string | undefined
  readonly keepAlive: boolean
}

async function connect(
  { place, addresses, ca, keepAlive }: Target,
  request: OutboundRequest,
  leash: Leash,
): Promise<Response> {
  let last: unknown
  for (const address of addresses) {
    try {
      return await fetch(addressed(place, address), {
        method: request.method ?? 'GET',
        headers: { 'user-agent': 'cairn', 'accept-encoding': 'identity', ...request.headers, host: place.host },
        ...(request.body ? { body: request.body as Uint8Array<ArrayBuffer> } : {}),
        signal: leash.signal,
        redirect: 'manual',
        keepalive: keepAlive,
        // Without `false` Bun takes HTTP_PROXY and its like from the environment, also for an empty string (1.4.5).
        proxy: false,
        // Bun's own limit of five minutes would break long answers; the callers have deadlines of their own.
        timeout: false,
        // Said aloud, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the check off.
        ...(place.isTls
          ? {
              tls: {
                rejectUnauthorized: true,
                ...(isIP(place.name) ? {} : { serverName: place.name }),
                ...(ca ? { ca } : {}),
              },
            }
          : {}),
      })
    } catch (thrown) {
      if (!unconnected.has(codeOf(thrown))) throw thrown
      last = thrown
    }
  }
  throw last
}

/** Failures that happen before a byte was sent, so that the next address may be tried. */
const unconnected = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'ConnectionRefused'])

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
}

function convert(thrown: unknown): unknown {
  if (thrown instanceof CairnError) return thrown
  // The message of Bun's error names the URL with its query; only the code is kept.
  return new CairnError('upstream.unreachable', {
    internal: codeOf(thrown) || (thrown instanceof Error ? thrown.name : 'unknown'),
  })
}

/** An address, taken apart once: a server asks the same few again and again. */
interface Place {
  readonly url: URL
  readonly host: string
  /** Host without the brackets of IPv6 and without a final dot. */
  readonly name: string
  readonly origin: string
  readonly isTls: boolean
  /** The same with an address in place of the name. */
  readonly byAddress: Map<string, string>
}

const places = new Map<string, Place>()
const mostPlaces = 256
const longestPlace = 2_000

/** Throws `egress.denied` for what is no address of the web, or holds credentials. */
function placeOf(text: string): Place {
  const known = places.get(text)
  if (known) return known
  const url = URL.canParse(text) ? new URL(text) : deny('not an address')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') deny('only http and https')
  if (url.username !== '' || url.password !== '') deny('credentials in the address')
  const { host, origin } = url
  const place = { url, host, name: bareHost(url), origin, isTls: url.protocol === 'https:', byAddress: new Map() }
  if (places.size >= mostPlaces) places.delete(places.keys().next().value ?? '')
  if (text.length <= longestPlace) places.set(text, place)
  return place
}

function checkPlace({ origin, name }: Place, permit: EgressPermit): void {
  if (origin !== permit.origin) deny('the permit is for another origin')
  if (metadataNames.has(name)) deny('a metadata name')
}

/**
 * Whether the door would refuse this address whatever its name means now: link-local and metadata addresses under any
 * spelling, and the names of metadata services. For telling it when somebody writes the address down.
 */
export function isForbiddenHost(url: URL): boolean {
  const host = bareHost(url)
  return metadataNames.has(host) || (isIP(host) !== 0 && isForbiddenAddress(host))
}

function deny(internal: string): never {
  fail('egress.denied', { internal })
}

/** Host without the brackets of IPv6 and without a final dot. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}

const mostAddresses = 16

function addressed({ url, byAddress }: Place, address: string): string {
  const known = byAddress.get(address)
  if (known !== undefined) return known
  const target = new URL(url)
  target.hostname = isIP(address) === 6 ? `[${address}]` : address
  if (byAddress.size < mostAddresses) byAddress.set(address, target.href)
  return target.href
}

const cacheEntries = 256
const cacheMs = 30_000

/**
 * Names to checked addresses, kept for half a minute, without a wait where they are known; an address that is refused is
 * refused at every call.
 */
function createResolver(
  lookup: (name: string) => Promise<string[]>,
  clock: Clock,
): (host: string) => readonly string[] | Promise<readonly string[]> {
  const known = new Map<string, { addresses: readonly string[]; until: number }>()

  async function ask(host: string): Promise<readonly string[]> {
    known.delete(host)
    const addresses = checkAddresses(await lookup(host))
    if (known.size >= cacheEntries) known.delete(known.keys().next().value ?? '')
    known.set(host, { addresses, until: clock.monotonic() + cacheMs })
    return addresses
  }

  return (host) => {
    if (isIP(host)) return checkAddresses([host])
    // RFC 6761: these names mean this machine, whatever a name server says.
    if (host === 'localhost' || host.endsWith('.localhost')) return thisMachine
    const entry = known.get(host)
    return entry && entry.until > clock.monotonic() ? entry.addresses : ask(host)
  }
}

const thisMachine = ['127.0.0.1', '::1'] as const

function checkAddresses(addresses: readonly string[]): readonly string[] {
  if (addresses.length === 0) fail('upstream.unreachable', { internal: 'the name has no address' })
  if (addresses.some(isForbiddenAddress)) deny('a link-local or metadata address')
  // IPv4 first: a machine without working IPv6 would wait for its deadline.
  return [...addresses].sort((a, b) => isIP(a) - isIP(b))
}

async function lookupAll(name: string): Promise<string[]> {
  const found = await lookupName(name, { all: true })
  return found.map(({ address }) => address)
}

const metadataNames = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
])

/**
 * Link-local addresses (RFC 3927, RFC 4291), the metadata services of AWS, Google, Alibaba, Oracle and Azure, and the
 * same inside IPv6 (mapped, compatible, NAT64, 6to4).
 */
export function isForbiddenAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '')
  if (isIP(bare) === 4) return isForbiddenIpv4(bare)
  if (isIP(bare) !== 6) return true
  const groups = expandIpv6(bare)
  const [g0 = 0, g1 = 0, g2 = 0, , , , g6 = 0, g7 = 0] = groups
  if ((g0 & 0xffc0) === 0xfe80) return true
  if (g0 === 0xfd00 && g1 === 0x0ec2 && g7 === 0x0254) return true
  if (g0 === 0xfd20 && g1 === 0x00ce && g7 === 0x0254) return true
  if (g0 === 0x2002) return isForbiddenIpv4(toIpv4(g1, g2))
  const nat64 = g0 === 0x0064 && g1 === 0xff9b
  const embeds = nat64 || groups.slice(0, 5).every((group) => group === 0)
  return embeds && isForbiddenIpv4(toIpv4(g6, g7))
}

function isForbiddenIpv4(address: string): boolean {
  return (
    address.startsWith('169.254.') ||
    address === '100.100.100.200' ||
    address === '192.0.0.192' ||
    address === '168.63.129.16'
  )
}

function toIpv4(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

function expandIpv6(address: string): number[] {
  // The URL parser writes every spelling, dotted quads too, as short hexadecimal groups.
  const short = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = short.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = tail === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array<string>(middle).fill('0'), ...right].map((group) => Number.parseInt(group, 16))
}
