/** What stays of a note when its front matter and its tags are changed: by it a note is known again under another name. */
import { sha256 } from '../../base/index.ts'

/** Shorter texts are too often alike by chance: an empty note, a heading from a template. */
const fewestChars = 100
const tagPattern = /#\S+/g

/** `textStart` is where the front matter ends. Empty for a text too short to be told from others. */
export function fingerprintBody(text: string, textStart: number): string {
  const words = text
    .slice(textStart)
    .replace(tagPattern, ' ')
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{N}\p{M}]+/gu)
  const body = (words ?? []).join(' ')
  return body.length < fewestChars ? '' : sha256(body).slice(0, 32)
}
