/** The one form of an e-mail address, by which a person signs in. */
import { fail } from '../../base/index.ts'

/**
 * NFKC, small letters, one @ with something on both sides. Letters of any script may stand in it, spaces and control
 * characters may not. We do not fold dots or `+tags`: what they mean is the provider’s business. Throws
 * `request.invalid`.
 */
export function canonicalEmail(text: string): string {
  const email = text.trim().normalize('NFKC').toLowerCase()
  const isOne = /^[^\s@\p{Cc}\p{Cf}]+@[^\s@\p{Cc}\p{Cf}.]+(\.[^\s@\p{Cc}\p{Cf}.]+)*$/u.test(email)
  if (!isOne || email.length > 254)
    fail('request.invalid', { param: 'email', message: 'email: give an address such as ann@example.org.' })
  return email
}

/** The same for signing in, where nothing is said of what is wrong with it. */
export function findCanonicalEmail(text: string): string | null {
  try {
    return canonicalEmail(text)
  } catch {
    return null
  }
}
