/**
 * A custom command: a note in the folder of commands. Its text is the prompt, its properties say what the command is
 * called and what it takes. Pure; whoever reads the note brings a reader of YAML.
 *
 *     ---
 *     name: Explain to
 *     description: Explains the selection to somebody.
 *     arguments:
 *       - { name: whom, required: true }
 *     ---
 *     Explain to {{arg.whom}}: {{selection!}}
 */
import { bindArguments, parseArguments, type ArgumentSpec, type Bound } from './arguments.ts'
import { foldText } from './fold.ts'
import { parseInvocation, quoteArgument } from './invocation.ts'
import { parseTemplate, renderTemplate, type Rendered, type Template, type VariableName } from './template.ts'

export interface CustomCommand {
  /** Of the Obsidian command that runs it; as stable as the note’s path. */
  readonly id: string
  /** Of the note, in the vault. */
  readonly path: string
  readonly name: string
  readonly description: string
  readonly aliases: readonly string[]
  /** False for a prompt that is put into the box and waits there. */
  readonly sends: boolean
  readonly specs: readonly ArgumentSpec[]
  readonly template: Extract<Template, { ok: true }>
}

/** A note of the folder that is no command yet, and why. */
export interface BrokenCommand {
  readonly path: string
  readonly name: string
  readonly problems: readonly string[]
}

export interface CommandNote {
  readonly path: string
  /** Folder of the commands, without a slash at the end. */
  readonly folder: string
  readonly text: string
}

export const customPrefix = 'prompt:'
export const mostCustomCommands = 200
const longestName = 80
const longestDescription = 300
const mostAliases = 16

/** `parseYaml` throws for what is no YAML. */
export function parseCustomCommand(
  { path, folder, text }: CommandNote,
  parseYaml: (text: string) => unknown,
): CustomCommand | BrokenCommand {
  const inFolder = path.slice(folder === '' ? 0 : folder.length + 1).replace(/\.md$/i, '')
  const ownName = inFolder.slice(inFolder.lastIndexOf('/') + 1)
  const [front, body] = splitNote(text)
  const fields = readFields(front, parseYaml)
  if (typeof fields === 'string') return { path, name: ownName, problems: [fields] }
  const problems: string[] = []
  const { name = ownName, description = '', aliases = [], send = true } = fields
  if (!isText(name, longestName) || name.trim() === '')
    problems.push(`“name” is a text of at most ${longestName} characters.`)
  if (!isText(description, longestDescription))
    problems.push(`“description” is a text of at most ${longestDescription} characters.`)
  const others: unknown = typeof aliases === 'string' ? [aliases] : (aliases ?? [])
  if (!Array.isArray(others) || others.length > mostAliases || !others.every((each) => isText(each, longestName)))
    problems.push(`“aliases” is a list of at most ${mostAliases} texts.`)
  if (typeof send !== 'boolean') problems.push('“send” is true or false.')
  const args = parseArguments(fields['arguments'])
  if (!args.ok) problems.push(...args.problems)
  const prompt = body.trim()
  if (prompt === '') problems.push('The note has no text yet: its text is the prompt.')
  // While the arguments cannot be read, nobody knows which variables there are.
  const template = args.ok ? parseTemplate(prompt, namesOf(args.specs)) : null
  if (template?.ok === false)
    problems.push(...template.errors.map(({ at, message }) => `${placeOf(text, prompt, at)}: ${message}`))
  if (problems.length > 0 || !args.ok || template?.ok !== true)
    return { path, name: isText(name, longestName) ? name : ownName, problems }
  return {
    id: `${customPrefix}${inFolder}`,
    path,
    name: (name as string).trim(),
    description: (description as string).trim(),
    aliases: others as string[],
    sends: send === true,
    specs: args.specs,
    template,
  }
}

export const isBroken = (read: CustomCommand | BrokenCommand): read is BrokenCommand => 'problems' in read

function splitNote(text: string): [front: string, body: string] {
  const front = /^---[ \t]*\r?\n([\s\S]*?)(?:\r?\n)?---[ \t]*(?:\r?\n|$)/.exec(text)
  return front === null ? ['', text] : [front[1] ?? '', text.slice(front[0].length)]
}

function readFields(front: string, parseYaml: (text: string) => unknown): Record<string, unknown> | string {
  try {
    const read = parseYaml(front) ?? {}
    if (typeof read !== 'object' || Array.isArray(read)) return 'The properties are not names with values.'
    // A property without a value is as good as none.
    return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== null))
  } catch {
    return 'The properties cannot be read. Look at them in source mode: indents and quotes must be right.'
  }
}

const isText = (value: unknown, longest: number): value is string =>
  typeof value === 'string' && value.length <= longest && !value.includes('\n')

const namesOf = (specs: readonly ArgumentSpec[]): string[] => specs.map(({ name }) => name)

function placeOf(text: string, prompt: string, at: number): string {
  return `Line ${text.slice(0, text.indexOf(prompt) + at).split('\n').length}`
}

// --- Running one ------------------------------------------------------------------------------------------------------

/** Which variables of the app must be known before `fillPrompt`. */
export const needsOf = ({ template }: Pick<CustomCommand, 'template'>): VariableName[] =>
  template.variables.filter((name) => !name.startsWith('arg.'))

/**
 * The prompt with everything in it. `args` by name, as `bindArguments` gives them; `variables` those of the app. What a
 * value holds is never read as a template.
 */
export function fillPrompt(
  { template }: Pick<CustomCommand, 'template'>,
  args: ReadonlyMap<string, string>,
  variables: ReadonlyMap<VariableName, string>,
): Rendered {
  const named = [...args].map(([name, value]): [VariableName, string] => [`arg.${name}`, value])
  return renderTemplate(template, new Map([...variables, ...named]))
}

/** Whether one argument may be this; an empty text is its default, or nothing. */
export function checkArgument(spec: ArgumentSpec, typed: string): string | null {
  const bound = bindArguments([spec], { positional: typed === '' ? [] : [typed], named: new Map() })
  return bound.ok ? null : (bound.errors[0]?.message ?? null)
}

/** How the command is typed: its name in small letters, with dashes for spaces. */
export const slugOf = (name: string): string =>
  foldText(name)
    .trim()
    .replace(/[\s"'=]+/g, '-')

/** A command with what was typed after its name. */
export interface TypedCommand {
  readonly command: CustomCommand
  /** What was given, by name; nothing of what was left out. */
  readonly given: ReadonlyMap<string, string>
  /** Why it cannot run as it is typed, or null. What is missing is asked for. */
  readonly problem: string | null
}

/** Null unless the text begins with a command’s name and a space. */
export function findTyped(text: string, commands: readonly CustomCommand[]): TypedCommand | null {
  const head = /^\s*(\S+)\s/.exec(text)?.[1]
  if (head === undefined) return null
  const command = commands.find(({ name }) => slugOf(name) === foldText(head))
  if (command === undefined) return null
  const read = parseInvocation(text)
  if (!read.ok) return { command, given: new Map(), problem: read.error.message }
  const lax = command.specs.map((spec) => ({ ...spec, default: null, required: false }))
  const bound = bindArguments(lax, read.invocation)
  return bound.ok
    ? { command, given: bound.values, problem: null }
    : { command, given: new Map(), problem: bound.errors[0]?.message ?? null }
}

/** The arguments to ask for: all, or, where some were typed, those that it cannot do without. */
export function findAsked({ specs }: Pick<CustomCommand, 'specs'>, given: ReadonlyMap<string, string>): ArgumentSpec[] {
  const left = specs.filter(({ name }) => !given.has(name))
  return given.size === 0 ? left : left.filter((spec) => spec.required && spec.default === null)
}

/** All arguments with their defaults; everything that is wrong else. */
export function bindGiven({ specs }: Pick<CustomCommand, 'specs'>, given: ReadonlyMap<string, string>): Bound {
  return bindArguments(specs, { positional: [], named: given })
}

/** What one would type for these arguments. */
export function writeArguments(given: ReadonlyMap<string, string>): string {
  return [...given].map(([name, value]) => `${name}=${quoteArgument(value)}`).join(' ')
}
