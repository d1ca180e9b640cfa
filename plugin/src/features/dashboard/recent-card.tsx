/** The last questions of this device. One that is pressed stands in the box again and is not sent. */
import { useState } from 'preact/hooks'
import { Button, Icon } from '@cairn/ui'
import { formatCost, formatCounted, formatDateTime, formatMs } from '@cairn/ui/figures'
import { useStore } from '@cairn/ui/store'
import type { CairnParts } from '../../core/ports.ts'
import type { RecentAnswer } from '../../core/recent-answers.ts'
import { tierNames } from './cache-card.tsx'
import { Card } from './card.tsx'

const few = 6

export function RecentCard({ parts: { answers, app, settings } }: { readonly parts: CairnParts }) {
  const list = useStore({ get: answers.list, subscribe: answers.subscribe })
  const [isAll, setAll] = useState(false)
  const shown = isAll ? list : list.slice(0, few)
  const forget = async () => {
    const isSure = await app.confirm({
      title: 'Forget these questions?',
      text: 'They and the names of their notes are taken out of this device. The server keeps none.',
      yes: 'Forget',
    })
    if (isSure) answers.clear()
  }
  return (
    <Card
      title="Recent questions"
      wide
      aside={
        list.length === 0 ? null : (
          <Button small kind="quiet" icon="trash" label="Forget these questions" onClick={() => void forget()} />
        )
      }
    >
      {list.length === 0 ? (
        <p class="cairn-muted">
          What is asked on this device is listed here
          {settings.get('privacy.keepQuestions') ? '' : ' until Obsidian is closed'}.
        </p>
      ) : (
        <ol class="cairn-recent">
          {shown.map((answer) => (
            <li key={`${answer.askedAt} ${answer.question}`}>
              <button type="button" class="cairn-source" onClick={() => app.openView('ask', answer.question)}>
                <Icon name="ask" size={18} />
                <span class="cairn-source-text">
                  <strong>{answer.question}</strong>
                  <span class="cairn-muted">{describe(answer)}</span>
                </span>
              </button>
            </li>
          ))}
        </ol>
      )}
      {list.length > few ? (
        <Button small kind="quiet" expanded={isAll} onClick={() => setAll(!isAll)}>
          {isAll ? 'Show fewer' : `Show all ${list.length}`}
        </Button>
      ) : null}
    </Card>
  )
}

function describe({ askedAt, outcome, notes, tier, costUsd, tookMs }: RecentAnswer): string {
  const how =
    outcome === 'answered'
      ? `from ${formatCounted(notes.length, 'note')}`
      : outcome === 'refused'
        ? 'refused'
        : 'not found'
  return [
    formatDateTime(askedAt),
    how,
    tookMs === null ? '' : formatMs(tookMs),
    tier === null ? (costUsd === 0 ? 'free' : formatCost(costUsd)) : `${tierNames[tier].toLowerCase()} cache`,
  ]
    .filter(Boolean)
    .join(' · ')
}
