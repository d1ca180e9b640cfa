/** Holding the log to a checkpoint that somebody has kept: pasted, or from a file. */
import { useRef, useState } from 'preact/hooks'
import { Button, TextArea } from '@cairn/ui'
import { errorText, useAction } from '../../access/use-action.ts'
import { compareCheckpoint } from '../audit-api.ts'
import { Verdict } from '../verdict.tsx'
import { verdictWords, type ComparedVerdict } from './verdict-words.ts'

/** As the server takes it. A checkpoint has some hundred characters. */
const longest = 4_000

export function CompareSection({ onCompared }: { readonly onCompared: () => void }) {
  const { busy, error, clear, run } = useAction()
  const [text, setText] = useState('')
  const [said, setSaid] = useState<{ readonly verdict: ComparedVerdict; readonly seen: number } | null>(null)
  const put = (next: string) => {
    setText(next)
    setSaid(null)
    clear()
  }
  const compare = async (event: Event) => {
    event.preventDefault()
    // What is pasted has often lost its last line break, without which it is no note.
    const done = await run(() => compareCheckpoint(text.endsWith('\n') ? text : `${text}\n`))
    if (!done) return
    setSaid(done.value)
    onCompared()
  }
  const isLong = text.length >= longest
  return (
    <section class="section" aria-labelledby="audit-compare">
      <h2 id="audit-compare">Compare</h2>
      <p class="muted audit-note">
        A log that was written anew with its own key looks whole. A checkpoint that you have kept elsewhere shows it.
      </p>
      <form class="audit-compare" noValidate onSubmit={(event) => void compare(event)}>
        <TextArea
          label="A checkpoint that you have kept"
          rows={5}
          mono
          value={text}
          error={isLong ? `A checkpoint has fewer than ${longest} characters.` : errorText(error) || undefined}
          onInput={put}
        />
        <div class="access-actions">
          <Button type="submit" busy={busy} disabled={text.trim() === '' || isLong}>
            Compare
          </Button>
          <FileButton onRead={put} />
        </div>
      </form>
      <div role="status">
        {said === null ? null : (
          <Verdict tone={verdictWords[said.verdict].tone} title={verdictWords[said.verdict].title}>
            {verdictWords[said.verdict].text(said.seen)}
          </Verdict>
        )}
      </div>
    </section>
  )
}

function FileButton({ onRead }: { readonly onRead: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null)
  const read = async (file: File | undefined) => {
    // Of what is too long enough to say so.
    if (file !== undefined) onRead(await file.slice(0, longest).text())
  }
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="Checkpoint file"
        onChange={(event) => void read(event.currentTarget.files?.[0])}
      />
      <Button icon="note" onClick={() => input.current?.click()}>
        From a file
      </Button>
    </>
  )
}
