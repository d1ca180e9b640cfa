/**
 * What Anthropic’s replies hold beside text, thinking text and tool calls: thinking blocks with their signatures (which
 * must come back unchanged with the results of tools), citations, blocks of other types, and the fields of the message.
 */
import { isRecord } from '../../base/index.ts'
import { readCount } from '../openai/replies.ts'
import type { Collector } from '../ai-sdk/vendor.ts'
import type { Usage } from '../types.ts'

type Fields = Readonly<Record<string, unknown>>

/** Characters of gathered blocks; what is beyond is left out. */
const maxChars = 8_388_608
const maxBlocks = 10_000
/** Fields of a message that a chat reply has itself. */
const known = new Set(['id', 'type', 'role', 'model', 'content'])

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createAnthropicCollector(): Collector {
  const blocks = new Map<number, Record<string, unknown>>()
  let message: Record<string, unknown> = {}
  let model: string | null = null
  let chars = 0

  function room(text: unknown): boolean {
    if (typeof text === 'string') chars += text.length
    return chars <= maxChars && blocks.size < maxBlocks
  }

  function keepFields(fields: Fields): void {
    for (const [name, value] of Object.entries(fields)) {
      if (known.has(name) || value === null || value === undefined) continue
      message[name] = isRecord(value) && isRecord(message[name]) ? { ...message[name], ...value } : value
    }
  }

  function begin(index: number, block: unknown): void {
    if (!isRecord(block) || block['type'] === 'tool_use') return
    if (room(JSON.stringify(block))) blocks.set(index, { ...block })
  }

  /** Appends the delta's text to the block's field of that name. */
  function append(block: Record<string, unknown>, delta: Fields, name: string): void {
    const more = delta[name]
    if (typeof more !== 'string' || !room(more)) return
    const before = block[name]
    block[name] = typeof before === 'string' ? before + more : more
  }

  function add(block: Record<string, unknown> | undefined, delta: Fields): void {
    if (!block) return
    for (const name of ['thinking', 'signature', 'partial_json']) append(block, delta, name)
    const { citation } = delta
    if (citation === undefined || !room(JSON.stringify(citation))) return
    block['citations'] = [...(Array.isArray(block['citations']) ? (block['citations'] as unknown[]) : []), citation]
  }

  function takeMessage(fields: Fields): void {
    if (typeof fields['model'] === 'string') model = fields['model']
    keepFields(fields)
  }

  return {
    takeReply(reply) {
      takeMessage(reply)
      const content = Array.isArray(reply['content']) ? (reply['content'] as unknown[]) : []
      for (const [index, block] of content.entries()) begin(index, block)
    },
    takeEvent(event) {
      const index = typeof event['index'] === 'number' ? event['index'] : -1
      if (event['type'] === 'message_start' && isRecord(event['message'])) takeMessage(event['message'])
      if (event['type'] === 'content_block_start') begin(index, event['content_block'])
      if (event['type'] === 'content_block_delta' && isRecord(event['delta'])) add(blocks.get(index), event['delta'])
      if (event['type'] === 'message_delta') {
        const { type: _, delta, ...rest } = event
        keepFields(rest)
        if (isRecord(delta)) keepFields(delta)
      }
    },
    extras() {
      const all = chars <= maxChars ? [...blocks.values()].map(finishBlock) : []
      const thinking = all.filter(({ type }) => type === 'thinking' || type === 'redacted_thinking')
      const citations = all.flatMap(({ citations: list }) => (Array.isArray(list) ? (list as unknown[]) : []))
      const others = all.filter(({ type }) => type !== 'text' && !thinking.some((block) => block['type'] === type))
      return {
        ...(thinking.length > 0 ? { thinking_blocks: thinking } : {}),
        ...(citations.length > 0 ? { citations } : {}),
        ...(others.length > 0 ? { blocks: others } : {}),
        ...message,
      }
    },
    usage: () => (isRecord(message['usage']) ? readMessageUsage(message['usage'], message['stop_reason']) : null),
    model: () => model,
  }
}

/** The input of a block comes in pieces of its JSON. */
function finishBlock(block: Record<string, unknown>): Record<string, unknown> {
  const { partial_json: pieces, ...rest } = block
  if (typeof pieces !== 'string') return block
  try {
    return { ...rest, input: JSON.parse(pieces) as unknown }
  } catch {
    return block
  }
}

/** Anthropic counts what its cache read and wrote apart from the input. The output is told at the end only. */
export function readMessageUsage(usage: Fields, stopReason: unknown): Usage {
  const input = readCount(usage['input_tokens'])
  const cacheRead = readCount(usage['cache_read_input_tokens'])
  const cacheWrite = readCount(usage['cache_creation_input_tokens'])
  const details = usage['output_tokens_details']
  const reasoning = isRecord(details) ? readCount(details['thinking_tokens']) : null
  return {
    input: input === null ? null : input + (cacheRead ?? 0) + (cacheWrite ?? 0),
    output: typeof stopReason === 'string' ? readCount(usage['output_tokens']) : null,
    ...(cacheRead === null ? {} : { cacheRead }),
    ...(cacheWrite === null ? {} : { cacheWrite }),
    ...(reasoning === null ? {} : { reasoning }),
  }
}
