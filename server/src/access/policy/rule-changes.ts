/** What one revision of the policy changed: each statement that came, went or is another, in words for a reviewer. */
import type { Barrier, Deny, Grant, PolicyDocument } from '@cairn/contract'

export interface RuleChange {
  readonly what: string
  /** Whom a statement is about, as statements name them. */
  readonly whom: string | null
  readonly scope: string | null
  /** Null where there was or is none. */
  readonly before: string | null
  readonly after: string | null
}

interface Said {
  readonly what: string
  readonly whom: string | null
  readonly scope: string | null
  readonly text: string
}

/** `before` is null for the first revision. Statements are told apart by their ids. */
export function listRuleChanges(before: PolicyDocument | null, after: PolicyDocument): RuleChange[] {
  const [old, now] = [before === null ? new Map<string, Said>() : sayAll(before), sayAll(after)]
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((id) => {
    const [was, is] = [old.get(id), now.get(id)]
    const about = is ?? was
    if (about === undefined || was?.text === is?.text) return []
    const how = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'
    return [
      {
        what: `${about.what} ${how}`,
        whom: about.whom,
        scope: about.scope,
        before: was?.text ?? null,
        after: is?.text ?? null,
      },
    ]
  })
}

/** By kind and id. What is not a statement on somebody or a place is one for each setting. */
function sayAll(document: PolicyDocument): Map<string, Said> {
  const { grants, denies, barriers, roles, separation, ...rest } = document
  const nobody = { whom: null, scope: null }
  return new Map<string, Said>([
    ...grants.map((grant): [string, Said] => [
      `grant ${grant.id}`,
      { what: 'grant', whom: grant.principal, scope: grant.scope, text: sayGrant(grant) },
    ]),
    ...denies.map((deny): [string, Said] => [
      `deny ${deny.id}`,
      { what: 'denial', whom: deny.principal, scope: deny.scope, text: sayDeny(deny) },
    ]),
    ...barriers.map((barrier): [string, Said] => [
      `barrier ${barrier.scope}`,
      { what: 'restriction', whom: null, scope: barrier.scope, text: sayBarrier(barrier) },
    ]),
    ...roles.map((role): [string, Said] => [
      `role ${role.id}`,
      {
        what: 'role',
        ...nobody,
        text: `${role.id}: ${[...role.inherits.map((id) => `all of ${id}`), ...role.actions].join(', ')}`,
      },
    ]),
    ...separation.map((rule): [string, Said] => [
      `separation ${rule.id}`,
      { what: 'separation', ...nobody, text: `${rule.id}: not ${rule.roles.join(' with ')}` },
    ]),
    ...Object.entries(rest).map(([name, value]): [string, Said] => [
      `setting ${name}`,
      { what: `setting ${name}`, ...nobody, text: JSON.stringify(value) },
    ]),
  ])
}

function sayGrant({ role, from, until, when, delegable }: Grant): string {
  return [
    role,
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
    ...(when === undefined ? [] : [`when ${JSON.stringify(when)}`]),
    ...(delegable === true ? ['may be passed on'] : []),
  ].join(', ')
}

function sayDeny({ id: _, principal: _principal, scope: _scope, note: _note, actions, except, ...rest }: Deny): string {
  return [
    `no ${actions.join(', ')}`,
    ...(except === undefined ? [] : [`except ${except.join(', ')}`]),
    ...(Object.keys(rest).length === 0 ? [] : [JSON.stringify(rest)]),
  ].join(', ')
}

/** Who enters it is told by the grants inside. */
function sayBarrier({ scope: _, ...rest }: Barrier): string {
  return Object.keys(rest).length === 0 ? 'restricted' : `restricted, ${JSON.stringify(rest)}`
}
