/**
 * Passwords: setting and comparing them. A name that nobody has costs the same work as one that somebody has, and no more
 * hashes are worked on at once than a few, since each takes 19 MiB.
 */
import { fail, type Clock } from '../../base/index.ts'
import { hashPassword, verifyPassword, type PasswordCost } from '../../platform/index.ts'
import type { Statement, Store } from '../../storage/index.ts'
import { checkPassword, normalisePassword } from './password-policy.ts'

const mostAtOnce = 4
const mostWaiting = 64

export interface Passwords {
  /** The work is done whether there is such a person with a password or not. Throws `server.busy`. */
  verify(principalId: string | null, password: string): Promise<boolean>
  /** When it was set, milliseconds since 1970; null without one. */
  changedAt(principalId: string): Promise<number | null>
  /** What sets it. Throws `access.password-weak`, `server.busy`. */
  prepare(person: { id: string; name: string; email: string | null }, password: string): Promise<Statement>
}

export interface PasswordsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly cost: PasswordCost | undefined
}

export function createPasswords({ store, clock, cost }: PasswordsOptions): Passwords {
  const inTurn = createTurns()
  // Of a password that nobody knows, made when it is first needed.
  let nobody: Promise<string> | null = null

  return {
    async verify(principalId, password) {
      const [row] =
        principalId === null
          ? []
          : await store.read('SELECT hash FROM access_passwords WHERE principal_id = ?', [principalId])
      const text = normalisePassword(password)
      return inTurn(async () => {
        const hash = row ? String(row['hash']) : await (nobody ??= hashPassword(crypto.randomUUID(), cost))
        const isRight = await verifyPassword(text, hash)
        return isRight && row !== undefined
      })
    },
    async changedAt(principalId) {
      const [row] = await store.read('SELECT changed_at FROM access_passwords WHERE principal_id = ?', [principalId])
      return row ? Number(row['changed_at']) : null
    },
    async prepare({ id, name, email }, password) {
      const text = checkPassword(password, [name, email])
      const hash = await inTurn(() => hashPassword(text, cost))
      return {
        text: `INSERT INTO access_passwords (principal_id, hash, changed_at) VALUES (?, ?, ?)
          ON CONFLICT (principal_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at`,
        params: [id, hash, clock.now()],
      }
    },
  }
}

function createTurns() {
  const waiting: (() => void)[] = []
  let running = 0
  return async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= mostAtOnce) {
      if (waiting.length >= mostWaiting)
        fail('server.busy', { retryAfterMs: 2_000, message: 'Too many are signing in at once. Try again in a moment.' })
      await new Promise<void>((go) => waiting.push(go))
    }
    running++
    try {
      return await work()
    } finally {
      running--
      waiting.shift()?.()
    }
  }
}
