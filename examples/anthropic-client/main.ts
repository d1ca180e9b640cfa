/** Uses Cairn through the official Anthropic library, with a model that speaks another dialect: a reply and a stream. */
import { env } from 'node:process'
import Anthropic from '@anthropic-ai/sdk'

// #region client
const client = new Anthropic({
  baseURL: env['CAIRN_URL'] ?? 'http://127.0.0.1:8484',
  apiKey: env['CAIRN_KEY'] ?? '',
})
// #endregion

// #region messages
const reply = await client.messages.create({
  model: 'test-chat',
  max_tokens: 200,
  messages: [{ role: 'user', content: 'Name three things that mark a trail.' }],
})
for (const block of reply.content) if (block.type === 'text') console.log(`${reply.model}: ${block.text}`)
// #endregion

const stream = client.messages.stream({
  model: 'test-chat',
  max_tokens: 200,
  messages: [{ role: 'user', content: 'And in winter?' }],
})
let pieces = 0
stream.on('text', () => (pieces += 1))
const { stop_reason: end, usage } = await stream.finalMessage()
console.log(`streamed in ${pieces} pieces, ${end}, ${usage.output_tokens} tokens`)
