/** What to look for: beside the list where there is room, folded above it where there is not. */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import { auditLimits, type AuditEventType } from '@cairn/contract'
import { Button, Checkbox, Combobox, DateTimeField, FieldGroup, Icon, Select, TextField } from '@cairn/ui'
import { useLoad } from '../access/use-load.ts'
import { listModels } from '../api/resources.ts'
import { now } from '../shell/clock.ts'
import { useMediaQuery } from '../shell/use-media-query.ts'
import { useAudit } from './audit-context.ts'
import { nameId, nobodyIds } from './describe-entry.ts'
import { categories, countConditions, eventTypes, spanOfFilter, toggle } from './filter.ts'
import { readLocal, writeLocal } from './local-time.ts'
import { outcomes, rangeIds, ranges, type RangeId } from './ranges.ts'
import { categoryWords, nameType, outcomeWords } from './words.ts'

export function Facets({ hasTime }: { readonly hasTime: boolean }) {
  const isWide = useMediaQuery('(min-width: 1100px)')
  const [isOpen, setIsOpen] = useState(false)
  const count = countConditions(useAudit().filter)
  if (isWide)
    return (
      <section class="audit-facets" aria-label="Filters">
        <Fields hasTime={hasTime} />
      </section>
    )
  return (
    <section class="audit-facets" aria-label="Filters">
      <div class="audit-fold">
        <SearchBox />
        <Button icon="filter" expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          Filters{count > 0 ? ` (${count})` : ''}
        </Button>
      </div>
      {hasTime ? <TimeFields /> : null}
      {isOpen ? <Conditions /> : null}
    </section>
  )
}

function Fields({ hasTime }: { readonly hasTime: boolean }) {
  return (
    <>
      <SearchBox />
      {hasTime ? <TimeFields /> : null}
      <Conditions />
    </>
  )
}

/** Sent by Enter: each question is an entry of the log, so none is asked while one types. */
function SearchBox() {
  const { filter, look } = useAudit()
  const [text, setText] = useState(filter.q)
  useEffect(() => setText(filter.q), [filter.q])
  const words = text.trim().split(/\s+/)
  const error = words.length > auditLimits.words ? `At most ${auditLimits.words} words.` : undefined
  return (
    <form
      class="audit-search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        if (error === undefined && text.trim() !== filter.q) look({ q: text.trim() })
      }}
    >
      <TextField
        label="Words"
        hideLabel
        placeholder="Search words"
        value={text}
        maxLength={auditLimits.text}
        error={error}
        onInput={setText}
      />
      <Button type="submit" icon="search" label="Search" />
    </form>
  )
}

const ownRange = 'own'

export function TimeFields() {
  const { filter, look } = useAudit()
  const choose = (value: string) => {
    if (value !== ownRange) return look({ range: value as RangeId })
    const { from } = spanOfFilter(filter, now())
    look({ range: null, own: { from: from ?? now() - 86_400_000, to: now() } })
  }
  return (
    <div class="audit-time">
      <Select
        label="Time"
        value={filter.range ?? ownRange}
        options={[
          ...rangeIds.map((id) => ({ value: id, text: ranges[id].title })),
          { value: ownRange, text: 'From … to …' },
        ]}
        onChange={choose}
      />
      {filter.range === null ? <OwnSpan key={`${filter.own.from} ${filter.own.to}`} /> : null}
    </div>
  )
}

/** Typed whole before it is looked for. */
function OwnSpan() {
  const { filter, look } = useAudit()
  const [from, setFrom] = useState(writeLocal(filter.own.from))
  const [to, setTo] = useState(writeLocal(filter.own.to))
  const own = { from: readLocal(from), to: readLocal(to) }
  const isTurned = own.from !== null && own.to !== null && own.from >= own.to
  const isSame = from === writeLocal(filter.own.from) && to === writeLocal(filter.own.to)
  const isEmpty = own.from === null && own.to === null
  return (
    <form
      class="audit-span"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isTurned) look(isEmpty ? { range: 'all' } : { range: null, own })
      }}
    >
      <DateTimeField label="From" value={from} onInput={setFrom} />
      <DateTimeField
        label="To"
        value={to}
        error={isTurned ? 'Must be later than “From”.' : undefined}
        onInput={setTo}
      />
      {isSame ? null : (
        <Button type="submit" small disabled={isTurned}>
          Show this time
        </Button>
      )}
    </form>
  )
}

function Conditions() {
  const { filter, look } = useAudit()
  return (
    <div class="audit-conditions">
      <div class="audit-outcomes">
        <FieldGroup label="Outcome">
          {outcomes.map((outcome) => (
            <Checkbox
              key={outcome}
              label={outcomeWords[outcome].title}
              checked={filter.outcome.includes(outcome)}
              onChange={() => look({ outcome: toggle(filter.outcome, outcome) })}
            />
          ))}
        </FieldGroup>
      </div>
      <CategoryField />
      <Choices />
    </div>
  )
}

export function CategoryField() {
  const { filter, look } = useAudit()
  return (
    <div class="audit-categories">
      <FieldGroup label="Category">
        {categories.map((category) => (
          <Checkbox
            key={category}
            label={categoryWords[category].title}
            checked={filter.category.includes(category)}
            onChange={() => look({ category: toggle(filter.category, category) })}
          />
        ))}
      </FieldGroup>
    </div>
  )
}

/** Those that are chosen stand above the list as what is looked for. */
function TypePicker() {
  const { filter, look } = useAudit()
  const addType = useCallback(
    (type: string) => {
      const found = eventTypes.find((each) => each === type)
      if (found !== undefined && !filter.type.includes(found)) look({ type: [...filter.type, found] })
    },
    [filter, look],
  )
  return <Combobox label="What" value="" placeholder="Any" options={leftOf(filter.type)} onChange={addType} />
}

/** With those that are chosen, each of which can be taken away again. */
export function TypeField() {
  const { filter, look } = useAudit()
  return (
    <div class="audit-types">
      <TypePicker />
      {filter.type.length > 0 ? (
        <ul class="audit-chips" aria-label="Chosen types">
          {filter.type.map((type) => (
            <li key={type}>
              <button
                type="button"
                class="access-chip audit-chip"
                aria-label={`Remove ${nameType(type)}`}
                onClick={() => look({ type: filter.type.filter((each) => each !== type) })}
              >
                <span class="audit-chip-text">{nameType(type)}</span>
                <Icon name="close" size={14} />
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}

const typeOptions = eventTypes.map((type) => ({ value: type, text: nameType(type), detail: type }))
const askModels = (signal: AbortSignal) => listModels(signal)

/** One of many, by a part of its name. */
function Choices() {
  const { filter, look, names } = useAudit()
  const models = useLoad(askModels)
  const people = useMemo(
    () => [
      ...[...names.principals.values()]
        .filter(({ id }) => !id.startsWith('group:'))
        .map(({ id, name }) => ({ value: id.slice(id.indexOf(':') + 1), text: name })),
      ...nobodyIds.map((id) => ({ value: id, text: nameId(names, id) })),
    ],
    [names],
  )
  const modelOptions = useMemo(() => {
    const ids = new Set(models.value?.models.map(({ id }) => id))
    if (filter.model !== '') ids.add(filter.model)
    return [...ids].map((id) => ({ value: id, text: id }))
  }, [models.value, filter.model])
  return (
    <>
      <TypePicker />
      <Combobox
        label="Who"
        value={filter.actor}
        placeholder="Anybody"
        options={withChosen(people, filter.actor)}
        onChange={(actor) => look({ actor })}
      />
      {modelOptions.length > 0 ? (
        <Combobox
          label="Model"
          value={filter.model}
          placeholder="Any"
          options={modelOptions}
          onChange={(model) => look({ model })}
        />
      ) : null}
      {names.vaults.size > 0 ? (
        <Select
          label="Vault"
          value={filter.vault}
          options={[
            { value: '', text: 'Any' },
            ...withChosen(
              [...names.vaults].map(([id, name]) => ({ value: id, text: name })),
              filter.vault,
            ),
          ]}
          onChange={(vault) => look({ vault })}
        />
      ) : null}
      <p class="audit-hint muted">
        <Icon name="info" size={16} />
        <span>Words are found in what an entry says of nobody: types, codes, models, routes.</span>
      </p>
    </>
  )
}

const leftOf = (chosen: readonly AuditEventType[]) => typeOptions.filter(({ value }) => !chosen.includes(value))

interface Option {
  readonly value: string
  readonly text: string
}

/** What an address asks for is shown also where it is not known by name. */
function withChosen(options: readonly Option[], chosen: string): readonly Option[] {
  return chosen === '' || options.some(({ value }) => value === chosen)
    ? options
    : [...options, { value: chosen, text: chosen }]
}
