/** The three tiers beside each other: whether each is used, how full it is, and what it answered. */
import type { CacheReport, CacheTierState } from '@cairn/contract'
import { Badge, Meter } from '@cairn/ui'
import { formatBytes, formatCount, formatCounted } from '../shell/clock.ts'
import { describeTier, tierNames } from './words.ts'

export function TierCards({ report }: { readonly report: CacheReport }) {
  return (
    <section class="section">
      <h2>Tiers</h2>
      <div class="card-row">
        {report.tiers.map((tier) => (
          <TierCard key={tier.tier} tier={tier} breaker={report.breaker.state} />
        ))}
      </div>
    </section>
  )
}

interface TierCardProps {
  readonly tier: CacheTierState
  readonly breaker: CacheReport['breaker']['state']
}

function TierCard({ tier, breaker }: TierCardProps) {
  const { tone, title, text } = describeTier(tier, breaker)
  return (
    <div class={tier.state === 'off' ? 'card is-off' : 'card'}>
      <div class="card-head">
        <h3>{tierNames[tier.tier]}</h3>
        <Badge tone={tone} icon={tone === 'accent' ? 'check' : tone === 'neutral' ? undefined : 'warning'}>
          {title}
        </Badge>
      </div>
      <p class="muted">{text}</p>
      {tier.state === 'off' || (tier.state === 'failing' && tier.bytes === 0) ? null : <Fill tier={tier} />}
      {tier.state === 'off' ? null : <Facts tier={tier} />}
    </div>
  )
}

function Fill({ tier: { tier, bytes, maxBytes } }: { readonly tier: CacheTierState }) {
  const text =
    maxBytes === null ? `${formatBytes(bytes)}, bounded by Redis` : `${formatBytes(bytes)} of ${formatBytes(maxBytes)}`
  return (
    <div class="cache-fill">
      {maxBytes === null ? null : <Meter label={`${tierNames[tier]}: used`} value={bytes} max={maxBytes} text={text} />}
      <span>{text}</span>
    </div>
  )
}

function Facts({ tier: { entries, hits, evictions, errors } }: { readonly tier: CacheTierState }) {
  const facts = [
    formatCounted(entries, 'entry', 'entries'),
    formatCounted(hits, 'hit'),
    evictions > 0 ? `${formatCount(evictions)} evicted` : '',
  ].filter(Boolean)
  return (
    <p class="cache-facts">
      {facts.join(' · ')}
      {errors > 0 ? <span class="cache-errors"> · {formatCounted(errors, 'error')}</span> : null}
    </p>
  )
}
