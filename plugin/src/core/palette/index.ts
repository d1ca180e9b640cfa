/** The palette without a screen: what is found for what was typed, habits, history, custom commands. */
export { createPalette, queryLimits, type Found, type Palette, type Range, type SearchOptions } from './palette.ts'
export type { Command } from './words.ts'
export {
  forgetAll,
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
  addQuestion,
  findArguments,
  forgetCommand,
  forgetQuestion,
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
export {
  checkArgument,
  customPrefix,
  bindGiven,
  fillPrompt,
  findAsked,
  findTyped,
  isBroken,
  mostCustomCommands,
  needsOf,
  parseCustomCommand,
  slugOf,
  writeArguments,
  type BrokenCommand,
  type CommandNote,
  type CustomCommand,
  type TypedCommand,
} from './custom-command.ts'
export {
  gatherEntries,
  listEntries,
  mostFound,
  mostRows,
  type AppCommand,
  type Entry,
  type EntryList,
  type Row,
} from './entries.ts'
export { previewOf, type Preview } from './preview.ts'
export { createMemory, type PaletteMemory } from './memory.ts'
