/** Questions that need several decisions: which notes an answer may be made from, and whether a cached one may be served. */
import type { NoteFacts } from '../../base/index.ts'
import type { Compiled } from './compiled.ts'
import { judge } from './judge.ts'
import type { Circumstances, Subject } from './types.ts'

export interface AskQuestion extends Circumstances {
  readonly subject: Subject
  /** `model:PROVIDER/NAME`; the context says where it runs. */
  readonly model: string
  readonly notes: readonly { readonly resource: string; readonly facts?: NoteFacts | null | undefined }[]
}

/** The notes that may enter the prompt and be named in the answer. Null: the model may not be used at all. */
export function usableNotes(compiled: Compiled, { subject, model, notes, context, now }: AskQuestion): string[] | null {
  const allows = (action: string, resource: string, facts?: NoteFacts | null) =>
    judge(compiled, { subject, action, resource, facts, context, now })
  if (!allows('model.use', model)) return null
  return notes
    .filter(({ resource, facts }) => allows('retrieve', resource, facts) && allows('cite', resource, facts))
    .map(({ resource }) => resource)
}

export interface HitQuestion extends Circumstances {
  readonly subject: Subject
  /** `cache:NAMESPACE`. */
  readonly namespace: string
  readonly model: string
  readonly sources: AskQuestion['notes']
}

/** Whether a cached answer may be served: namespace, model, and every source it was made from. */
export function mayServe(
  compiled: Compiled,
  { subject, namespace, model, sources, context, now }: HitQuestion,
): boolean {
  const allows = (action: string, resource: string, facts?: NoteFacts | null) =>
    judge(compiled, { subject, action, resource, facts, context, now })
  return (
    allows('cache.hit', namespace) &&
    allows('model.use', model) &&
    sources.every(({ resource, facts }) => allows('cite', resource, facts))
  )
}
