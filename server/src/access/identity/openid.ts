/**
 * Signing in with a provider of OpenID Connect: authorization code with PKCE, state and nonce, by the library
 * `openid-client`. What must be known again when the browser comes back stands sealed in a cookie of ten minutes. Every
 * connection goes through the door that is passed in, and only to the provider and the origins that its own discovery
 * document names.
 */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  customFetch,
  discovery,
  fetchUserInfo,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
} from 'openid-client'
import { z } from 'zod'
import { CairnError, errorFields, fail, sha256, type Clock, type Logger, type Secret } from '../../base/index.ts'
import type { Keyring } from '../../platform/index.ts'
import type { Store } from '../../storage/index.ts'

export interface OpenIdSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: Secret | null
  /** Text of the button. */
  readonly name: string
  readonly scopes: string
  readonly groupsClaim: string
  /** Name of the group here by the value of the claim. */
  readonly groups: Readonly<Record<string, string>>
  readonly allowCreate: boolean
}

/** The way out: one request to one address. */
export type OpenIdDoor = (
  url: string,
  request: { method: 'GET' | 'POST'; headers: Record<string, string>; body?: Uint8Array; signal: AbortSignal },
) => Promise<Response>

/** What the provider said of whoever signed in there. */
export interface OpenIdPerson {
  readonly issuer: string
  readonly subject: string
  readonly name: string
  /** Only one that the provider has verified. */
  readonly email: string | null
  /** Names of groups here. */
  readonly groups: readonly string[]
  readonly mfa: boolean
  readonly idToken: string
}

export interface OpenId {
  readonly settings: OpenIdSettings
  /** Where to send the browser, and the sealed cookie to send with it. Throws `access.openid-failed`. */
  begin(origin: string): Promise<{ url: string; flow: string }>
  /** Throws `access.openid-state`, `access.openid-failed`. */
  finish(origin: string, query: string, flow: string | null): Promise<OpenIdPerson>
  /** Where the provider ends its own session; null when it does not offer that. */
  endSessionUrl(origin: string, idToken: string): Promise<string | null>
}

export interface OpenIdOptions {
  readonly settings: OpenIdSettings
  readonly door: OpenIdDoor
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly seal: Pick<Keyring, 'sealSecret' | 'openSecret'>
}

export const openIdReturnPath = '/auth/openid/return'
export const openIdFlowMs = 10 * 60_000
const discoveredMs = 10 * 60_000
const requestMs = 10_000
const mostReplyBytes = 1_000_000
const mostGroups = 500

const flowSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  origin: z.string(),
  begunAt: z.number(),
})

const claimsSchema = z.looseObject({
  name: z.string().max(400).optional(),
  preferred_username: z.string().max(400).optional(),
  email: z.string().max(254).optional(),
  email_verified: z.union([z.boolean(), z.literal('true')]).optional(),
  amr: z.array(z.string().max(100)).max(50).optional(),
})

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createOpenId({ settings, door, store, clock, logger, seal }: OpenIdOptions): OpenId {
  let known: { readonly config: Configuration; readonly untilMs: number } | null = null
  const allowed = new Set([new URL(settings.issuer).origin])
  const about = ['openid-flow', settings.issuer, settings.clientId]

  async function fetchThroughDoor(address: string, init: RequestInit): Promise<Response> {
    if (!allowed.has(new URL(address).origin))
      fail('egress.denied', { internal: 'OpenID Connect: an origin that discovery did not name' })
    const signal = AbortSignal.any([AbortSignal.timeout(requestMs), ...(init.signal ? [init.signal] : [])])
    const reply = await door(address, {
      method: init.method === 'POST' ? 'POST' : 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(init.body === undefined || init.body === null ? {} : { body: await bytesOf(init.body) }),
      signal,
    })
    return new Response(await readBounded(reply), { status: reply.status, headers: reply.headers })
  }

  async function configure(): Promise<Configuration> {
    if (known && known.untilMs > clock.monotonic()) return known.config
    const isPlain = settings.issuer.startsWith('http:')
    const config = await discovery(
      new URL(settings.issuer),
      settings.clientId,
      {},
      settings.clientSecret ? ClientSecretBasic(settings.clientSecret.reveal()) : None(),
      { [customFetch]: fetchThroughDoor, ...(isPlain ? { execute: [allowInsecureRequests] } : {}) },
    )
    const { token_endpoint, jwks_uri, userinfo_endpoint } = config.serverMetadata()
    for (const address of [token_endpoint, jwks_uri, userinfo_endpoint])
      if (address !== undefined) allowed.add(new URL(address).origin)
    known = { config, untilMs: clock.monotonic() + discoveredMs }
    return config
  }

  /** A state counts once, also when the provider would take its code again. */
  async function spend(state: string): Promise<void> {
    const now = clock.now()
    const done = await store.write([
      { text: 'DELETE FROM access_spent WHERE expires_at <= ?', params: [now] },
      {
        text: 'INSERT INTO access_spent (hash, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
        params: [sha256(`openid state ${state}`), now + openIdFlowMs],
        expectChanges: 1,
      },
    ])
    if (done === null) stateUnknown('a state that was used')
  }

  function openFlow(origin: string, flow: string | null): z.infer<typeof flowSchema> {
    const opened = flow === null ? null : seal.openSecret('session', about, flow)
    if (opened === null) stateUnknown('no cookie of a sign-in')
    const parsed = flowSchema.parse(JSON.parse(opened))
    if (parsed.origin !== origin || clock.now() - parsed.begunAt > openIdFlowMs) stateUnknown('a sign-in that is over')
    return parsed
  }

  return {
    settings,
    async begin(origin) {
      const config = await told('discovery', configure)
      const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()]
      const url = buildAuthorizationUrl(config, {
        redirect_uri: `${origin}${openIdReturnPath}`,
        scope: settings.scopes,
        response_type: 'code',
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      const flow = JSON.stringify({ state, nonce, verifier, origin, begunAt: clock.now() })
      return { url: url.href, flow: seal.sealSecret('session', about, flow) }
    },
    async finish(origin, query, flow) {
      const { state, nonce, verifier } = openFlow(origin, flow)
      const address = new URL(`${origin}${openIdReturnPath}${query}`)
      if (address.searchParams.get('state') !== state) stateUnknown('another state')
      await spend(state)
      const { config, tokens } = await told('the exchange of the code', async () => {
        const found = await configure()
        const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }
        return { config: found, tokens: await authorizationCodeGrant(found, address, checks) }
      })
      const claims = tokens.claims()
      if (!claims || tokens.id_token === undefined) return fail('access.openid-failed', { internal: 'no ID token' })
      const isEnough = claims[settings.groupsClaim] !== undefined && claims['email'] !== undefined
      const more =
        isEnough || config.serverMetadata().userinfo_endpoint === undefined
          ? {}
          : await told('userinfo', () => fetchUserInfo(config, tokens.access_token, claims.sub))
      return readPerson({ ...more, ...claims }, { issuer: claims.iss, subject: claims.sub, idToken: tokens.id_token })
    },
    async endSessionUrl(origin, idToken) {
      const config = await told('discovery', configure).catch(() => null)
      if (config?.serverMetadata().end_session_endpoint === undefined) return null
      return buildEndSessionUrl(config, { id_token_hint: idToken, post_logout_redirect_uri: `${origin}/` }).href
    },
  }

  /** What went wrong there is for the log: its words may hold what the provider was sent. */
  async function told<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (thrown) {
      if (thrown instanceof CairnError && thrown.code === 'access.openid-state') throw thrown
      const { error } = thrown as { error?: unknown }
      const reason = typeof error === 'string' ? error.slice(0, 80) : errorFields(thrown)['code']
      logger.warn('signing in with OpenID Connect failed', { step: what, reason: String(reason ?? nameOf(thrown)) })
      if (error === 'access_denied')
        fail('access.openid-refused', { message: 'The provider was told not to sign you in.' })
      return fail('access.openid-failed', {
        message: 'The provider did not confirm who you are. Try again, or tell whoever runs this server.',
        internal: what,
      })
    }
  }

  function readPerson(
    claims: Record<string, unknown>,
    from: { issuer: string; subject: string; idToken: string },
  ): OpenIdPerson {
    const parsed = claimsSchema.safeParse(claims)
    if (!parsed.success || from.subject.length > 255)
      return fail('access.openid-failed', { internal: 'claims that cannot be read' })
    const { name, preferred_username, email, email_verified, amr = [] } = parsed.data
    const isVerified = email_verified === true || email_verified === 'true'
    const values = readValues(claims[settings.groupsClaim])
    return {
      ...from,
      name: clean(name ?? preferred_username ?? email ?? 'Somebody'),
      email: isVerified && email !== undefined ? email : null,
      groups: values.flatMap((value) => (Object.hasOwn(settings.groups, value) ? [settings.groups[value] ?? ''] : [])),
      mfa: amr.some((each) => each === 'mfa' || each === 'otp' || each === 'hwk'),
    }
  }
}

function stateUnknown(internal: string): never {
  fail('access.openid-state', { internal, message: 'This sign-in is over or was begun elsewhere. Begin it again.' })
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : 'unknown'
}

function readValues(claim: unknown): string[] {
  const list = Array.isArray(claim) ? claim.slice(0, mostGroups) : typeof claim === 'string' ? [claim] : []
  return list.filter((value): value is string => typeof value === 'string')
}

/** A name is shown beside others, so it holds nothing that hides or turns them. */
function clean(name: string): string {
  return (
    name
      .replace(/[\p{Cc}\p{Cf}]/gu, '')
      .trim()
      .slice(0, 120) || 'Somebody'
  )
}

async function bytesOf(body: NonNullable<RequestInit['body']>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body).arrayBuffer())
}

async function readBounded(reply: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of reply.body ?? []) {
    size += chunk.length
    if (size > mostReplyBytes) fail('access.openid-failed', { internal: 'a reply that is too large' })
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
