/** What the Ask page shows before the first question: a greeting above the box, and below it what these notes can answer. */
import { useEffect, useState } from 'preact/hooks'
import type { VaultInfo } from '@cairn/contract'
import { Logo } from '@cairn/ui'
import { formatCounted } from '../shell/clock.ts'
import type { Scope } from '@cairn/ui/client'
import { findSuggestions } from './suggestions.ts'

export interface WelcomeProps {
  readonly vaults: readonly VaultInfo[]
  readonly scope: Scope
}

export interface SuggestionsProps extends WelcomeProps {
  readonly onAsk: (question: string) => void
}

export function Welcome({ vaults, scope }: WelcomeProps) {
  const chosen = vaults.find(({ id }) => id === scope.vault)
  const asked = chosen ? [chosen] : vaults
  const notes = asked.reduce((sum, vault) => sum + vault.notes, 0)
  const where = asked.length === 1 ? asked[0]?.name : formatCounted(asked.length, 'vault')
  return (
    <div class="welcome">
      <Logo size={44} />
      <p class="welcome-title">Ask your notes</p>
      <p class="muted">
        Answers come from {notes > 0 ? `${formatCounted(notes, 'note')} in ${where}` : where}, with the passages they
        rest on.
      </p>
    </div>
  )
}

export function Suggestions({ vaults, scope, onAsk }: SuggestionsProps) {
  const [questions, setQuestions] = useState<readonly string[]>([])
  const vault = vaults.find(({ id }) => id === scope.vault) ?? vaults[0]
  const ready = vault?.index.state === 'ready'
  useEffect(() => {
    if (!vault || !ready) return
    const controller = new AbortController()
    void findSuggestions(vault, controller.signal).then((found) => {
      if (!controller.signal.aborted) setQuestions(found)
    })
    return () => controller.abort()
  }, [vault?.id, ready])
  if (questions.length === 0) return null
  return (
    <ul class="column suggestions" aria-label="Questions to begin with">
      {questions.map((question) => (
        <li key={question}>
          <button type="button" onClick={() => onAsk(question)}>
            {question}
          </button>
        </li>
      ))}
    </ul>
  )
}
