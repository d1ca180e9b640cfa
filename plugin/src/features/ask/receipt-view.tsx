/** What an answer says of its own making, behind one line that says the most important of it. */
import type { TargetedEvent } from 'preact'
import type { Receipt } from '@cairn/contract'
import type { Turn } from '@cairn/ui/client'
import { formatMs, formatUsd } from './format.ts'

interface ReceiptViewProps {
  readonly turn: Turn
  readonly receipt: Receipt
  readonly isOpen: boolean
}

/** At the end of a conversation it would open out of sight. */
function showWhole({ currentTarget }: TargetedEvent<HTMLDetailsElement>): void {
  if (currentTarget.open) currentTarget.scrollIntoView({ block: 'nearest' })
}

export function ReceiptView({ turn, receipt, isOpen }: ReceiptViewProps) {
  const { cache, egress, tokens } = receipt
  const rows: readonly (readonly [string, string])[] = [
    ['Model', `${receipt.model} at ${receipt.provider}`],
    ['Where', egress === 'external' ? 'Outside of the server’s machine' : 'On the server’s machine'],
    [
      'Cache',
      cache.status === 'hit' || cache.status === 'stale' ? `${cache.status}, ${cache.tier ?? 'cache'}` : cache.status,
    ],
    ['Tokens', `${tokens.input} in, ${tokens.output} out`],
    ['Cost', `${formatUsd(receipt.costUsd)}${receipt.savedUsd > 0 ? `, saved ${formatUsd(receipt.savedUsd)}` : ''}`],
    [
      'Sources',
      `${receipt.sources.length} ${receipt.sources.length === 1 ? 'note' : 'notes'}, label ${receipt.label.split('.', 1)[0] ?? ''}`,
    ],
    [
      'Time',
      `${turn.tookMs === null ? '' : `${formatMs(turn.tookMs)}, `}${formatMs(receipt.overheadMs)} of it Cairn’s own`,
    ],
    ...(receipt.attempts.length > 1
      ? [['Attempts', receipt.attempts.map(({ model, outcome }) => `${model}: ${outcome}`).join('; ')] as const]
      : []),
    ...(receipt.auditSeq === null ? [] : [['On record as', `entry ${receipt.auditSeq}`] as const]),
    ['Request', receipt.requestId],
  ]
  return (
    <details class="cairn-receipt" open={isOpen} onToggle={showWhole}>
      <summary>
        {receipt.provider === 'cairn' ? 'Built in' : receipt.model} · {egress === 'external' ? 'external' : 'local'} ·{' '}
        {receipt.costUsd === 0 ? 'free' : formatUsd(receipt.costUsd)}
      </summary>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
