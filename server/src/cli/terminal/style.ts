/** Colours where the terminal has them, plain text elsewhere; and text of others made harmless before it is shown. */

export interface Style {
  readonly colour: boolean
  /** Width to lay out for; unlimited when the output is no terminal. */
  readonly columns: number
  /** Width for running text, which is hard to read in long lines. */
  readonly textColumns: number
  bold(text: string): string
  dim(text: string): string
  accent(text: string): string
  good(text: string): string
  warn(text: string): string
  bad(text: string): string
  /** A searched word within a text. */
  mark(text: string): string
}

/** The sixteen colours of the terminal’s own theme, so that light and dark both stay readable. */
const codes = { bold: '1', dim: '2', accent: '36', good: '32', warn: '33', bad: '31', mark: '1;33' } as const

export function createStyle({ colour, columns }: { colour: boolean; columns: number }): Style {
  const paint = (name: keyof typeof codes) => (text: string) =>
    colour && text !== '' ? `\u001B[${codes[name]}m${text}\u001B[0m` : text
  return {
    colour,
    columns,
    textColumns: columns === Infinity ? columns : Math.min(columns, 100),
    bold: paint('bold'),
    dim: paint('dim'),
    accent: paint('accent'),
    good: paint('good'),
    warn: paint('warn'),
    bad: paint('bad'),
    mark: paint('mark'),
  }
}

/** Removes control characters: a note must not be able to move the cursor, recolour or retitle the terminal. */
export function harmless(text: string): string {
  // Escape sequences go as a whole, then every control character except tab and newline, then marks that turn text around.
  return text
    .replace(/\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[ -/]*[0-~])/g, '')
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '')
}

/** The same on a single line. */
export function harmlessLine(text: string): string {
  return harmless(text).replace(/\s+/g, ' ').trim()
}
