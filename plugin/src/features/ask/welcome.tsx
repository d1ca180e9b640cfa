/** Before the first question. */
import { Logo } from '@cairn/ui'

export function Welcome({ isReady }: { readonly isReady: boolean }) {
  return (
    <div class="cairn-welcome">
      <Logo size={36} />
      <p class="cairn-welcome-title">Ask your notes</p>
      <p class="cairn-muted">
        {isReady
          ? 'Every answer names the notes it comes from. Press a source to open it at the passage.'
          : 'What you ask now waits here until the server is there.'}
      </p>
    </div>
  )
}
