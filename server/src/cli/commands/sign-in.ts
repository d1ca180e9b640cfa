/** `cairn sign-in`: a one-time link into the console. */
import { exitCodes } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import type { CommandSpec } from '../types.ts'

export const signIn: CommandSpec = {
  name: 'sign-in',
  group: 'Serve',
  summary: 'Print a link that signs a browser in to the console, once.',
  args: [],
  flags: [jsonFlag],
  example: 'cairn sign-in',
  run: async ({ requireServer, json, print, style, input }) => {
    const server = await requireServer()
    const link = await server.createSignInLink()
    if (json) {
      print(JSON.stringify(link, null, 2))
      return exitCodes.done
    }
    const minutes = Math.max(1, Math.round((link.expiresAt - input.clock.now()) / 60_000))
    print(style.accent(link.url))
    print(style.dim(`Works once, for the next ${minutes} minutes.`))
    return exitCodes.done
  },
}
