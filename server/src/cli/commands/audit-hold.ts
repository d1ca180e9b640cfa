/** `cairn audit hold [list|place|release]`: what a legal hold keeps readable in the audit log. */
import { auditHoldListSchema, auditHoldSchema, type AuditHoldView } from '@cairn/contract'
import { formatTime } from '../../base/index.ts'
import type { ServerClient } from '../client.ts'
import { CommandFailure, exitCodes, usageFailure } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import type { CommandContext, CommandSpec } from '../types.ts'
import { parseReply, readNames } from '../read-names.ts'
import { isUser } from './user.ts'

const path = '/api/audit/holds'
const placing = ['--person', '--category', '--from', '--to'] as const

export const auditHold: CommandSpec = {
  name: 'audit hold',
  group: 'Look after',
  summary: 'List legal holds on the audit log, place one, or release one. DO: list, place, release.',
  args: [
    { name: 'DO', optional: true },
    { name: 'HOLD', optional: true },
  ],
  flags: [
    { name: '--person', value: 'USER', summary: 'With place: what names this person, by e-mail address or id.' },
    { name: '--category', value: 'NAME', summary: 'With place: of this category.' },
    { name: '--from', value: 'MONTH', summary: 'With place: from this month on, such as 2026-05.' },
    { name: '--to', value: 'MONTH', summary: 'With place: up to this month, included.' },
    { name: '--reason', value: 'TEXT', summary: 'With place and release: why. The log keeps it.' },
    jsonFlag,
  ],
  example: 'cairn audit hold place --person ann@example.org --from 2026-05 --reason "Case 7"',
  answersNo: 'refused, or there is no such hold',
  run: async (context) => {
    const { args, flags } = context
    const what = args['DO']?.[0] ?? 'list'
    const id = args['HOLD']?.[0]
    if (!['list', 'place', 'release'].includes(what))
      throw usageFailure(`audit hold takes list, place or release, not “${harmlessLine(what)}”.`)
    if (what !== 'place' && placing.some((flag) => flags.has(flag)))
      throw usageFailure(`${placing.join(', ')} go with place.`)
    if (what !== 'release' && id !== undefined) throw usageFailure('The id of a hold goes with release.')
    if (what === 'list') return list(context)
    const reason = flags.value('--reason')?.trim() ?? ''
    if (reason.length < 3) throw usageFailure('--reason is missing.', 'Say why; the log keeps it.')
    return what === 'place' ? place(context, reason) : release(context, id, reason)
  },
}

async function list({ json, print, style, requireServer }: CommandContext): Promise<number> {
  const server = await requireServer()
  const { holds } = parseReply(auditHoldListSchema, await server.get(path))
  if (json) print(JSON.stringify({ holds }, null, 2))
  else for (const line of renderHolds(holds, await readNames(server), style)) print(line)
  return exitCodes.done
}

async function place(context: CommandContext, reason: string): Promise<number> {
  const { flags, requireServer } = context
  if (!placing.some((flag) => flags.has(flag)))
    throw usageFailure('Say what is held: --person, --category, --from or --to.')
  const server = await requireServer()
  const named = flags.value('--person')
  const [category, from, to] = (['--category', '--from', '--to'] as const).map((flag) => flags.value(flag))
  const body = {
    ...(named === undefined ? {} : { person: await findPerson(server, named) }),
    ...(category === undefined ? {} : { category }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    reason,
  }
  return tell(context, parseReply(auditHoldSchema, await server.post(path, body)), 'Placed')
}

async function release(context: CommandContext, id: string | undefined, reason: string): Promise<number> {
  if (id === undefined) throw usageFailure('Say which hold.', 'Their ids are in “cairn audit hold list”.')
  const server = await context.requireServer()
  const reply = await server.post(`${path}/${encodeURIComponent(id)}/release`, { reason })
  return tell(context, parseReply(auditHoldSchema, reply), 'Released')
}

/** The log knows people by their id. */
async function findPerson(server: ServerClient, named: string): Promise<string> {
  if (!named.includes('@')) return named
  const found = (await server.listUsers()).users.find((user) => isUser(user, named))
  if (found !== undefined) return found.id
  throw new CommandFailure(exitCodes.no, `There is nobody called ${harmlessLine(named)}.`, {
    hint: 'Give an e-mail address or an id; see “cairn user list”.',
  })
}

// --- What is printed --------------------------------------------------------------------------------------------------

function tell({ json, print, style }: CommandContext, hold: AuditHoldView, done: string): number {
  if (json) print(JSON.stringify(hold, null, 2))
  else
    print(
      `${style.good('✓')} ${done}: ${style.bold(harmlessLine(hold.id))}, entry ${hold.releasedBy ?? hold.placedBy}.`,
    )
  return exitCodes.done
}

function renderHolds(holds: readonly AuditHoldView[], names: ReadonlyMap<string, string>, style: Style): string[] {
  if (holds.length === 0) return ['Nothing is held.']
  return renderTable(
    [
      { title: 'HOLD', paint: style.bold },
      { title: 'STATE', paint: (text) => (text.trim() === 'active' ? style.good(text) : style.dim(text)) },
      { title: 'KEEPS', shrink: 'end' },
      { title: 'PLACED' },
      { title: 'WHY', shrink: 'end', expendable: true },
    ],
    holds.map((hold) => [
      harmlessLine(hold.id),
      hold.releasedBy === null ? 'active' : 'released',
      harmlessLine(sayScope(hold, names)),
      formatTime(hold.placedAt).slice(0, 10),
      harmlessLine(hold.reason ?? '(erased)'),
    ]),
    style,
  )
}

function sayScope({ person, category, from, to }: AuditHoldView, names: ReadonlyMap<string, string>): string {
  const parts = [
    person === null ? null : (names.get(person) ?? person),
    category,
    from === null ? null : `from ${from}`,
    to === null ? null : `to ${to}`,
  ].filter((part) => part !== null)
  // Where all else is open, it is about somebody who is not told any more.
  return parts.length === 0 ? '(erased person)' : parts.join(', ')
}
