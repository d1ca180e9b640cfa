/** One run of the command line: arguments in, exit code out. */
import { CairnError } from '../base/index.ts'
import { loadConfig, type LoadedConfig } from '../config/index.ts'
import { commands } from './commands/index.ts'
import { createConnection } from './connect.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { renderCommandHelp, renderHelp } from './help.ts'
import { parseArguments, type ParsedCommand } from './parse.ts'
import { configFlags } from './setting-flags.ts'
import { createStyle, type Style } from './terminal/style.ts'
import type { CliInput, CommandContext, Output } from './types.ts'

/** Runs the command that the arguments name. Never throws for what a user did; `main.ts` exits with the number. */
export async function runCli(input: CliInput): Promise<number> {
  const style = styleOf(input.stdout, input.env)
  try {
    const parsed = parseArguments(input.argv, commands, input.cwd)
    if (parsed.flags.has('--version')) return print(input, input.version)
    if (parsed.command === null)
      return print(input, renderHelp(commands, input.version, style), parsed.flags.has('--help'))
    if (parsed.flags.has('--help')) return print(input, renderCommandHelp(parsed.command, style))
    return await runCommand(parsed.command, parsed, { input, style })
  } catch (thrown) {
    return reportFailure(thrown, input)
  }
}

async function runCommand(
  command: NonNullable<ParsedCommand['command']>,
  { args, flags }: ParsedCommand,
  { input, style }: { input: CliInput; style: Style },
): Promise<number> {
  let loaded: LoadedConfig | undefined
  const config = () => (loaded ??= loadConfig({ env: input.env, flags: configFlags(flags), directory: input.root }))
  const context: CommandContext = {
    input,
    args,
    flags,
    json: flags.has('--json'),
    style,
    config,
    print: (line = '') => void input.stdout.write(`${line}\n`),
    ...createConnection(input, flags, config),
  }
  try {
    return await command.run(context)
  } catch (thrown) {
    if (context.json && thrown instanceof CommandFailure && thrown.body !== undefined)
      context.print(JSON.stringify(thrown.body, null, 2))
    throw thrown
  }
}

function print(input: CliInput, text: string, asked = true): number {
  ;(asked ? input.stdout : input.stderr).write(`${text}\n`)
  return asked ? exitCodes.done : exitCodes.usage
}

function reportFailure(thrown: unknown, input: CliInput): number {
  const style = styleOf(input.stderr, input.env)
  if (thrown instanceof CommandFailure) {
    input.stderr.write(`${style.bad(thrown.message)}\n${thrown.hint === null ? '' : `${thrown.hint}\n`}`)
    return thrown.exitCode
  }
  if (thrown instanceof CairnError) {
    input.stderr.write(
      `${style.bad(thrown.code === 'internal.error' ? (thrown.internal ?? thrown.message) : thrown.message)}\n`,
    )
    return thrown.spec.status >= 500
      ? exitCodes.unreachable
      : thrown.code === 'config.invalid'
        ? exitCodes.usage
        : exitCodes.no
  }
  throw thrown
}

/** See https://no-color.org: colours are off when the variable is set to anything. */
function styleOf(output: Output, env: CliInput['env']): Style {
  const terminal = output.isTTY === true
  const colour = terminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return createStyle({ colour, columns: terminal ? Math.max(20, output.columns ?? 80) : Infinity })
}
