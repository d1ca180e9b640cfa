/** The palette without a screen: what is found for what was typed, habits, history, custom commands. */
export { createPalette, queryLimits, type Found, type Palette, type Range, type SearchOptions } from './palette.ts'
export type { Command } from './words.ts'
export {
  forgetUses,
  listHabits,
  mergeFrecency,
  noFrecency,
  parseFrecency,
  readHabits,
  recordUse,
  type Frecency,
} from './frecency.ts'
export {
  addArguments,
  addQuery,
  findArguments,
  forgetCommand,
  noHistory,
  parseHistory,
  queryBack,
  type PaletteHistory,
} from './history.ts'
export { parseInvocation, quoteArgument, type Invocation, type InvocationResult } from './invocation.ts'
export { bindArguments, parseArguments, type ArgumentSpec, type ArgumentSpecs, type Bound } from './arguments.ts'
export {
  parseTemplate,
  renderTemplate,
  templateVariables,
  type Rendered,
  type Template,
  type VariableName,
} from './template.ts'
