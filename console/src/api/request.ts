/** One call to the server: JSON out, JSON in, checked against the contract; every failure is a value. */
import { malformed, readFailure, unreachable, type Reply } from './failure.ts'

interface Schema<T> {
  readonly safeParse: (value: unknown) => { success: true; data: T } | { success: false }
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly accept?: string
  /** More headers, in small letters. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** The raw response, when its status says that all went well. */
export async function send(path: string, call: Call = {}): Promise<Reply<Response>> {
  const headers: Record<string, string> = { accept: call.accept ?? 'application/json', ...call.headers }
  if (call.body !== undefined) headers['content-type'] = 'application/json'
  try {
    const response = await fetch(path, {
      method: call.method ?? 'GET',
      headers,
      credentials: 'same-origin',
      redirect: 'error',
      cache: 'no-store',
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      ...(call.signal && { signal: call.signal }),
    })
    return response.ok ? { ok: true, value: response } : { ok: false, failure: await readFailure(response) }
  } catch {
    return { ok: false, failure: unreachable }
  }
}

export async function requestJson<T>(path: string, schema: Schema<T>, call: Call = {}): Promise<Reply<T>> {
  const reply = await send(path, call)
  if (!reply.ok) return reply
  const parsed = schema.safeParse(await reply.value.json().catch(() => null))
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, failure: malformed }
}

export async function requestNothing(path: string, call: Call): Promise<Reply<null>> {
  const reply = await send(path, call)
  if (!reply.ok) return reply
  await reply.value.body?.cancel().catch(() => {})
  return { ok: true, value: null }
}
