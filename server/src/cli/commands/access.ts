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
import { testScenarios } from '../../access/index.ts'
import { readAccessWords, type AccessWords } from '../access-words.ts'
import { exitCodes, usageFailure } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { readJsonFile } from '../read-json-file.ts'
import { parseReply } from '../read-names.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import type { CommandContext, CommandSpec } from '../types.ts'

const whoFlags = [
  { name: '--as' as const, value: 'WHO', summary: 'A name, user:ID or service:ID; default: yourself.' },
  { name: '--egress' as const, value: 'WHERE', summary: 'Where a model would run: local or external.' },
]
const question = [{ name: 'ACTION' }, { name: 'RESOURCE' }]

export const accessCheck: CommandSpec = {
  name: 'access check',
  group: 'Access',
  summary: 'Say whether somebody may do something.',
  args: question,
  flags: [...whoFlags, jsonFlag],
  example: 'cairn access check read note:Notes/Plans.md --as Ann',
  answersNo: 'it is not allowed',
  run: async (context) => {
    const { explanation, words } = await explain(context)
    if (context.json) context.print(JSON.stringify({ decision: explanation.decision }, null, 2))
    else context.print(sayDecision(explanation, words, context.style))
    return explanation.decision ? exitCodes.done : exitCodes.no
  },
}

export const accessExplain: CommandSpec = {
  name: 'access explain',
  group: 'Access',
  summary: 'Say why somebody may or may not do something, and what would change it.',
  args: question,
  flags: [...whoFlags, jsonFlag],
  example: 'cairn access explain retrieve note:Notes/Plans.md --egress external',
  answersNo: 'it is not allowed',
  run: async (context) => {
    const { json, print, style } = context
    const { explanation, words } = await explain(context)
    if (json) print(JSON.stringify(explanation, null, 2))
    else for (const line of renderExplanation(explanation, words, style)) print(line)
    return explanation.decision ? exitCodes.done : exitCodes.no
  },
}

export const accessWho: CommandSpec = {
  name: 'access who',
  group: 'Access',
  summary: 'List everybody who may do something, and why.',
  args: question,
  flags: [jsonFlag],
  example: 'cairn access who read folder:Notes/Finance',
  run: async ({ args, json, print, style, requireServer }) => {
    const server = await requireServer()
    const words = await readAccessWords(server)
    const resource = words.resourceOf(take(args, 'RESOURCE'))
    const query = new URLSearchParams({ action: take(args, 'ACTION'), resource })
    const reply = parseReply(whoSchema, await server.get(`/api/access/who?${query.toString()}`))
    if (json) print(JSON.stringify(reply, null, 2))
    else if (reply.subjects.length === 0) print('Nobody.')
    else
      for (const line of renderTable(
        [
          { title: 'WHO', paint: style.bold },
          { title: 'BECAUSE', shrink: 'end' },
        ],
        reply.subjects.map(({ principal, because }) => [words.tell(principal), words.tell(because.join('; '))]),
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
    const server = await requireServer()
    const matrix = parseReply(matrixSchema, await server.get('/api/access/matrix'))
    if (json) print(JSON.stringify(matrix, null, 2))
    else for (const line of renderMatrix(matrix, await readAccessWords(server), style)) print(line)
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
        ? parseReply(scenarioOutcomesSchema, await (await requireServer()).post('/api/access/test', file))
        : { outcomes: testScenarios(file, input.clock.now()) }
    if (json) print(JSON.stringify(reply, null, 2))
    else for (const line of renderOutcomes(reply, style)) print(line)
    return reply.outcomes.every(({ passed }) => passed) ? exitCodes.done : exitCodes.no
  },
}

function take(args: CommandContext['args'], name: string): string {
  return args[name]?.[0] ?? ''
}

interface Explained {
  readonly explanation: Explanation
  readonly words: AccessWords
}

async function explain({ args, flags, requireServer }: CommandContext): Promise<Explained> {
  const subject = flags.value('--as')
  const egress = flags.value('--egress')
  if (egress !== undefined && egress !== 'local' && egress !== 'external')
    throw usageFailure('--egress takes local or external.')
  const server = await requireServer()
  const words = await readAccessWords(server)
  const reply = await server.post('/api/access/explain', {
    ...(subject === undefined ? {} : { subject: words.subjectOf(subject) }),
    action: take(args, 'ACTION'),
    resource: words.resourceOf(take(args, 'RESOURCE')),
    ...(egress === undefined ? {} : { context: { 'model.egress': egress } }),
  })
  return { explanation: parseReply(explanationSchema, reply), words }
}

// --- What is printed --------------------------------------------------------------------------------------------------

function sayDecision({ decision, reason, request }: Explanation, words: AccessWords, style: Style): string {
  const who = words.tell(request.subject)
  const what = `${harmlessLine(request.action)} ${words.tell(request.resource)}`
  return decision ? `${style.good('✓')} ${who} may ${what}.` : `${style.bad('✗')} ${who} may not ${what} (${reason}).`
}

function renderExplanation(explanation: Explanation, words: AccessWords, style: Style): string[] {
  const { deny, grants, bounds, near_misses: misses, fix } = explanation
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : ['', style.bold(title), ...items.map((item) => `  ${words.tell(item)}`)]
  return [
    sayDecision(explanation, words, style),
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

function renderMatrix({ org, roles }: Matrix, words: AccessWords, style: Style): string[] {
  return renderTable(
    [
      { title: 'ROLE', paint: style.bold },
      { title: 'ALLOWS', shrink: 'end' },
      { title: 'HELD BY', shrink: 'end' },
    ],
    roles.map(({ id, all, holders }) => [
      harmlessLine(id),
      all.join(', '),
      holders
        .map(({ principal, scope }) => words.tell(scope === org ? principal : `${principal} on ${scope}`))
        .join('; ') || '–',
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
