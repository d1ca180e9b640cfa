/** The value of a JSON text; null for text that is none, which no shape of ours is either. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
