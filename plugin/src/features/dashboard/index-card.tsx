/** How far the server has read the notes. */
import type { VaultInfo } from '@cairn/contract'
import { Badge, Progress } from '@cairn/ui'
import { formatCounted, formatSecondsLeft } from '@cairn/ui/figures'
import type { Figures } from '../../core/dashboard/figures.ts'
import { Card, PartFailed } from './card.tsx'

const states = {
  waiting: { title: 'Waiting', tone: 'neutral', icon: undefined },
  indexing: { title: 'Reading', tone: 'neutral', icon: undefined },
  ready: { title: 'Ready', tone: 'accent', icon: 'check' },
  failed: { title: 'Failed', tone: 'danger', icon: 'warning' },
} as const

export function IndexCard({ figures: { vaults } }: { readonly figures: Figures }) {
  return (
    <Card title="Index">
      {!vaults.ok ? (
        <PartFailed failure={vaults.failure} />
      ) : vaults.value.length === 0 ? (
        <p class="cairn-muted">This key sees no vault: ask whoever runs the server for the right to ask one.</p>
      ) : (
        <ul class="cairn-rows">
          {vaults.value.map((vault) => (
            <Vault key={vault.id} vault={vault} />
          ))}
        </ul>
      )}
    </Card>
  )
}

function Vault({ vault: { name, notes, passages, index } }: { readonly vault: VaultInfo }) {
  const { title, tone, icon } = states[index.state]
  const isBusy = index.state === 'indexing'
  const facts = [
    isBusy ? `${index.done} of ${formatCounted(index.total, 'note')}` : formatCounted(notes, 'note'),
    isBusy && index.secondsLeft !== null ? `${formatSecondsLeft(index.secondsLeft)} left` : '',
    isBusy ? '' : formatCounted(passages, 'passage'),
    index.problemCount > 0 ? `${formatCounted(index.problemCount, 'file')} could not be read` : '',
  ]
  return (
    <li>
      <span>{name}</span>
      <Badge tone={tone} icon={icon}>
        {title}
      </Badge>
      {isBusy ? <Progress label={`Reading ${name}`} done={index.done} total={index.total} /> : null}
      <span class="cairn-row-note">{facts.filter(Boolean).join(' · ')}</span>
    </li>
  )
}
