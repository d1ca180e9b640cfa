/** Runs a file of scenarios: against its own world, or against the policy in force. */
import type { AccessContext, Scenario, ScenarioFile } from '@cairn/contract'
import type { NoteFacts } from '../../base/index.ts'
import type { Engine } from './index.ts'
import { toMs } from './rules.ts'
import type { Subject } from './types.ts'

export interface ScenarioOutcome {
  readonly name: string
  readonly passed: boolean
  readonly expected: string
  readonly got: string
}

/** `now` is the time for scenarios that do not say theirs, in a file that does not say one either. */
export function runScenarios(engine: Engine, file: ScenarioFile, now: number): ScenarioOutcome[] {
  return file.scenarios.map((scenario) => {
    const at = scenario.now ?? file.now
    const got = ask(engine, scenario, { file, now: at === undefined ? now : toMs(at) })
    const expected = say(scenario.expect)
    return { name: scenario.name, passed: say(got) === expected, expected, got: say(got) }
  })
}

interface Setting {
  readonly file: ScenarioFile
  readonly now: number
}

type Answer = boolean | readonly string[] | null

function ask(engine: Engine, scenario: Scenario, { file, now }: Setting): Answer {
  const { context } = scenario
  // With a world of its own, a file says which notes there are; else the engine looks them up.
  const unlisted = file.world === undefined ? undefined : null
  const factsOf = (resource: string): NoteFacts | null | undefined =>
    Object.hasOwn(file.notes, resource) ? file.notes[resource] : unlisted
  const noteOf = (resource: string) => ({ resource, facts: factsOf(resource) })
  const withModel = (model: string): AccessContext => ({
    ...(Object.hasOwn(file.models, model) ? file.models[model] : {}),
    ...context,
  })
  if ('check' in scenario) {
    const { subject, action, resource } = scenario.check
    return engine.check({ subject: toSubject(subject), action, resource, facts: factsOf(resource), context, now })
  }
  if ('assign' in scenario) {
    const { actor, ...assignment } = scenario.assign
    return engine.mayAssign({ ...assignment, actor: { principal: actor }, context, now }).ok
  }
  if ('issueKey' in scenario) {
    const { actor, bound } = scenario.issueKey
    return engine.mayIssueKey({ actor: toSubject(actor), bound, context, now }).ok
  }
  if ('approve' in scenario) {
    const { approver, proposer } = scenario.approve
    return engine.mayApprove({ approver: { principal: approver }, requestedBy: proposer, context, now }).ok
  }
  if ('ask' in scenario) {
    const { subject, model, notes } = scenario.ask
    return engine.usableNotes({
      subject: toSubject(subject),
      model,
      notes: notes.map(noteOf),
      context: withModel(model),
      now,
    })
  }
  const { subject, namespace, model, sources } = scenario.cacheHit
  const question = { subject: toSubject(subject), namespace, model, sources: sources.map(noteOf) }
  return engine.mayServe({ ...question, context: withModel(model), now })
}

function toSubject(subject: string | Subject): Subject {
  return typeof subject === 'string' ? { principal: subject } : subject
}

function say(answer: Answer | string): string {
  if (answer === true) return 'allow'
  if (answer === false || answer === null) return 'deny'
  return typeof answer === 'string' ? answer : [...answer].sort().join(', ')
}
