/** What was typed, run and asked before, on this device: queries to go back to, questions, the last arguments of each command. */
export const mostQueries = 50
export const mostQuestions = 30
export const mostArguments = 100
const longestQuery = 128
/** Longer questions are pasted or made by a command, and not asked twice as they are. */
const longestQuestion = 500
const longestArguments = 2_000

export interface PaletteHistory {
  /** Latest first, each once. */
  readonly queries: readonly string[]
  /** Latest first, each once. */
  readonly questions: readonly string[]
  /** Latest first: the text of the arguments, by command. */
  readonly lastArguments: readonly { readonly command: string; readonly text: string }[]
}

export const noHistory: PaletteHistory = { queries: [], questions: [], lastArguments: [] }

/** From what was stored; what is no part of a history is left out. */
export function parseHistory(stored: unknown): PaletteHistory {
  if (typeof stored !== 'object' || stored === null) return noHistory
  const { queries, questions, lastArguments } = stored as Record<string, unknown>
  const listOf = (value: unknown, most: number): unknown[] => (Array.isArray(value) ? value.slice(0, most) : [])
  return {
    queries: listOf(queries, mostQueries).filter((each) => isText(each, longestQuery)),
    questions: listOf(questions, mostQuestions).filter((each) => isText(each, longestQuestion)),
    lastArguments: listOf(lastArguments, mostArguments).flatMap((each) => {
      const { command, text } = (typeof each === 'object' && each !== null ? each : {}) as Record<string, unknown>
      return isText(command, 300) && isText(text, longestArguments) ? [{ command, text }] : []
    }),
  }
}

const isText = (value: unknown, longest: number): value is string =>
  typeof value === 'string' && value.length <= longest

export function addQuery(history: PaletteHistory, query: string): PaletteHistory {
  const text = query.trim()
  if (text === '' || text.length > longestQuery) return history
  return { ...history, queries: putFirst(history.queries, text, mostQueries) }
}

export function addQuestion(history: PaletteHistory, question: string): PaletteHistory {
  const text = question.trim()
  if (text === '' || text.length > longestQuestion) return history
  return { ...history, questions: putFirst(history.questions, text, mostQuestions) }
}

export function forgetQuestion(history: PaletteHistory, question: string): PaletteHistory {
  return { ...history, questions: history.questions.filter((each) => each !== question) }
}

const putFirst = (list: readonly string[], text: string, most: number): string[] =>
  [text, ...list.filter((each) => each !== text)].slice(0, most)

/** Texts too long to be wanted again are not kept. */
export function addArguments(history: PaletteHistory, command: string, text: string): PaletteHistory {
  const others = history.lastArguments.filter((each) => each.command !== command)
  if (text === '' || text.length > longestArguments) return { ...history, lastArguments: others }
  return { ...history, lastArguments: [{ command, text }, ...others].slice(0, mostArguments) }
}

export function findArguments({ lastArguments }: PaletteHistory, command: string): string | null {
  return lastArguments.find((each) => each.command === command)?.text ?? null
}

export function forgetCommand(history: PaletteHistory, command: string): PaletteHistory {
  return { ...history, lastArguments: history.lastArguments.filter((each) => each.command !== command) }
}

/** The query after pressing “up” so many times, 1 for the latest; null when there is none. */
export const queryBack = ({ queries }: PaletteHistory, steps: number): string | null => queries[steps - 1] ?? null
