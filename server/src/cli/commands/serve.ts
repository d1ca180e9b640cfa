/** `cairn serve`, which is also `npm start`. */
import { CommandFailure, exitCodes } from '../failure.ts'
import { settingFlags } from '../setting-flags.ts'
import type { CommandSpec } from '../types.ts'

export const serve: CommandSpec = {
  name: 'serve',
  group: 'Serve',
  summary: 'Serve the vaults until ^C: console, API, and the answers of the other commands.',
  args: [],
  flags: settingFlags,
  example: 'cairn serve --vault ~/notes --port 8484',
  run: async ({ input, config, flags }) => {
    if (flags.has('--server'))
      throw new CommandFailure(exitCodes.usage, '--server names a server to talk to; serve starts one.')
    return input.services.runServer(config())
  },
}
