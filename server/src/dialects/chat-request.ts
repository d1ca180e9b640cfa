/**
 * A chat request of the OpenAI dialect as the conversions write it, and a conversation that is put together piece by
 * piece. It keeps to what every server of the dialect understands: text as plain strings where nothing else is there,
 * all calls of one turn in one message, results right behind it.
 */

export type ChatPart =
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: { url: string; detail?: 'auto' | 'low' | 'high' | 'original' } }
  | { type: 'file'; file: { filename: string; file_data: string } }

export type ChatToolCall = { id: string; type: 'function'; function: { name: string; arguments: string } }

/** OpenRouter’s shape (openrouter.ai/docs, reasoning tokens): text with its signature, or what only its maker can read. */
export type ReasoningDetail =
  | { type: 'reasoning.text'; text: string; signature?: string }
  | { type: 'reasoning.encrypted'; data: string }

export type AssistantMessage = {
  role: 'assistant'
  content: string | null
  refusal?: string
  tool_calls?: ChatToolCall[]
  reasoning_content?: string
  reasoning_details?: ReasoningDetail[]
}

export type ChatMessage =
  | { role: 'system'; content: string }
  | { role: 'user'; content: string | ChatPart[] }
  | { role: 'tool'; tool_call_id: string; content: string }
  | AssistantMessage

export type ChatTool = {
  type: 'function'
  function: { name: string; description?: string; parameters?: Record<string, unknown>; strict?: boolean }
}

export type ChatToolChoice = 'auto' | 'required' | 'none' | { type: 'function'; function: { name: string } }

export const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

export type Effort = (typeof efforts)[number]

export type ResponseFormat =
  | { type: 'json_object' }
  | {
      type: 'json_schema'
      json_schema: { name: string; schema: Record<string, unknown>; description?: string; strict?: boolean }
    }

export type ChatBody = {
  model: string
  messages: ChatMessage[]
  /** The older name: servers other than OpenAI’s own know no other, and hardly any of them refuses it. */
  max_tokens?: number
  stop?: string[]
  temperature?: number
  top_p?: number
  tools?: ChatTool[]
  tool_choice?: ChatToolChoice
  parallel_tool_calls?: boolean
  response_format?: ResponseFormat
  reasoning_effort?: Effort
  user?: string
  stream?: true
  stream_options?: { include_usage: true }
}

/** The object without the members that are undefined. */
export function omitUndefined<T extends object>(value: { [Name in keyof T]: T[Name] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T
}

export const streamFields = { stream: true, stream_options: { include_usage: true } } as const

export interface Assistant {
  hasText(): boolean
  hasCalls(): boolean
  /** `gap` stands between this text and what was said before it in the same message. */
  text(text: string, gap: string): void
  refusal(text: string): void
  reasoning(text: string | null, detail: ReasoningDetail | null): void
  call(id: string, name: string, args: string): void
}

export interface Conversation {
  system(text: string): void
  user(parts: readonly ChatPart[]): void
  /** A new message of the assistant. */
  assistant(): Assistant
  /** The assistant’s message that stands last, if it does. */
  lastAssistant(): Assistant | null
  result(callId: string, parts: readonly ChatPart[], isError: boolean): void
  messages(): ChatMessage[]
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createConversation(): Conversation {
  const messages: ChatMessage[] = []
  /** Images and files of tool results: they may stand in a user's message only, behind all results. */
  let attached: ChatPart[] = []
  let last: Assistant | null = null

  function add(message: ChatMessage): void {
    settle()
    messages.push(message)
  }

  function settle(): void {
    last = null
    if (attached.length === 0) return
    messages.push({ role: 'user', content: contentOf(attached) })
    attached = []
  }

  return {
    system: (content) => add({ role: 'system', content }),
    user(parts) {
      const all = [...attached, ...parts]
      attached = []
      add({ role: 'user', content: contentOf(all) })
    },
    assistant() {
      const message: AssistantMessage = { role: 'assistant', content: '' }
      add(message)
      last = writeAssistant(message)
      return last
    },
    lastAssistant: () => last,
    result(callId, parts, isError) {
      last = null
      const text = joinTexts(parts, '\n')
      const others = parts.filter(({ type }) => type !== 'text')
      const note = others.length === 0 ? '' : `(${others.length} attached in the next message)`
      const said = [isError ? 'Error:' : '', text, note].filter((part) => part !== '').join(' ')
      messages.push({ role: 'tool', tool_call_id: callId, content: said })
      if (others.length > 0) attached.push({ type: 'text', text: `Attached to the result of ${callId}:` }, ...others)
    },
    messages() {
      settle()
      return messages
    },
  }
}

function writeAssistant(message: AssistantMessage): Assistant {
  return {
    hasText: () => message.content !== null && message.content !== '',
    hasCalls: () => message.tool_calls !== undefined,
    text(text, gap) {
      const before = message.content ?? ''
      message.content = before === '' || text === '' ? before + text : `${before}${gap}${text}`
    },
    refusal(text) {
      message.refusal = (message.refusal ?? '') + text
      if (message.content === '') message.content = null
    },
    reasoning(text, detail) {
      if (text !== null && text !== '') message.reasoning_content = (message.reasoning_content ?? '') + text
      if (detail !== null) message.reasoning_details = [...(message.reasoning_details ?? []), detail]
    },
    call(id, name, args) {
      message.tool_calls = [
        ...(message.tool_calls ?? []),
        { id, type: 'function', function: { name, arguments: args } },
      ]
      // An empty text beside calls is refused by some servers.
      if (message.content === '') message.content = null
    },
  }
}

function contentOf(parts: readonly ChatPart[]): string | ChatPart[] {
  return parts.every(({ type }) => type === 'text') ? joinTexts(parts, '\n\n') : [...parts]
}

function joinTexts(parts: readonly ChatPart[], gap: string): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(gap)
}
