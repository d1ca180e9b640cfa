/**
 * Refusals on record. They cost the caller nothing, so no more than so many are being recorded at once; what comes beyond is
 * counted by actor, code and route, and has one entry for all of them as soon as there is room.
 */
import { errorFields, type Logger } from '../base/index.ts'
import type { Recorder } from './dependencies.ts'
import type { Counter } from './metrics.ts'

export interface Refusal {
  readonly type: 'access.refused' | 'answer.cut'
  readonly code: string
  /** The template, never the path: that may name a note. */
  readonly route: string
  readonly requestId: string
  readonly actor: string
}

const mostAtOnce = 100
/** Kinds that are counted apart; what comes beyond is counted together. */
const mostKinds = 1_000

export function createRefusals(
  audit: Recorder,
  logger: Logger,
  dropped: Pick<Counter, 'add'>,
): (refusal: Refusal) => void {
  const counted = new Map<string, { readonly refusal: Refusal; times: number }>()
  let underWay = 0

  function record({ type, code, route, requestId, actor }: Refusal, times: number): void {
    underWay += 1
    const fields = times === 1 ? { code, route } : { code, route, times }
    audit
      .record({ type, actor, requestId, outcome: 'refused', fields })
      .catch((thrown: unknown) => {
        dropped.add({}, times)
        logger.error('a refusal could not be recorded', { requestId, ...errorFields(thrown) })
      })
      .finally(() => {
        underWay -= 1
        recordCounted()
      })
  }

  function recordCounted(): void {
    for (const [kind, { refusal, times }] of counted) {
      if (underWay >= mostAtOnce) return
      counted.delete(kind)
      record(refusal, times)
    }
  }

  return (refusal) => {
    if (underWay < mostAtOnce) return record(refusal, 1)
    const { type, actor, code, route } = refusal
    const own = `${type} ${actor} ${code} ${route}`
    const isFull = counted.size >= mostKinds && !counted.has(own)
    const kind = isFull ? `${type} ${code}` : own
    const known = counted.get(kind)
    if (known) known.times += 1
    else counted.set(kind, { refusal: isFull ? { ...refusal, actor: 'anonymous', route: '*' } : refusal, times: 1 })
  }
}
