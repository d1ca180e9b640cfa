/** Which paths a synced note may have, the same for who sends them and who takes them. */

export const notePathLimits = { characters: 1_000, partBytes: 255, parts: 64 } as const

/**
 * What is wrong with a vault-relative path as that of a synced note, or null. Paths are in NFC, with `/` between names,
 * and end with `.md`; hidden files and folders are not synced.
 */
export function findPathFault(path: string): string | null {
  if (path.length > notePathLimits.characters) return `has more than ${notePathLimits.characters} characters`
  if (path !== path.normalize('NFC')) return 'is not in the Unicode form NFC'
  if (!path.isWellFormed()) return 'is not Unicode'
  if (/[\u0000-\u001f\u007f\\\u2028\u2029]/.test(path)) return 'has a control character or a backslash'
  if (!/\.md$/i.test(path)) return 'does not end with .md'
  const parts = path.split('/')
  if (parts.length > notePathLimits.parts) return `is deeper than ${notePathLimits.parts} folders`
  for (const part of parts) {
    if (part === '') return 'has an empty name'
    if (part.startsWith('.')) return 'is hidden, or leads upwards'
    if (part !== part.trim()) return 'has a name that begins or ends with a space'
    if (countBytes(part) > notePathLimits.partBytes) return `has a name of more than ${notePathLimits.partBytes} bytes`
  }
  return null
}

/** Bytes of a well-formed text in UTF-8. */
export function countBytes(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    // A pair of surrogates is four bytes, counted as two units of which each adds one.
    bytes += unit < 0x80 ? 0 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return bytes
}

/** Order of paths in a pass over a vault: by code point, which is the order of their UTF-8 bytes in databases. */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (one === other) continue
    // Surrogates stand for code points above all others.
    const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff
    if (isHigh(one) !== isHigh(other)) return isHigh(one) ? 1 : -1
    return one - other
  }
  return a.length - b.length
}
