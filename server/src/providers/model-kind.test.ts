/** What a name says of a model. */
import { expect, test } from 'bun:test'
import { declareModel } from './model-kind.ts'

test.each([
  'text-embedding-3-small',
  'nomic-embed-text:latest',
  'mxbai-embed-large',
  'models/gemini-embedding-001',
  'all-MiniLM-L6-v2',
  'bge-m3',
  'BAAI/bge-large-en-v1.5',
  'gte-qwen2-7b',
  'intfloat/e5-mistral-7b-instruct',
  'voyage-3',
  'sentence-t5-base',
])('%s embeds', (id) => {
  expect(declareModel(id).kind).toBe('embedding')
})

test.each([
  'bge-reranker-v2-m3',
  'whisper-1',
  'gpt-4o-mini-transcribe',
  'gpt-4o-realtime-preview',
  'gemini-live-2.5-flash',
  'gpt-image-1',
  'tts-1-hd',
  'gemini-2.5-flash-preview-tts',
  'dall-e-3',
  'imagen-4.0-generate-001',
  'veo-3.0-generate-001',
  'omni-moderation-latest',
  'llama-guard-4-12b',
  'gpt-3.5-turbo-instruct',
  'davinci-002',
  'mistral-ocr-latest',
])('%s neither chats nor embeds', (id) => {
  expect(declareModel(id).kind).toBe('unknown')
})

test.each([
  'gpt-5',
  'claude-sonnet-4-5',
  'gemini-2.5-pro',
  'qwen3:8b',
  'llama3.2-vision',
  'deepseek-r1',
  'mistral-large-latest',
  'glm-4.5-air',
  'olive-7b',
  'guardian-angel-chat',
  'settings-bot',
  'my-model',
])('%s is taken to chat', (id) => {
  expect(declareModel(id).kind).toBe('chat')
})

test('declares nothing but what the name says', () => {
  expect(declareModel('gpt-5')).toEqual({
    id: 'gpt-5',
    kind: 'chat',
    contextWindow: null,
    maxOutputTokens: null,
    capabilities: {},
    inputUsdPerMTok: null,
    outputUsdPerMTok: null,
    cacheReadUsdPerMTok: null,
    cacheWriteUsdPerMTok: null,
    catalogueId: null,
    weight: 1,
    priority: 100,
  })
})
