/**
 * THE configuration table: one schema gives types, defaults, the configuration file, environment names, flags, docs
 * and the form in the console. `meta.env` and `meta.flag` name the other places a value may come from; `secret: true`
 * takes a value out of the configuration into the secrets, where nothing prints it.
 */
import { z } from 'zod'
import { authZenAdapterSchema } from './authzen.ts'
import { labelSchema } from './labels.ts'
import { modelId, upstreamSchema } from './upstreams.ts'

export interface SettingMeta {
  readonly description: string
  readonly env?: string
  readonly flag?: string
  readonly secret?: true
  /** For benchmarks of this repository; not in the documentation. */
  readonly internal?: true
}

const setting = <T extends z.ZodType>(schema: T, meta: SettingMeta): T => schema.meta({ ...meta })

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

/** What goes over this connection is encrypted, or stays on this machine. */
function isSafeAddress(address: string): boolean {
  return /^https:\/\/|^http:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?(?:\/|$)/i.test(address)
}

const sinkId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'use small letters, digits and dashes')
/** Whether ids, addresses and what names notes go along; otherwise people are told by random references. */
const sinkNames = z.boolean().default(false)

const webhookUrl = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine(isSafeAddress, 'give an https:// address; http:// only on this machine')
/** As Standard Webhooks has it: `whsec_` and 24 to 64 bytes in base 64. */
const webhookSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, 'give whsec_ and 24 to 64 random bytes in base 64')

export const auditSinkSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    id: sinkId,
    kind: z.literal('syslog'),
    host: z.string().regex(/^[A-Za-z0-9.:-]{1,255}$/, 'give a host name or an address'),
    port: z.int().min(1).max(65_535).default(6_514),
    /** File in PEM with the authorities to trust in place of the usual ones. */
    caFile: z.string().min(1).max(4_096).optional(),
    format: z.enum(['rfc5424-json', 'cef']).default('rfc5424-json'),
    names: sinkNames,
  }),
  z.strictObject({
    id: sinkId,
    kind: z.literal('webhook'),
    url: webhookUrl,
    secret: webhookSecret.optional(),
    format: z.enum(['jsonl', 'ocsf']).default('jsonl'),
    names: sinkNames,
  }),
])

export type AuditSinkConfig = z.infer<typeof auditSinkSchema>

/** Somebody outside who is told checkpoints of the audit log, and remembers them. */
export const auditWitnessSettingSchema = z.strictObject({
  id: sinkId,
  url: webhookUrl,
  secret: webhookSecret.optional(),
  /** Told of each so-many-th checkpoint; once an hour in any case, when there is a new one. */
  every: z.int().min(1).max(10_000).default(100),
})

export type AuditWitnessConfig = z.infer<typeof auditWitnessSettingSchema>

export const routingStrategies = ['balanced', 'cheapest', 'fastest', 'best', 'weighted', 'priority'] as const

export type RoutingStrategy = (typeof routingStrategies)[number]

/** A name of one’s own for several models. `best` and `priority` take the listed order. */
export const virtualModelSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'use small letters, digits, dots, underscores and dashes'),
  strategy: z.enum(routingStrategies).default('priority'),
  /** Each `model` or `provider/model`. */
  models: z.array(modelId).min(1).max(100),
})

export type VirtualModel = z.infer<typeof virtualModelSchema>

export const configSchema = z.strictObject({
  server: z
    .strictObject({
      host: setting(z.string().min(1).default('127.0.0.1'), {
        env: 'CAIRN_HOST',
        flag: '--host',
        description:
          'Address to listen on. One beyond loopback needs an owner who can sign in, an https:// public address, and TLS here or a trusted proxy.',
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
      trustedProxies: setting(
        z
          .array(z.union([z.ipv4(), z.ipv6()]))
          .max(100)
          .default([]),
        {
          description:
            'Addresses of proxies in front of this server, which end TLS and say in `X-Forwarded-For` who is there. Needed, with an https:// public address, to listen beyond this machine without TLS of its own.',
        },
      ),
      tls: z
        .strictObject({
          certFile: setting(z.string().min(1).max(4_096).optional(), {
            env: 'CAIRN_TLS_CERT_FILE',
            description:
              'File with the server’s certificate in PEM, its chain behind it. With it and the key the server speaks TLS itself. A renewed one is taken within seconds, without a restart.',
          }),
          keyFile: setting(z.string().min(1).max(4_096).optional(), {
            env: 'CAIRN_TLS_KEY_FILE',
            description: 'File with the private key of the certificate in PEM, without a passphrase.',
          }),
        })
        .prefault({}),
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
      corsOrigins: setting(
        z
          .array(z.string().regex(/^[a-z][a-z0-9+.-]*:\/\/[^/*\s]+$/i, 'give an origin such as app://obsidian.md'))
          .max(50)
          .default(['app://obsidian.md', 'capacitor://localhost', 'http://localhost']),
        {
          description:
            'Origins whose pages may read replies, with an API key of theirs. Cookies are never accepted from them.',
        },
      ),
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
      sessionMs: setting(
        z.coerce
          .number<unknown>()
          .int()
          .min(60_000)
          .max(365 * day)
          .default(30 * day),
        {
          env: 'CAIRN_SESSION_MS',
          description: 'How long a session of the console lasts at most, in milliseconds.',
        },
      ),
      sessionIdleMs: setting(
        z.coerce
          .number<unknown>()
          .int()
          .min(1_000)
          .max(365 * day)
          .default(7 * day),
        {
          env: 'CAIRN_SESSION_IDLE_MS',
          description: 'A session that was not used for so long has ended, in milliseconds.',
        },
      ),
      requireMfa: setting(z.enum(['off', 'admins', 'everyone']).default('off'), {
        env: 'CAIRN_REQUIRE_MFA',
        description:
          'Who must show a second factor in the console: nobody, those who administer the server, or everyone. The provider’s word counts for those who sign in with OpenID Connect.',
      }),
      openid: z
        .strictObject({
          issuer: setting(
            z
              .url({ protocol: /^https?$/ })
              .refine(isSafeAddress, 'give an https:// address; http:// only on this machine')
              .optional(),
            {
              env: 'CAIRN_OPENID_ISSUER',
              description: 'Address of the provider of OpenID Connect. Unset: signing in with one is off.',
            },
          ),
          clientId: setting(z.string().min(1).max(500).default('cairn'), {
            env: 'CAIRN_OPENID_CLIENT_ID',
            description: 'Client id of this server at the provider.',
          }),
          clientSecret: setting(z.string().min(1).max(1_000).optional(), {
            env: 'CAIRN_OPENID_CLIENT_SECRET',
            secret: true,
            description: 'Client secret of this server at the provider. Unset: a public client, with PKCE alone.',
          }),
          name: setting(z.string().min(1).max(60).default('single sign-on'), {
            env: 'CAIRN_OPENID_NAME',
            description: 'Name of the provider on the button “Sign in with …”.',
          }),
          scopes: setting(z.string().min(6).max(500).default('openid profile email'), {
            env: 'CAIRN_OPENID_SCOPES',
            description: 'Scopes to ask the provider for, with a space between them. Some need one more for groups.',
          }),
          groupsClaim: setting(z.string().min(1).max(200).default('groups'), {
            env: 'CAIRN_OPENID_GROUPS_CLAIM',
            description: 'Claim with the groups of the person.',
          }),
          groups: setting(z.record(z.string().min(1).max(200), z.string().trim().min(1).max(120)).default({}), {
            description:
              'Groups here by the provider’s names for them, such as {"cn=eng": "Engineering"}. Others are not taken over.',
          }),
          allowCreate: setting(flagValue.default(false), {
            env: 'CAIRN_OPENID_ALLOW_CREATE',
            description:
              'Make an account at the first sign-in. Otherwise people are invited first, by the same e-mail address.',
          }),
        })
        .prefault({}),
      authzen: setting(authZenAdapterSchema.optional(), {
        description:
          'How AuthZEN clients’ subjects, resources and actions become ours. Unset: they use our own names. See docs/guide/access.md.',
      }),
    })
    .prefault({}),
  audit: z
    .strictObject({
      witnessFile: setting(z.string().min(1).optional(), {
        env: 'CAIRN_AUDIT_WITNESS_FILE',
        description:
          'File that signed checkpoints of the audit log are added to once a minute, best on another disk or machine. At the start the last one must fit the log. Unset: a file beside the keyring, every ten minutes.',
      }),
      verifyEveryHours: setting(z.coerce.number<unknown>().int().min(0).max(720).default(24), {
        env: 'CAIRN_AUDIT_VERIFY_EVERY_HOURS',
        description:
          'Hours between verifications of the whole audit log by the server itself, the first a quarter of an hour after its start. 0: only when somebody asks.',
      }),
      witnesses: setting(z.array(auditWitnessSettingSchema).max(5).default([]), {
        env: 'CAIRN_AUDIT_WITNESSES',
        description:
          'Receivers outside that are told signed checkpoints of the audit log, and may answer with the last one they saw. As an environment variable: a JSON list. See docs/guide/audit.md.',
      }),
      sinks: setting(z.array(auditSinkSchema).max(10).default([]), {
        env: 'CAIRN_AUDIT_SINKS',
        description:
          'Receivers outside to which the audit log is delivered as it grows. As an environment variable: a JSON list. See docs/guide/audit.md.',
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
      firstTokenTimeoutMs: setting(z.coerce.number<unknown>().int().min(10).max(3_600_000).default(120_000), {
        env: 'CAIRN_FIRST_TOKEN_TIMEOUT_MS',
        description:
          'How long a provider may take from the request to the first word of a streamed answer, in milliseconds. Another is tried after it.',
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
  routing: z
    .strictObject({
      strategy: setting(z.enum(routingStrategies).default('balanced'), {
        env: 'CAIRN_ROUTING_STRATEGY',
        description:
          'How deployments of the asked model are ordered: `balanced` by expected time, errors and price, `cheapest`, `fastest`, `best` and `priority` by their order and `priority`, `weighted` by their `weight`.',
      }),
      virtualModels: setting(z.array(virtualModelSchema).max(100).default([]), {
        description: 'Names of one’s own for several models, each with an order or a strategy.',
      }),
      maxAttempts: setting(z.coerce.number<unknown>().int().min(1).max(10).default(3), {
        env: 'CAIRN_MAX_ATTEMPTS',
        description: 'Most deployments that are tried for one request.',
      }),
      retryRatio: setting(z.coerce.number<unknown>().min(0).max(10).default(0.5), {
        env: 'CAIRN_RETRY_RATIO',
        description:
          'Further attempts that a caller’s requests may cause, for each request. Some are saved up for a bad moment; when they are used up, the first failure is told.',
      }),
      openAfterFailures: setting(z.coerce.number<unknown>().int().min(1).max(1_000).default(5), {
        env: 'CAIRN_OPEN_AFTER_FAILURES',
        description: 'Failures in a row after which a deployment is left alone for a while.',
      }),
      cooldownMs: setting(z.coerce.number<unknown>().int().min(10).max(3_600_000).default(5_000), {
        env: 'CAIRN_COOLDOWN_MS',
        description:
          'How long a failing deployment is left alone at first, in milliseconds. It doubles with every failed probe, up to a minute or this, whichever is longer.',
      }),
      slowStartMs: setting(z.coerce.number<unknown>().int().min(0).max(600_000).default(10_000), {
        env: 'CAIRN_SLOW_START_MS',
        description: 'How long a recovered deployment takes to get its full share again, in milliseconds.',
      }),
      regions: setting(z.partialRecord(labelSchema, z.array(z.string().min(1).max(60)).max(50)).default({}), {
        description:
          'Regions to which notes of a label may go, by label, such as {"confidential": ["eu"]}. Providers on this machine need none.',
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
  internal: z
    .strictObject({
      keepAlive: setting(flagValue.default(true), {
        env: 'CAIRN_INTERNAL_KEEP_ALIVE',
        internal: true,
        description: 'Whether connections to providers are kept for the next request.',
      }),
      recordFirst: setting(flagValue.default(false), {
        env: 'CAIRN_INTERNAL_RECORD_FIRST',
        internal: true,
        description: 'Whether a reply waits until its usage and its audit entry are on disk.',
      }),
    })
    .prefault({}),
})

export type Config = z.infer<typeof configSchema>
