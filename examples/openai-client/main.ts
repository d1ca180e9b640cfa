/** Uses Cairn through the official OpenAI library: the list of models, a reply, a stream, an embedding. */
import { env } from 'node:process'
import OpenAI from 'openai'

// #region client
const client = new OpenAI({
  baseURL: `${env['CAIRN_URL'] ?? 'http://127.0.0.1:8484'}/v1`,
  apiKey: env['CAIRN_KEY'] ?? '',
})
// #endregion

const { data: models } = await client.models.list()
console.log(`models: ${models.map(({ id }) => id).join(', ')}`)

// #region chat
const reply = await client.chat.completions.create({
  model: 'auto',
  messages: [{ role: 'user', content: 'Name three things that mark a trail.' }],
})
console.log(`${reply.model}: ${reply.choices[0]?.message.content}`)
// #endregion

// #region stream
const stream = await client.chat.completions.create({
  model: 'auto',
  messages: [{ role: 'user', content: 'And in winter?' }],
  stream: true,
})
let text = ''
for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
console.log(`streamed: ${text}`)
// #endregion

const embeddings = await client.embeddings.create({ model: 'test-embed', input: ['cairn', 'trail'] })
console.log(`embeddings: ${embeddings.data.map(({ embedding }) => embedding.length).join(' and ')} numbers`)
