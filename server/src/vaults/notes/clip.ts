/** The beginning of a text, at most `most` UTF-16 units; a character is never cut in half. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text
  return text.slice(0, /[\uD800-\uDBFF]/.test(text[most - 1] as string) ? most - 1 : most)
}
