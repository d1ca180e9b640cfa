/** Turns arguments into a command with its flags, by the tables of commands and flags alone. */
import { resolve } from 'node:path'
import { usageFailure } from './failure.ts'
import { nearest } from './nearest.ts'
import type { ArgumentSpec, CommandSpec, FlagSpec, ParsedFlags } from './types.ts'

export const globalFlags: readonly FlagSpec[] = [
  { name: '--server', value: 'URL', summary: 'Talk to the server at this address, with the key in CAIRN_KEY.' },
  {
    name: '--data',
    value: 'DIR',
    path: true,
    summary: 'Data directory of the server; default .cairn in the repository.',
  },
  { name: '--cwd', short: '-C', value: 'DIR', summary: 'Folder from which relative paths count.' },
  { name: '--help', short: '-h', summary: 'Explain a command.' },
  { name: '--version', summary: 'Print the version.' },
]

export const jsonFlag: FlagSpec = { name: '--json', summary: 'Print the reply of the API as JSON.' }

export interface ParsedCommand {
  readonly command: CommandSpec | null
  readonly args: Readonly<Record<string, readonly string[]>>
  readonly flags: ParsedFlags
}

type Values = Map<string, string[]>

/** Throws a `CommandFailure` with exit code 2 that says what was wrong and what is near it. */
export function parseArguments(argv: readonly string[], commands: readonly CommandSpec[], cwd: string): ParsedCommand {
  const values: Values = new Map()
  const words = [...argv]
  while (words[0]?.startsWith('-') === true) takeFlag(words, globalFlags, values)
  const command = takeCommand(words, commands, values)
  if (command === null) return { command, args: {}, flags: readFlags(values, globalFlags, cwd) }
  const known = [
    ...command.flags,
    ...globalFlags.filter(({ name }) => command.flags.every((flag) => flag.name !== name)),
  ]
  const positional: string[] = []
  while (words.length > 0) {
    if (words[0] === '--') positional.push(...words.splice(0).slice(1))
    else if (/^-./.test(words[0] ?? '')) takeFlag(words, known, values)
    else positional.push(words.shift() ?? '')
  }
  const from = resolve(cwd, values.get('--cwd')?.[0] ?? '.')
  const flags = readFlags(values, known, from)
  return { command, args: flags.has('--help') ? {} : assign(command, positional, from), flags }
}

function takeFlag(words: string[], known: readonly FlagSpec[], values: Values): void {
  const word = words.shift() ?? ''
  const [name = '', ...rest] = word.split('=')
  const flag = known.find((candidate) => candidate.name === name || candidate.short === name)
  if (flag === undefined) {
    const near = nearest(
      name,
      known.map((candidate) => candidate.name),
    )
    throw usageFailure(`There is no flag ${name} here.`, near === undefined ? 'See --help.' : `Did you mean ${near}?`)
  }
  const inline = rest.length > 0 ? rest.join('=') : undefined
  if (flag.value === undefined && inline !== undefined) throw usageFailure(`${flag.name} takes no value.`)
  const value = flag.value === undefined ? 'true' : (inline ?? words.shift())
  if (value === undefined || value === '') throw usageFailure(`${flag.name} needs a value: ${flag.name} ${flag.value}.`)
  const before = values.get(flag.name) ?? []
  if (before.length > 0 && flag.many === undefined && flag.value !== undefined)
    throw usageFailure(`${flag.name} is given twice.`)
  values.set(flag.name, [...before, value])
}

function takeCommand(words: string[], commands: readonly CommandSpec[], values: Values): CommandSpec | null {
  const [first, second] = words
  if (first === undefined) return null
  if (first === 'help') {
    values.set('--help', ['true'])
    words.shift()
    return takeCommand(words, commands, values)
  }
  const long = commands.find(({ name }) => name === `${first} ${second ?? ''}`)
  const found = long ?? commands.find(({ name }) => name === first)
  if (found !== undefined) {
    words.splice(0, found.name.split(' ').length)
    return found
  }
  const family = commands.filter(({ name }) => name.startsWith(`${first} `))
  if (family.length > 0) {
    const list = family.map(({ name }) => name).join(', ')
    throw usageFailure(
      second === undefined || second.startsWith('-')
        ? `“${first}” needs one more word.`
        : `There is no command “${first} ${second}”.`,
      `There are: ${list}.`,
    )
  }
  const near =
    nearest(
      first,
      commands.map(({ name }) => name),
    ) ??
    nearest(
      `${first} ${second ?? ''}`,
      commands.map(({ name }) => name),
    )
  throw usageFailure(
    `There is no command “${first}”.`,
    near === undefined ? 'See cairn --help.' : `Did you mean “${near}”?`,
  )
}

function readFlags(values: Values, known: readonly FlagSpec[], cwd: string): ParsedFlags {
  const isPath = (name: string) => known.find((flag) => flag.name === name)?.path === true
  const list = (name: string) => (values.get(name) ?? []).map((value) => (isPath(name) ? resolve(cwd, value) : value))
  return { has: (name) => values.has(name), value: (name) => list(name)[0], values: list }
}

function assign(command: CommandSpec, words: readonly string[], cwd: string): Record<string, string[]> {
  const assigned: Record<string, string[]> = {}
  const left = [...words]
  const place = (spec: ArgumentSpec, taken: string[]) => {
    if (taken.length === 0 && spec.optional === undefined)
      throw usageFailure(`${spec.name} is missing.`, `For example: ${command.example}`)
    assigned[spec.name] = spec.path === true ? taken.map((word) => resolve(cwd, word)) : taken
  }
  for (const spec of command.args) place(spec, left.splice(0, spec.many === true ? left.length : 1))
  if (left.length > 0) throw usageFailure(`“${left[0]}” is one word too many.`, `For example: ${command.example}`)
  return assigned
}
