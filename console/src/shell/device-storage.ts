/** What this device remembers between visits: choices of appearance and of scope, never a question or an answer. */

/** Null when nothing is stored, or storage is switched off. */
export function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export function writeStored(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
}
