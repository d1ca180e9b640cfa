/** What a policy would change: its statements, who gains and loses how many notes, and whom it would lock out. */
import { useCallback } from 'preact/hooks'
import type { PolicyDocument, Simulation } from '@cairn/contract'
import { Badge, ErrorState, Icon, Spinner } from '@cairn/ui'
import { formatCount, formatCounted } from '../shell/clock.ts'
import { simulatePolicy } from './access-api.ts'
import { useAccess } from './access-context.ts'
import { humanise, listWords, namePrincipal, nameScope } from './names.ts'
import { diffPolicies, type PolicyChange } from './policy-diff.ts'
import { errorText } from './use-action.ts'
import { useLoad } from './use-load.ts'

export interface ChangeReviewProps {
  readonly before: PolicyDocument
  readonly after: PolicyDocument
  /** Without it nothing is simulated, as for two revisions of the past. */
  readonly isSimulated?: boolean
}

export function ChangeReview({ before, after, isSimulated = false }: ChangeReviewProps) {
  const { names, may } = useAccess()
  const changes = diffPolicies(names, before, after)
  return (
    <>
      <DiffList changes={changes} />
      {isSimulated && may('policy.simulate') && changes.length > 0 ? <Simulated document={after} /> : null}
    </>
  )
}

const signs = { added: '+', removed: '–', changed: '~' } as const
const kindWords = { added: 'Added', removed: 'Removed', changed: 'Changed' } as const

function DiffList({ changes }: { readonly changes: readonly PolicyChange[] }) {
  if (changes.length === 0) return <p class="muted">Nothing is different.</p>
  return (
    <ul class="access-diff" aria-label="Changed statements">
      {changes.map(({ kind, section, key, before, after }) => (
        <li key={`${section} ${key}`} class={`is-${kind}`}>
          <span class="access-sign" aria-hidden="true">
            {signs[kind]}
          </span>
          <span class="access-grow">
            <span class="cairn-hidden">{kindWords[kind]}: </span>
            {after ?? before}
            {kind === 'changed' && before !== after ? <span class="muted access-sub">Before: {before}</span> : null}
          </span>
          <Badge>{section}</Badge>
        </li>
      ))}
    </ul>
  )
}

function Simulated({ document }: { readonly document: PolicyDocument }) {
  const ask = useCallback(() => simulatePolicy(document), [document])
  const { value, failure, reload } = useLoad(ask)
  if (failure) return <ErrorState title={errorText(failure)} onRetry={reload} />
  if (!value) return <Spinner label="Comparing what everybody may do" />
  return <SimulationResult simulation={value} compared={value.notesCompared} />
}

function SimulationResult({ simulation, compared }: { readonly simulation: Simulation; readonly compared: number }) {
  const { names } = useAccess()
  const { notes, lockouts } = simulation
  return (
    <>
      {lockouts.map((text) => (
        <p key={text} class="access-banner is-danger" role="alert">
          <Icon name="warning" size={16} />
          <span>{sayLockout(humanise(names, text))}</span>
        </p>
      ))}
      <section class="section">
        <h3>Who gains and loses</h3>
        {notes.length === 0 ? (
          <p class="muted">Nobody gains or loses a note; {formatCounted(compared, 'note')} compared.</p>
        ) : (
          <>
            <ul class="access-list" aria-label="Who gains and loses notes">
              {gather(notes).map((alike) => (
                <Gains key={alike.subjects[0]} alike={alike} />
              ))}
            </ul>
            <p class="cairn-field-hint">
              {formatCounted(compared, 'note')} compared. What depends on model or session is taken the strict way.
            </p>
          </>
        )}
      </section>
    </>
  )
}

function sayLockout(text: string): string {
  if (text.startsWith('no-owner')) return 'Nobody could run the server any more.'
  return `Nobody could enter ${text.replace(/^\S+ /, '')} any more.`
}

interface Alike {
  readonly subjects: readonly string[]
  readonly counts: Simulation['notes']
}

/** Whom the change concerns in the same way, together. */
function gather(notes: Simulation['notes']): readonly Alike[] {
  const subjects = [...new Set(notes.map(({ subject }) => subject))]
  const found = new Map<string, { subjects: string[]; counts: Simulation['notes'] }>()
  for (const subject of subjects) {
    const counts = notes.filter((each) => each.subject === subject)
    const key = JSON.stringify(counts.map(({ subject: _, ...rest }) => rest))
    const alike = found.get(key)
    if (alike) alike.subjects.push(subject)
    else found.set(key, { subjects: [subject], counts })
  }
  return [...found.values()]
}

const mostExamples = 3
const mostNamed = 4

function Gains({ alike: { subjects, counts } }: { readonly alike: Alike }) {
  const { names } = useAccess()
  const examples = [...new Set(counts.flatMap((each) => [...each.examples.gained, ...each.examples.lost]))]
  const named = subjects.slice(0, mostNamed).map((each) => namePrincipal(names, each))
  const rest = subjects.length - named.length
  return (
    <li>
      <Icon name={subjects.length > 1 ? 'group' : 'person'} size={18} />
      <span class="access-grow">
        <strong>{listWords(rest > 0 ? [...named, `${formatCount(rest)} more`] : named, 'and')}</strong>
        <span class="access-counts">
          {counts.map(({ action, gained, lost }) => (
            <span key={action}>
              {action}
              {gained > 0 ? <span class="is-gained"> +{formatCount(gained)}</span> : null}
              {lost > 0 ? <span class="is-lost"> –{formatCount(lost)}</span> : null}
            </span>
          ))}
        </span>
        <span class="muted access-sub">
          Such as{' '}
          {listWords(
            examples.slice(0, mostExamples).map((note) => nameScope(names, note)),
            'and',
          )}
        </span>
      </span>
    </li>
  )
}
