/**
 * The messages of a chat request as the prompt of a vendor package. System and developer messages go to the front, in
 * their order: the vendors know instructions only there.
 */
import type { LanguageModelV4Message, LanguageModelV4Prompt, LanguageModelV4ToolResultPart } from '@ai-sdk/provider'
import { cacheOptions, readParts, readTexts, type PartContext } from './parts.ts'
import { findRecord, isAbsent, readList, readRecord, readText, refuse, type Fields } from './refuse.ts'
import type { AssistantPart } from './vendor.ts'

type ToolMessage = Extract<LanguageModelV4Message, { role: 'tool' }>

export function readPrompt(messages: unknown, context: PartContext): LanguageModelV4Prompt {
  const system: LanguageModelV4Message[] = []
  const turns: LanguageModelV4Message[] = []
  /** Names of the tools that were called, by the id of the call: a result tells only the id. */
  const called = new Map<string, string>()
  for (const [index, value] of readList(messages, 'messages').entries()) {
    const path = `messages[${index}]`
    const message = readRecord(value, path)
    switch (message['role']) {
      case 'system':
      case 'developer':
        system.push(...readSystem(message, path, context))
        break
      case 'user':
        turns.push({
          role: 'user',
          content: readParts(message['content'], `${path}.content`, context),
          ...cacheOptions(message, context.vendor),
        })
        break
      case 'assistant': {
        const content = readAssistant(message, path, called, context)
        // A turn without anything in it is none; Google refuses it.
        if (content.length > 0) turns.push({ role: 'assistant', content, ...cacheOptions(message, context.vendor) })
        break
      }
      case 'tool':
        pushResult(turns, readResult(message, path, called, context))
        break
      default:
        refuse(`${path}.role`, `“${path}.role” must be system, developer, user, assistant or tool.`)
    }
  }
  if (turns.length === 0) refuse('messages', 'There must be a message that is no instruction.')
  return [...system, ...turns]
}

function readSystem(message: Fields, path: string, context: PartContext): LanguageModelV4Message[] {
  const ofMessage = cacheOptions(message, context.vendor)
  return readTexts(message['content'], `${path}.content`, context).map(({ text, providerOptions }) => ({
    role: 'system',
    content: text,
    ...(providerOptions ? { providerOptions } : ofMessage),
  }))
}

function readAssistant(
  message: Fields,
  path: string,
  called: Map<string, string>,
  context: PartContext,
): AssistantPart[] {
  const { vendor } = context
  if (!isAbsent(message['function_call'])) refuse(`${path}.function_call`, 'Use “tool_calls”.')
  if (!isAbsent(message['audio'])) refuse(`${path}.audio`, `${vendor.name} has no audio of earlier answers.`)
  const extra = findRecord(findRecord(message, 'extra_content'), vendor.key)
  const texts = readTexts(message['content'], `${path}.content`, context).filter(({ text }) => text !== '')
  if (!isAbsent(message['refusal'])) texts.push({ type: 'text', text: readText(message['refusal'], `${path}.refusal`) })
  const restored = vendor.restoreOptions(extra)
  // What the vendor wants back with a text belongs to its last part, and may have come without any.
  if (restored)
    texts.push({ ...(texts.pop() ?? { type: 'text', text: '' }), providerOptions: { [vendor.key]: restored } })
  return [...vendor.restoreParts(extra), ...texts, ...readCalls(message, path, called, context)]
}

function readCalls(
  message: Fields,
  path: string,
  called: Map<string, string>,
  { vendor }: PartContext,
): AssistantPart[] {
  if (isAbsent(message['tool_calls'])) return []
  return readList(message['tool_calls'], `${path}.tool_calls`).map((value, index) => {
    const at = `${path}.tool_calls[${index}]`
    const call = readRecord(value, at)
    if (!isAbsent(call['type']) && call['type'] !== 'function') refuse(`${at}.type`, 'Only functions can be called.')
    const target = readRecord(call['function'], `${at}.function`)
    const toolCallId = readText(call['id'], `${at}.id`)
    const toolName = readText(target['name'], `${at}.function.name`)
    const restored = vendor.restoreOptions(findRecord(findRecord(call, 'extra_content'), vendor.key))
    called.set(toolCallId, toolName)
    return {
      type: 'tool-call',
      toolCallId,
      toolName,
      input: readArguments(target['arguments'], `${at}.function.arguments`),
      ...(restored ? { providerOptions: { [vendor.key]: restored } } : {}),
    }
  })
}

/** The arguments of a call are an object written as text; an empty text means none. */
function readArguments(value: unknown, path: string): Fields {
  const text = isAbsent(value) ? '' : readText(value, path)
  if (text.trim() === '') return {}
  try {
    return readRecord(JSON.parse(text), path)
  } catch {
    return refuse(path, `“${path}” must be a JSON object, written as text.`)
  }
}

function readResult(
  message: Fields,
  path: string,
  called: ReadonlyMap<string, string>,
  context: PartContext,
): LanguageModelV4ToolResultPart {
  const toolCallId = readText(message['tool_call_id'], `${path}.tool_call_id`)
  const toolName = called.get(toolCallId)
  if (toolName === undefined) refuse(`${path}.tool_call_id`, 'No earlier message calls a tool with this id.')
  const parts = readParts(message['content'], `${path}.content`, context)
  const [only] = parts
  const isText = parts.length === 0 || (parts.length === 1 && only?.type === 'text')
  return {
    type: 'tool-result',
    toolCallId,
    toolName,
    output: isText
      ? { type: 'text', value: only?.type === 'text' ? only.text : '' }
      : { type: 'content', value: parts.map(({ providerOptions: _, ...part }) => part) },
    ...(only?.providerOptions ? { providerOptions: only.providerOptions } : cacheOptions(message, context.vendor)),
  }
}

/** Results in a row are one turn: the vendors want them together, as the calls were. */
function pushResult(turns: LanguageModelV4Message[], result: LanguageModelV4ToolResultPart): void {
  const last = turns.at(-1)
  if (last?.role === 'tool') last.content.push(result)
  else turns.push({ role: 'tool', content: [result] } satisfies ToolMessage)
}
