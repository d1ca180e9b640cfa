/** Random worlds to Cedar, as `access-cedar.test.ts` does with a few; counts instead of stopping at the first difference. */
import fc from 'fast-check'
import type { compile } from '../../server/src/access/engine/index.ts'
import { createCedar, isTranslatable, translatable } from '../../server/src/access/testing/cedar.ts'
import { questionArbitrary, worldArbitrary } from '../../server/src/access/testing/worlds.ts'

export interface Compared {
  asked: number
  different: number
}

export function compareWithCedar(compileWorld: typeof compile, worlds: number): Compared {
  const compared: Compared = { asked: 0, different: 0 }
  const questions = fc.array(questionArbitrary, { minLength: 15, maxLength: 25 })
  for (const [any, asked] of fc.sample(fc.tuple(worldArbitrary, questions), { numRuns: worlds, seed: 2 })) {
    const world = translatable(any)
    const [engine, cedar] = [compileWorld(world), createCedar(world)]
    for (const question of asked.filter((each) => isTranslatable(each, world))) {
      compared.asked += 1
      if (engine.check(question) !== cedar(question)) compared.different += 1
    }
  }
  return compared
}
