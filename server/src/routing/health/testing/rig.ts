/** Deployments, needs and a clock in the hands of a test. */
import type { Clock } from '../../../base/index.ts'
import type { Provider } from '../../../providers/index.ts'
import type { Deployment, Needs } from '../../types.ts'
import type { DeploymentHealth } from '../types.ts'

export interface HandClock extends Clock {
  ms: number
}

/** Starts away from zero, as a monotonic clock does. */
export function createHandClock(): HandClock {
  const clock: HandClock = { ms: 1_000_000, now: () => 1_700_000_000_000 + clock.ms, monotonic: () => clock.ms }
  return clock
}

export interface DeploymentWish {
  readonly provider: string
  readonly model: string
  readonly usd?: number | null
  readonly weight?: number
  readonly priority?: number
}

const noCalls = () => Promise.reject(new Error('a provider of this test is not called'))

export function makeDeployment({ provider, model, usd = 1, weight = 1, priority = 0 }: DeploymentWish): Deployment {
  const shared = { egress: 'external', clearance: 'public', region: null } as const
  const made: Provider = {
    id: provider,
    dialect: 'openai',
    ...shared,
    url: 'https://models.example.org/v1',
    models: [],
    maxInFlight: null,
    chat: noCalls,
    embeddings: noCalls,
    listModels: noCalls,
  }
  return {
    id: `${provider}/${model}`,
    provider: made,
    model,
    ...shared,
    weight,
    priority,
    info: {
      id: model,
      provider,
      dialect: 'openai',
      ...shared,
      kind: 'chat',
      contextWindow: null,
      maxOutputTokens: null,
      capabilities: {},
      inputUsdPerMTok: usd,
      outputUsdPerMTok: usd,
      cacheReadUsdPerMTok: null,
      cacheWriteUsdPerMTok: null,
      priceSource: usd === null ? null : 'config',
      builtIn: false,
      isDefault: false,
    },
  }
}

export const someNeeds: Needs = { kind: 'chat', capabilities: [], inputTokens: 1_000, outputTokens: 200 }

/** One that fares well and was measured a moment ago. */
export function makeHealth(change: Partial<DeploymentHealth> = {}): DeploymentHealth {
  return {
    state: 'ok',
    reason: null,
    untilMs: null,
    ttftMs: 500,
    meanTtftMs: 500,
    heardAtMs: 1_000_000,
    tokensPerSecond: 50,
    errorRate: 0,
    inFlight: 0,
    share: 1,
    ...change,
  }
}
