/** Tells a screen reader how the answer goes: once when it begins, once with the whole text. Never token by token. */
import { mostNearest, shorten } from './sources.tsx'
import type { Turn } from '@cairn/ui/client'
import { formatCounted } from '../shell/clock.ts'

const longestSpoken = 2_000

export function AnswerAnnouncer({ turn }: { readonly turn: Turn | undefined }) {
  return (
    <div class="cairn-hidden" role="status" aria-live="polite" aria-atomic="true">
      {turn ? announcementOf(turn) : ''}
    </div>
  )
}

export function announcementOf(turn: Turn): string {
  switch (turn.status) {
    case 'asking':
    case 'streaming':
      return 'Answering'
    case 'stopped':
      return 'Stopped'
    case 'failed':
      return ''
    case 'done':
      if (turn.outcome === 'not-found')
        return `Not found in your notes. ${formatCounted(Math.min(turn.related.length, mostNearest), 'nearest passage')}.`
      if (turn.outcome === 'refused') return `Not answered. ${turn.answer}`
      return `${shorten(turn.answer, longestSpoken)} ${formatCounted(turn.citations.length, 'source')}.`
  }
}
