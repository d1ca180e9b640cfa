/** One change at a time: busy while it runs, the server’s sentence when it is refused. */
import { useState } from 'preact/hooks'
import { useToast } from '@cairn/ui'
import { sentenceOf, type Failure, type Reply } from '../api/failure.ts'

export interface Action {
  readonly busy: boolean
  readonly error: Failure | null
  readonly clear: () => void
  /** Gives what came, or null when it was refused; `done` is said when it was not. */
  readonly run: <T>(change: () => Promise<Reply<T>>, done?: string) => Promise<{ readonly value: T } | null>
}

export function useAction(): Action {
  const toast = useToast()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Failure | null>(null)
  return {
    busy,
    error,
    clear: () => setError(null),
    async run(change, done) {
      setBusy(true)
      setError(null)
      const reply = await change()
      setBusy(false)
      if (!reply.ok) {
        setError(reply.failure)
        return null
      }
      if (done !== undefined) toast({ text: done })
      return { value: reply.value }
    },
  }
}

export const errorText = (error: Failure | null): string => (error === null ? '' : sentenceOf(error))
