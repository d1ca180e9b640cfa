/** Every proof, on a sample of random worlds; `npm run bench -- access` runs them on thousands. */
import { describe, test } from 'bun:test'
import { admitsNote } from '../../base/index.ts'
import { proofs } from '../testing/proofs.ts'
import { compile, runScenarios } from './index.ts'

describe('the access engine', () => {
  for (const { name, run } of proofs)
    test(name, () => run({ compile, runScenarios, admitsNote }, { runs: 500, seed: 5 }))
})
