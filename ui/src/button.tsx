/** Buttons: one shape for all actions, with four weights, an optional icon, and a busy state that keeps its width. */
import type { ComponentChildren, Ref } from 'preact'
import { Icon, type IconName } from './icon.tsx'
import { Spinner } from './progress.tsx'

export interface ButtonProps {
  readonly children?: ComponentChildren
  readonly icon?: IconName
  /** The name of an icon-only button, or a better one than its text. */
  readonly label?: string
  readonly kind?: 'primary' | 'secondary' | 'quiet' | 'danger'
  readonly small?: boolean
  readonly type?: 'button' | 'submit'
  readonly disabled?: boolean
  readonly busy?: boolean
  readonly pressed?: boolean
  /** For a button that opens something below it. */
  readonly expanded?: boolean
  readonly describedBy?: string
  readonly buttonRef?: Ref<HTMLButtonElement>
  readonly onClick?: (event: MouseEvent) => void
}

export function Button(props: ButtonProps) {
  const { kind = 'secondary', busy = false, children } = props
  const iconOnly = children === undefined
  const classes = ['cairn-button', `is-${kind}`, props.small ? 'is-small' : '', iconOnly ? 'is-icon' : '']
    .filter(Boolean)
    .join(' ')
  return (
    <button
      type={props.type ?? 'button'}
      class={classes}
      disabled={props.disabled ?? false}
      aria-busy={busy}
      aria-label={props.label}
      title={iconOnly ? props.label : undefined}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      aria-describedby={props.describedBy}
      ref={props.buttonRef ?? null}
      onClick={(event) => (busy ? event.preventDefault() : props.onClick?.(event))}
    >
      {busy ? <Spinner size={16} /> : props.icon ? <Icon name={props.icon} size={props.small ? 16 : 18} /> : null}
      {iconOnly ? null : <span>{children}</span>}
    </button>
  )
}
