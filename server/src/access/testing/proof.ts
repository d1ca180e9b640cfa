/** What a proof is: it throws when the engine it is handed breaks a promise. */
import { isDeepStrictEqual } from 'node:util'
import type { admitsNote } from '../../base/index.ts'
import type { compile, runScenarios } from '../engine/index.ts'

export interface EngineModule {
  readonly compile: typeof compile
  readonly runScenarios: typeof runScenarios
  readonly admitsNote: typeof admitsNote
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
