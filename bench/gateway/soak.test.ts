/** A sample of the long run, so that what it shows is looked at with every change. */
import { expect, test } from 'bun:test'
import { mostAtProvider, runGatewaySoak } from './soak.ts'

const seed = Number(process.env['CAIRN_TEST_SEED'] ?? Math.floor(Math.random() * 1e9))

test('the provider counts every request and every stream that was left, nothing stays under way, and slow readers hold it up', async () => {
  const log = (line: string) => console.log(`${line} (seed ${seed})`)
  const soak = await runGatewaySoak({ requests: 1_000, cancelled: 150, seed, slowSeconds: 2, log })
  expect(soak).toMatchObject({ requests: 1_000, cancelled: 150, failures: 0, firstFailure: null })
  expect(soak).toMatchObject({ surplusCalls: 0, surplusWhole: 0, surplusCancelled: 0, leftOpen: 0 })
  expect(soak.mostOpen).toBeLessThanOrEqual(mostAtProvider)
  // Of the 100 MB that each of eight readers could have been sent.
  expect(soak.slowTakenBytes).toBeLessThan(40_000_000)
  expect(soak.slowGrowth).toBeLessThan(100_000_000)
}, 120_000)
