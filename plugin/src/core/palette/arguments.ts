/** What a custom command takes, and whether what was typed is that. */
import type { Invocation } from './invocation.ts'

const kinds = ['text', 'number', 'choice', 'note', 'folder'] as const

export interface ArgumentSpec {
  readonly name: string
  readonly kind: (typeof kinds)[number]
  readonly description: string
  /** Of a choice; empty for others. */
  readonly choices: readonly string[]
  readonly default: string | null
  readonly required: boolean
}

export const argumentLimits = { arguments: 16, choices: 100, description: 300, default: 2_000 } as const

/** As the front matter of a custom command says it; or everything that is wrong with it, each with where. */
export type ArgumentSpecs =
  | { readonly ok: true; readonly specs: readonly ArgumentSpec[] }
  | { readonly ok: false; readonly problems: readonly string[] }

export function parseArguments(stored: unknown): ArgumentSpecs {
  const list = stored ?? []
  if (!Array.isArray(list)) return { ok: false, problems: ['“arguments” is a list.'] }
  const problems: string[] = []
  if (list.length > argumentLimits.arguments) problems.push(`“arguments” has at most ${argumentLimits.arguments}.`)
  const specs: ArgumentSpec[] = []
  for (const [index, each] of list.slice(0, argumentLimits.arguments).entries()) {
    const say = (sentence: string) => problems.push(`arguments[${index}]: ${sentence}`)
    const spec = parseArgument(each, say)
    if (spec !== null && specs.some(({ name }) => name === spec.name)) say(`another one is called “${spec.name}”.`)
    else if (spec !== null) specs.push(spec)
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, specs }
}

const fields = new Set(['name', 'kind', 'description', 'choices', 'default', 'required'])

function parseArgument(stored: unknown, say: (sentence: string) => void): ArgumentSpec | null {
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored))
    return refuse(say, 'it has a “name” and more.')
  const {
    name,
    kind = 'text',
    description = '',
    choices = [],
    required = false,
    ...rest
  } = stored as Record<string, unknown>
  const given = rest['default'] ?? null
  const unknown = Object.keys(stored).find((key) => !fields.has(key))
  if (unknown !== undefined)
    return refuse(say, `there is no “${unknown.slice(0, 40)}”; there are ${[...fields].join(', ')}.`)
  if (typeof name !== 'string' || !/^[a-z][a-z0-9_-]{0,39}$/.test(name))
    return refuse(say, '“name” has small letters, digits, - and _, and begins with a letter.')
  if (!isKind(kind)) return refuse(say, `“kind” is one of ${kinds.join(', ')}.`)
  if (typeof description !== 'string' || description.length > argumentLimits.description)
    return refuse(say, `“description” is a text of at most ${argumentLimits.description} characters.`)
  if (!isChoices(choices) || (kind === 'choice') !== choices.length > 0)
    return refuse(say, `“choices” is a list of 1 to ${argumentLimits.choices} texts, for the kind “choice” only.`)
  if (typeof required !== 'boolean') return refuse(say, '“required” is true or false.')
  if (
    given !== null &&
    typeof given !== 'number' &&
    (typeof given !== 'string' || given.length > argumentLimits.default)
  )
    return refuse(say, `“default” is a text of at most ${argumentLimits.default} characters, or a number.`)
  const spec = { name, kind, description, choices, required, default: given === null ? null : String(given) }
  const problem = spec.default === null ? null : checkValue(spec, spec.default)
  return problem === null ? spec : refuse(say, `“default” does not fit: ${problem}`)
}

function refuse(say: (sentence: string) => void, sentence: string): null {
  say(sentence)
  return null
}

const isKind = (value: unknown): value is ArgumentSpec['kind'] => kinds.some((kind) => kind === value)

function isChoices(value: unknown): value is string[] {
  const isChoice = (each: unknown) => typeof each === 'string' && each !== '' && each.length <= 100
  return Array.isArray(value) && value.length <= argumentLimits.choices && value.every(isChoice)
}

export interface ArgumentError {
  /** Of which argument; null for one that nothing takes. */
  readonly name: string | null
  readonly message: string
}

/** Values by name, defaults included; or everything that is wrong, in the order of the arguments. */
export type Bound =
  | { readonly ok: true; readonly values: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly errors: readonly ArgumentError[] }

/** Arguments without a name fill what is not named, in order. */
export function bindArguments(specs: readonly ArgumentSpec[], { positional, named }: Omit<Invocation, 'name'>): Bound {
  const values = new Map<string, string>()
  const errors: ArgumentError[] = []
  const waiting = [...positional]
  for (const spec of specs) {
    const given = named.get(spec.name) ?? waiting.shift() ?? spec.default
    if (given === null || (spec.required && given.trim() === '')) {
      if (spec.required) errors.push({ name: spec.name, message: `“${spec.name}” is missing. ${describe(spec)}` })
      continue
    }
    const problem = checkValue(spec, given)
    if (problem === null) values.set(spec.name, given)
    else errors.push({ name: spec.name, message: problem })
  }
  for (const key of named.keys())
    if (!specs.some(({ name }) => name === key))
      errors.push({ name: null, message: `There is no argument “${key}”. ${listNames(specs)}` })
  if (waiting.length > 0)
    errors.push({
      name: null,
      message: `${waiting.length} too many. ${listNames(specs)} Put quotes around text with spaces.`,
    })
  return errors.length > 0 ? { ok: false, errors } : { ok: true, values }
}

/** A sentence on what is wrong with it, or null. */
function checkValue(
  { name, kind, choices }: Pick<ArgumentSpec, 'name' | 'kind' | 'choices'>,
  value: string,
): string | null {
  if (kind === 'number' && (value.trim() === '' || !Number.isFinite(Number(value)))) return `“${name}” is a number.`
  if (kind === 'choice' && !choices.includes(value)) return `“${name}” is one of ${choices.join(', ')}.`
  return null
}

function describe({ kind, choices, description }: ArgumentSpec): string {
  if (description !== '') return description
  if (kind === 'choice') return `It is one of ${choices.join(', ')}.`
  return { text: 'It is a text.', number: 'It is a number.', note: 'It is a note.', folder: 'It is a folder.' }[kind]
}

const listNames = (specs: readonly ArgumentSpec[]): string =>
  specs.length === 0 ? 'The command takes none.' : `It takes ${specs.map(({ name }) => name).join(', ')}.`
