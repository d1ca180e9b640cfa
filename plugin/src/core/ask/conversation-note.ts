/** A conversation as a note: front matter that other plugins can query, questions as headings, sources as links. Pure. */
import type { Citation } from '@cairn/contract'
import { nameOfNote, type Turn } from '@cairn/ui/client'
import { neutralise } from '../neutralise.ts'

export interface ConversationNote {
  /** Without folder and extension. */
  readonly title: string
  readonly text: string
}

export interface ConversationFacts {
  /** Stays the same when the conversation is saved again. */
  readonly id: string
  readonly savedAt: number
  readonly isNeutralised: boolean
}

/** Null when nothing has been answered yet. */
export function writeConversation(turns: readonly Turn[], facts: ConversationFacts): ConversationNote | null {
  const answered = turns.filter(({ answer, outcome }) => answer !== '' || outcome === 'not-found')
  const [first] = answered
  if (!first) return null
  const models = [...new Set(answered.flatMap(({ receipt }) => (receipt ? [receipt.model] : [])))]
  const costUsd = answered.reduce((sum, { receipt }) => sum + (receipt?.costUsd ?? 0), 0)
  const front = [
    '---',
    'cairn: conversation',
    `conversation-id: ${facts.id}`,
    `asked: ${localTime(first.askedAt)}`,
    `saved: ${localTime(facts.savedAt)}`,
    `questions: ${answered.length}`,
    `models: [${models.map((model) => JSON.stringify(model)).join(', ')}]`,
    `cost-usd: ${Number(costUsd.toFixed(6))}`,
    '---',
  ]
  const parts = answered.map((turn) => writeTurn(turn, facts.isNeutralised))
  return { title: titleOf(first.question), text: `${front.join('\n')}\n\n${parts.join('\n\n')}\n` }
}

function writeTurn(turn: Turn, isNeutralised: boolean): string {
  const clean = (text: string) => (isNeutralised ? neutralise(text).text : text)
  const question = `## ${clean(turn.question).replace(/\s+/g, ' ').trim()}`
  const answer =
    turn.outcome === 'not-found' ? '*Not found in your notes.*' : clean(turn.answer).replace(/^(#{1,4}) /gm, '##$1 ')
  const sources = turn.outcome === 'not-found' ? [] : turn.citations
  return [question, answer, ...(sources.length > 0 ? [sources.map(writeSource).join('\n')] : [])].join('\n\n')
}

function writeSource({ n, note, heading }: Citation): string {
  const target = note.replace(/\.md$/i, '')
  const place = heading === '' ? '' : `#${(heading.split(' › ').pop() ?? '').replace(/[[\]|#^]/g, ' ')}`
  return `${n}. [[${target}${place}|${nameOfNote(note).title.replace(/[[\]|]/g, ' ')}]]`
}

/** A file name on every system: what Windows, Android or a link cannot hold is left out. */
export function titleOf(question: string): string {
  const plain = question
    .replace(/[\\/:*?"<>|#^[\]\p{Cc}\p{Cs}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^\.+/, '')
  return Array.from(plain).slice(0, 80).join('').trim() || 'Conversation'
}

/** ISO 8601 without offset, as Obsidian's properties show date and time. */
function localTime(ms: number): string {
  const at = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' }).format(ms)
  return at.replace(' ', 'T')
}
