/** Exactly what a question would send, and to whom, before it is sent. */
import type { AskDryRun } from '@cairn/contract'
import { Button } from '@cairn/ui'
import { formatUsd } from './format.ts'

export function DryRunView({ dryRun, onClose }: { readonly dryRun: AskDryRun; readonly onClose: () => void }) {
  const [first] = dryRun.plan
  const notes = [...new Set(dryRun.passages.map(({ note }) => note))]
  return (
    <section class="cairn-dry-run" aria-label="What would be sent">
      <header>
        <h3>{first === undefined ? 'No model may answer this' : `To ${first.provider}, ${first.model}`}</h3>
        <Button kind="quiet" small icon="close" label="Close" onClick={onClose} />
      </header>
      <p class="cairn-muted">
        {dryRun.passages.length} passages of {notes.length} {notes.length === 1 ? 'note' : 'notes'}, label{' '}
        {dryRun.label}, about {dryRun.estimate.inputTokens} tokens, {formatUsd(dryRun.estimate.costUsd)}
      </p>
      {dryRun.messages.length === 0 ? (
        <p class="cairn-muted">The built-in model reads the passages on the server. No text is sent anywhere.</p>
      ) : (
        dryRun.messages.map(({ role, content }, index) => (
          <details key={index} open>
            <summary>{role}</summary>
            <pre tabIndex={0}>{content}</pre>
          </details>
        ))
      )}
    </section>
  )
}
