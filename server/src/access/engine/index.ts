/**
 * The access engine: pure, without clock and without storage. A world goes in once for an epoch; every question about it
 * is answered from that one compiled form.
 */
import type { Action, Audience, Bound, Explanation, Simulation, World } from '@cairn/contract'
import type { JudgedNote, NoteFilter } from '../../base/index.ts'
import {
  findBreaches,
  isTeam,
  mayAssign,
  mayDelegate,
  mayIssueKey,
  needsApproval,
  type Assignment,
  type DelegationRequest,
  type KeyRequest,
} from './administration.ts'
import {
  findLockouts,
  isProtectedTag,
  mayChangeFacts,
  mayLiftBarrier,
  mayMove,
  newLockouts,
  protectedFacts,
  type FactsChange,
  type Lockout,
  type Move,
  type ProtectedFacts,
} from './changes.ts'
import { compileWorld } from './compiled.ts'
import { mayServe, usableNotes, type AskQuestion, type HitQuestion } from './composite.ts'
import {
  mayApprove,
  mayApproveEmergency,
  mayRequestEmergency,
  mayReviewEmergency,
  type Approval,
  type EmergencyApproval,
  type EmergencyRequest,
} from './emergencies.ts'
import { audienceOf, explain, type Reader } from './explain.ts'
import { compileFilter, type FilterQuestion } from './filter.ts'
import { judge } from './judge.ts'
import { groupsOf } from './profile.ts'
import { whatCan, whichActions, whichNotes, whoCan, type NotesQuestion } from './search.ts'
import { simulate, type SimulationRequest } from './simulate.ts'
import type { Circumstances, FindFacts, Question, Subject, Verdict } from './types.ts'

export type { Circumstances, FindFacts, Question, RefusalCode, Subject, Verdict } from './types.ts'
export type { Approval, EmergencyApproval, EmergencyRequest } from './emergencies.ts'
export { needsShare } from './administration.ts'
export type { Assignment, DelegationRequest, KeyRequest } from './administration.ts'
export type { AskQuestion, HitQuestion } from './composite.ts'
export type { FactsChange, Lockout, Move, ProtectedFacts } from './changes.ts'
export type { FilterQuestion } from './filter.ts'
export type { NotesQuestion } from './search.ts'
export type { Reader } from './explain.ts'
export type { SimulationRequest } from './simulate.ts'
export { scopesOf } from './compiled.ts'
export { runScenarios, type ScenarioOutcome } from './scenarios.ts'

export interface Engine {
  readonly world: World
  readonly check: (question: Question) => boolean
  /** Admits exactly the notes that `check` allows. */
  readonly filter: (question: FilterQuestion) => NoteFilter
  readonly explain: (question: Question, reader: Reader) => Explanation
  readonly audienceOf: (reader: Subject, question: Question) => Audience | null
  readonly whoCan: (question: Omit<Question, 'subject'>) => string[]
  readonly whatCan: (question: NotesQuestion, resources: Iterable<string>) => string[]
  readonly whichNotes: <Note extends JudgedNote>(
    question: NotesQuestion & { readonly vault: string },
    notes: Iterable<Note>,
  ) => Note[]
  readonly whichActions: (question: Omit<Question, 'action'>) => Action[]
  /** Ids of the groups that an active person or service is in, also through others, in order. */
  readonly groupsOf: (principal: string) => string[]
  readonly simulate: (after: World, request: SimulationRequest) => Simulation
  readonly usableNotes: (question: AskQuestion) => string[] | null
  readonly mayServe: (question: HitQuestion) => boolean
  /** Whether more than one person is active; rules that need two are off while there is one. */
  readonly isTeam: () => boolean
  readonly mayAssign: (assignment: Assignment) => Verdict
  readonly mayDelegate: (request: DelegationRequest) => Verdict
  readonly mayIssueKey: (request: KeyRequest) => Verdict
  /** Whether a key with this bound needs a second person. */
  readonly needsApproval: (bound: Bound) => boolean
  readonly mayApprove: (approval: Approval) => Verdict
  readonly mayRequestEmergency: (request: EmergencyRequest) => Verdict
  readonly mayApproveEmergency: (approval: Approval) => Verdict
  readonly mayReviewEmergency: (approval: EmergencyApproval) => Verdict
  readonly mayChangeFacts: (change: FactsChange) => Verdict
  readonly mayMove: (move: Move) => Verdict
  readonly mayLiftBarrier: (question: Circumstances & { readonly subject: Subject; readonly scope: string }) => Verdict
  readonly protectedFacts: () => ProtectedFacts
  readonly isProtectedTag: (tag: string) => boolean
  readonly findLockouts: (now: number) => Lockout[]
  /** Lockouts that a change would bring. */
  readonly newLockouts: (after: Engine, now: number) => Lockout[]
  /** Who holds roles that should be in different hands. */
  readonly findBreaches: (now: number) => { readonly principal: string; readonly rule: string }[]
}

/**
 * `world` has been parsed by `worldSchema`, or was made of parsed parts; a ring in it only ends where it began.
 * `factsOf` tells tags, label, owner and properties of a note when a question does not bring them.
 */
export function compile(world: World, { factsOf }: { readonly factsOf?: FindFacts } = {}): Engine {
  const compiled = compileWorld(world, factsOf)
  return {
    world,
    check: (question) => judge(compiled, question),
    filter: (question) => compileFilter(compiled, question),
    explain: (question, reader) => explain(compiled, question, reader),
    audienceOf: (reader, question) => audienceOf(compiled, reader, question),
    whoCan: (question) => whoCan(compiled, question),
    whatCan: (question, resources) => whatCan(compiled, question, resources),
    whichNotes: (question, notes) => whichNotes(compiled, question, notes),
    whichActions: (question) => whichActions(compiled, question),
    groupsOf: (principal) => groupsOf(compiled, principal),
    simulate: (after, request) => simulate(compiled, after, request),
    usableNotes: (question) => usableNotes(compiled, question),
    mayServe: (question) => mayServe(compiled, question),
    isTeam: () => isTeam(compiled),
    mayAssign: (assignment) => mayAssign(compiled, assignment),
    mayDelegate: (request) => mayDelegate(compiled, request),
    mayIssueKey: (request) => mayIssueKey(compiled, request),
    needsApproval: (bound) => needsApproval(compiled, bound),
    mayApprove: (approval) => mayApprove(compiled, approval),
    mayRequestEmergency: (request) => mayRequestEmergency(compiled, request),
    mayApproveEmergency: (approval) => mayApproveEmergency(compiled, approval),
    mayReviewEmergency: (approval) => mayReviewEmergency(compiled, approval),
    mayChangeFacts: (change) => mayChangeFacts(compiled, change),
    mayMove: (move) => mayMove(compiled, move),
    mayLiftBarrier: (question) => mayLiftBarrier(compiled, question),
    protectedFacts: () => protectedFacts(compiled),
    isProtectedTag: (tag) => isProtectedTag(compiled, tag),
    findLockouts: (now) => findLockouts(compiled, now),
    newLockouts: (after, now) => newLockouts(findLockouts(compiled, now), after.findLockouts(now)),
    findBreaches: (now) => findBreaches(compiled, now),
  }
}
