/** One entry of the log: all that it says, what became of its parts, and what the same request left beside it. */
import { useCallback } from 'preact/hooks'
import type { AuditEntryView } from '@cairn/contract'
import { Badge, Dialog, EmptyState, Spinner } from '@cairn/ui'
import { useLoad } from '../access/use-load.ts'
import { formatDate, formatDateTime, formatSecondOfDay } from '../shell/clock.ts'
import { CopyButton } from '../shell/copy-button.tsx'
import { withCode } from '../shell/failure-state.tsx'
import { ViewFailure } from '../shell/view-failure.tsx'
import { useAudit } from './audit-context.ts'
import { getEvent, listEvents } from './audit-api.ts'
import { isExact, listFields, nameActor } from './describe-entry.ts'
import { EntryRow, OutcomeMark, SaidText } from './entry-list.tsx'
import { categories, eventTypes, onlyRequest } from './filter.ts'
import { ProofSection } from './prove/proof-section.tsx'
import { blockWords, describeType, nameBlock, nameCategory, nameField, nameType } from './words.ts'

export function EntryPanel({ seq }: { readonly seq: number }) {
  const { hrefWith } = useAudit()
  const { value, failure, reload } = useLoad(useCallback((signal: AbortSignal) => getEvent(seq, signal), [seq]))
  const close = () => {
    location.hash = hrefWith({})
  }
  return (
    <Dialog shape="panel" title={value ? nameType(value.type) : `Entry ${seq}`} onClose={close}>
      {failure === null ? null : failure.code === 'audit.entry-missing' ? (
        <EmptyState icon="audit" title={`There is no entry ${seq}`}>
          {failure.message || 'It was never there, or retention has taken it.'}
        </EmptyState>
      ) : (
        <ViewFailure failure={failure} what="the audit log" onRetry={reload} />
      )}
      {value ? <Entry entry={value} /> : failure ? null : <Spinner label="Loading the entry" />}
    </Dialog>
  )
}

function Entry({ entry }: { readonly entry: AuditEntryView }) {
  const { type, outcome } = entry
  return (
    <>
      <div class="audit-entry-head">
        <OutcomeMark outcome={outcome} />
        <p class="muted">{describeType(type) ?? 'This console does not know this type of event.'}</p>
      </div>
      <Headline entry={entry} />
      <Fields entry={entry} />
      <Context context={entry.context} />
      <Parts blocks={entry.blocks} />
      <ProofSection entry={entry} />
      <SameRequest entry={entry} />
    </>
  )
}

function Headline({ entry }: { readonly entry: AuditEntryView }) {
  const { names, hrefWith } = useAudit()
  const { seq, at, actor, type, category } = entry
  const foundType = eventTypes.find((each) => each === type)
  const foundCategory = categories.find((each) => each === category)
  return (
    <dl class="facts">
      <dt>When</dt>
      <dd>
        {isExact(entry) ? `${formatDate(at)}, ${formatSecondOfDay(at)}` : formatDateTime(at)}
        {isExact(entry) ? null : <span class="muted"> (the second is forgotten)</span>}
      </dd>
      <dt>Who</dt>
      <dd>
        {actor === null ? (
          <SaidText said={nameActor(names, entry)} />
        ) : (
          <a href={hrefWith({ actor }, { view: 'search' })}>{nameActor(names, entry).text}</a>
        )}
      </dd>
      <dt>Type</dt>
      <dd>
        {foundType === undefined ? (
          <code>{type}</code>
        ) : (
          <a href={hrefWith({ type: [foundType] }, { view: 'search' })}>
            <code>{type}</code>
          </a>
        )}
      </dd>
      <dt>Category</dt>
      <dd>
        {foundCategory === undefined ? (
          category
        ) : (
          <a href={hrefWith({ category: [foundCategory] }, { view: 'search' })}>{nameCategory(category)}</a>
        )}
      </dd>
      <dt>Place in the log</dt>
      <dd>{seq}</dd>
    </dl>
  )
}

function Fields({ entry }: { readonly entry: AuditEntryView }) {
  const { names, hrefWith } = useAudit()
  const fields = listFields(names, entry)
  if (fields.length === 0) return null
  return (
    <section class="audit-part" aria-labelledby="audit-fields">
      <h3 id="audit-fields">What it says</h3>
      <dl class="facts">
        {fields.map(({ name, label, person, ...said }) => (
          <div key={name} class="audit-fact">
            <dt>{label}</dt>
            <dd>
              {person === null ? (
                <SaidText said={said} />
              ) : (
                <a href={hrefWith({ person }, { view: 'search' })}>{said.text}</a>
              )}
            </dd>
          </div>
        ))}
      </dl>
      {entry.hidden ? (
        <p class="muted audit-hint">
          What is hidden is there, and shown to who may know of that place or may read logged texts.
        </p>
      ) : null}
    </section>
  )
}

function Context({ context }: Pick<AuditEntryView, 'context'>) {
  const told = Object.entries(context).filter(([, value]) => value !== null && value !== '')
  if (told.length === 0) return null
  return (
    <section class="audit-part" aria-labelledby="audit-context">
      <h3 id="audit-context">The call</h3>
      <dl class="facts">
        {told.map(([name, value]) => (
          <div key={name} class="audit-fact">
            <dt>{nameField(name)}</dt>
            <dd>{name === 'requestId' ? <RequestId id={String(value)} /> : String(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function RequestId({ id }: { readonly id: string }) {
  return (
    <span class="audit-request">
      <code>{id}</code>
      <CopyButton text={id} what="Request" />
    </span>
  )
}

function Parts({ blocks }: Pick<AuditEntryView, 'blocks'>) {
  const parts = Object.entries(blocks)
  if (parts.length === 0) return null
  return (
    <section class="audit-part" aria-labelledby="audit-parts">
      <h3 id="audit-parts">Parts that name people</h3>
      <ul class="audit-parts">
        {parts.map(([name, state]) => {
          const { title, text, tone, icon } = blockWords[state]
          return (
            <li key={name}>
              <span class="audit-part-name">{nameBlock(name)}</span>
              <Badge tone={tone} icon={icon}>
                {title}
              </Badge>
              <span class="muted">{withCode(text)}</span>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** One call leaves a few entries; more than these are looked for. */
const mostOfRequest = 20

function SameRequest({ entry: { seq, context } }: { readonly entry: AuditEntryView }) {
  const { hrefWith } = useAudit()
  const request = typeof context['requestId'] === 'string' ? context['requestId'] : null
  const ask = useCallback(
    (signal: AbortSignal) => listEvents({ request: request ?? '', order: 'asc', limit: String(mostOfRequest) }, signal),
    [request],
  )
  const { value } = useLoad(request === null ? null : ask)
  if (request === null || value === null) return null
  const others = value.entries.filter((each) => each.seq !== seq)
  return (
    <section class="audit-part" aria-labelledby="audit-request">
      <h3 id="audit-request">Of the same request</h3>
      {others.length === 0 ? (
        <p class="muted">Nothing else.</p>
      ) : (
        <ul class="audit-others">
          {others.map((other) => (
            <li key={other.seq}>
              <EntryRow entry={other} />
            </li>
          ))}
        </ul>
      )}
      {others.length > 0 ? (
        <a href={hrefWith(onlyRequest(request), { view: 'search' })}>Show them in the search</a>
      ) : null}
    </section>
  )
}
