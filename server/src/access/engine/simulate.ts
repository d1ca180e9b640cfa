/** What another policy would change, before anybody approves it: decisions that flip, notes gained and lost. */
import { actions, type Simulation, type World } from '@cairn/contract'
import { admitsNote, type JudgedNote, type NoteFilter } from '../../base/index.ts'
import { findLockouts, newLockouts } from './changes.ts'
import { compileWorld, type Compiled } from './compiled.ts'
import { explain } from './explain.ts'
import { compileFilter } from './filter.ts'
import { judge } from './judge.ts'
import type { Circumstances, Question } from './types.ts'

export interface SimulationRequest extends Circumstances {
  /** Decisions to take again: scenarios, or those of the last thirty days. */
  readonly questions?: readonly Question[] | undefined
  /** Notes to count, by vault. */
  readonly notes?: ReadonlyMap<string, readonly JudgedNote[]> | undefined
  readonly actions?: readonly string[] | undefined
  /** Which notes may be named as examples; all are counted. All of them when absent. */
  readonly mayName?: ((vault: string, note: JudgedNote) => boolean) | undefined
}

const mostExamples = 5

export function simulate(before: Compiled, after: World, request: SimulationRequest): Simulation {
  const changed = compileWorld(after, before.factsOf)
  const lockouts = newLockouts(findLockouts(before, request.now), findLockouts(changed, request.now))
  return {
    flips: (request.questions ?? []).flatMap((question) => findFlip(before, changed, question)),
    notes: countNotes(before, changed, request),
    lockouts: lockouts.map(({ kind, scope }) => `${kind} ${scope}`),
  }
}

function findFlip(before: Compiled, after: Compiled, question: Question): Simulation['flips'] {
  const [was, is] = [judge(before, question), judge(after, question)]
  if (was === is) return []
  const { deny, grants } = explain(is ? after : before, question, { audience: 'auditor' })
  const removed = explain(is ? before : after, question, { audience: 'auditor' })
  const because = [...(is ? grants : removed.deny), ...(is ? removed.deny : grants), ...(is ? [] : deny)]
  const { subject, action, resource } = question
  return [
    {
      subject: subject.principal ?? subject.key ?? '',
      action,
      resource,
      before: was,
      after: is,
      because: because.map(({ sentence }) => sentence),
    },
  ]
}

/** Only of those whose filter changed: most changes concern few. */
function countNotes(before: Compiled, after: Compiled, request: SimulationRequest): Simulation['notes'] {
  const {
    notes,
    context,
    now,
    mayName = () => true,
    actions: asked = ['discover', 'read', 'retrieve', 'write'],
  } = request
  if (notes === undefined) return []
  const everybody = new Set([...principalsOf(before.world), ...principalsOf(after.world)])
  const counts: Simulation['notes'] = []
  for (const principal of everybody)
    for (const action of asked.filter((each) => actions.some((known) => known === each))) {
      const count = {
        subject: principal,
        action,
        gained: 0,
        lost: 0,
        examples: { gained: [] as string[], lost: [] as string[] },
      }
      for (const [vault, list] of notes) {
        const question = { subject: { principal }, action, vault, context, now }
        compareNotes([compileFilter(before, question), compileFilter(after, question)], { vault, list, count, mayName })
      }
      if (count.gained + count.lost > 0) counts.push(count)
    }
  return counts
}

function principalsOf({ users, services }: World): string[] {
  return [...users.map(({ id }) => `user:${id}`), ...services.map(({ id }) => `service:${id}`)]
}

interface Counted {
  readonly vault: string
  readonly list: readonly JudgedNote[]
  readonly count: Simulation['notes'][number]
  readonly mayName: NonNullable<SimulationRequest['mayName']>
}

function compareNotes(
  [before, after]: readonly [NoteFilter, NoteFilter],
  { vault, list, count, mayName }: Counted,
): void {
  if (JSON.stringify(before) === JSON.stringify(after)) return
  for (const note of list) {
    const [was, is] = [admitsNote(before, note), admitsNote(after, note)]
    if (was === is) continue
    const kind = is ? 'gained' : 'lost'
    count[kind]++
    if (count.examples[kind].length < mostExamples && mayName(vault, note))
      count.examples[kind].push(`note:${vault}/${note.path}`)
  }
}
