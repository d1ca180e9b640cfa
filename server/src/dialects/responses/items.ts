/** The input items of OpenAI’s Responses API as messages of a chat request. */
import { isRecord } from '../../base/index.ts'
import type { Assistant, ChatPart, Conversation } from '../chat-request.ts'
import {
  isGiven,
  member,
  optionalItems,
  optionalText,
  refuse,
  refuseGiven,
  requireItems,
  requireKind,
  requireName,
  requireText,
  requireWord,
  type Field,
} from '../fields.ts'

export interface ItemOptions {
  readonly keepReasoning: boolean
}

/** A text, or a list of items. */
export function writeInput(field: Field, conversation: Conversation, options: ItemOptions): void {
  if (typeof field.value === 'string') return conversation.user([{ type: 'text', text: field.value }])
  for (const item of requireItems(field)) {
    const type = member(item, 'type')
    // A message may leave its type out.
    const write = isGiven(type) || !isRecord(item.value) ? requireKind(type, itemWriters, elsewhere) : writeMessage
    write(item, conversation, options)
  }
}

const elsewhere = 'cannot be passed on, because the provider of this model has no Responses API of its own'
export const keepsNothing = 'Cairn keeps no responses; send the whole conversation as input'

const itemWriters: Readonly<Record<string, (item: Field, conversation: Conversation, options: ItemOptions) => void>> = {
  message: writeMessage,
  function_call: writeCall,
  function_call_output: writeOutput,
  reasoning: writeReasoning,
  item_reference: (item) => refuse(member(item, 'id'), keepsNothing),
}

function writeMessage(item: Field, conversation: Conversation): void {
  const role = requireWord(member(item, 'role'), ['user', 'assistant', 'system', 'developer'])
  const content = member(item, 'content')
  if (role === 'assistant') return writeAssistant(content, conversation)
  const parts: ChatPart[] =
    typeof content.value === 'string'
      ? [{ type: 'text', text: content.value }]
      : requireItems(content).flatMap((part) => readPart(part))
  if (role === 'user') return conversation.user(parts)
  const texts = parts.map((part, index) =>
    part.type === 'text' ? part.text : refuse({ ...content, path: `${content.path}[${index}]` }, 'expected text only'),
  )
  // `developer` is OpenAI's newer word for `system`, which every server knows.
  conversation.system(texts.join('\n\n'))
}

// --- What the user and the tools say ----------------------------------------------------------------------------------

const partReaders: Readonly<Record<string, (part: Field) => ChatPart>> = {
  input_text: (part) => ({ type: 'text', text: requireText(member(part, 'text')) }),
  // Messages of the assistant that a client sends under another role.
  output_text: (part) => ({ type: 'text', text: requireText(member(part, 'text')) }),
  input_image: (part) => {
    refuseGiven(member(part, 'file_id'), 'Cairn keeps no files; send the image itself')
    const url = requireAddress(member(part, 'image_url'))
    const detail = member(part, 'detail')
    const word = isGiven(detail) ? requireWord(detail, ['auto', 'low', 'high', 'original']) : undefined
    return { type: 'image_url', image_url: { url, ...(word === undefined ? {} : { detail: word }) } }
  },
  input_file: (part) => {
    refuseGiven(member(part, 'file_id'), 'Cairn keeps no files; send the file itself in file_data')
    refuseGiven(member(part, 'file_url'), 'Cairn fetches no files; send the file itself in file_data')
    const file_data = requireText(member(part, 'file_data'))
    return { type: 'file', file: { filename: optionalText(member(part, 'filename')) || 'file', file_data } }
  },
}

function readPart(part: Field): ChatPart {
  return requireKind(member(part, 'type'), partReaders, elsewhere)(part)
}

function requireAddress(field: Field): string {
  const url = requireText(field)
  return /^(https?:\/\/\S+|data:image\/[a-z.+-]+;base64,[A-Za-z0-9+/_=-]+)$/i.test(url)
    ? url
    : refuse(field, 'expected an address with http, https or data:image')
}

function writeOutput(item: Field, conversation: Conversation): void {
  const output = member(item, 'output')
  const parts: ChatPart[] =
    typeof output.value === 'string'
      ? [{ type: 'text', text: output.value }]
      : requireItems(output).map((part) => readPart(part))
  conversation.result(requireName(member(item, 'call_id')), parts, false)
}

// --- What the assistant said ------------------------------------------------------------------------------------------

function writeAssistant(content: Field, conversation: Conversation): void {
  const last = conversation.lastAssistant()
  // Two answers in a row stay two, but all that was said around the calls of one turn is one message.
  const message = last !== null && (last.hasCalls() || !last.hasText()) ? last : conversation.assistant()
  const gap = '\n\n'
  if (typeof content.value === 'string') return message.text(content.value, gap)
  requireItems(content).forEach((part, index) => {
    const kind = requireWord(member(part, 'type'), ['output_text', 'input_text', 'refusal'])
    if (kind === 'refusal') message.refusal(requireText(member(part, 'refusal')))
    else message.text(requireText(member(part, 'text')), index === 0 ? gap : '')
  })
}

function writeCall(item: Field, conversation: Conversation): void {
  const [id, name] = [requireName(member(item, 'call_id')), requireName(member(item, 'name'))]
  refuseGiven(member(item, 'namespace'), elsewhere)
  const message: Assistant = conversation.lastAssistant() ?? conversation.assistant()
  message.call(id, name, requireText(member(item, 'arguments')))
}

/** What the model thought: its text where it was given, or the summary. What is encrypted nobody else can read. */
function writeReasoning(item: Field, conversation: Conversation, { keepReasoning }: ItemOptions): void {
  const texts = [...optionalItems(member(item, 'content')), ...optionalItems(member(item, 'summary'))].map((part) => ({
    isSummary: requireWord(member(part, 'type'), ['reasoning_text', 'summary_text']) === 'summary_text',
    text: requireText(member(part, 'text')),
  }))
  if (!keepReasoning || texts.length === 0) return
  const wholes = texts.filter(({ isSummary }) => !isSummary)
  const last = conversation.lastAssistant()
  const message = last !== null && (last.hasCalls() || !last.hasText()) ? last : conversation.assistant()
  message.reasoning((wholes.length > 0 ? wholes : texts).map(({ text }) => text).join('\n\n'), null)
}
