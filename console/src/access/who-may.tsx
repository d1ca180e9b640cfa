/** Everybody who may do something at a place, and by which statement. */
import { useCallback, useState } from 'preact/hooks'
import { isValidOn, type Action } from '@cairn/contract'
import { Badge, Icon, Select, Spinner } from '@cairn/ui'
import { formatCount, formatCounted } from '../shell/clock.ts'
import { hrefOf } from '../shell/router.ts'
import { listWhoMay } from './access-api.ts'
import { useAccess } from './access-context.ts'
import { humanise, kindOf, namePrincipal, partsOf } from './names.ts'
import { errorText } from './use-action.ts'
import { useLoad } from './use-load.ts'

const mostShown = 100

export interface WhoMayProps {
  readonly scope: string
  /** Asked again when it grows. */
  readonly changes: number
}

export function WhoMay({ scope, changes }: WhoMayProps) {
  const { matrix, names } = useAccess()
  const { kind } = partsOf(scope)
  const actions = matrix.actions.filter(({ id }) => isValidOn(id, kind))
  const [action, setAction] = useState<string>(kind === 'org' ? 'policy.view' : 'read')
  const ask = useCallback(
    (signal: AbortSignal) => listWhoMay(action as Action, scope, signal),
    [action, scope, changes],
  )
  const { value, failure } = useLoad(ask)
  const subjects = value?.subjects ?? []
  return (
    <section class="section">
      <header class="section-head">
        <h3>Who may</h3>
        <Select
          label="Action"
          hideLabel
          value={action}
          options={actions.map(({ id }) => ({ value: id, text: id }))}
          onChange={setAction}
        />
      </header>
      {failure ? <p class="muted">{errorText(failure)}</p> : null}
      {value === null && !failure ? <Spinner label="Asking" /> : null}
      {value !== null && subjects.length === 0 ? <p class="muted">Nobody.</p> : null}
      {subjects.length > 0 ? (
        <ul class="access-list" aria-label={`Who may ${action}`}>
          {subjects.slice(0, mostShown).map(({ principal, because }) => (
            <li key={principal}>
              <Icon name={kindOf(principal) === 'service' ? 'server' : 'person'} size={18} />
              <span class="access-grow">
                <a href={hrefOf('access', { view: 'why', subject: principal, action, resource: scope })}>
                  {namePrincipal(names, principal)}
                </a>
                <span class="muted access-sub">{because.map((each) => humanise(names, each)).join(' ')}</span>
              </span>
              {because.length > 1 ? <Badge>{formatCount(because.length)} reasons</Badge> : null}
            </li>
          ))}
        </ul>
      ) : null}
      {subjects.length > mostShown ? (
        <p class="muted">and {formatCounted(subjects.length - mostShown, 'other')}.</p>
      ) : null}
    </section>
  )
}
