/** Models, providers, budgets and the dialects of responses and messages for the HTTP rig: in memory, with nobody to ask behind them. */
import type { BudgetRule, BudgetState, ModelInfo, ProviderInfo } from '@cairn/contract'
import { fail, Secret } from '../../src/base/index.ts'
import type { GatewayReply, HttpDependencies } from '../../src/http/index.ts'
import type { Call } from '../../src/pipeline/index.ts'

const model: ModelInfo = {
  id: 'extractive',
  provider: 'cairn',
  egress: 'local',
  clearance: 'restricted',
  region: null,
  dialect: 'extractive',
  kind: 'chat',
  contextWindow: null,
  maxOutputTokens: null,
  capabilities: { streaming: true },
  inputUsdPerMTok: 0,
  outputUsdPerMTok: 0,
  cacheReadUsdPerMTok: null,
  cacheWriteUsdPerMTok: null,
  priceSource: 'config',
  builtIn: true,
  isDefault: true,
}

const health = {
  state: 'ok',
  reason: null,
  until: null,
  ttftMs: null,
  tokensPerSecond: null,
  errorRate: 0,
  inFlight: 0,
} as const

const noUsage = {
  calls: 0,
  cacheHits: 0,
  failures: 0,
  inputTokens: 0,
  outputTokens: 0,
  costUsd: 0,
  savedUsd: 0,
  estimatedUsd: 0,
  ttftP50Ms: null,
  ttftP95Ms: null,
}

/** What came, and which label and headers came with it. */
export async function echo(
  { label }: Call,
  { body, headers }: { body: Uint8Array; headers: Readonly<Record<string, string>> },
): Promise<GatewayReply> {
  const told = { 'x-cairn-test-label': label ?? 'none', 'x-cairn-test-headers': JSON.stringify(headers) }
  return { status: 200, headers: { 'content-type': 'application/json', ...told }, body }
}

/** One provider of each origin; the stored ones in memory. */
export function createModels(): Pick<HttpDependencies, 'models' | 'providers'> {
  type Stored = Exclude<Awaited<ReturnType<HttpDependencies['providers']['find']>>, null>
  const stored = new Map<string, Stored>()
  const fixed = new Map(
    (['built-in', 'configuration', 'found'] as const).map((origin): [string, ProviderInfo] => [
      origin,
      { ...describe(origin, 'http://127.0.0.1:1/v1'), origin },
    ]),
  )
  const find = (id: string): ProviderInfo | undefined => {
    const own = stored.get(id)
    return own ? { ...describe(id, own.settings.baseUrl), hasKey: own.apiKey !== null } : fixed.get(id)
  }
  return {
    models: {
      models: () => [model],
      all: () => [model],
      describe: () => ({
        models: [{ ...model, health }],
        virtual: [{ id: 'writer', strategy: 'priority', models: [] }],
        providers: [...fixed.keys(), ...stored.keys()].flatMap((id) => find(id) ?? []),
        catalogue: { sources: [] },
      }),
      findProvider: find,
      testProvider: async (id) =>
        find(id)
          ? { ok: false, asked: 'models', models: null, ms: 1, code: 'upstream.unreachable', message: 'Not there.' }
          : fail('provider.not-found'),
      explain: ({ model: asked = 'auto', label }) => ({
        asked,
        resolved: 'exact',
        strategy: 'balanced',
        label,
        attempts: [],
        rejected: [],
      }),
    },
    providers: {
      find: async (id) => stored.get(id) ?? null,
      async put(id, { apiKey, ...settings }) {
        const before = stored.get(id)
        const kept = before?.apiKey ?? null
        const key = apiKey === undefined ? kept : apiKey === null ? null : new Secret(apiKey)
        stored.set(id, { id, settings, apiKey: key })
        return { isNew: !before, changes: apiKey === undefined ? ['baseUrl'] : ['baseUrl', 'apiKey'] }
      },
      remove: async (id) => stored.delete(id),
    },
  }
}

function describe(id: string, baseUrl: string): ProviderInfo {
  return {
    id,
    dialect: 'openai',
    baseUrl,
    egress: 'local',
    clearance: 'restricted',
    region: null,
    enabled: true,
    origin: 'database',
    hasKey: false,
    models: [],
    inFlight: 0,
    waiting: 0,
  }
}

/** A meter that nothing was booked in; it keeps the rules it is given. */
export function createMetering(): HttpDependencies['metering'] {
  let rules: readonly BudgetRule[] = []
  const list = (): BudgetState[] =>
    rules.map((rule) => ({
      ...rule,
      day: { spentUsd: 0, reservedUsd: 0, resetsAt: 1 },
      month: { spentUsd: 0, reservedUsd: 0, resetsAt: 1 },
    }))
  return {
    usage: async ({ by, from = 0, to = 1 }) => ({ by, of: 'all', from, to, rows: [], total: noUsage }),
    listBudgets: async () => list(),
    async setBudgets(given) {
      rules = given
      return list()
    },
  }
}
