/** Entries below each other, by day: when, who, what, on what, and with what outcome. A row leads to its entry. */
import type { AuditEntryView } from '@cairn/contract'
import { Icon } from '@cairn/ui'
import { formatDate, formatSecondOfDay, formatTimeOfDay } from '../shell/clock.ts'
import { useAudit } from './audit-context.ts'
import { describeTarget, isExact, listParticulars, nameActor, type Said } from './describe-entry.ts'
import { iconOfCategory, nameCategory, nameType, outcomeWords } from './words.ts'

export interface EntryListProps {
  readonly label: string
  readonly entries: readonly AuditEntryView[]
  /** Marks those that have just come. */
  readonly isLive?: boolean
}

export function EntryList({ label, entries, isLive = false }: EntryListProps) {
  const days = [...Map.groupBy(entries, ({ at }) => formatDate(at))]
  return (
    <div class={isLive ? 'audit-list is-live' : 'audit-list'} role="group" aria-label={label} onKeyDown={moveByArrows}>
      {days.map(([day, of]) => (
        <section key={day} aria-label={day}>
          <h3 class="audit-day">{day}</h3>
          <ul>
            {of.map((entry) => (
              <li key={entry.seq}>
                <EntryRow entry={entry} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  )
}

/** Up and down along the rows, which Tab reaches too. */
function moveByArrows(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined) return
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('a.audit-row')]
  const next = rows[rows.indexOf(document.activeElement as HTMLElement) + step]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}

export function EntryRow({ entry }: { readonly entry: AuditEntryView }) {
  const { names, hrefWith } = useAudit()
  const { seq, at, category, type, outcome } = entry
  const target = describeTarget(names, entry)
  const particulars = listParticulars(entry)
  return (
    <a class="audit-row" href={hrefWith({}, { entry: seq })}>
      <span class="audit-row-icon" title={nameCategory(category)}>
        <Icon name={iconOfCategory(category)} size={18} />
      </span>
      <span class="audit-row-time">{isExact(entry) ? formatSecondOfDay(at) : formatTimeOfDay(at)}</span>
      <span class="audit-row-who">
        <SaidText said={nameActor(names, entry)} />
      </span>
      <span class="audit-row-what">
        <strong>{nameType(type)}</strong>
        {target === null ? null : (
          <span class="audit-row-target">
            <SaidText said={target} />
          </span>
        )}
        {particulars.length > 0 ? <span class="audit-row-more">{particulars.join(' · ')}</span> : null}
      </span>
      <OutcomeMark outcome={outcome} />
    </a>
  )
}

/** What is hidden, erased or damaged looks like no name that somebody could have. */
export function SaidText({ said: { text, state } }: { readonly said: Said }) {
  return state === 'known' ? <>{text}</> : <em class={`audit-unsaid is-${state}`}>{text}</em>
}

export function OutcomeMark({ outcome }: Pick<AuditEntryView, 'outcome'>) {
  const { title, tone, icon } = outcomeWords[outcome]
  return (
    <span class={`audit-outcome is-${tone}`}>
      <Icon name={icon} size={14} />
      {title}
    </span>
  )
}
