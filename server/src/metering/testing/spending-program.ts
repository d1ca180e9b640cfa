/**
 * A process of its own with a meter over the store in its first argument. `spend COUNT` runs that many streams at once,
 * each of a few calls of at most a cent, and tells what became of them; `broken COUNT` does the same with a store that
 * looks at the budget and then takes, without the condition; `hold COUNT` takes reservations and waits to be killed.
 */
import { writeSync } from 'node:fs'
import { CairnError, sleep } from '../../base/index.ts'
import { silentLogger } from '../../base/index.ts'
import { openStore, type Statement, type Store, type StoreLocation } from '../../storage/index.ts'
import { meteringSchema, type OpenMeter } from '../index.ts'
import { bookingOf, callOf, cents, estimateOf, openTestMeter, paid } from './kit.ts'

export interface SpendReport {
  readonly taken: number
  readonly refused: number
  readonly failed: number
}

const callsEach = 3

const [, , place = '{}', mode = 'spend', count = '1'] = process.argv
const location = JSON.parse(place) as StoreLocation
const store = await openStore({ location, schemas: [meteringSchema], connections: 4 }, silentLogger)
const meter = await openTestMeter(mode === 'broken' ? withoutCondition(store) : store, location, {
  isFirst: false,
  beatMs: 100,
  deadAfterMs: 60_000,
})
writeSync(1, 'ready\n')
await new Promise<void>((resolve) => process.stdin.once('data', () => resolve()))
if (mode === 'hold') await holdOn(meter, Number(count))
else writeSync(1, `${JSON.stringify(await spendAll(meter, Number(count)))}\n`)
await meter.close()
await store.close()
process.exit(0)

async function spendAll(on: OpenMeter, streams: number): Promise<SpendReport> {
  const report = { taken: 0, refused: 0, failed: 0 }
  await Promise.all(
    Array.from({ length: streams }, async (_, index) => {
      for (let call = 0; call < callsEach; call++) {
        try {
          const request = await on.begin(callOf('ada', { requestId: `${process.pid}-${index}-${call}` }))
          const held = await request.attempt(paid, estimateOf(cents(1)))
          report.taken++
          await sleep(Math.random() * 20)
          if (Math.random() < 0.1) held.cancel()
          else held.settle(bookingOf(Math.floor(cents(1) * (0.3 + 0.7 * Math.random()))))
        } catch (thrown) {
          if (thrown instanceof CairnError && thrown.code === 'budget.exceeded') report.refused++
          else report.failed++
        }
      }
    }),
  )
  await on.flush()
  return report
}

async function holdOn(on: OpenMeter, reservations: number): Promise<void> {
  const request = await on.begin(callOf())
  await Promise.all(Array.from({ length: reservations }, () => request.attempt(paid, estimateOf(cents(1)))))
  writeSync(1, 'held\n')
  await sleep(600_000)
}

/** Check, then act: what it has seen has room, and by then others have taken it. */
function withoutCondition(whole: Store): Store {
  const condition = ' AND spent_nano + reserved_nano + CAST(? AS BIGINT) <= limit_nano'
  const strip = (statement: Statement): Statement =>
    statement.text.includes(condition)
      ? { ...statement, text: statement.text.replace(condition, ''), params: statement.params?.slice(0, -1) ?? [] }
      : statement
  return { ...whole, write: (statements) => whole.write(statements.map(strip)) }
}
