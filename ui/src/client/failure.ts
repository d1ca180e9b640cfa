/** What went wrong between a client and the server, in words for the person: what happened and what to do about it. */
import { errorTable, openAiErrorSchema, problemSchema, type ErrorCode } from '@cairn/contract'

export interface Failure {
  /** A code of the server's error table, or one of the client's own, such as `console.unreachable`. */
  readonly code: string
  readonly status: number
  readonly title: string
  /** The server's own sentence on this case; empty when the title says it all. */
  readonly message: string
  readonly hint: string | undefined
  readonly retryable: boolean
  readonly requestId: string | undefined
  /** The field of the request that is wrong, as the server names it: `models[0].id`. */
  readonly param?: string | undefined
}

export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure }

export interface Failures {
  /** A failure for a code and the server's sentence. */
  readonly failureOf: (code: string, message: string, status?: number, requestId?: string) => Failure
  /** Reads either error shape of the server, or says what is known from the status alone. */
  readonly readFailure: (response: Response) => Promise<Failure>
}

/** `hints`: what a person at this client can do. `client` begins its own codes. */
export function createFailures(client: string, hints: Partial<Record<ErrorCode, string>>): Failures {
  function failureOf(code: string, message: string, status = 0, requestId?: string): Failure {
    const spec = isErrorCode(code) ? errorTable[code] : undefined
    // What the server says of a provider has the table's words and the provider's name in them.
    const isOwnTitle = code.startsWith('upstream.') && message !== ''
    const title = isOwnTitle ? message.replace(/\.$/, '') : (spec?.title ?? (message || 'Something went wrong'))
    return {
      code,
      status: status || (spec?.status ?? 0),
      title,
      requestId,
      message: isOwnTitle || message === title ? '' : message,
      hint: isErrorCode(code) ? hints[code] : undefined,
      retryable: spec?.retryable ?? true,
    }
  }
  return {
    failureOf,
    async readFailure(response) {
      const body: unknown = await response.json().catch(() => null)
      const problem = problemSchema.safeParse(body)
      if (problem.success) {
        const { code, detail, requestId, param } = problem.data
        return { ...failureOf(code, detail, response.status, requestId), param: param ?? undefined }
      }
      const fromHeader = response.headers.get('x-request-id') ?? undefined
      const openAi = openAiErrorSchema.safeParse(body)
      if (openAi.success)
        return failureOf(openAi.data.error.code, openAi.data.error.message, response.status, fromHeader)
      return failureOf(
        `${client}.status`,
        `The server answered with status ${response.status}`,
        response.status,
        fromHeader,
      )
    },
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code)
}

/** The server's sentence without the name of the field before it, for a place beside that field. */
export function sentenceOf({ title, message, param }: Failure): string {
  const said = message || title
  return param !== undefined && said.startsWith(`${param}: `) ? capitalise(said.slice(param.length + 2)) : said
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
