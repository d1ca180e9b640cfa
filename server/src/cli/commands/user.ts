/** `cairn user invite|list|suspend|resume|reset|confirm`: people of this server. */
import type { UserInfo, UserLink } from '@cairn/contract'
import { formatTime } from '../../base/index.ts'
import type { ServerClient } from '../client.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import type { CommandContext, CommandSpec } from '../types.ts'

export const userInvite: CommandSpec = {
  name: 'user invite',
  group: 'Manage',
  summary: 'Invite a person. Prints the link with which they set a password; no mail is sent.',
  args: [{ name: 'EMAIL' }],
  flags: [
    { name: '--name', value: 'NAME', summary: 'What to call them; default: what stands before the @.' },
    jsonFlag,
  ],
  example: 'cairn user invite ann@example.org --name "Ann Lee"',
  run: async (context) => {
    const { args, flags, json, print, requireServer } = context
    const email = args['EMAIL']?.[0] ?? ''
    const server = await requireServer()
    const invited = await server.inviteUser({ email, name: flags.value('--name') ?? email.split('@')[0] ?? '' })
    if (json) print(JSON.stringify(invited, null, 2))
    else printLink(context, invited.link)
    return exitCodes.done
  },
}

export const userList: CommandSpec = {
  name: 'user list',
  group: 'Manage',
  summary: 'List people and service accounts.',
  args: [],
  flags: [jsonFlag],
  example: 'cairn user list',
  run: async ({ json, print, style, requireServer }) => {
    const { users } = await (await requireServer()).listUsers()
    if (json) print(JSON.stringify({ users }, null, 2))
    else for (const line of renderUsers(users, style)) print(line)
    return exitCodes.done
  },
}

export const userSuspend = createStatusCommand(
  'suspend',
  'suspended',
  'Shut somebody out at once: sessions end, keys are refused.',
)
export const userResume = createStatusCommand('resume', 'active', 'Let somebody in again who was suspended.')

export const userReset: CommandSpec = {
  name: 'user reset',
  group: 'Manage',
  summary: 'Print a link with which somebody sets a new password, once, within an hour.',
  args: [{ name: 'USER' }],
  flags: [jsonFlag],
  example: 'cairn user reset ann@example.org',
  run: async (context) => {
    const { args, json, print, requireServer } = context
    const server = await requireServer()
    const link = await server.createResetLink((await findUser(server, args['USER']?.[0] ?? '')).id)
    if (json) print(JSON.stringify(link, null, 2))
    else printLink(context, link)
    return exitCodes.done
  },
}

export const userConfirm: CommandSpec = {
  name: 'user confirm',
  group: 'Manage',
  summary: 'Open a link that an administrator who is no owner made for somebody. Takes the owner at this machine.',
  args: [{ name: 'USER' }],
  flags: [jsonFlag],
  example: 'cairn user confirm ann@example.org',
  run: async ({ args, json, print, style, requireServer }) => {
    const server = await requireServer()
    const { users } = await server.listUsers()
    const user = findAmong(users, args['USER']?.[0] ?? '')
    const { link } = user
    if (link === null || link.isConfirmed)
      throw new CommandFailure(exitCodes.no, `No link of ${harmlessLine(user.name)} waits to be confirmed.`)
    const confirmed = await server.confirmLink(user.id, link.id)
    const maker = users.find(({ id }) => id === link.madeBy)?.name ?? link.madeBy
    if (json) print(JSON.stringify(confirmed, null, 2))
    else
      print(
        `${style.good('✓')} The ${link.purpose} that ${harmlessLine(maker)} made for ${style.bold(harmlessLine(user.name))} opens now.`,
      )
    return exitCodes.done
  },
}

function createStatusCommand(verb: 'suspend' | 'resume', status: 'suspended' | 'active', summary: string): CommandSpec {
  return {
    name: `user ${verb}`,
    group: 'Manage',
    summary,
    args: [{ name: 'USER' }],
    flags: [jsonFlag],
    example: `cairn user ${verb} ann@example.org`,
    run: async ({ args, json, print, style, requireServer }) => {
      const server = await requireServer()
      const { user } = await server.changeUser((await findUser(server, args['USER']?.[0] ?? '')).id, { status })
      if (json) print(JSON.stringify(user, null, 2))
      else print(`${style.good('✓')} ${style.bold(harmlessLine(user.name))} is ${status}.`)
      return exitCodes.done
    },
  }
}

async function findUser(server: ServerClient, named: string): Promise<UserInfo> {
  return findAmong((await server.listUsers()).users, named)
}

/** By e-mail address or id. */
export function isUser({ id, email }: UserInfo, named: string): boolean {
  return id === named || email === named.trim().toLowerCase()
}

function findAmong(users: readonly UserInfo[], named: string): UserInfo {
  const found = users.find((user) => isUser(user, named))
  if (found) return found
  throw new CommandFailure(exitCodes.no, `There is nobody called ${harmlessLine(named)}.`, {
    hint: 'Give an e-mail address or an id; see “cairn user list”.',
  })
}

function printLink({ print, style, input }: CommandContext, { url, expiresAt, isConfirmed }: UserLink): void {
  print(style.accent(url))
  if (!isConfirmed) {
    print(
      'It opens nothing until a second administrator has confirmed it, in the console or with “cairn user confirm”.',
    )
    return
  }
  if (input.stdout.isTTY === true)
    print(
      style.dim(
        `Works once, until ${formatTime(expiresAt).slice(0, 16).replace('T', ' ')} UTC. Hand it over yourself.`,
      ),
    )
}

function renderUsers(users: readonly UserInfo[], style: Style): string[] {
  return renderTable(
    [
      { title: 'NAME', shrink: 'end', paint: style.bold },
      { title: 'E-MAIL', shrink: 'end' },
      { title: 'KIND' },
      { title: 'STATE', paint: (text) => (text === 'active' ? style.good(text) : style.dim(text)) },
      { title: 'SIGNS IN WITH', expendable: true },
      { title: 'ID', paint: style.dim },
    ],
    users.map((user) => [
      harmlessLine(user.name),
      harmlessLine(user.email ?? '–'),
      user.isOwner ? 'owner' : user.kind === 'service' ? 'service' : 'person',
      user.status,
      user.methods.join(', ') || '–',
      user.id,
    ]),
    style,
  )
}
