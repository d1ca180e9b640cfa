/**
 * A large vault made by repeating real ones with variation: one word in twelve becomes another made-up word, drawn so
 * that few are frequent and many rare, as in real text. The same seed gives the same bytes.
 */
import { createRandom } from '../../server/src/base/testing/random.ts'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const madeWords = 60_000
const changedShare = 1 / 12
const notesInFolder = 100

export async function makeVault(
  folder: string,
  sources: readonly string[],
  notes: number,
  seed: number,
): Promise<void> {
  const originals = (await Promise.all(sources.map(readNotes))).flat()
  const random = createRandom(seed)
  const words = Array.from({ length: madeWords }, () => makeWord(random))
  for (let note = 0; note < notes; note++) {
    const parent = join(folder, `part-${Math.floor(note / notesInFolder)}`)
    if (note % notesInFolder === 0) await mkdir(parent, { recursive: true })
    await writeFile(join(parent, `note-${note}.md`), vary(originals[note % originals.length] as string, words, random))
  }
}

async function readNotes(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.md')).toSorted()
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
}

function vary(text: string, words: readonly string[], random: () => number): string {
  return text.replace(/[a-z]{4,}/g, (word) => {
    if (random() >= changedShare) return word
    // The square of a uniform number is small more often: early words of the list are the frequent ones.
    return words[Math.floor(random() ** 2 * words.length)] as string
  })
}

function makeWord(random: () => number): string {
  const syllables = 2 + Math.floor(random() * 3)
  let word = ''
  for (let at = 0; at < syllables; at++)
    word += 'bcdfghjklmnprstvw'[Math.floor(random() * 17)]! + 'aeiou'[Math.floor(random() * 5)]!
  return word
}
