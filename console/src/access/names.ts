/** Names in place of ids: of people, groups and services, of vaults, folders and notes, and within the server’s sentences. */
import { actionTable, type Condition, type Deny, type Grant, type PrincipalName, type VaultInfo } from '@cairn/contract'
import { formatDateTime } from '../shell/clock.ts'

export interface Names {
  readonly principals: ReadonlyMap<string, PrincipalName>
  /** Name by id. */
  readonly vaults: ReadonlyMap<string, string>
}

export function namesOf(principals: readonly PrincipalName[], vaults: readonly VaultInfo[]): Names {
  return {
    principals: new Map(principals.map((each) => [each.id, each])),
    vaults: new Map(vaults.map(({ id, name }) => [id, name])),
  }
}

export function namePrincipal({ principals }: Names, id: string): string {
  if (id === 'group:everyone') return 'Everyone'
  return principals.get(id)?.name ?? id.slice(id.indexOf(':') + 1)
}

export const principalKinds = { user: 'Person', group: 'Group', service: 'Service' } as const

export type PrincipalKind = keyof typeof principalKinds

export function kindOf(principal: string): PrincipalKind {
  const kind = principal.slice(0, principal.indexOf(':'))
  return kind === 'group' || kind === 'service' ? kind : 'user'
}

export type ScopeKind = 'org' | 'vault' | 'folder' | 'note' | 'tag' | 'model' | 'cache'

export interface ScopeParts {
  readonly kind: ScopeKind
  /** Empty where it lies in none. */
  readonly vault: string
  /** Of a folder or note; the whole name of everything else. */
  readonly path: string
}

export function partsOf(scope: string): ScopeParts {
  const colon = scope.indexOf(':')
  const kind = scope.slice(0, colon) as ScopeKind
  const name = scope.slice(colon + 1)
  if (kind === 'vault') return { kind, vault: name, path: '' }
  if (kind !== 'folder' && kind !== 'note') return { kind, vault: '', path: name }
  const slash = name.indexOf('/')
  return { kind, vault: name.slice(0, slash), path: name.slice(slash + 1) }
}

/** The last part of where it is, for a heading or a row of the tree. */
export function nameScope(names: Names, scope: string): string {
  const { kind, vault, path } = partsOf(scope)
  if (kind === 'org') return 'Whole server'
  if (kind === 'vault') return names.vaults.get(vault) ?? vault
  if (kind === 'tag') return `#${path}`
  if (kind === 'note') return (path.split('/').at(-1) ?? path).replace(/\.md$/, '')
  return kind === 'folder' ? (path.split('/').at(-1) ?? path) : path
}

/** Where it is, whole: “Handbook / Leave”. */
export function placeScope(names: Names, scope: string): string {
  const { kind, vault, path } = partsOf(scope)
  if (kind !== 'folder' && kind !== 'note') return nameScope(names, scope)
  return [names.vaults.get(vault) ?? vault, ...path.replace(/\.md$/, '').split('/')].join(' / ')
}

/** As it goes on after “on”: “the whole server”, “the folder Acme / Handbook”, “notes tagged #hr”. */
export function sayScope(names: Names, scope: string): string {
  const { kind } = partsOf(scope)
  if (kind === 'org') return 'the whole server'
  if (kind === 'tag') return `notes tagged ${nameScope(names, scope)}`
  return kind === 'vault' || kind === 'folder' || kind === 'note'
    ? placeScope(names, scope)
    : `the ${kind} ${partsOf(scope).path}`
}

export function sayActions(actions: readonly string[]): string {
  const words = actions.map((action) => {
    const spec = Object.hasOwn(actionTable, action) ? actionTable[action as keyof typeof actionTable] : null
    return spec === null ? action : spec.words.replace(/ (of|in)$/, '')
  })
  return listWords(words, 'or')
}

export function sayGrant(names: Names, { principal, role, scope, from, until, when }: Omit<Grant, 'id'>): string {
  return `${namePrincipal(names, principal)}: ${role} on ${sayScope(names, scope)}${sayWindow(from, until)}${sayWhen(when)}`
}

export function sayDeny(names: Names, { principal, except = [], actions, scope, when }: Omit<Deny, 'id'>): string {
  const but =
    except.length === 0
      ? ''
      : ` except ${listWords(
          except.map((each) => namePrincipal(names, each)),
          'and',
        )}`
  return `${namePrincipal(names, principal)}${but} may not ${sayActions(actions)} ${sayScope(names, scope)}${sayWhen(when)}`
}

/** “, from 1 Mar until 5 Mar”; empty without a window. */
export function sayWindow(from: string | undefined, until: string | undefined): string {
  const start = from === undefined ? '' : ` from ${formatDateTime(Date.parse(from))}`
  const end = until === undefined ? '' : ` until ${formatDateTime(Date.parse(until))}`
  return start || end ? `,${start}${end}` : ''
}

export function sayWhen(when: readonly Condition[] | undefined): string {
  return when === undefined ? '' : `, when ${when.map(sayCondition).join(' and ')}`
}

const attributeWords: Readonly<Record<string, string>> = {
  'model.egress': 'the model’s place',
  'model.provider': 'the provider',
  'session.mfa': 'a second factor',
  ip_zone: 'the network',
  'resource.label': 'the label',
  'resource.owner': 'the note’s owner',
}

function sayCondition([attribute, operator, value]: Condition): string {
  if (attribute === 'session.mfa' && operator === '==')
    return value === true ? 'signed in with a second factor' : 'without a second factor'
  if (attribute === 'model.egress' && operator === '==')
    return value === 'external' ? 'the model is outside' : 'the model is on this machine'
  const words = { '==': 'is', in: 'is one of', '<': 'is below' }[operator]
  return `${attributeWords[attribute] ?? attribute} ${words} ${Array.isArray(value) ? value.join(', ') : String(value)}`
}

export function listWords(words: readonly string[], last: string): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`
}

/** The server’s sentence with names in place of ids. */
export function humanise(names: Names, sentence: string): string {
  const known = sentence.replace(
    /\b(user|group|service)(:| )([a-zA-Z0-9][a-zA-Z0-9._@+-]*)/gi,
    (whole: string, kind: string, _between: string, id: string) => {
      const bare = id.replace(/\.$/, '')
      const found = names.principals.get(`${kind.toLowerCase()}:${bare}`)
      return found === undefined ? whole : `${found.name}${id.slice(bare.length)}`
    },
  )
  const withVaults = [...names.vaults].reduce((text, [id, name]) => text.replaceAll(id, name), known)
  return withVaults.replace(/\bnote:|\bfolder:|\bvault:/g, '').replace(/org:[a-z0-9-]+/g, 'the whole server')
}

/** Who wrote a revision: a person or service, or the server itself. */
export function nameAuthor(names: Names, author: string): string {
  return author.includes(':') ? namePrincipal(names, author) : 'the server'
}
