/** `cairn cache stats|invalidate`: what the cache holds and how well it does, and declaring it no longer true. */
import { cacheLimits, type CacheNamespace, type CacheReceipt, type CacheReport } from '@cairn/contract'
import { toCairnError } from '../../base/index.ts'
import { parseScope } from '../../cache/index.ts'
import { exitCodes, usageFailure } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import { wrap } from '../terminal/width.ts'
import type { CommandSpec } from '../types.ts'

export const cacheStats: CommandSpec = {
  name: 'cache stats',
  group: 'Look after',
  summary: 'Show what the cache holds on each tier, how often it is used, and whether it is in step.',
  args: [],
  flags: [jsonFlag],
  example: 'cairn cache stats',
  run: async ({ json, print, style, requireServer }) => {
    const report = await (await requireServer()).cacheStats()
    if (json) print(JSON.stringify(report, null, 2))
    else for (const line of renderReport(report, style)) print(line)
    return exitCodes.done
  },
}

const waits = ['commit', 'all'] as const

export const cacheInvalidate: CommandSpec = {
  name: 'cache invalidate',
  group: 'Look after',
  summary: 'Declare cached values no longer true, by scope, and print the receipt.',
  args: [{ name: 'SCOPE', many: true }],
  flags: [
    {
      name: '--soft',
      summary: 'Let old values be served, marked stale, while they are made anew; default: never again.',
    },
    {
      name: '--wait',
      value: 'UNTIL',
      summary: 'Return when the log has it (commit, the default) or no process serves the old value any more (all).',
    },
    jsonFlag,
  ],
  example: "cairn cache invalidate 'note:vlt_0123456789/Travel policy.md' --wait all",
  answersNo: 'it is not committed yet and tried again',
  run: async ({ args, flags, json, print, style, requireServer }) => {
    const scopes = checkScopes(args['SCOPE'] ?? [])
    const wait = checkWait(flags.value('--wait') ?? 'commit')
    const server = await requireServer()
    const receipt = await server.invalidateCache({ scopes, kind: flags.has('--soft') ? 'soft' : 'hard', wait })
    if (json) print(JSON.stringify(receipt, null, 2))
    else for (const line of renderReceipt(receipt, style)) print(line)
    return receipt.committed ? exitCodes.done : exitCodes.no
  },
}

/** Before anything is sent, so that a wrong word among many changes nothing. */
function checkScopes(scopes: readonly string[]): readonly string[] {
  if (scopes.length > cacheLimits.scopes)
    throw usageFailure(`At most ${cacheLimits.scopes} scopes in one call, not ${scopes.length}.`)
  return scopes.map((scope, index) => {
    try {
      return parseScope(scope, scopes.length === 1 ? 'SCOPE' : `SCOPE ${index + 1}`)
    } catch (thrown) {
      throw usageFailure(
        toCairnError(thrown).message,
        scopes.length > 1 ? "Was a * replaced by the names of files? Quote it: cairn cache invalidate '*'" : undefined,
      )
    }
  })
}

function checkWait(word: string): (typeof waits)[number] {
  const found = waits.find((wait) => wait === word)
  if (found !== undefined) return found
  const shown = harmlessLine(word)
  throw usageFailure(`--wait takes commit or all, not “${shown.length > 80 ? `${shown.slice(0, 79)}…` : shown}”.`)
}

// --- What is printed --------------------------------------------------------------------------------------------------

function renderReceipt({ seq, committed, acked, pending, message }: CacheReceipt, style: Style): string[] {
  const names = (nodes: readonly string[]) => nodes.map(harmlessLine).join(', ')
  const title = committed
    ? `${style.good('✓')} Invalidated at position ${seq ?? '?'} of the log.`
    : `${style.warn('!')} Not committed yet.`
  return [
    title,
    ...(message === undefined ? [] : wrap(harmlessLine(message), style.textColumns - 2).map((line) => `  ${line}`)),
    ...(acked.length > 0 ? [`  ${style.dim('applied by')}      ${names(acked)}`] : []),
    ...(pending.length > 0 ? [`  ${style.dim('not heard from')}  ${names(pending)}`] : []),
  ]
}

function renderReport(report: CacheReport, style: Style): string[] {
  return [
    ...renderState(report, style),
    '',
    ...renderTiers(report, style),
    '',
    ...(report.namespaces.length === 0 ? ['Nothing has been read from the cache yet.'] : renderKinds(report, style)),
    '',
    style.dim(
      `Counted since the start of ${count(report.nodes.length, 'process', 'processes')}. Eviction: ${report.eviction.policy}, changed ${count(report.eviction.switches, 'time')}.`,
    ),
  ]
}

function renderState({ log, breaker, nodes, inconsistencies }: CacheReport, style: Style): string[] {
  const lost = nodes.filter(({ isLeased }) => !isLeased).map(({ node }) => harmlessLine(node))
  const where = log.sequencer === 'redis' ? 'Redis' : 'this host'
  const lines = log.isLeased
    ? [`${style.good('✓')} In step with the log on ${where}, at position ${log.applied.toLocaleString('en')}.`]
    : [
        `${style.bad('✗')} Out of touch with the log on ${where}: ${lost.join(', ')}. Values are made anew until it is back.`,
      ]
  if (log.applied < log.seq)
    lines.push(`${style.warn('!')} ${count(log.seq - log.applied, 'line')} of the log still to apply.`)
  if (log.pending > 0)
    lines.push(`${style.warn('!')} ${count(log.pending, 'invalidation')} not committed yet, kept and tried again.`)
  if (breaker.state !== 'closed')
    lines.push(
      `${style.warn('!')} The shared tier failed and is ${breaker.state === 'open' ? 'left alone for a while' : 'being probed'}.`,
    )
  if (inconsistencies > 0)
    lines.push(
      `${style.bad('✗')} The consistency checker found ${count(inconsistencies, 'wrong entry', 'wrong entries')}.`,
    )
  return lines
}

function renderTiers({ tiers }: CacheReport, style: Style): string[] {
  return renderTable(
    [
      { title: 'TIER', paint: style.bold },
      {
        title: 'STATE',
        paint: (text) => (text === 'on' ? style.good(text) : text === 'failing' ? style.bad(text) : style.dim(text)),
      },
      { title: 'ENTRIES', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'OF', align: 'right', expendable: true },
      { title: 'HITS', align: 'right' },
      { title: 'MISSES', align: 'right', expendable: true },
      { title: 'EVICTED', align: 'right', expendable: true },
      { title: 'ERRORS', align: 'right', expendable: true },
    ],
    tiers.map((tier) =>
      tier.state === 'off'
        ? [tier.tier, 'off', '–', '–', '–', '–', '–', '–', '–']
        : [
            tier.tier,
            tier.state,
            tier.entries.toLocaleString('en'),
            formatBytes(tier.bytes),
            tier.maxBytes === null ? '–' : formatBytes(tier.maxBytes),
            ...[tier.hits, tier.misses, tier.evictions, tier.errors].map((value) => value.toLocaleString('en')),
          ],
    ),
    style,
  )
}

function renderKinds({ namespaces }: CacheReport, style: Style): string[] {
  return renderTable(
    [
      { title: 'WHAT', shrink: 'end', paint: style.bold },
      { title: 'HIT RATE', align: 'right' },
      { title: 'MEMORY', align: 'right' },
      { title: 'DISK', align: 'right' },
      { title: 'SHARED', align: 'right' },
      { title: 'MISSED', align: 'right' },
      { title: 'STALE', align: 'right', expendable: true },
      { title: 'BYPASSED', align: 'right', expendable: true },
      { title: 'SAVED', align: 'right', expendable: true },
    ],
    namespaces.map((namespace) => [
      harmlessLine(namespace.name),
      formatRate(namespace),
      ...[
        namespace.hits.memory,
        namespace.hits.disk,
        namespace.hits.shared,
        namespace.misses,
        namespace.stale,
        namespace.bypasses,
      ].map((value) => value.toLocaleString('en')),
      `$${namespace.savedUsd.toFixed(2)}`,
    ]),
    style,
  )
}

/** Of the reads that could be answered from the cache, the share that was, with something fresh. */
function formatRate({ hits, stale, misses }: CacheNamespace): string {
  const good = hits.memory + hits.disk + hits.shared
  const all = good + stale + misses
  return all === 0 ? '–' : `${Math.floor((good / all) * 100)}%`
}

const units = [
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
] as const

function formatBytes(bytes: number): string {
  const [unit, size] = units.find(([, least]) => bytes >= least) ?? (['B', 1] as const)
  const value = bytes / size
  return `${value.toFixed(unit === 'B' || value >= 100 ? 0 : 1)} ${unit}`
}

function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString('en')} ${value === 1 ? one : many}`
}
