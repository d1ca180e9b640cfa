/** What a proof is: it throws when the engine it is handed breaks a promise. */
import { isDeepStrictEqual } from 'node:util'
import type { admitsNote, bothFilters, isEmptyFilter, someNotes } from '../../base/note-filter.ts'
import type {
  everyPath,
  folderRange,
  intersect,
  isInRanges,
  noPath,
  pathRange,
  subtract,
  unite,
} from '../../base/path-ranges.ts'
import type { compile, runScenarios } from '../engine/index.ts'
import type { covers } from '../engine/rules.ts'

export interface EngineModule {
  readonly compile: typeof compile
  readonly runScenarios: typeof runScenarios
  readonly covers: typeof covers
  readonly filters: {
    readonly admitsNote: typeof admitsNote
    readonly bothFilters: typeof bothFilters
    readonly isEmptyFilter: typeof isEmptyFilter
    readonly someNotes: typeof someNotes
  }
  readonly ranges: {
    readonly everyPath: typeof everyPath
    readonly folderRange: typeof folderRange
    readonly intersect: typeof intersect
    readonly isInRanges: typeof isInRanges
    readonly noPath: typeof noPath
    readonly pathRange: typeof pathRange
    readonly subtract: typeof subtract
    readonly unite: typeof unite
  }
}

export interface Proof {
  /** The promise. */
  readonly name: string
  /** `runs`: how many random cases, where there are any. */
  readonly run: (engine: EngineModule, runs: { readonly runs: number; readonly seed: number }) => void
}

export function equal(got: unknown, wanted: unknown, about = ''): void {
  if (isDeepStrictEqual(got, wanted)) return
  throw new Error(`${about}\n  got    ${JSON.stringify(got)}\n  wanted ${JSON.stringify(wanted)}`)
}
