/** `--help`, made from the tables of commands and flags. */
import { globalFlags } from './parse.ts'
import type { Style } from './terminal/style.ts'
import { padEnd, wrap } from './terminal/width.ts'
import type { ArgumentSpec, CommandSpec, FlagSpec } from './types.ts'

const groups: readonly CommandSpec['group'][] = ['Serve', 'Ask and find', 'Manage', 'Access', 'Look after']

export function renderHelp(commands: readonly CommandSpec[], version: string, style: Style): string {
  const lines = [
    `${style.bold('cairn')} ${version}: ask your notes, get answers that cite them`,
    '',
    'Usage: cairn COMMAND [ARGUMENTS] [FLAGS]',
  ]
  const width = Math.max(...commands.map((command) => usageOf(command).length)) + 2
  for (const group of groups) {
    const rows = commands.filter((command) => command.group === group)
    lines.push(
      '',
      style.bold(group),
      ...rows.flatMap((command) => row(usageOf(command), command.summary, { width, style })),
    )
  }
  lines.push('', style.bold('Flags of every command'), ...flagRows(globalFlags, style))
  lines.push(
    '',
    style.dim('cairn COMMAND --help explains one. Exit: 0 done, 1 the answer is no, 2 wrong use, 3 unreachable.'),
  )
  return lines.join('\n')
}

export function renderCommandHelp(command: CommandSpec, style: Style): string {
  const lines = [
    command.summary,
    '',
    `Usage: ${style.bold(`cairn ${usageOf(command)}`)}${command.flags.length > 0 ? ' [FLAGS]' : ''}`,
  ]
  if (command.flags.length > 0) lines.push('', style.bold('Flags'), ...flagRows(command.flags, style))
  lines.push('', style.bold('Flags of every command'), ...flagRows(globalFlags, style))
  lines.push('', style.bold('Example'), `  ${command.example}`)
  const no = command.answersNo === undefined ? '' : ` 1 ${command.answersNo},`
  lines.push('', style.dim(`Exit: 0 done,${no} 2 wrong use, 3 server or store unreachable.`))
  return lines.join('\n')
}

/** `vault add DIR` */
export function usageOf(command: CommandSpec): string {
  return [command.name, ...command.args.map(argumentUsage)].join(' ')
}

function argumentUsage({ name, optional, many }: ArgumentSpec): string {
  const text = many === true ? `${name}…` : name
  return optional === true ? `[${text}]` : text
}

export function flagUsage({ name, short, value, many }: FlagSpec): string {
  return `${short === undefined ? '' : `${short}, `}${name}${value === undefined ? '' : ` ${value}`}${many === true ? ' …' : ''}`
}

function flagRows(flags: readonly FlagSpec[], style: Style): string[] {
  const width = Math.max(...flags.map((flag) => flagUsage(flag).length)) + 2
  return flags.flatMap((flag) => row(flagUsage(flag), flag.summary, { width, style }))
}

function row(name: string, summary: string, { width, style }: { width: number; style: Style }): string[] {
  const [first = '', ...rest] = wrap(summary, Math.max(24, Math.min(style.columns, 100) - width - 2))
  return [
    `  ${style.accent(name)}${padEnd('', width - name.length)}${first}`,
    ...rest.map((line) => ' '.repeat(width + 2) + line),
  ]
}
