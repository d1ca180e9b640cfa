/** Who knocks: what handlers of signing in know of a request before anybody is identified. */
import type { Visitor } from '../../access/index.ts'
import { fail } from '../../base/index.ts'
import { formatSessionCookie } from '../credentials.ts'
import { isCrossOrigin } from '../origin.ts'
import type { Exchange, RouteServices } from '../route.ts'

export function visitorOf({ request, remoteAddress }: Exchange): Visitor {
  return { address: remoteAddress, userAgent: request.headers.get('user-agent') }
}

/** Only a page of ours, or no browser at all, may sign this browser in: another page could sign it in as somebody else. */
export function refuseOtherOrigin({ request, ownOrigin }: Exchange): void {
  if (isCrossOrigin(request.headers, ownOrigin)) fail('request.origin')
}

export function sessionCookie(
  { ownOrigin }: Exchange,
  services: RouteServices,
  { session, expiresAt }: { session: string; expiresAt: number },
): string {
  return formatSessionCookie(session, expiresAt - services.clock.now(), { ownOrigin, port: services.port() })
}
