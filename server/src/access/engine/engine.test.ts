/** Every proof, on a sample of random worlds; `npm run bench -- access` runs them on thousands. */
import { describe, test } from 'bun:test'
import { ourEngine } from '../testing/our-engine.ts'
import { proofs } from '../testing/proofs.ts'

describe('the access engine', () => {
  for (const { name, run } of proofs) test(name, () => run(ourEngine, { runs: 500, seed: 5 }))
})
