/** What could be asked next, below the last answer. */
import { useMemo } from 'preact/hooks'
import { Button } from '@cairn/ui'
import type { Turn } from '@cairn/ui/client'
import { suggestFollowUps } from '../../core/ask/follow-ups.ts'
import type { CairnParts } from '../../core/ports.ts'

interface FollowUpsProps {
  readonly parts: Pick<CairnParts, 'notes'>
  readonly turn: Turn | undefined
  readonly onAsk: (question: string) => void
}

export function FollowUps({ parts, turn, onAsk }: FollowUpsProps) {
  const isAnswered = turn?.status === 'done' && turn.outcome === 'answered'
  const questions = useMemo(
    () => (isAnswered ? suggestFollowUps(turn.citations, parts.notes.headingsOf) : []),
    [turn, isAnswered],
  )
  if (questions.length === 0) return null
  return (
    <section class="cairn-follow-ups" aria-label="Ask next">
      {questions.map((question) => (
        <Button key={question} small onClick={() => onAsk(question)}>
          {question}
        </Button>
      ))}
    </section>
  )
}
