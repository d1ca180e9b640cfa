/**
 * Prompts of custom commands: text with variables in double braces. `{{selection}}`, `{{arg.tone|friendly}}` with what
 * stands for nothing, `{{arg.topic!}}` which may not be nothing, `\{{` for two braces.
 *
 * A template is read once, before any value is known, and values are put into its gaps as they are. What a note, a
 * selection or the clipboard holds is therefore never read as a template.
 */

export const templateVariables = {
  selection: 'what is selected in the note',
  note: 'the text of the open note',
  title: 'the name of the open note',
  date: 'today, as 2026-11-23',
  clipboard: 'what was copied',
} as const

export type VariableName = keyof typeof templateVariables | `arg.${string}`

export type TemplatePart =
  | { readonly text: string }
  | { readonly variable: VariableName; readonly fallback: string | null; readonly isRequired: boolean }

export interface TemplateError {
  /** In UTF-16 units. */
  readonly at: number
  readonly message: string
}

export type Template =
  | { readonly ok: true; readonly parts: readonly TemplatePart[]; readonly variables: readonly VariableName[] }
  | { readonly ok: false; readonly errors: readonly TemplateError[] }

export const templateLimits = { characters: 100_000, variables: 200, result: 2_000_000, fallback: 2_000 } as const

const gap = /\\\{\{|\{\{([^{}\n]*)\}\}|\{\{/g
const inside = /^([a-z]+(?:\.[a-z0-9_-]+)?)\s*(?:(!)|\|([\s\S]*))?$/i

/** `args`: names of the arguments that the command takes. */
export function parseTemplate(source: string, args: readonly string[]): Template {
  if (source.length > templateLimits.characters)
    return {
      ok: false,
      errors: [
        { at: templateLimits.characters, message: `A prompt has at most ${templateLimits.characters} characters.` },
      ],
    }
  const parts: TemplatePart[] = []
  const errors: TemplateError[] = []
  let end = 0
  const addText = (text: string) => text !== '' && parts.push({ text })
  for (const found of source.matchAll(gap)) {
    addText(source.slice(end, found.index))
    end = found.index + found[0].length
    if (found[0] === '\\{{') addText('{{')
    else if (found[1] === undefined)
      errors.push({
        at: found.index,
        message: 'These braces are not closed. Add }}, or write \\{{ for braces as text.',
      })
    else {
      const part = readVariable(found[1], args)
      if ('message' in part) errors.push({ at: found.index, message: part.message })
      else parts.push(part)
    }
  }
  addText(source.slice(end))
  const variables = parts.flatMap((part) => ('variable' in part ? [part.variable] : []))
  if (variables.length > templateLimits.variables)
    errors.push({ at: 0, message: `A prompt has at most ${templateLimits.variables} variables.` })
  return errors.length > 0 ? { ok: false, errors } : { ok: true, parts, variables: [...new Set(variables)] }
}

function readVariable(
  text: string,
  args: readonly string[],
): Exclude<TemplatePart, { text: string }> | { message: string } {
  const read = inside.exec(text.trim())
  const name = (read?.[1] ?? '').toLowerCase()
  if (read === null || name === '') return { message: 'Put the name of one variable between the braces.' }
  if (!isVariable(name, args)) return { message: `There is no variable “${name}”. ${listVariables(args)}` }
  return {
    variable: name,
    fallback: read[3]?.slice(0, templateLimits.fallback) ?? null,
    isRequired: read[2] !== undefined,
  }
}

function isVariable(name: string, args: readonly string[]): name is VariableName {
  return name.startsWith('arg.') ? args.includes(name.slice(4)) : Object.hasOwn(templateVariables, name)
}

function listVariables(args: readonly string[]): string {
  return `There are ${[...Object.keys(templateVariables), ...args.map((name) => `arg.${name}`)].join(', ')}.`
}

export type Rendered =
  | { readonly ok: true; readonly text: string }
  /** Variables that may not be nothing and are; or the result is too long. */
  | { readonly ok: false; readonly missing: readonly VariableName[]; readonly message: string }

/** Every value stands for itself, whatever is in it. One that is absent or empty is nothing. */
export function renderTemplate(
  template: Extract<Template, { ok: true }>,
  values: ReadonlyMap<VariableName, string>,
): Rendered {
  const missing: VariableName[] = []
  const texts = template.parts.map((part) => {
    if ('text' in part) return part.text
    const value = values.get(part.variable) ?? ''
    if (value !== '') return value
    if (part.isRequired) missing.push(part.variable)
    return part.fallback ?? ''
  })
  if (missing.length > 0)
    return { ok: false, missing: [...new Set(missing)], message: `The prompt needs ${listNeeds(missing)}.` }
  const length = texts.reduce((sum, text) => sum + text.length, 0)
  if (length > templateLimits.result)
    return {
      ok: false,
      missing: [],
      message: `The prompt would be longer than ${templateLimits.result} characters. Select less.`,
    }
  return { ok: true, text: texts.join('') }
}

function listNeeds(missing: readonly VariableName[]): string {
  const say = (name: VariableName): string =>
    name.startsWith('arg.')
      ? `the argument “${name.slice(4)}”`
      : templateVariables[name as keyof typeof templateVariables]
  return [...new Set(missing)].map(say).join(' and ')
}
