/** Statements as sentences, for explanations and for the console’s matrix. */
import { actionTable, isAction, type Condition, type Deny, type Grant, type Scalar } from '@cairn/contract'

export function sayDeny({ principal, except = [], actions, scope, when }: Deny): string {
  const but = except.length === 0 ? '' : ` (except ${listWords(except.map(sayPrincipal), 'and')})`
  return `${sayPrincipal(principal)}${but} may not ${sayActions(actions)} ${sayScope(scope)}${sayWhen(when)}.`
}

export function sayGrant({ principal, role, scope, from, until, when }: Omit<Grant, 'id'>): string {
  const since = from === undefined ? '' : ` from ${from}`
  const end = until === undefined ? '' : ` until ${until}`
  return `${sayPrincipal(principal)} has the role ${role} on ${sayScope(scope).replace(/^(in|on) /, '')}${since}${end}${sayWhen(when)}.`
}

export function sayPrincipal(principal: string): string {
  if (principal === 'group:everyone') return 'Everyone'
  const [kind = '', id = ''] = principal.split(':')
  return `${{ user: 'User', group: 'Group', service: 'Service' }[kind] ?? kind} ${id}`
}

function sayActions(actions: readonly string[]): string {
  return listWords(
    actions.map((action) => (isAction(action) ? actionTable[action].words : action)),
    'or',
  )
}

function sayScope(scope: string): string {
  const colon = scope.indexOf(':')
  const [type, name] = [scope.slice(0, colon), scope.slice(colon + 1)]
  if (type === 'org') return 'on the whole organisation'
  if (type === 'tag') return `on notes tagged #${name}`
  return type === 'vault' || type === 'folder' ? `in ${type} ${name}` : `on ${type} ${name}`
}

export function sayWhen(when: readonly Condition[] | undefined): string {
  if (when === undefined || when.length === 0) return ''
  return ` when ${when.map(sayCondition).join(' and ')}`
}

function sayCondition([attribute, operator, value]: Condition): string {
  const words = { '==': 'is', in: 'is one of', '<': 'is below' }[operator]
  return `${attribute} ${words} ${Array.isArray(value) ? value.map(sayValue).join(', ') : sayValue(value as Scalar)}`
}

function sayValue(value: Scalar): string {
  return typeof value === 'string' ? `“${value}”` : String(value)
}

function listWords(words: readonly string[], last: string): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`
}
