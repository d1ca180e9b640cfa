/** Copies a text and says so. */
import { Button, useToast } from '@cairn/ui'

export interface CopyButtonProps {
  readonly text: string
  /** What is copied, for the message: “Key”. */
  readonly what: string
}

export function CopyButton({ text, what }: CopyButtonProps) {
  const toast = useToast()
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      toast({ text: `${what} copied` })
    } catch {
      toast({ text: 'The browser did not allow copying. Select the text and copy it yourself.', tone: 'danger' })
    }
  }
  return <Button kind="quiet" small icon="copy" label={`Copy ${what.toLowerCase()}`} onClick={() => void copy()} />
}
