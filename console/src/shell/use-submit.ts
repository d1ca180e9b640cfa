/** A form that sends one thing: busy while it runs, the server’s sentence when it is refused. */
import { useState } from 'preact/hooks'
import { sentenceOf, type Reply } from '../api/failure.ts'

export interface Submission {
  readonly busy: boolean
  readonly error: string | undefined
  /** For `onSubmit` of the form. */
  readonly submit: (event: Event) => void
}

export function useSubmit<T>(send: () => Promise<Reply<T>>, onDone: (value: T) => void): Submission {
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    const reply = await send()
    setBusy(false)
    if (reply.ok) return onDone(reply.value)
    setError(sentenceOf(reply.failure))
  }
  return {
    busy,
    error,
    submit(event) {
      event.preventDefault()
      void run()
    },
  }
}
