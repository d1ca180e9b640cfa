/**
 * Picking one of many by typing a part of its name: a text field with a list below it (ARIA’s combobox with a listbox).
 * What is typed counts only where `isFree`, otherwise one of the options must be taken.
 */
import { useId, useRef, useState } from 'preact/hooks'
import { FieldNotes } from './field.tsx'

export interface ComboboxOption {
  readonly value: string
  readonly text: string
  /** Beside it, to tell equal names apart. */
  readonly detail?: string
}

export interface ComboboxProps {
  readonly label: string
  readonly value: string
  readonly options: readonly ComboboxOption[]
  readonly onChange: (value: string) => void
  /** Told of what is typed, for options that are asked for as one types. */
  readonly onType?: (text: string) => void
  readonly isFree?: boolean
  readonly placeholder?: string
  readonly error?: string | undefined
  readonly hint?: string | undefined
}

/** Options that are shown at once. */
const mostShown = 50

export function Combobox({ label, value, options, error, hint, placeholder, isFree = false, ...told }: ComboboxProps) {
  const id = useId()
  const chosen = options.find((option) => option.value === value)
  const [typed, setTyped] = useState<string | null>(null)
  const [active, setActive] = useState(0)
  const list = useRef<HTMLUListElement>(null)
  const isOpen = typed !== null
  const found = isOpen ? findOptions(options, typed) : []
  const take = (option: ComboboxOption | undefined) => {
    if (option) told.onChange(option.value)
    setTyped(null)
  }
  const type = (text: string) => {
    setTyped(text)
    setActive(0)
    told.onType?.(text)
    if (isFree) told.onChange(text)
  }
  const move = (by: number) => {
    const next = Math.max(0, Math.min(found.length - 1, active + by))
    setActive(next)
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' })
  }
  const onKeyDown = keyHandler({
    isOpen,
    open: () => setTyped(''),
    move,
    ...(found.length > 0 ? { take: () => take(found[active]) } : {}),
    close: () => setTyped(null),
  })
  return (
    <div class="cairn-field cairn-combobox">
      <Label id={id} text={label} />
      <input
        id={id}
        class="cairn-input"
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        aria-expanded={isOpen && found.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && found.length > 0 ? `${id}-${active}` : undefined}
        aria-invalid={Boolean(error)}
        aria-describedby={describe(id, hint, error)}
        placeholder={placeholder}
        value={typed ?? chosen?.text ?? (isFree ? value : '')}
        onInput={(event) => type(event.currentTarget.value)}
        onClick={() => (isOpen ? undefined : setTyped(isFree ? value : ''))}
        onBlur={() => setTyped(null)}
        onKeyDown={onKeyDown}
      />
      <ul id={`${id}-list`} ref={list} role="listbox" aria-label={label} hidden={!isOpen || found.length === 0}>
        {found.map((option, at) => (
          <Option key={option.value} id={`${id}-${at}`} option={option} isActive={at === active} onTake={take} />
        ))}
      </ul>
      <Notes id={id} isEmpty={isOpen && found.length === 0 && !isFree} hint={hint} error={error} />
    </div>
  )
}

function Label({ id, text }: { readonly id: string; readonly text: string }) {
  return (
    <label for={id} class="cairn-field-label">
      {text}
    </label>
  )
}

interface Keys {
  readonly isOpen: boolean
  readonly open: () => void
  readonly move: (by: number) => void
  /** Absent while nothing is found. */
  readonly take?: () => void
  readonly close: () => void
}

/** The keys of the combobox pattern (WAI-ARIA Authoring Practices): arrows move, Enter takes, Escape closes. */
function keyHandler({ isOpen, open, move, take, close }: Keys) {
  return (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      if (!isOpen) return open()
      move(event.key === 'ArrowDown' ? 1 : -1)
    } else if (event.key === 'Enter' && isOpen && take) {
      event.preventDefault()
      take()
    } else if (event.key === 'Escape' && isOpen) {
      event.preventDefault()
      event.stopPropagation()
      close()
    }
  }
}

function describe(id: string, hint: string | undefined, error: string | undefined): string | undefined {
  return [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ') || undefined
}

interface OptionProps {
  readonly id: string
  readonly option: ComboboxOption
  readonly isActive: boolean
  readonly onTake: (option: ComboboxOption) => void
}

function Option({ id, option, isActive, onTake }: OptionProps) {
  return (
    <li
      id={id}
      role="option"
      aria-selected={isActive}
      onMouseDown={(event) => {
        // Before the field loses the focus, which closes the list.
        event.preventDefault()
        onTake(option)
      }}
    >
      <span>{option.text}</span>
      {option.detail ? <span class="cairn-combobox-detail">{option.detail}</span> : null}
    </li>
  )
}

interface NotesProps extends Pick<ComboboxProps, 'hint' | 'error'> {
  readonly id: string
  readonly isEmpty: boolean
}

function Notes({ id, isEmpty, hint, error }: NotesProps) {
  return (
    <>
      {isEmpty ? (
        <div class="cairn-field-hint" role="status">
          Nothing is called like this.
        </div>
      ) : null}
      <FieldNotes id={id} hint={hint} error={error} />
    </>
  )
}

/** Those that contain every typed word; what begins with the text first. */
export function findOptions(options: readonly ComboboxOption[], text: string): readonly ComboboxOption[] {
  const asked = text.trim().toLowerCase()
  const words = asked.split(/\s+/)
  const begins = ({ text: name }: ComboboxOption) => name.toLowerCase().startsWith(asked)
  const found = options.filter((option) => {
    const told = `${option.text} ${option.detail ?? ''}`.toLowerCase()
    return words.every((word) => told.includes(word))
  })
  if (asked === '') return found.slice(0, mostShown)
  return [...found.filter(begins), ...found.filter((option) => !begins(option))].slice(0, mostShown)
}
