/** What an ask would do, without doing it: the passages, the exact text, the plan, an estimate. */
import type { AskDryRun, AskRequest } from '@cairn/contract'
import type { Deployment, Plan } from '../routing/index.ts'
import { composePrompt } from './compose-prompt.ts'
import { citePassages } from './draft.ts'
import type { Grounded } from './ground.ts'

/** About four characters a token in English; said to be an estimate wherever it is shown. */
const charsPerToken = 4
const usualAnswerTokens = 300

export function describeDryRun(grounded: Grounded, plan: Plan, request: AskRequest): AskDryRun {
  const first = plan.attempts[0]?.deployment
  const isQuoting = first?.provider.dialect === 'extractive'
  const messages = first && !isQuoting ? composePrompt(grounded, request.history) : []
  const inputTokens = Math.ceil(messages.reduce((sum, { content }) => sum + content.length, 0) / charsPerToken)
  const outputTokens = messages.length > 0 ? usualAnswerTokens : 0
  return {
    passages: citePassages(grounded.passages, grounded.passages.length).map((citation, index) => ({
      ...citation,
      label: grounded.passages[index]?.label ?? 'restricted',
    })),
    messages,
    plan: plan.attempts.map(({ deployment }) => name(deployment)),
    rejected: plan.rejected.map(({ deployment, reason }) => ({
      provider: deployment.provider.id,
      model: deployment.model,
      reason,
    })),
    label: grounded.label,
    estimate: { inputTokens, outputTokens, costUsd: first ? estimateCost(first, inputTokens, outputTokens) : 0 },
  }
}

function name({ provider, model, egress }: Deployment) {
  return { provider: provider.id, model, egress }
}

function estimateCost({ info }: Deployment, input: number, output: number): number {
  return (input * (info.inputUsdPerMTok ?? 0) + output * (info.outputUsdPerMTok ?? 0)) / 1_000_000
}
