/** An end of a command that is no bug: what to print and the exit code. */
export const exitCodes = { done: 0, no: 1, usage: 2, unreachable: 3 } as const

export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: number
  /** What to do next; printed on a line of its own. */
  readonly hint: string | null
  /** The API’s reply, printed with `--json`. */
  readonly body: unknown

  constructor(exitCode: number, message: string, detail: { hint?: string; body?: unknown; cause?: unknown } = {}) {
    super(message, { cause: detail.cause })
    this.exitCode = exitCode
    this.hint = detail.hint ?? null
    this.body = detail.body
  }
}

export function usageFailure(message: string, hint?: string): CommandFailure {
  return new CommandFailure(exitCodes.usage, message, hint === undefined ? {} : { hint })
}
