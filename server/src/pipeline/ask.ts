/**
 * `POST /v1/ask`: the life of a question. May they, who could answer, what do their notes offer, who of those may see
 * it, was it answered before, in which order to try, try, tell, record. Each call below is one folder of `server/src`.
 */
import type { AskRequest } from '@cairn/contract'
import { fail, toCairnError } from '../base/index.ts'
import { needsOfAsk } from '../routing/index.ts'
import { findAnswer } from './answers.ts'
import { promptLength } from './compose-prompt.ts'
import { describeDryRun } from './dry-run.ts'
import { openRecord } from './gateway-reply.ts'
import { ground } from './ground.ts'
import { budgetView, openMetered } from './metered.ts'
import { createNoteGate, goOnOnlyWith, PassagesChanged } from './note-gate.ts'
import { collectReply, describeUnfinished, tellAnswer, tellRefusal, type Told } from './tell.ts'
import type { Ask, AskServices } from './ask-types.ts'
import type { Call } from './types.ts'

export function createAsk(services: AskServices): Ask {
  const { access, routing, settings } = services

  async function askNotes(call: Call, request: AskRequest): ReturnType<Ask> {
    const candidates = routing.candidates(request.model, 'ask', call.principal)
    const grounded = await ground(call, request, candidates, services)

    // A question never loses a passage to a cheaper model: models that may not see a passage go, not the passage.
    const needs = needsOfAsk(promptLength(grounded, request.history))
    const plan = routing.plan(candidates, {
      needs,
      label: grounded.label,
      affinity: null,
      refusedByBudget: budgetView(call, 'ask', needs, services),
      refusedByNotes: createNoteGate(call, grounded.passages, access),
    })
    if (request.dryRun === true) return { kind: 'dry-run', reply: describeDryRun(grounded, plan, request) }

    const limit = request.limit ?? settings.citations
    const metered = await openMetered(call, 'ask', needs, services)
    const record = openRecord('question.asked', call, services)
    const told: Told = { call, request, grounded, record, services }
    if (plan.allowed.length === 0) return reply(tellRefusal(told, plan), request.stream)

    try {
      // From the very same passages it may have been answered already; otherwise one caller has it made for all.
      const answer = await findAnswer(
        { call, request, grounded, asked: candidates.asked, plan, record, metered, limit },
        services,
      )
      goOnOnlyWith(call, answer.passages, answer.by, services)
      return await reply(tellAnswer(told, answer), request.stream)
    } catch (thrown) {
      void record.ended('failed', describeUnfinished(grounded))
      throw thrown instanceof PassagesChanged ? thrown : toCairnError(thrown)
    }
  }

  /** Notes and rules may change while a question is on its way; then it is asked of the notes as they are now. */
  return async function ask(call, request) {
    for (let tries = 1; ; tries++) {
      try {
        return await askNotes(call, request)
      } catch (thrown) {
        if (!(thrown instanceof PassagesChanged)) throw thrown
        if (tries === mostTries) fail('server.busy', { retryAfterMs: 1_000, internal: 'the notes change too fast' })
      }
    }
  }
}

const mostTries = 3

async function reply({ events, headers }: ReturnType<typeof tellAnswer>, stream: boolean | undefined): ReturnType<Ask> {
  if (stream === true) return { kind: 'stream', events, headers }
  return { kind: 'reply', reply: await collectReply(events), headers }
}
