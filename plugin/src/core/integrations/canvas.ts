/** An answer as a canvas: question, answer, and a card for each source, in the open format of jsoncanvas.org 1.0. Pure. */
import type { Turn } from '@cairn/ui/client'
import { groupByNote } from '@cairn/ui/client'
import { titleOf } from '../ask/conversation-note.ts'
import { neutralise } from '../neutralise.ts'

const width = 480
const gap = 60

/** Null when there is no answer. `has` says whether the open vault has the note; others become text. */
export function writeCanvas(
  turn: Turn | undefined,
  { isNeutralised, has }: { readonly isNeutralised: boolean; readonly has: (note: string) => boolean },
): { readonly title: string; readonly text: string } | null {
  if (turn === undefined || turn.outcome !== 'answered' || turn.answer === '') return null
  const safe = (text: string) => (isNeutralised ? neutralise(text).text : text)
  const sources = groupByNote(turn.citations)
  const middle = Math.max(0, ((sources.length - 1) * (width + gap)) / 2)
  const nodes = [
    {
      id: 'question',
      type: 'text',
      x: middle,
      y: 0,
      width,
      height: 120,
      color: '6',
      text: `## ${safe(turn.question)}`,
    },
    { id: 'answer', type: 'text', x: middle, y: 120 + gap, width, height: 320, text: safe(turn.answer) },
    ...sources.map(({ note, citations }, at) => ({
      id: `source-${at + 1}`,
      x: at * (width + gap),
      y: 440 + 2 * gap,
      width,
      height: 300,
      ...(has(note)
        ? { type: 'file', file: note, ...subpath(citations[0]?.heading ?? '') }
        : { type: 'text', text: safe(`**${note}**\n\n${citations.map(({ quote }) => `> ${quote}`).join('\n\n')}`) }),
    })),
  ]
  const edges = [
    { id: 'asked', fromNode: 'question', fromSide: 'bottom', toNode: 'answer', toSide: 'top' },
    ...sources.map(({ citations }, at) => ({
      id: `cites-${at + 1}`,
      fromNode: 'answer',
      fromSide: 'bottom',
      toNode: `source-${at + 1}`,
      toSide: 'top',
      label: citations.map(({ n }) => String(n)).join(', '),
    })),
  ]
  return { title: titleOf(turn.question), text: `${JSON.stringify({ nodes, edges }, null, 2)}\n` }
}

function subpath(heading: string): { subpath?: string } {
  const last = heading.split(' › ').at(-1) ?? ''
  return last === '' ? {} : { subpath: `#${last}` }
}
