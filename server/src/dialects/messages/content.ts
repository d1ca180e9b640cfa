/** The messages of Anthropic’s dialect, block by block, as messages of a chat request. */
import type { Assistant, ChatPart, Conversation } from '../chat-request.ts'
import {
  isGiven,
  maxItems,
  member,
  optionalBoolean,
  optionalItems,
  optionalText,
  refuse,
  refuseGiven,
  requireItems,
  requireJson,
  requireKind,
  requireName,
  requireText,
  requireWord,
  type Field,
} from '../fields.ts'

const maxMessages = 100_000

export interface ContentOptions {
  readonly keepReasoning: boolean
}

/** `system`: a text, or text blocks. Null when it is absent or empty. */
export function readSystem(field: Field): string | null {
  if (!isGiven(field)) return null
  const text = textOf(field, '\n\n')
  return text === '' ? null : text
}

export function writeMessages(field: Field, conversation: Conversation, options: ContentOptions): void {
  for (const message of requireItems(field, maxMessages)) {
    const role = requireWord(member(message, 'role'), ['user', 'assistant', 'system'])
    const content = member(message, 'content')
    if (role === 'user') writeUser(content, conversation)
    else if (role === 'system') conversation.system(textOf(content, '\n\n'))
    else writeAssistant(content, conversation.assistant(), options)
  }
}

/** A text, or a list of text blocks. */
function textOf(field: Field, gap: string): string {
  if (typeof field.value === 'string') return field.value
  const texts = requireItems(field).map((block) => {
    requireWord(member(block, 'type'), ['text'])
    return requireText(member(block, 'text'))
  })
  return texts.join(gap)
}

// --- What the user says -----------------------------------------------------------------------------------------------

/** Results of tools come first, as the chat dialect wants them right behind the calls. */
function writeUser(content: Field, conversation: Conversation): void {
  if (typeof content.value === 'string') return conversation.user([{ type: 'text', text: content.value }])
  const blocks = requireItems(content)
  if (blocks.length === 0) refuse(content, 'expected at least one block')
  const parts: ChatPart[] = []
  let isAnswer = false
  for (const block of blocks) {
    if (member(block, 'type').value === 'tool_result') {
      writeResult(block, conversation)
      isAnswer = true
    } else parts.push(...readPart(block))
  }
  if (parts.length > 0 || !isAnswer) conversation.user(parts)
}

function writeResult(block: Field, conversation: Conversation): void {
  const content = member(block, 'content')
  const parts: ChatPart[] =
    typeof content.value === 'string'
      ? [{ type: 'text', text: content.value }]
      : optionalItems(content).flatMap((part) => readPart(part))
  const isError = optionalBoolean(member(block, 'is_error')) ?? false
  conversation.result(requireName(member(block, 'tool_use_id')), parts, isError)
}

const partReaders: Readonly<Record<string, (block: Field) => ChatPart[]>> = {
  text: (block) => [{ type: 'text', text: requireText(member(block, 'text')) }],
  image: (block) => {
    const source = member(block, 'source')
    return [
      { type: 'image_url', image_url: { url: requireKind(member(source, 'type'), imageUrls, elsewhere)(source) } },
    ]
  },
  document: (block) => {
    refuseCitations(block)
    const source = member(block, 'source')
    return requireKind(member(source, 'type'), documentReaders, elsewhere)(block, source)
  },
  search_result: (block) => {
    refuseCitations(block)
    const lines = [requireText(member(block, 'title')), requireText(member(block, 'source'))]
    return [{ type: 'text', text: [...lines, textOf(member(block, 'content'), '\n')].join('\n') }]
  },
}

const elsewhere = 'cannot be passed on, because the provider of this model speaks another dialect'

function readPart(block: Field): ChatPart[] {
  return requireKind(member(block, 'type'), partReaders, elsewhere)(block)
}

const imageUrls: Readonly<Record<string, (source: Field) => string>> = {
  base64: (source) => {
    const type = requireWord(member(source, 'media_type'), ['image/jpeg', 'image/png', 'image/gif', 'image/webp'])
    return `data:${type};base64,${requireBase64(member(source, 'data'))}`
  },
  url: (source) => requireWebAddress(member(source, 'url')),
}

const documentReaders: Readonly<Record<string, (block: Field, source: Field) => ChatPart[]>> = {
  text: (block, source) => {
    requireWord(member(source, 'media_type'), ['text/plain'])
    return [{ type: 'text', text: withHeading(block, requireText(member(source, 'data'))) }]
  },
  base64: (block, source) => {
    requireWord(member(source, 'media_type'), ['application/pdf'])
    const file_data = `data:application/pdf;base64,${requireBase64(member(source, 'data'))}`
    const context = optionalText(member(block, 'context'))
    const filename = optionalText(member(block, 'title')) || 'document.pdf'
    return [
      ...(context ? [{ type: 'text' as const, text: context }] : []),
      { type: 'file', file: { filename, file_data } },
    ]
  },
  content: (block, source) => {
    const content = member(source, 'content')
    if (typeof content.value === 'string') return [{ type: 'text', text: withHeading(block, content.value) }]
    const parts = requireItems(content).flatMap((part) => {
      requireWord(member(part, 'type'), ['text', 'image'])
      return readPart(part)
    })
    const heading = withHeading(block, '')
    return heading === '' ? parts : [{ type: 'text', text: heading }, ...parts]
  },
}

/** Title and context of a document stand before its text. */
function withHeading(block: Field, text: string): string {
  const lines = [optionalText(member(block, 'title')), optionalText(member(block, 'context')), text]
  return lines.filter((line) => line !== undefined && line !== '').join('\n')
}

/** The answer of another dialect has no citations of this kind, and who asked for them would miss them. */
function refuseCitations(block: Field): void {
  const enabled = member(member(block, 'citations'), 'enabled')
  if (optionalBoolean(enabled) === true) refuse(enabled, `citations ${elsewhere}`)
}

function requireBase64(field: Field): string {
  const data = requireText(field)
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(data) ? data : refuse(field, 'expected base64')
}

function requireWebAddress(field: Field): string {
  const url = requireText(field)
  return /^https?:\/\/\S+$/i.test(url) ? url : refuse(field, 'expected an address with http or https')
}

// --- What the assistant said ------------------------------------------------------------------------------------------

function writeAssistant(content: Field, message: Assistant, options: ContentOptions): void {
  if (typeof content.value === 'string') return message.text(content.value, '')
  let gap = ''
  for (const block of requireItems(content, maxItems)) {
    const kind = requireKind(member(block, 'type'), assistantReaders, elsewhere)
    // Text that was cut into neighbouring blocks belongs together; what stands around a call does not.
    if (kind !== assistantReaders['text']) gap = '\n\n'
    kind(block, message, { ...options, gap })
    if (kind === assistantReaders['text']) gap = ''
  }
}

interface AssistantOptions extends ContentOptions {
  readonly gap: string
}

const assistantReaders: Readonly<
  Record<string, (block: Field, message: Assistant, options: AssistantOptions) => void>
> = {
  text: (block, message, { gap }) => message.text(requireText(member(block, 'text')), gap),
  tool_use: (block, message) => {
    refuseGiven(member(block, 'toolset_name'), `a toolset ${elsewhere}`)
    const input = requireJson(member(block, 'input'))
    message.call(requireName(member(block, 'id')), requireName(member(block, 'name')), JSON.stringify(input))
  },
  thinking: (block, message, { keepReasoning }) => {
    const text = requireText(member(block, 'thinking'))
    const signature = optionalText(member(block, 'signature')) ?? ''
    if (!keepReasoning) return
    message.reasoning(text, signature === '' ? null : { type: 'reasoning.text', text, signature })
  },
  redacted_thinking: (block, message, { keepReasoning }) => {
    const data = requireText(member(block, 'data'))
    if (keepReasoning) message.reasoning(null, { type: 'reasoning.encrypted', data })
  },
}
