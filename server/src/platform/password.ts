/**
 * Password hashes: Argon2id (RFC 9106) with the runtime’s own implementation, which works on threads beside the one that
 * serves.
 */

export interface PasswordCost {
  readonly memoryKibibytes: number
  readonly passes: number
}

/** OWASP’s first choice of 2024 for Argon2id: 19 MiB, two passes, one lane. */
const usualCost: PasswordCost = { memoryKibibytes: 19_456, passes: 2 }

/** The hash in PHC’s string format, with a salt of its own. */
export function hashPassword(password: string, { memoryKibibytes, passes } = usualCost): Promise<string> {
  return Bun.password.hash(password, { algorithm: 'argon2id', memoryCost: memoryKibibytes, timeCost: passes })
}

/** By the cost that the hash names. False also for what is no hash. Never throws. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  try {
    return await Bun.password.verify(password, hash)
  } catch {
    return false
  }
}
