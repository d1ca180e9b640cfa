/**
 * Faults by seed: which fault strikes a request at a deployment follows from the seed, the deployment’s name and the
 * request’s own number alone, whatever the order and however often it is asked. So a test knows beforehand what every
 * deployment will do to every request, and a run is repeated by its seed.
 */
import { createHash } from 'node:crypto'
import type { FaultName } from './faults.ts'

export interface Draw {
  readonly seed: number
  /** Share of the requests that a fault strikes, 0 to 1. */
  readonly rate: number
  readonly faults: readonly FaultName[]
}

/** Null: no fault. */
export function drawFault({ seed, rate, faults }: Draw, deployment: string, request: string): FaultName | null {
  const hash = createHash('sha256').update(`${seed}\n${deployment}\n${request}`).digest()
  if (hash.readUInt32LE(0) / 2 ** 32 >= rate) return null
  return faults[hash.readUInt32LE(4) % faults.length] ?? null
}

interface Numbered {
  readonly user?: unknown
  readonly messages?: unknown
  readonly input?: unknown
}

/**
 * What the client calls the request: the header `x-request-number`, else `#123` in the first message or input, else
 * `user`. Null when it says nothing. Gateways may drop headers and `user`, none drops the messages.
 */
export function requestNumberOf(headers: Readonly<Record<string, string>>, body: Numbered): string | null {
  const header = headers['x-request-number']
  if (header !== undefined) return header
  const text = JSON.stringify(Array.isArray(body.messages) ? (body.messages[0] ?? '') : (body.input ?? ''))
  return /#(\d{1,15})/.exec(text)?.[1] ?? (typeof body.user === 'string' ? body.user : null)
}
