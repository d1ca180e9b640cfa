/** A log to try things on: a year’s events of five people, and hands inside its store as an attacker has them. */
import type { AuditEventType } from '@cairn/contract'
import type { Clock } from '../../base/index.ts'
import type { StoreLocation } from '../../storage/index.ts'
import { openLog, type AuditLog, type LogOptions } from '../log/log.ts'
import { createKeyBook, type AuditSecrets } from '../record/key-book.ts'
import type { AuditEvent } from '../record/prepare.ts'

const filled = (byte: number) => new Uint8Array(32).fill(byte)
export const testSecrets: AuditSecrets = { wrapping: filled(1), naming: filled(2), signing: filled(3) }
export const testOrigin = 'cairn/audit/deployment_test'

export interface LogKit {
  readonly log: AuditLog
  readonly clock: Clock & { put(iso: string): void }
  /** Appends so many events, by and about `person_0` to `person_4`, and signs. */
  fill(count: number): Promise<void>
  /** Forgets somebody, and removes what is left. */
  erase(person: string): Promise<void>
  shred(period: string): Promise<void>
  by(): Pick<AuditEvent, 'actor' | 'at' | 'context'>
  /** What is wrong, by code, each once, in order. */
  codes(against?: readonly string[]): Promise<string[]>
}

/** Of the key of a person who has one. */
export async function findKeyRef({ connection }: AuditLog, person: string): Promise<string> {
  const name = createKeyBook(testSecrets).nameOf(person)
  const { rows } = await connection.run("SELECT ref FROM audit_keys WHERE kind = 'subject' AND name = ?", [name])
  return String(rows[0]?.['ref'])
}

export async function openLogKit(
  location: StoreLocation,
  secrets = testSecrets,
  wrap?: LogOptions['wrap'],
): Promise<LogKit> {
  let now = Date.parse('2026-01-15T08:00:00Z')
  const clock = { now: () => now, monotonic: () => 0, put: (iso: string) => void (now = Date.parse(iso)) }
  const log = await openLog({ location, clock, origin: testOrigin, secrets, ...(wrap ? { wrap } : {}) })
  const by = () => ({ actor: 'server', at: clock.now(), context: {} })
  return {
    log,
    clock,
    by,
    async fill(count) {
      await Promise.all(Array.from({ length: count }, (_, at) => log.append(someEvent(at, now + at))))
      await log.checkpoints.sign()
    },
    async erase(person) {
      await log.erase(by(), [person], { reason: 'request', request: 'r1' })
      await log.removeGone(by())
      await log.checkpoints.sign()
    },
    async shred(period) {
      await log.shred(by(), [period])
      await log.removeGone(by())
      await log.checkpoints.sign()
    },
    async codes(against = []) {
      const { errors, ok } = await log.verify({ against })
      if (ok !== (errors.length === 0)) throw new Error('the report does not agree with itself')
      return [...new Set(errors.map(({ code }) => code))].sort()
    },
  }
}

const types: readonly [AuditEventType, AuditEvent['fields']][] = [
  ['link.created', { purpose: 'reset', user: 'person_1' }],
  [
    'question.asked',
    {
      vaults: ['vault_1'],
      notes: ['note:vault_1/A.md', 'note:vault_1/B.md'],
      model: 'extractive',
      egress: 'local',
      label: 'internal',
    },
  ],
  ['note.read', { vault: 'vault_1', note: 'Öre/Käse.md' }],
  ['session.created', { method: 'password' }],
]

export function someEvent(at: number, ms: number): AuditEvent {
  const [type, fields] = types[at % types.length] as (typeof types)[number]
  const named = 'user' in fields ? { ...fields, user: `person_${(at + 1) % 5}` } : fields
  return {
    type,
    actor: `person_${at % 5}`,
    outcome: 'ok',
    at: ms,
    fields: named,
    context: { requestId: `request_${at}`, address: '127.0.0.1' },
  }
}
