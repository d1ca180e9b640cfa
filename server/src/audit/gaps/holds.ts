/**
 * Legal holds. What a hold covers stays readable when the key of its person or its month is destroyed: the keys of just
 * those blocks are kept under a key of the hold, and die with it.
 */
import { createId, fail } from '../../base/index.ts'
import { openSecret, sealSecret, type SqlSession, type SqlValue } from '../../platform/index.ts'
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { keyBytes } from '../record/blocks.ts'
import { isCategory } from '../record/header.ts'
import { appendOwn, type Forgetting } from './own-entry.ts'
import { requireSteering, sealSteering } from './steering.ts'

/** All that is given must fit. At least one is given. */
export const holdScopeSchema = z.strictObject({
  /** Ref of the key of a person. */
  subject: z.string().max(100).optional(),
  category: z.string().max(40).optional(),
  /** Months, `YYYY-MM`, both included. */
  from: z
    .string()
    .regex(/^\d{4}-(?:0[1-9]|1[0-2])$/)
    .optional(),
  to: z
    .string()
    .regex(/^\d{4}-(?:0[1-9]|1[0-2])$/)
    .optional(),
})

export type HoldScope = z.infer<typeof holdScopeSchema>

export interface Hold {
  readonly id: string
  readonly scope: HoldScope
  /** Milliseconds since 1970. */
  readonly placedAt: number
  /** Numbers of the entries. */
  readonly placedBy: number
  readonly releasedBy: number | null
}

export interface HeldKeys {
  readonly hold: Hold
  readonly key: Uint8Array
}

export interface HoldableBlock {
  readonly seq: number
  readonly name: string
  readonly subject: string
  /** `auth/2026-11`, or `capture/2026-11-23`. */
  readonly period: string
}

export function isHeldBy(
  { scope }: Pick<Hold, 'scope'>,
  { subject, period }: Pick<HoldableBlock, 'subject' | 'period'>,
): boolean {
  const [category = '', time = ''] = period.split('/')
  const month = time.slice(0, 7)
  return (
    (scope.subject === undefined || scope.subject === subject) &&
    (scope.category === undefined || scope.category === category) &&
    (scope.from === undefined || scope.from <= month) &&
    (scope.to === undefined || month <= scope.to)
  )
}

/** What somebody wants kept: people by their id. */
export type HoldRequest = Omit<HoldScope, 'subject'> & { readonly person?: string; readonly reason: string }

/**
 * From now on keeps what fits readable; what was destroyed before stays so. Throws `request.invalid` for a scope that is
 * empty or nobody’s.
 */
export async function placeHold(
  { sequencer, wrapping, by }: Forgetting,
  { person, reason, ...rest }: HoldRequest,
): Promise<Hold> {
  return sequencer.exclusively(async (session, head, book) => {
    await requireSteering(session, wrapping)
    if (person !== undefined) await book.load(session, { subjects: [person], periods: [] })
    const subject = person === undefined ? undefined : book.subject(person)
    if (subject !== undefined && subject.key === null)
      fail('request.invalid', { param: 'person', message: 'person: what names this person is erased already.' })
    const scope = parseScope({ ...rest, ...(subject ? { subject: subject.ref } : {}) })
    const id = createId('hold')
    const told = Object.entries(rest).map(([name, value]) => `${name}=${value}`)
    const fields = { hold: id, scope: told, reason, ...(person === undefined ? {} : { about: person }) }
    const seq = await appendOwn(session, head, book, { ...by, type: 'privacy.hold-placed', outcome: 'ok', fields })
    const wrapped = sealSecret(wrapping, ['audit', 'hold', id], randomBytes(keyBytes).toString('base64'))
    await session.run('INSERT INTO audit_holds (id, scope, placed_at, placed_by, wrapped) VALUES (?, ?, ?, ?, ?)', [
      id,
      JSON.stringify(scope),
      by.at,
      seq,
      wrapped,
    ])
    await sealSteering(session, wrapping, seq)
    return { id, scope, placedAt: by.at, placedBy: seq, releasedBy: null }
  })
}

function parseScope(asked: HoldScope): HoldScope {
  const { data: scope, error } = holdScopeSchema.safeParse(asked)
  const [param] = error?.issues.map(({ path }) => String(path[0])) ?? []
  if (scope === undefined || (scope.category !== undefined && !isCategory(scope.category))) {
    const name = param ?? 'category'
    return fail('request.invalid', {
      param: name,
      message: `${name}: this is no ${name === 'category' ? 'category' : 'month'}.`,
    })
  }
  if (Object.keys(scope).length === 0)
    fail('request.invalid', { message: 'Say what is held: a person, a category, or months.' })
  if (scope.from !== undefined && scope.to !== undefined && scope.from > scope.to)
    fail('request.invalid', { param: 'from', message: 'from: is after `to`.' })
  return scope
}

/** Its key dies with it; `removeGone` removes what only it kept. Throws `audit.hold-missing`. */
export async function releaseHold(
  { sequencer, wrapping, by }: Forgetting,
  { id, reason }: { readonly id: string; readonly reason: string },
): Promise<Hold> {
  return sequencer.exclusively(async (session, head, book) => {
    await requireSteering(session, wrapping)
    const hold = (await listHolds(session, 'active')).find((each) => each.id === id)
    if (!hold) return fail('audit.hold-missing')
    const event = {
      ...by,
      type: 'privacy.hold-released' as const,
      outcome: 'ok' as const,
      fields: { hold: id, reason },
    }
    const seq = await appendOwn(session, head, book, event)
    await session.run('UPDATE audit_holds SET released_by = ?, wrapped = NULL WHERE id = ?', [seq, id])
    await session.run('DELETE FROM audit_held WHERE hold = ?', [id])
    await sealSteering(session, wrapping, seq)
    return { ...hold, releasedBy: seq }
  })
}

export async function listHolds(session: SqlSession, which: 'all' | 'active' = 'all'): Promise<Hold[]> {
  const { rows } = await session.run(
    `SELECT id, scope, placed_at, placed_by, released_by FROM audit_holds ${which === 'active' ? 'WHERE released_by IS NULL' : ''}
      ORDER BY placed_at, id`,
  )
  return rows.map(toHold)
}

function toHold(row: Record<string, unknown>): Hold {
  return {
    id: String(row['id']),
    scope: holdScopeSchema.parse(JSON.parse(String(row['scope']))),
    placedAt: Number(row['placed_at']),
    placedBy: Number(row['placed_by']),
    releasedBy: row['released_by'] === null ? null : Number(row['released_by']),
  }
}

/** Active ones, with their keys. */
export async function openHolds(session: SqlSession, wrapping: Uint8Array): Promise<HeldKeys[]> {
  const { rows } = await session.run('SELECT * FROM audit_holds WHERE released_by IS NULL')
  return rows.map((row) => {
    const opened = openSecret(wrapping, ['audit', 'hold', String(row['id'])], String(row['wrapped']))
    if (opened === null)
      fail('storage.failed', { message: 'The key of a hold cannot be opened with this keyring. Restore the keyring.' })
    return { hold: toHold(row), key: Buffer.from(opened, 'base64') }
  })
}

/** Keeps the key of one block under that of a hold. */
export function heldRow({ hold, key }: HeldKeys, { seq, name }: HoldableBlock, blockKey: Uint8Array): SqlValue[] {
  const wrapped = sealSecret(key, ['audit', 'held', String(seq), name], Buffer.from(blockKey).toString('base64'))
  return [hold.id, seq, name, wrapped]
}

export function openHeld(
  key: Uint8Array,
  { seq, name }: { seq: number; name: string },
  wrapped: string,
): Uint8Array | null {
  const opened = openSecret(key, ['audit', 'held', String(seq), name], wrapped)
  return opened === null ? null : Buffer.from(opened, 'base64')
}
