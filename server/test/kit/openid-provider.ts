/** A real provider of OpenID Connect (`oidc-provider`) on a free loopback port, where any password is right. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

export interface OpenIdProvider {
  readonly issuer: string
  /** Claims by login; changed by a test between two sign-ins. */
  readonly people: Map<string, Record<string, unknown>>
  close(): Promise<void>
}

export const clientId = 'cairn-test'
export const clientSecret = 'a-client-secret-of-the-test-0123456789'

/** `redirectUris` are asked for once the port of the server under test is known. */
export async function startOpenIdProvider(origins: readonly string[]): Promise<OpenIdProvider> {
  const people: OpenIdProvider['people'] = new Map()
  const http = createServer()
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening))
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: origins.map((origin) => `${origin}/auth/openid/return`),
        post_logout_redirect_uris: origins.map((origin) => `${origin}/`),
        application_type: 'native',
      },
    ],
    claims: { openid: ['sub', 'amr'], profile: ['name', 'groups'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: true,
    findAccount: (_context, login) => ({
      accountId: login,
      claims: () => ({ sub: login, name: login, ...people.get(login) }),
    }),
    cookies: { keys: ['a key for the cookies of a test'] },
  })
  const handle = provider.callback()
  http.on('request', (request, response) => void handle(request, response))
  return {
    issuer,
    people,
    close: () =>
      new Promise((closed) => {
        http.close(() => closed())
        http.closeAllConnections()
      }),
  }
}
