/**
 * Short messages on what just happened. They live in a popover, so that they show above an open dialog too, and in a
 * polite live region, so that they are heard after what is being read. An error stays until it is dismissed.
 */
import { createContext, type ComponentChildren } from 'preact'
import { useCallback, useContext, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

export interface ToastMessage {
  readonly text: string
  readonly tone?: 'done' | 'danger'
}

interface ShownToast extends ToastMessage {
  readonly id: number
}

const showForMs = 5_000
const mostAtOnce = 4

const ToastContext = createContext<(message: ToastMessage) => void>(() => {})

/** Gives a function that shows a message. */
export function useToast(): (message: ToastMessage) => void {
  return useContext(ToastContext)
}

export function ToastProvider({ children }: { readonly children: ComponentChildren }) {
  const [shown, setShown] = useState<readonly ShownToast[]>([])
  const nextId = useRef(1)
  const region = useRef<HTMLDivElement>(null)
  const dismiss = useCallback((id: number) => setShown((list) => list.filter((toast) => toast.id !== id)), [])
  const show = useCallback(
    (message: ToastMessage) => {
      const id = nextId.current++
      setShown((list) => [...list, { ...message, id }].slice(-mostAtOnce))
      if (message.tone !== 'danger') window.setTimeout(() => dismiss(id), showForMs)
    },
    [dismiss],
  )
  useEffect(() => {
    const element = region.current
    if (!element?.showPopover) return
    // Shown again with every message: the last one opened lies on top.
    if (element.matches(':popover-open')) element.hidePopover()
    if (shown.length > 0) element.showPopover()
  }, [shown])
  const value = useMemo(() => show, [show])
  return (
    <ToastContext.Provider value={value}>
      {children}
      <div class="cairn-hidden" role="status" aria-live="polite">
        {shown.at(-1)?.text ?? ''}
      </div>
      <div ref={region} class="cairn-toasts" popover="manual">
        {shown.map((toast) => (
          <div key={toast.id} class={`cairn-toast is-${toast.tone ?? 'done'}`}>
            <Icon name={toast.tone === 'danger' ? 'warning' : 'check'} size={18} />
            <span>{toast.text}</span>
            <Button kind="quiet" small icon="close" label="Dismiss" onClick={() => dismiss(toast.id)} />
          </div>
        ))}
      </div>
    </ToastContext.Provider>
  )
}
