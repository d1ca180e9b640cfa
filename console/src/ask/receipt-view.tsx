/** The receipt of an answer, folded under it: who answered, where, from what, for how much. */
import type { ComponentChildren } from 'preact'
import type { Receipt } from '@cairn/contract'
import { Icon } from '@cairn/ui'
import { formatCount, formatMs, formatUsd } from '../shell/clock.ts'
import type { Turn } from '@cairn/ui/client'

const places = { local: 'This machine', external: 'External', none: 'This machine, no model was called' } as const

const cacheWords = {
  hit: 'Taken from the cache',
  stale: 'Taken from the cache and being made anew',
  miss: 'Made anew',
  bypass: 'Made anew, not cached',
} as const

export function confidenceWords(confidence: number): string {
  if (confidence >= 0.8) return 'High: the passages fit the question well'
  if (confidence >= 0.6) return 'Fair: check the source'
  return 'Low: the passages may be about something else'
}

export function ReceiptView({ turn, receipt }: { readonly turn: Turn; readonly receipt: Receipt }) {
  const cost = receipt.costUsd === 0 ? 'free' : formatUsd(receipt.costUsd)
  const summary = [
    receipt.model,
    receipt.egress === 'external' ? receipt.provider : 'this machine',
    turn.tookMs === null ? '' : formatMs(turn.tookMs),
    cost,
  ]
  return (
    <details class="receipt" onToggle={(event) => event.currentTarget.open && showWhole(event.currentTarget)}>
      <summary>
        <Icon name="chevron" size={16} />
        <span>Receipt</span>
        <span class="receipt-summary">{summary.filter(Boolean).join(' · ')}</span>
      </summary>
      <dl class="facts">
        <Fact name="Model">
          {receipt.model} ({receipt.provider})
        </Fact>
        <Fact name="Ran on">{places[receipt.egress]}</Fact>
        {turn.confidence !== null && turn.outcome === 'answered' ? (
          <Fact name="Confidence">{confidenceWords(turn.confidence)}</Fact>
        ) : null}
        <Fact name="Time">
          {[turn.tookMs === null ? '' : `${formatMs(turn.tookMs)} in all`, `${formatMs(receipt.overheadMs)} in Cairn`]
            .filter(Boolean)
            .join(', ')}
        </Fact>
        <Fact name="Tokens">
          {formatCount(receipt.tokens.input)} in, {formatCount(receipt.tokens.output)} out
        </Fact>
        <Fact name="Cost">{receipt.savedUsd > 0 ? `${cost}, ${formatUsd(receipt.savedUsd)} saved` : cost}</Fact>
        <Fact name="Cache">
          {cacheWords[receipt.cache.status]}
          {receipt.cache.tier ? ` (${receipt.cache.tier})` : ''}
        </Fact>
        {receipt.attempts.length > 0 ? (
          <Fact name="Attempts">
            <ul>
              {receipt.attempts.map((attempt, index) => (
                <li key={index}>
                  {attempt.provider}, {attempt.model}: {attempt.outcome}, {formatMs(attempt.ms)}
                </li>
              ))}
            </ul>
          </Fact>
        ) : null}
        {receipt.sources.length > 0 ? (
          <Fact name="Made from">
            <ul>
              {receipt.sources.map((source) => (
                <li key={`${source.vault}/${source.note}`}>
                  {source.note} <code title={source.version}>{source.version.slice(0, 8)}</code>
                </li>
              ))}
            </ul>
          </Fact>
        ) : null}
        <Fact name="Sensitivity">{receipt.label.split('.', 1)[0]}</Fact>
        <Fact name="Request">
          <code>{receipt.requestId}</code>
          {receipt.auditSeq === null ? '' : `, audit entry ${formatCount(receipt.auditSeq)}`}
        </Fact>
      </dl>
    </details>
  )
}

/** What was folded out may lie below the edge of the view. */
function showWhole(element: HTMLElement): void {
  element.scrollIntoView({ block: 'nearest' })
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}
