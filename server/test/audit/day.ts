/** What the steps of a scripted day are made of. */
import type { Member, Team } from '../kit/team.ts'

export interface Day {
  readonly team: Team
  readonly owner: Member
  /** Administrators of people and policy. */
  readonly sam: Member
  readonly tess: Member
  /** May read texts that are kept. */
  readonly ada: Member
  readonly ben: Member
  /** What one step leaves for the next. */
  readonly left: Map<string, string>
}

export interface Step {
  /** As the table names it. */
  readonly row: string
  send(day: Day): Promise<Response>
  /** Body of the same call about something that is not there; null where nothing can be missing. */
  readonly missing?: unknown
}

export const step = (row: string, send: Step['send'], missing?: unknown): Step => ({ row, send, missing })
export const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
})
export const get = (row: string, query = ''): Step => step(row, ({ owner }) => owner.call(`${row.slice(4)}${query}`))
export const find = ({ left }: Day, name: string) => left.get(name) ?? fail(name)
export const fail = (name: string): never => {
  throw new Error(`no step has left ${name}`)
}

/** Keeps something of the reply, which is read from a copy. */
export async function keep(
  day: Day,
  name: string,
  reply: Promise<Response>,
  pick: (body: never) => string,
): Promise<Response> {
  const got = await reply
  if (got.ok) day.left.set(name, pick((await got.clone().json()) as never))
  return got
}

export const password = 'drei laute Möwen im Hafen'
