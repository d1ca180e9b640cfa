/** `cairn model list|explain`: which models there are and how they fare, and who would answer a request, and why. */
import {
  labels,
  routeExplanationSchema,
  type ModelsReply,
  type RouteExplainRequest,
  type RouteExplanation,
} from '@cairn/contract'
import { exitCodes, CommandFailure, usageFailure } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { takeNumber } from '../take-number.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import { wrap } from '../terminal/width.ts'
import type { CommandSpec, ParsedFlags } from '../types.ts'

export const modelList: CommandSpec = {
  name: 'model list',
  group: 'Look after',
  summary: 'List the models with their provider, clearance, price and health, and the names that stand for several.',
  args: [],
  flags: [jsonFlag],
  example: 'cairn model list',
  run: async ({ json, print, style, requireServer }) => {
    const reply = await (await requireServer()).listModels()
    if (json) print(JSON.stringify(reply, null, 2))
    else for (const line of renderModels(reply, style)) print(line)
    return exitCodes.done
  },
}

const kinds = ['chat', 'ask', 'embedding'] as const
const mostTokens = 100_000_000

export const modelExplain: CommandSpec = {
  name: 'model explain',
  group: 'Look after',
  summary: 'Show which models would be asked, in which order, which would not, and why. Nothing is sent.',
  args: [{ name: 'MODEL', optional: true }],
  flags: [
    { name: '--kind', value: 'KIND', summary: 'What is asked: chat (the default), ask or embedding.' },
    { name: '--label', value: 'LABEL', summary: 'Label of the notes in the request; default: public.' },
    { name: '--input', value: 'TOKENS', summary: 'How long the request is, in tokens; default 1000.' },
    { name: '--output', value: 'TOKENS', summary: 'How long the answer may be, in tokens; default 1000.' },
    jsonFlag,
  ],
  example: 'cairn model explain fast --label confidential',
  answersNo: 'no model would be asked',
  run: async ({ args, flags, json, print, style, requireServer }) => {
    const request = readRequest(args['MODEL']?.[0], flags)
    const reply = await (await requireServer()).post('/api/routing/explain', request)
    const explanation = routeExplanationSchema.safeParse(reply)
    if (!explanation.success)
      throw new CommandFailure(exitCodes.unreachable, 'The server answered in a way this version does not know.')
    if (json) print(JSON.stringify(reply, null, 2))
    else for (const line of renderExplanation(explanation.data, style)) print(line)
    return explanation.data.attempts.length > 0 ? exitCodes.done : exitCodes.no
  },
}

function readRequest(model: string | undefined, flags: ParsedFlags): Partial<RouteExplainRequest> {
  const inputTokens = takeNumber(flags, '--input', { min: 0, max: mostTokens })
  const outputTokens = takeNumber(flags, '--output', { min: 1, max: mostTokens })
  const kind = takeWord(flags, '--kind', kinds)
  const label = takeWord(flags, '--label', labels)
  return {
    ...(model === undefined ? {} : { model }),
    ...(kind === undefined ? {} : { kind }),
    ...(label === undefined ? {} : { label }),
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
  }
}

function takeWord<T extends string>(flags: ParsedFlags, name: `--${string}`, words: readonly T[]): T | undefined {
  const given = flags.value(name)
  if (given === undefined) return undefined
  const word = words.find((each) => each === given)
  if (word !== undefined) return word
  throw usageFailure(`${name} takes ${words.join(', ')}, not “${harmlessLine(given).slice(0, 80)}”.`)
}

// --- What is printed --------------------------------------------------------------------------------------------------

function renderModels({ models, virtual, providers }: ModelsReply, style: Style): string[] {
  const table = renderTable(
    [
      { title: 'MODEL', shrink: 'end', paint: style.bold },
      { title: 'PROVIDER', shrink: 'end' },
      { title: 'STATE', paint: (text) => (text === 'ok' || text === 'starting' ? style.good(text) : style.bad(text)) },
      { title: 'CLEARANCE' },
      { title: 'WHERE', expendable: true },
      { title: 'WINDOW', align: 'right', expendable: true },
      { title: '$/M IN', align: 'right' },
      { title: '$/M OUT', align: 'right' },
      { title: 'FIRST TOKEN', align: 'right', expendable: true },
    ],
    models.map((model) => [
      `${harmlessLine(model.id)}${model.isDefault ? ' (default)' : ''}`,
      harmlessLine(model.provider),
      model.health.state,
      model.clearance,
      model.egress,
      model.contextWindow?.toLocaleString('en') ?? '–',
      formatUsd(model.inputUsdPerMTok),
      formatUsd(model.outputUsdPerMTok),
      model.health.ttftMs === null ? '–' : `${Math.round(model.health.ttftMs).toLocaleString('en')} ms`,
    ]),
    style,
  )
  const off = providers.filter(({ enabled }) => !enabled).map(({ id }) => harmlessLine(id))
  return [
    ...(models.length === 0 ? ['There is no model.'] : table),
    ...(virtual.length === 0 ? [] : ['', ...renderVirtual(virtual, style)]),
    ...(off.length === 0 ? [] : ['', style.dim(`Switched off: ${off.join(', ')}.`)]),
  ]
}

function renderVirtual(virtual: ModelsReply['virtual'], style: Style): string[] {
  return renderTable(
    [{ title: 'NAME', paint: style.bold }, { title: 'STRATEGY' }, { title: 'MEANS NOW', shrink: 'end' }],
    virtual.map(({ id, strategy, models }) => [
      harmlessLine(id),
      harmlessLine(strategy),
      models.length === 0 ? '–' : models.map(harmlessLine).join(', '),
    ]),
    style,
  )
}

function renderExplanation(route: RouteExplanation, style: Style): string[] {
  const { asked, strategy, label, attempts, rejected } = route
  const reasons = (lines: { name: string; why: string }[], mark: string) =>
    lines.flatMap(({ name, why }) => [
      `${mark} ${style.bold(harmlessLine(name))}`,
      ...wrap(harmlessLine(why), style.textColumns - 4).map((line) => `    ${style.dim(line)}`),
    ])
  const tried = attempts.flatMap(({ provider, model, role, why, estimatedUsd }, index) => {
    const price = estimatedUsd === null ? '' : `, about $${estimatedUsd.toFixed(6)}`
    return reasons([{ name: `${provider}/${model}`, why: `${role}: ${why}${price}` }], style.good(`${index + 1}.`))
  })
  const refused = rejected.map(({ provider, model, rule, reason }) => ({
    name: `${provider}/${model}`,
    why: `${rule}: ${reason}`,
  }))
  return [
    `${style.bold(harmlessLine(asked))} by ${harmlessLine(strategy)}, with notes up to ${label}`,
    ...(tried.length === 0 ? [`${style.bad('✗')} No model would be asked.`] : tried),
    ...(refused.length === 0 ? [] : ['', 'Not asked', ...reasons(refused, style.bad('✗'))]),
  ]
}

function formatUsd(usd: number | null): string {
  return usd === null ? '–' : usd.toFixed(2)
}
