/** `cairn group list|add|remove|join|leave`: groups of people, to give roles to. */
import type { GroupInfo, GroupMember, UserInfo } from '@cairn/contract'
import type { ServerClient } from '../client.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import type { CommandSpec } from '../types.ts'
import { isUser } from './user.ts'

type Member = Pick<GroupMember, 'kind' | 'id'> & { readonly name: string }

/** Everybody who can be in a group, and the groups. */
interface Directory {
  readonly users: readonly UserInfo[]
  readonly groups: readonly GroupInfo[]
}

export const groupList: CommandSpec = {
  name: 'group list',
  group: 'Manage',
  summary: 'List groups and who is in them.',
  args: [],
  flags: [jsonFlag],
  example: 'cairn group list',
  run: async ({ json, print, style, requireServer }) => {
    const directory = await readDirectory(await requireServer())
    const { groups } = directory
    if (json) print(JSON.stringify({ groups }, null, 2))
    else if (groups.length === 0) print('There is no group yet. Add one with “cairn group add NAME”.')
    else for (const line of renderGroups(directory, style)) print(line)
    return exitCodes.done
  },
}

export const groupAdd: CommandSpec = {
  name: 'group add',
  group: 'Manage',
  summary: 'Add a group. It holds nobody and may nothing until somebody joins it and it is given a role.',
  args: [{ name: 'NAME' }],
  flags: [jsonFlag],
  example: 'cairn group add Engineering',
  run: async ({ args, json, print, style, requireServer }) => {
    const group = await (await requireServer()).addGroup({ name: args['NAME']?.[0] ?? '' })
    if (json) print(JSON.stringify(group, null, 2))
    else print(`${style.good('✓')} Added the group ${nameOf(group, style)}. ${style.dim(group.id)}`)
    return exitCodes.done
  },
}

export const groupRemove: CommandSpec = {
  name: 'group remove',
  group: 'Manage',
  summary: 'Remove a group. Its people stay; what they could do only by it ends at once.',
  args: [{ name: 'GROUP' }],
  flags: [jsonFlag],
  example: 'cairn group remove Engineering',
  run: async ({ args, json, print, style, requireServer }) => {
    const server = await requireServer()
    const group = findGroup((await server.listGroups()).groups, args['GROUP']?.[0] ?? '')
    const changed = await server.removeGroup(group.id)
    if (json) print(JSON.stringify(changed, null, 2))
    else print(`${style.good('✓')} Removed the group ${nameOf(group, style)}.`)
    return exitCodes.done
  },
}

export const groupJoin = createMemberCommand({
  verb: 'join',
  summary: 'Put a person, a service account or another group into a group.',
  done: 'is in',
  change: (server, group, member) => server.addGroupMember(group.id, { kind: member.kind, id: member.id }),
})

export const groupLeave = createMemberCommand({
  verb: 'leave',
  summary: 'Take a person, a service account or another group out of a group. Takes effect at once.',
  done: 'is no longer in',
  change: (server, group, member) => server.removeGroupMember(group.id, { kind: member.kind, id: member.id }),
})

interface MemberCommand {
  readonly verb: 'join' | 'leave'
  readonly summary: string
  readonly done: string
  change(server: ServerClient, group: GroupInfo, member: Member): Promise<{ epoch: number }>
}

function createMemberCommand({ verb, summary, done, change }: MemberCommand): CommandSpec {
  return {
    name: `group ${verb}`,
    group: 'Manage',
    summary,
    args: [{ name: 'GROUP' }, { name: 'MEMBER' }],
    flags: [jsonFlag],
    example: `cairn group ${verb} Engineering ann@example.org`,
    run: async ({ args, json, print, style, requireServer }) => {
      const server = await requireServer()
      const directory = await readDirectory(server)
      const group = findGroup(directory.groups, args['GROUP']?.[0] ?? '')
      const member = findMember(directory, args['MEMBER']?.[0] ?? '')
      const changed = await change(server, group, member)
      if (json) print(JSON.stringify(changed, null, 2))
      else print(`${style.good('✓')} ${nameOf(member, style)} ${done} ${nameOf(group, style)}.`)
      return exitCodes.done
    },
  }
}

async function readDirectory(server: ServerClient): Promise<Directory> {
  const [{ users }, { groups }] = await Promise.all([server.listUsers(), server.listGroups()])
  return { users, groups }
}

/** By name, in whatever case, or id. */
function isGroup({ id, name }: GroupInfo, named: string): boolean {
  return id === named || name.toLowerCase() === named.trim().toLowerCase()
}

function findGroup(groups: readonly GroupInfo[], named: string): GroupInfo {
  return requireOne(
    groups.filter((group) => isGroup(group, named)),
    { what: 'group', named },
    'Give the name of a group or its id; see “cairn group list”.',
  )
}

function findMember({ users, groups }: Directory, named: string): Member {
  const people = users.filter((user) => isUser(user, named))
  const among = groups.filter((group) => isGroup(group, named))
  const found: readonly Member[] = [
    ...people.map(({ id, name }) => ({ kind: 'user' as const, id, name })),
    ...among.map(({ id, name }) => ({ kind: 'group' as const, id, name })),
  ]
  return requireOne(
    found,
    { what: 'person or group', named },
    'Give an e-mail address, a group or an id; see “cairn user list”.',
  )
}

function requireOne<T>(found: readonly T[], { what, named }: { what: string; named: string }, hint: string): T {
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  const missing = first === undefined ? `There is no ${what} called` : 'Several are called'
  throw new CommandFailure(exitCodes.no, `${missing} ${harmlessLine(named)}.`, { hint })
}

function nameOf({ name }: { readonly name: string }, style: Style): string {
  return style.bold(harmlessLine(name))
}

function renderGroups({ users, groups }: Directory, style: Style): string[] {
  const names = new Map([...users, ...groups].map(({ id, name }) => [id, name]))
  return renderTable(
    [
      { title: 'NAME', shrink: 'end', paint: style.bold },
      { title: 'MEMBERS', shrink: 'end' },
      { title: 'ID', paint: style.dim },
    ],
    groups.map(({ id, name, members }) => [
      harmlessLine(name),
      members.map((member) => harmlessLine(names.get(member.id) ?? member.id)).join(', ') || '–',
      id,
    ]),
    style,
  )
}
