/** Replies with a shape, and what people and services are called. */
import { principalListSchema } from '@cairn/contract'
import { CommandFailure, exitCodes } from './failure.ts'
import type { ServerClient } from './client.ts'

export function parseReply<T>(
  schema: { safeParse(value: unknown): { success: boolean; data?: T } },
  reply: unknown,
): T {
  const { success, data } = schema.safeParse(reply)
  if (success && data !== undefined) return data
  throw new CommandFailure(exitCodes.unreachable, 'The server answered in a way this version does not know.')
}

/** Names of people and services by id, as far as they may be known. */
export async function readNames(server: Pick<ServerClient, 'get'>): Promise<Map<string, string>> {
  const { principals } = parseReply(principalListSchema, await server.get('/api/access/principals'))
  return new Map(principals.map(({ id, name }) => [id.slice(id.indexOf(':') + 1), name]))
}
