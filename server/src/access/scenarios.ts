/** A file of scenarios that brings its own world: no server is needed to run it. */
import type { ScenarioFile } from '@cairn/contract'
import { compile, runScenarios, type ScenarioOutcome } from './engine/index.ts'

/** Throws `RangeError` for a file without a world. `now`: milliseconds since 1970. */
export function testScenarios(file: ScenarioFile, now: number): ScenarioOutcome[] {
  if (file.world === undefined) throw new RangeError('a file without a world is asked of a policy in force')
  return runScenarios(compile(file.world), file, now)
}
