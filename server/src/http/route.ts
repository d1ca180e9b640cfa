/**
 * The shape of a row in the route table. A handler of a protected route is handed a `Call` with the principal; a
 * public one is not, so it cannot act for anybody.
 */
import type { Action, AuditEventType } from '@cairn/contract'
import type { z } from 'zod'
import type { CairnError, HostPeers } from '../base/index.ts'
import type { AccessWatches } from './watch-access.ts'
import type { Call, HttpDependencies } from './dependencies.ts'
import type { ConsoleAssets } from './console-assets.ts'
import type { RateLimit } from './rate-limit.ts'
import type { HttpReply } from './reply.ts'
import type { Audience } from './respond-error.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** `/api/vaults/:id/notes/*path` has the parameters `id` and `path`. */
export type ParamNames<P extends string> = P extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamNames<`/${Rest}`>
  : P extends `${string}:${infer Name}`
    ? Name
    : P extends `${string}*${infer Name}`
      ? Name
      : never

/** One request, as far as it is known before anybody is identified. */
export interface Exchange {
  readonly request: Request
  readonly url: URL
  readonly requestId: string
  /** The server's origin under the name that the request used. */
  readonly ownOrigin: string
  /** The origin of another page that may read the reply; null for our own pages, other programs and strangers. */
  readonly sharedWith: string | null
  readonly remoteAddress: string
  /** `clock.monotonic()` when the request's head arrived. */
  readonly startedAtMs: number
  /** Aborted when the client leaves, at the end of the grace period of a stop, or by `end`. */
  readonly signal: AbortSignal
  /** Ends the work on it; the client is told why, also in the middle of a stream. */
  end(reason: CairnError): void
  /** Calls back when the reply has ended. */
  onClose(listener: () => void): void
  /** Aborted at the beginning of a stop; streams that would stand for ever end then. */
  readonly stopping: AbortSignal
}

/** What handlers use beside the request. */
export interface RouteServices extends HttpDependencies {
  readonly peers: HostPeers
  readonly assets: ConsoleAssets
  readonly signInLimit: RateLimit
  readonly watches: AccessWatches
  readonly heartbeatMs: number
  readonly openApi: () => string
  readonly readiness: () => 'ok' | 'starting' | 'failed' | 'stopping'
  /** The port that listens. */
  readonly port: () => number
}

export interface PublicInput<P extends string, B, Q> {
  readonly exchange: Exchange
  readonly services: RouteServices
  readonly params: Readonly<Record<ParamNames<P>, string>>
  readonly body: B
  /** The body as it came. */
  readonly bytes: Uint8Array
  readonly query: Q
}

export interface ProtectedInput<P extends string, B, Q> extends PublicInput<P, B, Q> {
  readonly call: Call
}

export interface ReplySpec {
  readonly status: number
  readonly description: string
  /** None for a reply without body or in another dialect. */
  readonly schema?: z.ZodType
  readonly mediaType?: string
}

/** An optional header of the request that this address gives a meaning of its own. */
export interface HeaderSpec {
  readonly name: string
  readonly description: string
  readonly schema: z.ZodType
}

/** What of a call stands in the audit log. */
export type AuditSpec =
  /** It changes something: on record before it begins, and by its handler as one of these when it is done. */
  | { readonly changes: readonly [AuditEventType, ...AuditEventType[]] }
  /** It shows what is others’: on record as this when it was answered. */
  | { readonly reads: AuditEventType }
  /** Whoever does the work records it as these, whatever comes of it. */
  | { readonly tells: readonly [AuditEventType, ...AuditEventType[]] }
  /** Nothing, for this reason. */
  | { readonly exempt: string }

interface RouteBase<P extends string, B extends z.ZodType | undefined, Q extends z.ZodType | undefined> {
  readonly method: Method
  readonly path: P
  readonly audit: AuditSpec
  readonly audience: Audience
  readonly summary: string
  readonly body?: B
  readonly query?: Q
  /** For the document; handlers read them themselves. */
  readonly headers?: readonly HeaderSpec[]
  readonly replies: readonly ReplySpec[]
}

type Output<S> = S extends z.ZodType ? z.output<S> : undefined

export interface PublicRoute<
  P extends string = string,
  B extends z.ZodType | undefined = z.ZodType | undefined,
  Q extends z.ZodType | undefined = z.ZodType | undefined,
> extends RouteBase<P, B, Q> {
  /** `unlessLocal`: callers on this machine need nothing, others the permission. */
  readonly permission: 'public' | { readonly unlessLocal: Action }
  handle(input: PublicInput<P, Output<B>, Output<Q>>): Promise<HttpReply> | HttpReply
}

export interface ProtectedRoute<
  P extends string = string,
  B extends z.ZodType | undefined = z.ZodType | undefined,
  Q extends z.ZodType | undefined = z.ZodType | undefined,
> extends RouteBase<P, B, Q> {
  /**
   * An action that the caller must be allowed, on the whole server or on the vault of the path’s `:id`. `signed-in`: who
   * has a credential that is in force; what comes back is their own or what they may see.
   */
  readonly permission: Action | 'signed-in'
  /** The path’s `:id` is a vault. For whom it is hidden, it does not exist. */
  readonly on?: 'vault'
  /** Also for who has not shown the second factor that this server asks for: to sign out, and to show it. */
  readonly beforeMfa?: boolean
  handle(input: ProtectedInput<P, Output<B>, Output<Q>>): Promise<HttpReply> | HttpReply
}

export type Route = PublicRoute | ProtectedRoute

export function isProtected(route: Route): route is ProtectedRoute {
  return typeof route.permission === 'string' && route.permission !== 'public'
}

/** A row of the table, with the handler's input typed by the row's own path and schemas. */
export function publicRoute<
  const P extends string,
  B extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
>(row: PublicRoute<P, B, Q>): PublicRoute {
  return row as unknown as PublicRoute
}

export function protectedRoute<
  const P extends string,
  B extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
>(row: ProtectedRoute<P, B, Q>): ProtectedRoute {
  return row as unknown as ProtectedRoute
}
