/** Rows of the route table: the dialects of OpenAI and Anthropic. */
import {
  chatRequestSchema,
  embeddingsRequestSchema,
  labelSchema,
  messagesRequestSchema,
  modelListSchema,
  responsesRequestSchema,
} from '@cairn/contract'
import { chat, embeddings, listModels, messages, responses } from './handlers/gateway.ts'
import { protectedRoute, type HeaderSpec, type ReplySpec, type Route } from './route.ts'

const streamed: ReplySpec = { status: 200, description: 'With `stream: true`.', mediaType: 'text/event-stream' }

const label: HeaderSpec = {
  name: 'x-cairn-label',
  description: 'How sensitive the request is; only providers that are cleared for it are asked. Default `public`.',
  schema: labelSchema,
}

export const gatewayRoutes: readonly Route[] = [
  protectedRoute({
    method: 'POST',
    path: '/v1/chat/completions',
    audit: { tells: ['chat.completed', 'egress.intended'] },
    permission: 'signed-in',
    audience: 'openai',
    body: chatRequestSchema,
    headers: [label],
    summary: 'Send a chat request to a model, in OpenAI’s dialect.',
    replies: [
      { status: 200, description: 'The model’s reply as its provider sent it.', mediaType: 'application/json' },
      streamed,
    ],
    handle: chat,
  }),
  protectedRoute({
    method: 'POST',
    path: '/v1/responses',
    audit: { tells: ['responses.completed', 'egress.intended'] },
    permission: 'signed-in',
    audience: 'openai',
    body: responsesRequestSchema,
    headers: [label],
    summary: 'Send a request to a model, in OpenAI’s dialect of responses. Nothing of it is stored.',
    replies: [
      {
        status: 200,
        description: 'The model’s reply, as its provider sent it or converted from its own dialect.',
        mediaType: 'application/json',
      },
      streamed,
    ],
    handle: responses,
  }),
  protectedRoute({
    method: 'POST',
    path: '/v1/messages',
    audit: { tells: ['messages.completed', 'egress.intended'] },
    permission: 'signed-in',
    audience: 'anthropic',
    body: messagesRequestSchema,
    headers: [label],
    summary: 'Send a request to a model, in Anthropic’s dialect.',
    replies: [
      {
        status: 200,
        description: 'The model’s reply, as its provider sent it or converted from its own dialect.',
        mediaType: 'application/json',
      },
      streamed,
    ],
    handle: messages,
  }),
  protectedRoute({
    method: 'POST',
    path: '/v1/embeddings',
    audit: { tells: ['embeddings.created', 'egress.intended'] },
    permission: 'signed-in',
    audience: 'openai',
    body: embeddingsRequestSchema,
    headers: [label],
    summary: 'Compute embeddings, in OpenAI’s dialect.',
    replies: [{ status: 200, description: 'The embeddings as the provider sent them.', mediaType: 'application/json' }],
    handle: embeddings,
  }),
  protectedRoute({
    method: 'GET',
    path: '/v1/models',
    audit: { exempt: 'It lists what the caller may use.' },
    permission: 'signed-in',
    audience: 'openai',
    summary:
      'List the models that can be used, in OpenAI’s dialect; with the header `anthropic-version` in Anthropic’s.',
    replies: [{ status: 200, description: 'The models.', schema: modelListSchema }],
    handle: listModels,
  }),
]
