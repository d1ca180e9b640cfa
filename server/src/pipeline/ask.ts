/**
 * `POST /v1/ask`: the life of a question. May they, who could answer, what do their notes offer, who of those may see
 * it, was it answered before, in which order to try, try, tell, record. Each call below is one folder of `server/src`.
 */
import { toCairnError } from '../base/index.ts'
import { templateVersion } from './compose-prompt.ts'
import { describeDryRun } from './dry-run.ts'
import { draftByModel, draftByQuoting, finishDraft, type Draft } from './draft.ts'
import { openRecord } from './gateway-reply.ts'
import { ground } from './ground.ts'
import { collectReply, tellDraft, tellRefusal, type Told } from './tell.ts'
import type { Ask, AskServices } from './ask-types.ts'

export function createAsk(services: AskServices): Ask {
  const { access, cache, routing, vaults, settings } = services

  return async function ask(call, request) {
    access.require(call.principal, 'ask', request.vault)
    const candidates = routing.candidates(request.model, 'ask', call.principal)
    const grounded = await ground(call, request, services)

    // A question never loses a passage to a cheaper model: models that may not see a passage go, not the passage.
    const plan = routing.plan(candidates, grounded.label)
    if (request.dryRun === true) return { kind: 'dry-run', reply: describeDryRun(grounded, plan, request) }

    const limit = request.limit ?? settings.citations
    const record = openRecord('question.asked', call, services)
    const told: Told = { call, request, grounded, record, services }
    if (plan.attempts.length === 0) return reply(tellRefusal(told, plan), request.stream)

    const execute = () =>
      routing.execute<Draft>(plan, {
        signal: call.signal,
        report: record.attempted,
        settled: ({ settled }) => settled,
        async send(deployment, permit, signal) {
          if (deployment.provider.dialect === 'extractive')
            return draftByQuoting(grounded, vaults, { limit, ...settings })
          await record.intend(deployment, 'answer', grounded.label)
          const draft = await draftByModel({ grounded, request, deployment, permit, signal, limit })
          return request.stream === true ? draft : finishDraft(draft)
        },
      })
    try {
      const key = [
        'ask',
        templateVersion,
        request.question,
        ...grounded.passages.map(({ vault, note, version, start }) => `${vault}/${note}@${version}:${start}`),
      ]
      const outcome = await cache.reuse(cache.scopeOf(call.principal), key, execute)
      return await reply(tellDraft(told, outcome), request.stream)
    } catch (thrown) {
      void record.ended('failed', { vaults: grounded.vaults, label: grounded.label })
      throw toCairnError(thrown)
    }
  }
}

async function reply({ events, headers }: ReturnType<typeof tellDraft>, stream: boolean | undefined): ReturnType<Ask> {
  if (stream === true) return { kind: 'stream', events, headers }
  return { kind: 'reply', reply: await collectReply(events), headers }
}
