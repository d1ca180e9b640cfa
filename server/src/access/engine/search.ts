/** The reverse questions: who can, what can, which actions. Each asks the same decision, so a list is what checks say. */
import { actions, isValidOn, parseResource, type Action } from '@cairn/contract'
import { admitsNote, type JudgedNote } from '../../base/index.ts'
import type { Compiled } from './compiled.ts'
import { compileFilter } from './filter.ts'
import { judge } from './judge.ts'
import type { Circumstances, Question, Subject } from './types.ts'

/** Principals of all active people and services that are allowed, in the order of the world. */
export function whoCan(compiled: Compiled, question: Omit<Question, 'subject'>): string[] {
  const { users, services } = compiled.world
  const everybody = [...users.map(({ id }) => `user:${id}`), ...services.map(({ id }) => `service:${id}`)]
  return everybody.filter((principal) => judge(compiled, { ...question, subject: { principal } }))
}

export interface NotesQuestion extends Circumstances {
  readonly subject: Subject
  readonly action: string
}

/** Ids of the resources that are allowed, in the order given; those that are no notes of vaults. */
export function whatCan(compiled: Compiled, question: NotesQuestion, resources: Iterable<string>): string[] {
  return [...resources].filter((resource) => judge(compiled, { ...question, resource }))
}

/** The notes of a vault that are allowed, in the order given, through the vault’s filter. */
export function whichNotes<Note extends JudgedNote>(
  compiled: Compiled,
  question: NotesQuestion & { readonly vault: string },
  notes: Iterable<Note>,
): Note[] {
  const filter = compileFilter(compiled, question)
  return [...notes].filter(({ path }) => isNotePath(question.vault, path)).filter((note) => admitsNote(filter, note))
}

/** A note whose path is no canonical one is no resource; nobody is allowed it, whatever range it falls into. */
function isNotePath(vault: string, path: string): boolean {
  return parseResource(`note:${vault}/${path}`) !== null
}

/** In the order of the table. */
export function whichActions(compiled: Compiled, question: Omit<Question, 'action'>): Action[] {
  const type = parseResource(question.resource)?.type
  if (type === undefined) return []
  return actions.filter((action) => isValidOn(action, type) && judge(compiled, { ...question, action }))
}
