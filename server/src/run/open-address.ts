/**
 * What it takes to listen beyond this machine: an owner who can sign in, since a link in the terminal is for whoever sits
 * there, and TLS, of the server itself or of a proxy, since a password or a session must not travel in the clear.
 */
import type { Config } from '@cairn/contract'
import type { App } from '../app.ts'
import { fail } from '../base/index.ts'

type ServerSettings = Config['server']

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** Before anything is opened. Throws `config.invalid`. */
export function refuseOpenAddress({ host, publicUrl, trustedProxies, tls }: ServerSettings): void {
  if (isLoopback(host)) return
  const missing = [
    ...(publicUrl?.startsWith('https:') ? [] : ['the https:// address that others use, as --public-url']),
    ...(tls.certFile !== undefined || trustedProxies.length > 0
      ? []
      : [
          'server.tls.certFile and server.tls.keyFile, or the address of the proxy that ends TLS in server.trustedProxies',
        ]),
  ]
  if (missing.length === 0) return
  fail('config.invalid', {
    message: `Cairn does not listen on ${host} without TLS: passwords and sessions could be read on the way. Set ${missing.join(', and ')}; or use 127.0.0.1, with a proxy or tunnel on this machine.`,
  })
}

/** When the store is open. Throws `config.invalid`. */
export async function requireOwnerAccount(
  app: Pick<App, 'access'>,
  { host }: Pick<ServerSettings, 'host'>,
): Promise<void> {
  if (isLoopback(host) || (await app.access.identity.canOwnerSignIn())) return
  fail('config.invalid', {
    message: `Cairn does not listen on ${host} before an owner can sign in. Start it on 127.0.0.1 once, open the page of your account in the console, and set an e-mail address and a password there.`,
  })
}
