/**
 * Cursors: where a page ended, for which question, and of which state of the log. Signed, so that one that was made up or
 * belongs to another question is told from ours; what they hold is no secret and gives no right to anything.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { fail, tryParseJson } from '../../base/index.ts'
import { canonicalJson, type JsonValue } from '../tree/canonical-json.ts'
import type { AuditFilter, AuditOrder } from './types.ts'

export interface CursorPlace {
  /** The last entry that was looked at; -1 before the first. */
  readonly seq: number
  /** Size of the log that the pages are about; null to go on with what is there by then. */
  readonly size: number | null
  /** The size was asked for, so that the pages end with it. */
  readonly isPinned: boolean
}

export interface Question {
  readonly filter: AuditFilter
  readonly order: AuditOrder
}

export interface Cursors {
  write(place: CursorPlace, question: Question): string
  /** Throws `request.invalid`. */
  read(cursor: string, question: Question): CursorPlace
}

const payloadSchema = z.strictObject({
  s: z.int().min(-1),
  z: z.int().min(0).nullable(),
  p: z.boolean(),
  q: z.string(),
})

const tagBytes = 16

/** `secret`: any that the processes of a deployment share. */
export function createCursors(secret: Uint8Array): Cursors {
  const key = createHmac('sha256', secret).update('cairn-audit-cursor/v1').digest()
  const mac = (what: string, text: string) =>
    createHmac('sha256', key).update(`${what}\0${text}`).digest().subarray(0, tagBytes)
  const nameOf = ({ filter, order }: Question) =>
    mac('question', canonicalJson({ filter, order } as unknown as JsonValue)).toString('base64url')
  return {
    write({ seq, size, isPinned }, question) {
      const payload = JSON.stringify({ s: seq, z: size, p: isPinned, q: nameOf(question) })
      const body = Buffer.from(payload).toString('base64url')
      return `${body}.${mac('cursor', body).toString('base64url')}`
    },
    read(cursor, question) {
      const [body = '', tag = ''] = cursor.split('.')
      const given = Buffer.from(tag, 'base64url')
      const isSigned = given.length === tagBytes && timingSafeEqual(given, mac('cursor', body))
      const payload = isSigned
        ? payloadSchema.safeParse(tryParseJson(Buffer.from(body, 'base64url').toString('utf8'))).data
        : undefined
      if (payload === undefined)
        return fail('request.invalid', { param: 'cursor', message: 'cursor: not one that this server has given out.' })
      if (payload.q !== nameOf(question))
        fail('request.invalid', {
          param: 'cursor',
          message: 'cursor: belongs to another question. Send it with the same filters and order as before.',
        })
      return { seq: payload.s, size: payload.z, isPinned: payload.p }
    },
  }
}
