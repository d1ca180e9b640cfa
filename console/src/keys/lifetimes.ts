/** How long a new key may last, as a form offers it. */

export const keyLifetimes = [
  { value: '30', text: '30 days' },
  { value: '90', text: '90 days' },
  { value: '365', text: 'One year' },
  { value: '', text: 'Never' },
] as const

export const usualLifetime = '90'

/** Null for a key that does not end. */
export function daysOf(lifetime: string): number | null {
  return lifetime === '' ? null : Number(lifetime)
}
