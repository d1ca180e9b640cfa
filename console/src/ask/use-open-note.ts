/** Which cited note stands open beside the answer. */
import { useCallback, useRef, useState } from 'preact/hooks'
import type { Citation } from '@cairn/contract'

export interface OpenNote {
  readonly citation: Citation | null
  readonly open: (citation: Citation) => void
  /** Closes the note and gives the focus back to what opened it. */
  readonly close: () => void
}

export function useOpenNote(): OpenNote {
  const [citation, setCitation] = useState<Citation | null>(null)
  const opener = useRef<Element | null>(null)
  const open = useCallback((next: Citation) => {
    opener.current = document.activeElement
    setCitation(next)
  }, [])
  const close = useCallback(() => {
    setCitation(null)
    if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus()
  }, [])
  return { citation, open, close }
}
