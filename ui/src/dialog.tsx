/**
 * A dialog on the browser's own `<dialog>`: the browser makes the page behind it inert and answers Escape; we return
 * the focus to where it was, also when the dialog is taken out of the page while open.
 */
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { Button } from './button.tsx'

export interface DialogProps {
  readonly title: string
  readonly children: ComponentChildren
  readonly footer?: ComponentChildren
  /** `sheet` fills the screen of a phone; `drawer` comes from the left edge, `panel` from the right one. */
  readonly shape?: 'box' | 'sheet' | 'drawer' | 'panel'
  readonly onClose: () => void
}

export function Dialog({ title, children, footer, shape = 'box', onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  // In the same turn as the drawing: an effect that comes after the next paint would leave the focus nowhere until then.
  useLayoutEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      dialog.current?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      class={`cairn-dialog is-${shape}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}
    >
      <div class="cairn-dialog-frame">
        <header class="cairn-dialog-head">
          <h2 id={titleId}>{title}</h2>
          <Button kind="quiet" icon="close" label="Close" onClick={onClose} />
        </header>
        <div class="cairn-dialog-body">{children}</div>
        {footer ? <footer class="cairn-dialog-foot">{footer}</footer> : null}
      </div>
    </dialog>
  )
}

export interface ConfirmDialogProps {
  readonly title: string
  readonly children: ComponentChildren
  /** The verb of the action, such as “Remove”. */
  readonly action: string
  readonly busy?: boolean
  readonly onConfirm: () => void
  readonly onClose: () => void
}

/** Asks before something that cannot be undone. */
export function ConfirmDialog({ title, children, action, busy, onConfirm, onClose }: ConfirmDialogProps) {
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button kind="danger" busy={busy ?? false} onClick={onConfirm}>
        {action}
      </Button>
    </>
  )
  return (
    <Dialog title={title} onClose={onClose} footer={footer}>
      {children}
    </Dialog>
  )
}
