/**
 * The OpenAPI 3.1 document, made from the route table and the schemas of the contract. Nothing here is written twice:
 * a route without a schema shows as such.
 */
import {
  auditEntrySchema,
  auditPageSchema,
  auditSummarySchema,
  anthropicErrorSchema,
  askDryRunSchema,
  askReplySchema,
  askRequestSchema,
  budgetsReplySchema,
  budgetsWriteSchema,
  cacheInvalidateSchema,
  cacheReceiptSchema,
  cacheStatsSchema,
  chatRequestSchema,
  citationSchema,
  embeddingsRequestSchema,
  healthSchema,
  indexStateSchema,
  keyCreateSchema,
  keyCreatedSchema,
  keyInfoSchema,
  keyListSchema,
  labelSchema,
  messagesRequestSchema,
  modelListSchema,
  modelsReplySchema,
  noteListSchema,
  noteSchema,
  openAiErrorSchema,
  problemSchema,
  providerReplySchema,
  providerTestSchema,
  providerWriteSchema,
  receiptSchema,
  relatedReplySchema,
  responsesRequestSchema,
  routeExplainRequestSchema,
  routeExplanationSchema,
  searchReplySchema,
  searchRequestSchema,
  searchResultSchema,
  sessionSchema,
  signInLinkSchema,
  signInSchema,
  usageReplySchema,
  vaultCreateSchema,
  vaultListSchema,
  vaultSchema,
} from '@cairn/contract'
import { z } from 'zod'
import type { ReplySpec, Route } from './route.ts'

const requestSchemas = {
  AskRequest: askRequestSchema,
  ChatRequest: chatRequestSchema,
  EmbeddingsRequest: embeddingsRequestSchema,
  SearchRequest: searchRequestSchema,
  VaultCreate: vaultCreateSchema,
  KeyCreate: keyCreateSchema,
  SignIn: signInSchema,
  CacheInvalidate: cacheInvalidateSchema,
  ResponsesRequest: responsesRequestSchema,
  MessagesRequest: messagesRequestSchema,
  ProviderWrite: providerWriteSchema,
  RouteExplainRequest: routeExplainRequestSchema,
  BudgetsWrite: budgetsWriteSchema,
} as const

const replySchemas = {
  AskReply: askReplySchema,
  AskDryRun: askDryRunSchema,
  Citation: citationSchema,
  Receipt: receiptSchema,
  Label: labelSchema,
  SearchReply: searchReplySchema,
  SearchResult: searchResultSchema,
  RelatedReply: relatedReplySchema,
  ModelList: modelListSchema,
  ModelsReply: modelsReplySchema,
  Provider: providerReplySchema,
  ProviderTest: providerTestSchema,
  RouteExplanation: routeExplanationSchema,
  Usage: usageReplySchema,
  Budgets: budgetsReplySchema,
  IndexState: indexStateSchema,
  Vault: vaultSchema,
  VaultList: vaultListSchema,
  NoteList: noteListSchema,
  Note: noteSchema,
  Key: keyInfoSchema,
  KeyList: keyListSchema,
  KeyCreated: keyCreatedSchema,
  SignInLink: signInLinkSchema,
  CacheStats: cacheStatsSchema,
  AuditEntry: auditEntrySchema,
  AuditPage: auditPageSchema,
  AuditSummary: auditSummarySchema,
  CacheReceipt: cacheReceiptSchema,
  Session: sessionSchema,
  Health: healthSchema,
  Problem: problemSchema,
  OpenAiError: openAiErrorSchema,
  AnthropicError: anthropicErrorSchema,
} as const

type Json = Record<string, unknown>

/** The names under which a reply's schema can be written in the route table; a union of named ones becomes `anyOf`. */
const names = new Map<unknown, string>(
  [...Object.entries(requestSchemas), ...Object.entries(replySchemas)].map(([name, schema]) => [schema, name]),
)

export function createOpenApi(routes: readonly Route[], { version }: { version: string }): Json {
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = formatPath(route.path)
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(route, path) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cairn',
      version,
      description: 'The private AI layer for people and teams who keep their knowledge in Obsidian vaults.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths,
    components: {
      schemas: { ...convertSchemas(requestSchemas, 'input'), ...convertSchemas(replySchemas, 'output') },
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key. The header `x-api-key` is taken too.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'cairn_session_PORT',
          description: 'From `POST /auth/sign-in`; honoured for this server’s own pages only.',
        },
      },
    },
    security: [{ key: [] }, { session: [] }],
  }
}

const errorSchemas = { openai: 'OpenAiError', anthropic: 'AnthropicError', problem: 'Problem' } as const

function describeRoute(route: Route, path: string): Json {
  const isPublic = typeof route.permission !== 'string' || route.permission === 'public'
  const permission = typeof route.permission === 'string' ? route.permission : route.permission.unlessLocal
  const error = errorSchemas[route.audience]
  const errorType = route.audience === 'problem' ? 'application/problem+json' : 'application/json'
  const responses: Record<string, Json> = {}
  for (const reply of route.replies) {
    const known = responses[reply.status] as { content?: Json } | undefined
    responses[reply.status] = {
      description: reply.description,
      ...known,
      ...mergeContent(known?.content, describeContent(reply)),
    }
  }
  return {
    operationId: nameOperation(route.method, path),
    summary: route.summary,
    ...(permission === 'public' ? {} : { 'x-cairn-permission': permission }),
    ...(isPublic ? { security: permission === 'public' ? [{}] : [{}, { key: [] }, { session: [] }] } : {}),
    parameters: [
      ...describePathParams(path),
      ...describeQuery(route.query),
      ...(route.headers ?? []).map(({ name, description, schema }) => ({
        name,
        in: 'header',
        required: false,
        description,
        schema: refTo(schema, 'output'),
      })),
    ],
    ...(route.body
      ? { requestBody: { required: true, content: { 'application/json': { schema: refTo(route.body, 'input') } } } }
      : {}),
    responses: {
      ...responses,
      default: {
        description: 'The request failed.',
        content: { [errorType]: { schema: { $ref: `#/components/schemas/${error}` } } },
      },
    },
  }
}

function mergeContent(known: Json | undefined, added: Json | undefined): Json {
  return known || added ? { content: { ...known, ...added } } : {}
}

function describeContent({ schema, mediaType }: ReplySpec): Json | undefined {
  if (!schema && !mediaType) return undefined
  return { [mediaType ?? 'application/json']: schema ? { schema: refTo(schema, 'output') } : {} }
}

function formatPath(path: string): string {
  return path.replace(/[:*](\w+)/g, '{$1}')
}

/** `GET /api/vaults/{id}/notes` is `getApiVaultsIdNotes`. */
function nameOperation(method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter(Boolean)
  return method.toLowerCase() + (words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('') || 'Root')
}

function describePathParams(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function describeQuery(query: z.ZodType | undefined): Json[] {
  if (!query) return []
  const { properties = {}, required = [] } = convert(query, 'input') as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

function refTo(schema: z.ZodType, io: 'input' | 'output'): Json {
  const name = names.get(schema)
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` }
  if (schema instanceof z.ZodUnion) return { anyOf: schema.options.map((option) => refTo(option as z.ZodType, io)) }
  return convert(schema, io)
}

function convert(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
  }) as Json
  return rest
}

function convertSchemas(schemas: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): Record<string, Json> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id })
  const { schemas: converted } = z.toJSONSchema(registry, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
  })
  return Object.fromEntries(
    Object.entries(converted).map(([name, schema]) => {
      const { $schema: _schema, $id: _id, ...rest } = schema as Json
      return [name, rest]
    }),
  )
}
