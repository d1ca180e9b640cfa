/** Whether somebody may come in, and the sign for “none” in a table. */
import type { UserInfo } from '@cairn/contract'
import { Badge } from '@cairn/ui'
import { stateOf, stateWords } from './people.ts'

export function StateBadge({ person }: { readonly person: UserInfo }) {
  const state = stateOf(person)
  const tone = state === 'active' ? 'accent' : state === 'suspended' ? 'danger' : 'warn'
  return (
    <Badge tone={tone} icon={state === 'active' ? 'check' : state === 'suspended' ? 'lock' : undefined}>
      {stateWords[state]}
    </Badge>
  )
}

export function Dash() {
  return (
    <span class="muted">
      <span aria-hidden="true">–</span>
      <span class="cairn-hidden">None</span>
    </span>
  )
}
