/** `cairn access check|explain|who|matrix|test`: who may do what, and why. */
import {
  explanationSchema,
  matrixSchema,
  scenarioFileSchema,
  scenarioOutcomesSchema,
  whoSchema,
  type Explanation,
  type Matrix,
  type ScenarioFile,
  type ScenarioOutcomes,
} from '@cairn/contract'
import type { z } from 'zod'
import { testScenarios } from '../../access/index.ts'
import { CommandFailure, exitCodes, usageFailure } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { readJsonFile } from '../read-json-file.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import type { CommandContext, CommandSpec } from '../types.ts'

const whoFlags = [
  { name: '--as' as const, value: 'PRINCIPAL', summary: 'user:ID or service:ID; default: yourself.' },
  { name: '--egress' as const, value: 'WHERE', summary: 'Where a model would run: local or external.' },
]
const question = [{ name: 'ACTION' }, { name: 'RESOURCE' }]

export const accessCheck: CommandSpec = {
  name: 'access check',
  group: 'Access',
  summary: 'Say whether somebody may do something.',
  args: question,
  flags: [...whoFlags, jsonFlag],
  example: 'cairn access check read note:vault_1/Plans.md --as user:person_1',
  answersNo: 'it is not allowed',
  run: async (context) => {
    const explanation = await explain(context)
    if (context.json) context.print(JSON.stringify({ decision: explanation.decision }, null, 2))
    else context.print(sayDecision(explanation, context.style))
    return explanation.decision ? exitCodes.done : exitCodes.no
  },
}

export const accessExplain: CommandSpec = {
  name: 'access explain',
  group: 'Access',
  summary: 'Say why somebody may or may not do something, and what would change it.',
  args: question,
  flags: [...whoFlags, jsonFlag],
  example: 'cairn access explain retrieve note:vault_1/Plans.md --egress external',
  answersNo: 'it is not allowed',
  run: async (context) => {
    const { json, print, style } = context
    const explanation = await explain(context)
    if (json) print(JSON.stringify(explanation, null, 2))
    else for (const line of renderExplanation(explanation, style)) print(line)
    return explanation.decision ? exitCodes.done : exitCodes.no
  },
}

export const accessWho: CommandSpec = {
  name: 'access who',
  group: 'Access',
  summary: 'List everybody who may do something, and why.',
  args: question,
  flags: [jsonFlag],
  example: 'cairn access who read folder:vault_1/Finance',
  run: async ({ args, json, print, style, requireServer }) => {
    const query = new URLSearchParams({ action: take(args, 'ACTION'), resource: take(args, 'RESOURCE') })
    const reply = parse(whoSchema, await (await requireServer()).get(`/api/access/who?${query.toString()}`))
    if (json) print(JSON.stringify(reply, null, 2))
    else if (reply.subjects.length === 0) print('Nobody.')
    else
      for (const line of renderTable(
        [
          { title: 'WHO', paint: style.bold },
          { title: 'BECAUSE', shrink: 'end' },
        ],
        reply.subjects.map(({ principal, because }) => [harmlessLine(principal), harmlessLine(because.join('; '))]),
        style,
      ))
        print(line)
    return exitCodes.done
  },
}

export const accessMatrix: CommandSpec = {
  name: 'access matrix',
  group: 'Access',
  summary: 'Show the roles, what each allows, and who holds it.',
  args: [],
  flags: [jsonFlag],
  example: 'cairn access matrix',
  run: async ({ json, print, style, requireServer }) => {
    const matrix = parse(matrixSchema, await (await requireServer()).get('/api/access/matrix'))
    if (json) print(JSON.stringify(matrix, null, 2))
    else for (const line of renderMatrix(matrix, style)) print(line)
    return exitCodes.done
  },
}

export const accessTest: CommandSpec = {
  name: 'access test',
  group: 'Access',
  summary: 'Run a file of scenarios against the policy in force, or against the world that the file brings.',
  args: [{ name: 'FILE' }],
  flags: [jsonFlag],
  example: 'cairn access test scenarios.json',
  answersNo: 'a scenario came out otherwise',
  run: async ({ args, json, print, style, input, requireServer }) => {
    const file = await readJsonFile<ScenarioFile>(take(args, 'FILE'), scenarioFileSchema, 'scenarios')
    const reply =
      file.world === undefined
        ? parse(scenarioOutcomesSchema, await (await requireServer()).post('/api/access/test', file))
        : { outcomes: testScenarios(file, input.clock.now()) }
    if (json) print(JSON.stringify(reply, null, 2))
    else for (const line of renderOutcomes(reply, style)) print(line)
    return reply.outcomes.every(({ passed }) => passed) ? exitCodes.done : exitCodes.no
  },
}

function take(args: CommandContext['args'], name: string): string {
  return args[name]?.[0] ?? ''
}

async function explain({ args, flags, requireServer }: CommandContext): Promise<Explanation> {
  const subject = flags.value('--as')
  const egress = flags.value('--egress')
  if (egress !== undefined && egress !== 'local' && egress !== 'external')
    throw usageFailure('--egress takes local or external.')
  const reply = await (
    await requireServer()
  ).post('/api/access/explain', {
    ...(subject === undefined ? {} : { subject }),
    action: take(args, 'ACTION'),
    resource: take(args, 'RESOURCE'),
    ...(egress === undefined ? {} : { context: { 'model.egress': egress } }),
  })
  return parse(explanationSchema, reply)
}

function parse<T extends z.ZodType>(schema: T, reply: unknown): z.output<T> {
  const { data, success } = schema.safeParse(reply)
  if (success) return data
  throw new CommandFailure(exitCodes.unreachable, 'The server answered in a way this version does not know.')
}

// --- What is printed --------------------------------------------------------------------------------------------------

function sayDecision({ decision, reason, request }: Explanation, style: Style): string {
  const who = harmlessLine(request.subject)
  const what = `${harmlessLine(request.action)} ${harmlessLine(request.resource)}`
  return decision ? `${style.good('✓')} ${who} may ${what}.` : `${style.bad('✗')} ${who} may not ${what} (${reason}).`
}

function renderExplanation(explanation: Explanation, style: Style): string[] {
  const { deny, grants, bounds, near_misses: misses, fix } = explanation
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : ['', style.bold(title), ...items.map((item) => `  ${harmlessLine(item)}`)]
  return [
    sayDecision(explanation, style),
    ...list(
      'Denied by',
      deny.map(({ sentence }) => sentence),
    ),
    ...list(
      'Granted by',
      grants.map(({ sentence }) => sentence),
    ),
    ...list(
      'Bounds',
      bounds.map(({ of, holds, why }) => `${holds ? 'within' : 'outside'} ${of}: ${why}`),
    ),
    ...list(
      'Nearly',
      misses.map(({ id, why }) => `${id}: ${why}`),
    ),
    ...list(
      'What would change it',
      fix.map((each) => each.do),
    ),
  ]
}

function renderMatrix({ roles }: Matrix, style: Style): string[] {
  return renderTable(
    [
      { title: 'ROLE', paint: style.bold },
      { title: 'ALLOWS', shrink: 'end' },
      { title: 'HELD BY', shrink: 'end' },
    ],
    roles.map(({ id, all, holders }) => [
      harmlessLine(id),
      all.join(', '),
      harmlessLine(holders.map(({ principal, scope }) => `${principal} on ${scope}`).join('; ')) || '–',
    ]),
    style,
  )
}

function renderOutcomes({ outcomes }: ScenarioOutcomes, style: Style): string[] {
  const failed = outcomes.filter(({ passed }) => !passed)
  return [
    ...failed.map(
      ({ name, expected, got }) =>
        `${style.bad('✗')} ${harmlessLine(name)}: expected ${harmlessLine(expected) || 'nothing'}, got ${harmlessLine(got) || 'nothing'}`,
    ),
    failed.length === 0
      ? `${style.good('✓')} ${outcomes.length} scenarios came out as expected.`
      : `${failed.length} of ${outcomes.length} scenarios came out otherwise.`,
  ]
}
