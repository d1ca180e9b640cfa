/** The engine against Cedar, whose evaluator is proved; what Cedar can express of random worlds, and that it is much. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { compile } from '../src/access/engine/index.ts'
import { createCedar, isTranslatable, translatable } from '../src/access/testing/cedar.ts'
import { questionArbitrary, worldArbitrary } from '../src/access/testing/worlds.ts'

test('decides like Cedar, conditions that cannot be told included', () => {
  const counts = { asked: 0, allowed: 0 }
  const property = fc.property(
    worldArbitrary,
    fc.array(questionArbitrary, { minLength: 10, maxLength: 20 }),
    (any, questions) => {
      const world = translatable(any)
      const [engine, cedar] = [compile(world), createCedar(world)]
      for (const question of questions.filter((each) => isTranslatable(each, world))) {
        const wanted = cedar(question)
        expect({ question, isAllowed: engine.check(question) }).toEqual({ question, isAllowed: wanted })
        counts.asked += 1
        counts.allowed += wanted ? 1 : 0
      }
    },
  )
  fc.assert(property, { numRuns: 400, seed: 11 })
  expect(counts.asked).toBeGreaterThan(1_000)
  expect(counts.allowed).toBeGreaterThan(100)
}, 60_000)
