/** Form fields: a label, a control, a hint and an error, tied together for people who see them and who hear them. */
import type { ComponentChildren, Ref } from 'preact'
import { useId } from 'preact/hooks'
import { Icon } from './icon.tsx'

interface FieldBase {
  readonly label: string
  /** Keeps the label for screen readers only, where the place of the field says what it is. */
  readonly hideLabel?: boolean
  readonly hint?: ComponentChildren
  readonly error?: string | undefined
  readonly disabled?: boolean
}

interface FrameProps extends FieldBase {
  readonly children: (ids: { id: string; describedBy: string | undefined; invalid: boolean }) => ComponentChildren
}

function FieldFrame({ label, hideLabel, hint, error, children }: FrameProps) {
  const id = useId()
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ')
  return (
    <div class="cairn-field">
      <label for={id} class={hideLabel ? 'cairn-hidden' : 'cairn-field-label'}>
        {label}
      </label>
      {children({ id, describedBy: described || undefined, invalid: Boolean(error) })}
      <FieldNotes id={id} hint={hint} error={error} />
    </div>
  )
}

interface FieldNotesProps extends Pick<FieldBase, 'hint'> {
  /** Of the control, which names them by it. */
  readonly id: string
  readonly error: string | undefined
}

/** What stands below a field. */
export function FieldNotes({ id, hint, error }: FieldNotesProps) {
  return (
    <>
      {hint ? (
        <div class="cairn-field-hint" id={`${id}-hint`}>
          {hint}
        </div>
      ) : null}
      {error ? (
        <div class="cairn-field-error" id={`${id}-error`} role="alert">
          {error}
        </div>
      ) : null}
    </>
  )
}

export interface TextFieldProps extends FieldBase {
  readonly value: string
  readonly onInput: (value: string) => void
  readonly placeholder?: string
  readonly required?: boolean
  readonly maxLength?: number
  readonly autocomplete?: string
  readonly mono?: boolean
  readonly readOnly?: boolean
  /** The keyboard that a phone shows. */
  readonly inputMode?: 'text' | 'numeric' | 'decimal' | 'url'
  /** Offered below the field while typing; anything else can be typed too. */
  readonly suggestions?: readonly string[]
  readonly inputRef?: Ref<HTMLInputElement>
}

export function TextField(props: TextFieldProps) {
  return (
    <FieldFrame {...props}>
      {({ id, describedBy, invalid }) => (
        <>
          <input
            id={id}
            class={props.mono ? 'cairn-input is-mono' : 'cairn-input'}
            type="text"
            inputMode={props.inputMode}
            list={props.suggestions ? `${id}-list` : undefined}
            value={props.value}
            placeholder={props.placeholder}
            required={props.required}
            maxLength={props.maxLength}
            readOnly={props.readOnly}
            autocomplete={props.autocomplete ?? 'off'}
            disabled={props.disabled}
            spellcheck={props.mono ? false : undefined}
            aria-describedby={describedBy}
            aria-invalid={invalid}
            ref={props.inputRef ?? null}
            onInput={(event) => props.onInput(event.currentTarget.value)}
          />
          {props.suggestions ? (
            <datalist id={`${id}-list`}>
              {props.suggestions.map((value) => (
                <option key={value} value={value} />
              ))}
            </datalist>
          ) : null}
        </>
      )}
    </FieldFrame>
  )
}

export interface SecretFieldProps extends FieldBase {
  readonly value: string
  readonly onInput: (value: string) => void
  readonly placeholder?: string
  readonly maxLength?: number
  /** What a password manager may do with it; one that knows nothing of it when absent. */
  readonly autocomplete?: 'current-password' | 'new-password'
}

/** Typed unseen. */
export function SecretField(props: SecretFieldProps) {
  return (
    <FieldFrame {...props}>
      {({ id, describedBy, invalid }) => (
        <input
          id={id}
          class="cairn-input is-mono"
          type="password"
          value={props.value}
          placeholder={props.placeholder}
          maxLength={props.maxLength}
          autocomplete={props.autocomplete ?? 'new-password'}
          disabled={props.disabled}
          spellcheck={false}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      )}
    </FieldFrame>
  )
}

export interface DateTimeFieldProps extends FieldBase {
  /** As the browser writes it, in local time: `2026-03-01T09:00`; empty for none. */
  readonly value: string
  readonly onInput: (value: string) => void
}

/** A day and a time on the reader’s clock, by the browser’s own picker. */
export function DateTimeField(props: DateTimeFieldProps) {
  return (
    <FieldFrame {...props}>
      {({ id, describedBy, invalid }) => (
        <input
          id={id}
          class="cairn-input"
          type="datetime-local"
          value={props.value}
          disabled={props.disabled}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      )}
    </FieldFrame>
  )
}

export interface TextAreaProps extends FieldBase {
  readonly value: string
  readonly onInput: (value: string) => void
  readonly placeholder?: string
  readonly rows?: number
  readonly maxLength?: number
  readonly mono?: boolean
  readonly inputRef?: Ref<HTMLTextAreaElement>
  readonly onKeyDown?: (event: KeyboardEvent) => void
}

export function TextArea(props: TextAreaProps) {
  return (
    <FieldFrame {...props}>
      {({ id, describedBy, invalid }) => (
        <textarea
          id={id}
          class={props.mono ? 'cairn-input cairn-textarea is-mono' : 'cairn-input cairn-textarea'}
          spellcheck={props.mono ? false : undefined}
          rows={props.rows ?? 3}
          value={props.value}
          placeholder={props.placeholder}
          maxLength={props.maxLength}
          disabled={props.disabled}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          ref={props.inputRef ?? null}
          onInput={(event) => props.onInput(event.currentTarget.value)}
          onKeyDown={(event) => props.onKeyDown?.(event)}
        />
      )}
    </FieldFrame>
  )
}

export interface SelectOption {
  readonly value: string
  readonly text: string
}

export interface SelectProps extends FieldBase {
  readonly value: string
  readonly options: readonly SelectOption[]
  readonly onChange: (value: string) => void
}

export function Select(props: SelectProps) {
  return (
    <FieldFrame {...props}>
      {({ id, describedBy, invalid }) => (
        <span class="cairn-select-place">
          <select
            id={id}
            class="cairn-input cairn-select"
            value={props.value}
            disabled={props.disabled}
            aria-describedby={describedBy}
            aria-invalid={invalid}
            onChange={(event) => props.onChange(event.currentTarget.value)}
          >
            {props.options.map((option) => (
              <option key={option.value} value={option.value}>
                {option.text}
              </option>
            ))}
          </select>
          <Icon name="chevron" size={16} />
        </span>
      )}
    </FieldFrame>
  )
}

export interface CheckboxProps {
  readonly label: string
  readonly hint?: ComponentChildren
  readonly checked: boolean
  readonly disabled?: boolean
  readonly onChange: (checked: boolean) => void
}

export function Checkbox({ label, hint, checked, disabled, onChange }: CheckboxProps) {
  const id = useId()
  return (
    <div class="cairn-check">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint ? (
        <div class="cairn-field-hint" id={`${id}-hint`}>
          {hint}
        </div>
      ) : null}
    </div>
  )
}

/** Fields that belong together under one name, such as a row of check boxes. */
export function FieldGroup({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <fieldset class="cairn-group">
      <legend class="cairn-field-label">{label}</legend>
      <div class="cairn-group-fields">{children}</div>
    </fieldset>
  )
}
