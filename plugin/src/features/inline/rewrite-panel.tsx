/** The panel that rewrites a selection: says what is sent, shows what comes, and puts into the note what is accepted. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { VNode } from 'preact'
import { Button, Spinner } from '@cairn/ui'
import { useStore } from '@cairn/ui/store'
import { readReply } from '../../core/inline/rewrite-request.ts'
import type { RewriteState } from '../../core/inline/rewriting.ts'
import { ConnectionBanner } from '../connection-banner.tsx'
import { useLook } from '../use-look.ts'
import { InstructionForm } from './instruction-form.tsx'
import { Review } from './review.tsx'
import { isUnderWay, useRewrite, type RewriteProps } from './use-rewrite.ts'

export function rewritePanel(props: RewriteProps): VNode {
  return <RewritePanel {...props} />
}

function RewritePanel(props: RewriteProps) {
  const { parts, target, rewriting } = props
  const connection = useStore(parts.connection.state)
  const look = useLook(useStore(parts.settings.values))
  const rewrite = useRewrite(props)
  const { state } = rewrite
  const input = useRef<HTMLTextAreaElement>(null)
  // A reply that was stopped or broke off is half a passage; whoever wants it says so.
  const [usesHalf, setUsesHalf] = useState<RewriteState | null>(null)
  useEffect(() => parts.connection.wait(), [parts])
  useEffect(() => input.current?.focus(), [])
  const isWhole = state.at === 'done' || (usesHalf === state && state.text !== '')
  return (
    <div class={`cairn cairn-panel cairn-rewrite ${isWhole ? 'is-reviewing' : ''} ${look.classes}`} style={look.style}>
      <ConnectionBanner parts={parts} state={connection} />
      <InstructionForm rewrite={rewrite} passage={target.passage} inputRef={input} onStop={rewriting.stop} />
      {state.at === 'waiting' ? <Spinner label="Waiting for the first word" /> : null}
      {isWhole ? (
        <Review
          key={state.text}
          {...props}
          reply={readReply(state.text, target.passage)}
          isCut={state.end?.isCut === true}
          by={state.end?.by ?? ''}
        />
      ) : (
        <Unfinished state={state} onUse={() => setUsesHalf(state)} />
      )}
      <p class="cairn-hidden" role="status" aria-live="polite">
        {announce(state)}
      </p>
    </div>
  )
}

/** What has come so far, and what went wrong. */
function Unfinished({ state, onUse }: { readonly state: RewriteState; readonly onUse: () => void }) {
  if (state.at === 'idle') return null
  const failure = state.end?.failure ?? null
  return (
    <>
      {state.text === '' ? null : (
        <div
          class="cairn-rewrite-text"
          aria-busy={isUnderWay(state)}
          dir="auto"
          tabIndex={0}
          role="region"
          aria-label="New text"
        >
          {state.text}
        </div>
      )}
      {failure === null ? null : (
        <div class="cairn-error" role="alert">
          <div class="cairn-error-body">
            <p class="cairn-error-title">{failure.title}</p>
            {failure.message === '' ? null : <p>{failure.message}</p>}
            {failure.hint === undefined ? null : <p>{failure.hint}</p>}
          </div>
        </div>
      )}
      {isUnderWay(state) || state.text === '' ? null : (
        <div class="cairn-panel-foot">
          <Button onClick={onUse}>Compare what came</Button>
        </div>
      )}
    </>
  )
}

function announce({ at, end }: RewriteState): string {
  if (at === 'waiting' || at === 'streaming') return 'Writing'
  if (at === 'done') return 'The new text is there'
  if (at === 'stopped') return 'Stopped'
  return at === 'failed' ? (end?.failure?.title ?? 'Failed') : ''
}
