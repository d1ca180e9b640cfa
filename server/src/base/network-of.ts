/** Whom an address stands for where attempts are counted. */

/** One person has a whole /64 of IPv6; an IPv4 address counts whole. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = '', tail] = address.split('::')
  const parts = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - parts.length - after.length)).fill('0')
  return [...parts, ...zeros, ...after].slice(0, 4).join(':')
}
