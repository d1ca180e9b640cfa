/** People, groups and vaults of questions about access: named as people name them, told by their names. */
import { principalListSchema, vaultListSchema } from '@cairn/contract'
import { CommandFailure, exitCodes } from './failure.ts'
import { parseReply } from './read-names.ts'
import type { ServerClient } from './client.ts'
import { harmlessLine } from './terminal/style.ts'

export interface AccessWords {
  /** Of `user:ID`, a bare id, or a name that one person, service or group has. Throws `CommandFailure`. */
  subjectOf(named: string): string
  /** With the id of the vault where its name stands: `folder:Notes/Finance`. */
  resourceOf(named: string): string
  /** A sentence of the server with names where it has ids. */
  tell(text: string): string
}

interface Named {
  readonly id: string
  readonly name: string
}

export async function readAccessWords(server: Pick<ServerClient, 'get'>): Promise<AccessWords> {
  const { principals } = parseReply(principalListSchema, await server.get('/api/access/principals'))
  const { vaults } = parseReply(vaultListSchema, await server.get('/api/vaults'))
  const told = new Map<string, string>()
  for (const { id, name } of [...principals, ...vaults])
    told.set(id, isAlone([...principals, ...vaults], name) ? name : `${name} (${id})`)
  const nameOf = (id: string) => told.get(id) ?? told.get(`user:${id}`) ?? told.get(`service:${id}`)
  return {
    subjectOf(named) {
      const found = principals.filter(({ id, name }) => id === named || bare(id) === named || isCalled(name, named))
      if (found.length > 1)
        throw new CommandFailure(exitCodes.usage, `Several are called “${harmlessLine(named)}”.`, {
          hint: `Name one by its id: ${found.map(({ id }) => id).join(', ')}.`,
        })
      const [one] = found
      if (one !== undefined) return one.id
      if (named.includes(':')) return named
      throw new CommandFailure(exitCodes.no, `There is nobody called “${harmlessLine(named)}”.`, {
        hint: 'See “cairn user list”.',
      })
    },
    resourceOf(named) {
      const [, kind = '', vault = '', rest = ''] = /^(vault|folder|note|index):([^/]+)(.*)$/s.exec(named) ?? []
      const found = vaults.filter(({ id, name }) => id === vault || isCalled(name, vault))
      if (found.length > 1 && !found.some(({ id }) => id === vault))
        throw new CommandFailure(exitCodes.usage, `${found.length} vaults are called “${harmlessLine(vault)}”.`, {
          hint: `Name one by its id: ${found.map(({ id }) => id).join(', ')}.`,
        })
      return found.length === 1 ? `${kind}:${found[0]?.id}${rest}` : named
    },
    tell: (text) =>
      harmlessLine(text).replace(
        /\b(?:(user|service|group)[: ](\w+)|(\w+_\w+))/gi,
        (whole, kind: string | undefined, id: string, alone: string | undefined) =>
          (kind === undefined ? nameOf(alone ?? '') : told.get(`${kind.toLowerCase()}:${id}`)) ?? whole,
      ),
  }
}

const bare = (id: string) => id.slice(id.indexOf(':') + 1)
const isCalled = (name: string, named: string) => name.toLowerCase() === named.toLowerCase()
const isAlone = (all: readonly Named[], name: string) => all.filter((each) => isCalled(each.name, name)).length === 1
