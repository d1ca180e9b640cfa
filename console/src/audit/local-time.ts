/** Times as a field of the browser holds them: on the reader’s clock, to the minute, without a zone. */

/** Empty for none. */
export function writeLocal(at: number | null): string {
  if (at === null) return ''
  const time = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${String(time.getFullYear()).padStart(4, '0')}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day}T${two(time.getHours())}:${two(time.getMinutes())}`
}

/** Milliseconds since 1970; null for an empty field and for what is no time. */
export function readLocal(text: string): number | null {
  const at = text === '' ? Number.NaN : new Date(text).getTime()
  return Number.isNaN(at) || at < 0 ? null : at
}
