/**
 * THE configuration table: one schema gives types, defaults, the configuration file, environment names, flags, docs
 * and the form in the console. `meta.env` and `meta.flag` name the other places a value may come from; `secret: true`
 * takes a value out of the configuration into the secrets, where nothing prints it.
 */
import { z } from 'zod'
import { labelSchema } from './labels.ts'

export interface SettingMeta {
  readonly description: string
  readonly env?: string
  readonly flag?: string
  readonly secret?: true
}

const setting = <T extends z.ZodType>(schema: T, meta: SettingMeta): T => schema.meta({ ...meta }) as T

const port = z.coerce.number<unknown>().int().min(0).max(65_535)
const mebibyte = 1_024 * 1_024
const day = 86_400_000
const bytes = (least: number, usual: number) =>
  z.coerce
    .number<unknown>()
    .int()
    .min(least)
    .max(2 ** 40)
    .default(usual)
const milliseconds = (usual: number) =>
  z.coerce
    .number<unknown>()
    .int()
    .min(0)
    .max(365 * day)
    .default(usual)
const flagValue = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])

export const modelConfigSchema = z.union([
  z.string().min(1).max(200),
  z.strictObject({
    id: z.string().min(1).max(200),
    contextWindow: z.int().positive().optional(),
    capabilities: z.array(z.string()).optional(),
    inputUsdPerMTok: z.number().nonnegative().optional(),
    outputUsdPerMTok: z.number().nonnegative().optional(),
  }),
])

export const upstreamSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use small letters, digits and dashes'),
  dialect: z.enum(['openai']),
  baseUrl: z.url({ protocol: /^https?$/ }),
  apiKey: z.string().min(1).optional(),
  egress: z.enum(['local', 'external']).optional(),
  clearance: labelSchema.optional(),
  region: z.string().max(60).optional(),
  models: z.array(modelConfigSchema).default([]),
})

export type Upstream = z.infer<typeof upstreamSchema>

export const configSchema = z.strictObject({
  server: z
    .strictObject({
      host: setting(z.string().min(1).default('127.0.0.1'), {
        env: 'CAIRN_HOST',
        flag: '--host',
        description: 'Address to listen on. Only loopback addresses are accepted until sign-in for teams exists.',
      }),
      port: setting(port.default(8484), {
        env: 'CAIRN_PORT',
        flag: '--port',
        description: 'TCP port; 0 takes any free one.',
      }),
      publicUrl: setting(z.url({ protocol: /^https?$/ }).optional(), {
        env: 'CAIRN_PUBLIC_URL',
        flag: '--public-url',
        description: 'The address under which others reach this server. Its host name is then accepted in requests.',
      }),
      maxBodyBytes: setting(
        z.coerce
          .number<unknown>()
          .int()
          .min(1_024)
          .max(1 << 30)
          .default(32 * 1_024 * 1_024),
        {
          env: 'CAIRN_MAX_BODY_BYTES',
          description: 'Largest request body that is read, in bytes.',
        },
      ),
      bodyTimeoutMs: setting(z.coerce.number<unknown>().int().min(100).max(600_000).default(15_000), {
        env: 'CAIRN_BODY_TIMEOUT_MS',
        description: 'How long a request body may take to arrive, in milliseconds.',
      }),
      workers: setting(z.coerce.number<unknown>().int().min(1).max(64).default(1), {
        env: 'CAIRN_WORKERS',
        flag: '--workers',
        description: 'Processes that answer on the port. Each holds the search index in its own memory.',
      }),
    })
    .prefault({}),
  data: z
    .strictObject({
      directory: setting(z.string().min(1).default('.cairn'), {
        env: 'CAIRN_DATA',
        flag: '--data',
        description: 'Folder that holds everything the server stores.',
      }),
      databaseUrl: setting(
        z
          .string()
          .regex(/^postgres(ql)?:\/\//, 'give a postgres:// address')
          .optional(),
        {
          env: 'CAIRN_DATABASE_URL',
          secret: true,
          description: 'PostgreSQL to use in place of SQLite in the data directory.',
        },
      ),
      redisUrl: setting(
        z
          .string()
          .regex(/^rediss?:\/\//, 'give a redis:// or rediss:// address')
          .optional(),
        {
          env: 'CAIRN_REDIS_URL',
          secret: true,
          description:
            'Redis or Valkey as third cache tier. Needed, the same one for all, when several servers share one PostgreSQL.',
        },
      ),
      keyring: setting(z.string().min(1).optional(), {
        env: 'CAIRN_KEYRING',
        description:
          'File with the keys of this deployment. Default: in your configuration folder, outside the data directory.',
      }),
    })
    .prefault({}),
  access: z
    .strictObject({
      ownerKey: setting(z.string().min(16).max(200).optional(), {
        env: 'CAIRN_OWNER_KEY',
        secret: true,
        description: 'API key of the owner, taken while no owner exists. For automation and tests.',
      }),
    })
    .prefault({}),
  vaults: setting(
    z.array(z.strictObject({ path: z.string().min(1), name: z.string().min(1).max(120).optional() })).default([]),
    {
      flag: '--vault',
      description: 'Folders to serve as vaults. Given by flag, exactly these are served in this run.',
    },
  ),
  upstreams: setting(z.array(upstreamSchema).max(100).default([]), {
    env: 'CAIRN_UPSTREAMS',
    description: 'Model providers, in the order in which they are tried. As an environment variable: a JSON list.',
  }),
  models: z
    .strictObject({
      default: setting(z.string().min(1).max(200).default('auto'), {
        env: 'CAIRN_MODEL',
        flag: '--model',
        description:
          'Model that answers a question that names none: a model id, `extractive`, or `auto` for the first local chat model, else `extractive`.',
      }),
      discoverLocal: setting(flagValue.default(true), {
        env: 'CAIRN_DISCOVER_LOCAL',
        description: 'Look for model servers on this machine’s usual ports at start.',
      }),
      connectTimeoutMs: setting(z.coerce.number<unknown>().int().min(10).max(120_000).default(10_000), {
        env: 'CAIRN_CONNECT_TIMEOUT_MS',
        description:
          'How long a provider may take to send the head of its reply to a streamed request, in milliseconds.',
      }),
      idleTimeoutMs: setting(z.coerce.number<unknown>().int().min(100).max(3_600_000).default(120_000), {
        env: 'CAIRN_IDLE_TIMEOUT_MS',
        description: 'How long a provider may be silent within a reply, in milliseconds.',
      }),
      totalTimeoutMs: setting(z.coerce.number<unknown>().int().min(100).max(7_200_000).default(600_000), {
        env: 'CAIRN_TOTAL_TIMEOUT_MS',
        description: 'How long one reply of a provider may take altogether, in milliseconds.',
      }),
    })
    .prefault({}),
  retrieval: z
    .strictObject({
      semanticWeight: setting(z.coerce.number<unknown>().min(0).max(1).default(0.3), {
        env: 'CAIRN_SEMANTIC_WEIGHT',
        description: 'Share of the meaning score (LSA) in the mix with the word score (BM25).',
      }),
      passages: setting(z.coerce.number<unknown>().int().min(1).max(50).default(8), {
        env: 'CAIRN_PASSAGES',
        description: 'Passages given to a model with a question.',
      }),
      notFoundBelow: setting(z.coerce.number<unknown>().min(0).max(1).default(0.5), {
        env: 'CAIRN_NOT_FOUND_BELOW',
        description: 'The extractive model says “not found” when it is less sure than this, 0 to 1.',
      }),
    })
    .prefault({}),
  cache: z
    .strictObject({
      enabled: setting(flagValue.default(true), {
        env: 'CAIRN_CACHE',
        description: 'Give answers again that are still true. `false` makes everything anew.',
      }),
      memoryBytes: setting(bytes(16 * mebibyte, 256 * mebibyte), {
        env: 'CAIRN_CACHE_MEMORY_BYTES',
        description: 'Most that the memory tier holds in each process, in bytes.',
      }),
      diskBytes: setting(bytes(0, 1_024 * mebibyte), {
        env: 'CAIRN_CACHE_DISK_BYTES',
        description: 'Most that the disk tier holds, in bytes; 0 switches it off.',
      }),
      answers: setting(z.enum(['shared', 'user', 'off']).default('shared'), {
        env: 'CAIRN_CACHE_ANSWERS',
        description:
          'Answers from notes. `shared`: with everybody who may read every passage that the answer was made from; a fast answer then shows that somebody asked before. `user`: with the asker alone. Answers within a conversation are never shared.',
      }),
      answerTtlMs: setting(milliseconds(day), {
        env: 'CAIRN_CACHE_ANSWER_TTL_MS',
        description:
          'How long an answer from notes is given again, in milliseconds. A change of its notes ends it at once.',
      }),
      chat: setting(z.enum(['repeatable', 'all', 'off']).default('repeatable'), {
        env: 'CAIRN_CACHE_CHAT',
        description:
          'Chat replies. `repeatable`: not those to requests that ask for variety, which are `temperature` above 0 without `seed`, and `n` above 1. `all`: those too.',
      }),
      chatSharing: setting(z.enum(['user', 'team', 'org']).default('user'), {
        env: 'CAIRN_CACHE_CHAT_SHARING',
        description:
          'Who is given a chat reply again: the one who asked, their team, or everybody of this server. A fast reply then shows that somebody asked before.',
      }),
      chatTtlMs: setting(milliseconds(day), {
        env: 'CAIRN_CACHE_CHAT_TTL_MS',
        description: 'How long a chat reply is given again, in milliseconds.',
      }),
      embeddingTtlMs: setting(milliseconds(7 * day), {
        env: 'CAIRN_CACHE_EMBEDDING_TTL_MS',
        description: 'How long embeddings are given again, in milliseconds; 0 computes them anew.',
      }),
      searchTtlMs: setting(milliseconds(day / 24), {
        env: 'CAIRN_CACHE_SEARCH_TTL_MS',
        description:
          'How long a search result is given again, in milliseconds; 0 searches anew. A change of the vault ends it at once.',
      }),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: setting(z.enum(['debug', 'info', 'warn', 'error']).default('info'), {
        env: 'CAIRN_LOG_LEVEL',
        description: 'Least important log line that is written.',
      }),
      format: setting(z.enum(['auto', 'json', 'text']).default('auto'), {
        env: 'CAIRN_LOG_FORMAT',
        description: '`json`, `text`, or `auto`: text on a terminal, else JSON.',
      }),
    })
    .prefault({}),
})

export type Config = z.infer<typeof configSchema>
