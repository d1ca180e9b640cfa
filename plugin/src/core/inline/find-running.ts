/**
 * What another plugin would run because of a passage put into a note: the lines of the passage count, and the block or
 * template that it stands in, which may have begun far above. Pure.
 */
import { findOpenFence, neutralise, type Neutralised } from '../neutralise.ts'

/** The passage made harmless for its place: HTML within a block of code is only code. */
export function makeHarmless(before: string, passage: string): Neutralised {
  const open = findOpenFence(before.slice(0, before.lastIndexOf('\n') + 1))
  if (open === null) return neutralise(passage)
  const { text, found } = neutralise(`${open}\n${passage}`)
  return { text: text.slice(text.indexOf('\n') + 1), found }
}

/** Kinds of what would run, for the person to be told; empty when nothing would. */
export function findRunning(before: string, passage: string, after: string): readonly string[] {
  const lineStart = before.lastIndexOf('\n') + 1
  const lineEnd = after.indexOf('\n')
  const lines = before.slice(lineStart) + passage + (lineEnd < 0 ? after : after.slice(0, lineEnd))
  const open = findOpenFence(before.slice(0, lineStart))
  const found = new Set(neutralise(open === null ? lines : `${open}\n${lines}`).found)
  if (before.lastIndexOf('<%') > before.lastIndexOf('%>')) found.add('a template marker')
  return [...found]
}
