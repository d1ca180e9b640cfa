/** A decision explained: one sentence, what allows, what denies, what nearly counted, and what would change it. */
import type { ComponentChildren } from 'preact'
import { isAction, actionTable, type Explanation } from '@cairn/contract'
import { Badge, Icon } from '@cairn/ui'
import { useConsole } from '../shell/console-context.ts'
import { hrefOf } from '../shell/router.ts'
import { useAccess } from './access-context.ts'
import { humanise, listWords, namePrincipal, nameScope, partsOf, placeScope, sayScope, type Names } from './names.ts'
import { viewsFor } from './views.ts'

const reasonWords: Readonly<Record<Explanation['reason'], string>> = {
  granted: 'A role allows it and nothing denies it.',
  'break-glass': 'Emergency access allows it.',
  denied: 'A rule denies it, and a deny always wins.',
  'no-grant': 'No role that is held here allows it.',
  'former-place': 'The note comes from a restricted place, and the rules of that place hold on.',
  'outside-bound': 'The key or session in use is not made for it.',
  'inactive-subject': 'The account is suspended or gone.',
  'unknown-credential': 'The key in use is not valid.',
  'unknown-action': 'There is no such action.',
  'not-applicable': 'This action means nothing there.',
  'malformed-resource': 'This is not written as a place.',
  hidden: 'There is nothing here that you may know of.',
}

export function WhyAnswer({ explanation }: { readonly explanation: Explanation }) {
  const { names } = useAccess()
  const {
    audience,
    decision,
    reason,
    deny,
    grants,
    bounds,
    near_misses: misses,
    places = [],
    fix,
    request,
  } = explanation
  const counting = decision || deny.length === 0 ? grants : []
  return (
    <>
      <div class={decision ? 'access-verdict is-allowed' : 'access-verdict is-refused'}>
        <span class="access-verdict-icon">
          <Icon name={decision ? 'check' : 'lock'} size={22} />
        </span>
        <div>
          <h3>{sayDecision(names, explanation, useConsole().session.principal.id)}</h3>
          <p>{reasonWords[reason]}</p>
        </div>
      </div>
      <Reasons title="Denied by" list={deny.map((each) => sayMatch(names, each))} />
      <Reasons
        title={decision ? 'Allowed by' : 'Would allow it'}
        list={counting.map((each) => sayMatch(names, each))}
      />
      <Reasons
        title="Overruled"
        list={grants.filter((each) => !counting.includes(each)).map((each) => sayMatch(names, each))}
      />
      <Reasons
        title="Bounds"
        list={bounds.map(({ of, holds, why }) => ({ text: `${humanise(names, of)}: ${why}`, at: null, tone: holds }))}
      />
      <Reasons
        title="Nearly"
        list={misses.map(({ id, why }) => ({ text: `${capitalise(humanise(names, why))}.`, at: null, id }))}
      />
      <Reasons
        title="Where it was"
        list={places.map(({ at, holds }, number) => ({
          text: `${at === undefined ? 'A place that you may not know of' : placeScope(names, at)}: ${holds ? 'allowed there too' : 'not allowed there'}`,
          at: null,
          id: String(number),
        }))}
      />
      <Fixes
        fix={audience === 'requester' ? fix : fix.filter((each) => each.do !== 'request access')}
        resource={request.resource}
      />
    </>
  )
}

/** “Ann may not read Acme / Board / Minutes.” */
export function sayDecision(
  names: Names,
  { decision, request: { subject, action, resource, context } }: Explanation,
  self: string,
): string {
  const who = subject === `user:${self}` ? 'You' : namePrincipal(names, subject)
  const verb = isAction(action) ? actionTable[action].words : action
  const egress = context['model.egress']
  const model =
    egress === undefined ? '' : egress === 'external' ? ', with a model outside' : ', with a model on this machine'
  return `${who} ${decision ? 'may' : 'may not'} ${verb} ${sayScope(names, resource)}${model}.`
}

interface Reason {
  readonly text: string
  /** Where the statement stands. */
  readonly at: string | null
  readonly via?: string
  readonly id?: string | undefined
}

function sayMatch(names: Names, { id, sentence, via, at }: Explanation['deny'][number]): Reason {
  // From the subject to the one that the statement names itself.
  const between = via.slice(1, -1).map((each) => namePrincipal(names, each))
  return {
    text: humanise(names, sentence),
    at: at ?? null,
    ...(between.length > 0 && { via: `Through ${listWords(between, 'and')}` }),
    id,
  }
}

function Reasons({ title, list }: { readonly title: string; readonly list: readonly Reason[] }) {
  const { names, may } = useAccess()
  if (list.length === 0) return null
  return (
    <section class="section">
      <h3>{title}</h3>
      <ul class="access-list">
        {list.map(({ text, at, via, id }) => (
          <li key={`${id ?? ''} ${text}`}>
            <span class="access-grow">
              {text}
              {via ? <span class="muted access-sub">{via}</span> : null}
            </span>
            {at === null ? null : may('policy.view') ? (
              <a href={hrefOf('access', { view: 'folders', scope: at })}>{nameScope(names, at)}</a>
            ) : (
              <Badge>{nameScope(names, at)}</Badge>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

/** In the server’s words. */
const moveFix = 'confirm that the note was moved'

interface FixesProps {
  readonly fix: Explanation['fix']
  readonly resource: string
}

function Fixes({ fix, resource }: FixesProps) {
  const { matrix, names } = useAccess()
  const { vault, path } = partsOf(resource)
  const isOpen = viewsFor(matrix).includes('held')
  if (fix.length === 0) return null
  return (
    <section class="section">
      <h3>What would change it</h3>
      <ul class="access-list">
        {fix.map((each) => (
          <li key={each.do}>
            <span class="access-grow">{sayFix(names, each)}</span>
            {each.do === moveFix && isOpen ? (
              <a href={hrefOf('access', { view: 'held', vault, note: path })}>Held back</a>
            ) : null}
            {each.needs ? <Needs action={each.needs} /> : null}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Needs({ action }: { readonly action: string }) {
  return <Badge title="Who does this needs this action">needs {action}</Badge>
}

/** There is no page to request access on yet: it says whom to ask. */
function sayFix(names: Names, { do: what }: Explanation['fix'][number]): ComponentChildren {
  if (what === 'request access') return 'Ask whoever shares this place, or runs this server, for a role.'
  return `${capitalise(humanise(names, what))}.`
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
