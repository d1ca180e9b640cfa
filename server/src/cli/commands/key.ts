/** `cairn key create|list|revoke`: API keys for clients. */
import type { KeyInfo } from '@cairn/contract'
import { formatTime } from '../../base/index.ts'
import { exitCodes } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { takeNumber } from '../take-number.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import type { CommandSpec } from '../types.ts'

export const keyCreate: CommandSpec = {
  name: 'key create',
  group: 'Manage',
  summary: 'Make an API key for a client. It is shown this once.',
  args: [{ name: 'NAME' }],
  flags: [
    { name: '--expires-in-days', value: 'N', summary: 'Let it expire after N days, 1 to 3650; default: never.' },
    jsonFlag,
  ],
  example: 'cairn key create laptop --expires-in-days 90',
  run: async ({ args, flags, json, print, style, requireServer, input }) => {
    const expiresInDays = takeNumber(flags, '--expires-in-days', { min: 1, max: 3_650 })
    const server = await requireServer()
    const created = await server.createKey({
      name: args['NAME']?.[0] ?? '',
      ...(expiresInDays === undefined ? {} : { expiresInDays }),
    })
    if (json) print(JSON.stringify(created, null, 2))
    else if (input.stdout.isTTY === true) {
      print(style.accent(created.key))
      print(style.dim('Keep it now: Cairn stores only its hash and cannot show it again.'))
    } else print(created.key)
    return exitCodes.done
  },
}

export const keyList: CommandSpec = {
  name: 'key list',
  group: 'Manage',
  summary: 'List the API keys, by their first characters.',
  args: [],
  flags: [jsonFlag],
  example: 'cairn key list',
  run: async ({ json, print, style, requireServer, input }) => {
    const { keys } = await (await requireServer()).listKeys()
    if (json) print(JSON.stringify({ keys }, null, 2))
    else if (keys.length === 0) print('There is no API key yet. Make one with “cairn key create NAME”.')
    else for (const line of renderKeys(keys, style, input.clock.now())) print(line)
    return exitCodes.done
  },
}

export const keyRevoke: CommandSpec = {
  name: 'key revoke',
  group: 'Manage',
  summary: 'End an API key at once, by its id.',
  args: [{ name: 'ID' }],
  flags: [jsonFlag],
  example: 'cairn key revoke key_0123456789',
  run: async ({ args, json, print, style, requireServer }) => {
    const id = args['ID']?.[0] ?? ''
    await (await requireServer()).revokeKey(id)
    print(json ? JSON.stringify({ revoked: id }, null, 2) : `${style.good('✓')} ${harmlessLine(id)} is revoked.`)
    return exitCodes.done
  },
}

function renderKeys(keys: readonly KeyInfo[], style: Style, now: number): string[] {
  const day = (ms: number | null) => (ms === null ? '–' : formatTime(ms).slice(0, 10))
  const state = ({ revokedAt, expiresAt }: KeyInfo) =>
    revokedAt !== null ? 'revoked' : expiresAt !== null && expiresAt <= now ? 'expired' : 'valid'
  return renderTable(
    [
      { title: 'NAME', shrink: 'end', paint: style.bold },
      { title: 'BEGINS WITH' },
      { title: 'STATE', paint: (text) => (text === 'valid' ? style.good(text) : style.dim(text)) },
      { title: 'MADE', expendable: true },
      { title: 'USED', expendable: true },
      { title: 'EXPIRES' },
      { title: 'ID', paint: style.dim },
    ],
    keys.map((key) => [
      harmlessLine(key.name),
      harmlessLine(key.prefix),
      state(key),
      day(key.createdAt),
      day(key.lastUsedAt),
      day(key.expiresAt),
      key.id,
    ]),
    style,
  )
}
