/** The same words in the shapes of `POST /v1/responses`: one object, or typed events with a running number. */
import { usageOf, type Answer, type ChatBody, type StreamEvent } from './answers.ts'

export interface ResponsesBody {
  model: string
  stream?: boolean
  input?: unknown
  instructions?: string
  tools?: { name?: string }[]
}

/** The request as the chat request that asks the same. */
export function toChatBody(body: ResponsesBody): ChatBody {
  const items = Array.isArray(body.input) ? (body.input as { role?: string; content?: unknown }[]) : []
  const said = items.map(({ role = 'user', content }) => ({ role, content: textOf(content) }))
  const messages = Array.isArray(body.input) ? said : [{ role: 'user', content: body.input }]
  const system = body.instructions === undefined ? [] : [{ role: 'system', content: body.instructions }]
  return {
    model: body.model,
    messages: [...system, ...messages],
    tools: (body.tools ?? []).map(({ name }) => ({ function: name === undefined ? {} : { name } })),
  }
}

function textOf(content: unknown): unknown {
  if (!Array.isArray(content)) return content
  return content.map((part: { text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('')
}

interface Item {
  readonly type: string
  readonly id: string
  readonly [field: string]: unknown
}

function itemsOf(made: Answer): Item[] {
  const id = made.id.slice(9)
  const thought: Item[] = made.reasoning
    ? [{ type: 'reasoning', id: `rs_${id}`, summary: [{ type: 'summary_text', text: made.reasoning }] }]
    : []
  if (made.tool) {
    const { id: callId, name, arguments: given } = made.tool
    return [
      ...thought,
      { type: 'function_call', id: `fc_${id}`, call_id: callId, name, arguments: given, status: 'completed' },
    ]
  }
  const content = [{ type: 'output_text', text: made.words.join(''), annotations: [] }]
  return [...thought, { type: 'message', id: `msg_${id}`, role: 'assistant', status: 'completed', content }]
}

function usageField(made: Answer): Record<string, unknown> {
  if (made.usage === 'none') return {}
  const told = usageOf(made)
  if (!told) return { usage: { input_tokens: 'many', output_tokens: 'some', total_tokens: null } }
  const { input, output } = told
  return {
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: made.reasoning ? 1 : 0 },
      total_tokens: input + output,
    },
  }
}

function responseObject(model: string, made: Answer, output: readonly Item[] | null): Record<string, unknown> {
  return {
    id: `resp_${made.id.slice(9)}`,
    object: 'response',
    created_at: 1_700_000_000,
    status: output ? 'completed' : 'in_progress',
    error: null,
    incomplete_details: null,
    instructions: null,
    model,
    output: output ?? [],
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    metadata: {},
    x_test_extra: { model: 'nested' },
    ...(output ? usageField(made) : { usage: null }),
  }
}

export function responsesJson(model: string, made: Answer): string {
  return JSON.stringify(responseObject(model, made, itemsOf(made)), null, 1)
}

/** In order; the last tells the whole object again, with usage. */
export function responsesEvents(model: string, made: Answer): StreamEvent[] {
  const list: StreamEvent[] = []
  const add = (type: string, fields: Record<string, unknown>, hasContent = false, hasUsage = false) =>
    list.push({
      event: type,
      json: JSON.stringify({ type, sequence_number: list.length, ...fields }),
      hasContent,
      hasUsage,
    })
  const items = itemsOf(made)
  add('response.created', { response: responseObject(model, made, null) })
  add('response.in_progress', { response: responseObject(model, made, null) })
  for (const [index, item] of items.entries()) {
    const at = { output_index: index, item_id: item.id }
    add('response.output_item.added', { output_index: index, item: { ...item, ...emptied(item) } })
    if (item.type === 'reasoning') addPart(add, at, made)
    if (item.type === 'message') addText(add, { ...at, content_index: 0 }, made)
    if (item.type === 'function_call') {
      const given = made.tool?.arguments ?? ''
      add('response.function_call_arguments.delta', { ...at, delta: given }, true)
      add('response.function_call_arguments.done', { ...at, arguments: given })
    }
    add('response.output_item.done', { output_index: index, item })
  }
  add('response.completed', { response: responseObject(model, made, items) }, false, made.usage !== 'none')
  return list
}

type Add = (type: string, fields: Record<string, unknown>, hasContent?: boolean) => void

function emptied({ type }: Item): Record<string, unknown> {
  if (type === 'reasoning') return { summary: [] }
  return type === 'message' ? { status: 'in_progress', content: [] } : { status: 'in_progress', arguments: '' }
}

function addPart(add: Add, at: Record<string, unknown>, { reasoning }: Answer): void {
  const where = { ...at, summary_index: 0 }
  add('response.reasoning_summary_part.added', { ...where, part: { type: 'summary_text', text: '' } })
  add('response.reasoning_summary_text.delta', { ...where, delta: reasoning }, true)
  add('response.reasoning_summary_text.done', { ...where, text: reasoning })
  add('response.reasoning_summary_part.done', { ...where, part: { type: 'summary_text', text: reasoning } })
}

function addText(add: Add, at: Record<string, unknown>, { words }: Answer): void {
  const text = words.join('')
  add('response.content_part.added', { ...at, part: { type: 'output_text', text: '', annotations: [] } })
  for (const word of words) add('response.output_text.delta', { ...at, delta: word }, true)
  add('response.output_text.done', { ...at, text })
  add('response.content_part.done', { ...at, part: { type: 'output_text', text, annotations: [] } })
}
