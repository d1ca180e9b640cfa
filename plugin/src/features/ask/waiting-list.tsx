/** Questions that are asked when the server is back. */
import { Button } from '@cairn/ui'
import { useStore } from '@cairn/ui/store'
import type { CairnParts } from '../../core/ports.ts'

export function WaitingList({ parts: { queue } }: { readonly parts: Pick<CairnParts, 'queue'> }) {
  const waiting = useStore({ get: queue.list, subscribe: queue.subscribe })
  if (waiting.length === 0) return null
  return (
    <section class="cairn-waiting" aria-label="Questions that wait for the server">
      <h3>Waiting for the server</h3>
      <ul>
        {waiting.map(({ id, question }) => (
          <li key={id}>
            <span>{question}</span>
            <Button
              kind="quiet"
              small
              icon="close"
              label={`Do not ask “${question.slice(0, 60)}”`}
              onClick={() => queue.remove(id)}
            />
          </li>
        ))}
      </ul>
    </section>
  )
}
