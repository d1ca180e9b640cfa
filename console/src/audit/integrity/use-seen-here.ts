/** The newest checkpoint and the key, and whether they go on from what this browser has seen before. */
import { useEffect, useState } from 'preact/hooks'
import type { Failure } from '../../api/failure.ts'
import { now } from '../../shell/clock.ts'
import { compareCheckpoint, getCheckpoint, getKey } from '../audit-api.ts'
import { readCheckpoint, type Checkpoint } from '../prove/signed-note.ts'
import { isWorthKeeping, readSeen, writeSeen, type Seen } from './seen-here.ts'
import type { ComparedVerdict } from './verdict-words.ts'

export interface SeenHere {
  readonly note: string
  readonly checkpoint: Checkpoint | null
  readonly key: string
  /** What it remembered until now, and what came of it; null at the first visit. */
  readonly before: { readonly seen: Seen; readonly verdict: ComparedVerdict; readonly isOtherKey: boolean } | null
}

export interface SeenHereLoad {
  readonly value: SeenHere | null
  readonly failure: Failure | null
  readonly reload: () => void
}

export function useSeenHere(deploymentId: string): SeenHereLoad {
  const [state, setState] = useState<Pick<SeenHereLoad, 'value' | 'failure'>>({ value: null, failure: null })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const run = new AbortController()
    const load = async () => {
      const [note, key] = await Promise.all([getCheckpoint(run.signal), getKey(run.signal)])
      if (!note.ok) return { value: null, failure: note.failure }
      if (!key.ok) return { value: null, failure: key.failure }
      const seen = readSeen(deploymentId)
      const reply = seen === null ? null : await compareCheckpoint(seen.note)
      const isOtherKey = seen !== null && seen.key !== key.value
      const fits = reply === null || (reply.ok && ['fits', 'pruned'].includes(reply.value.verdict))
      if (fits && !isOtherKey && (await isWorthKeeping(note.value, key.value)))
        writeSeen(deploymentId, { key: key.value, note: note.value, at: now() })
      return {
        value: {
          note: note.value,
          checkpoint: readCheckpoint(note.value),
          key: key.value,
          before: seen === null || !reply?.ok ? null : { seen, verdict: reply.value.verdict, isOtherKey },
        },
        failure: null,
      }
    }
    void load().then((next) => {
      if (!run.signal.aborted) setState(next)
    })
    return () => run.abort()
  }, [deploymentId, turn])
  return { ...state, reload: () => setTurn((count) => count + 1) }
}
