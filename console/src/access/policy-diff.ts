/** What changed between two policies, statement by statement. */
import type { PolicyDocument } from '@cairn/contract'
import { namePrincipal, sayActions, sayDeny, sayGrant, sayScope, type Names } from './names.ts'

export interface PolicyChange {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly section: 'Grant' | 'Deny' | 'Role' | 'Restriction' | 'Separation' | 'Emergency access'
  readonly key: string
  /** As it was, unless it was added. */
  readonly before: string | null
  /** As it is, unless it was removed. */
  readonly after: string | null
}

interface Section<T> {
  readonly section: PolicyChange['section']
  readonly of: (document: PolicyDocument) => readonly T[]
  readonly keyOf: (item: T) => string
  readonly say: (names: Names, item: T) => string
}

const section = <T>(each: Section<T>) => each as Section<unknown>

const sections: readonly Section<unknown>[] = [
  section({ section: 'Grant', of: ({ grants }) => grants, keyOf: ({ id }) => id, say: sayGrant }),
  section({ section: 'Deny', of: ({ denies }) => denies, keyOf: ({ id }) => id, say: sayDeny }),
  section({
    section: 'Role',
    of: ({ roles }) => roles,
    keyOf: ({ id }) => id,
    say: (_, { id, inherits, actions }) =>
      `${id}: ${[...inherits.map((each) => `all of ${each}`), ...(actions.length > 0 ? [sayActions(actions)] : [])].join('; ')}`,
  }),
  section({
    section: 'Restriction',
    of: ({ barriers }) => barriers,
    keyOf: ({ scope }) => scope,
    say: (names, { scope }) => `${sayScope(names, scope)} is restricted`,
  }),
  section({
    section: 'Separation',
    of: ({ separation }) => separation,
    keyOf: ({ id }) => id,
    say: (_, { id, roles }) => `${id}: ${roles.join(', ')} in different hands`,
  }),
  section({
    section: 'Emergency access',
    of: ({ breakGlass }) => breakGlass,
    keyOf: (principal) => principal,
    say: (names, principal) => `${namePrincipal(names, principal)} may ask for it`,
  }),
]

/** In the order of the sections; notes on statements count as a part of them. */
export function diffPolicies(names: Names, before: PolicyDocument, after: PolicyDocument): readonly PolicyChange[] {
  return sections.flatMap(({ section: title, of, keyOf, say }) => {
    const [was, is] = [before, after].map((each) => new Map(of(each).map((item) => [keyOf(item), item])))
    if (!was || !is) return []
    const keys = [...new Set([...was.keys(), ...is.keys()])]
    return keys.flatMap((key): PolicyChange[] => {
      const [old, next] = [was.get(key), is.get(key)]
      if (JSON.stringify(old) === JSON.stringify(next)) return []
      const kind = old === undefined ? 'added' : next === undefined ? 'removed' : 'changed'
      const told = (item: unknown) => (item === undefined ? null : say(names, item))
      return [{ kind, section: title, key, before: told(old), after: told(next) }]
    })
  })
}
