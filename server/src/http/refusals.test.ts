import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createRefusals } from './refusals.ts'

type Recorded = { actor: string; outcome: string; fields: { code: string; route: string; times?: number } }

/** A log that answers only when it is let. */
function slowLog() {
  const recorded: Recorded[] = []
  let waiting: (() => void)[] = []
  return {
    recorded,
    record(event: unknown) {
      recorded.push(event as Recorded)
      return new Promise<void>((done) => waiting.push(done))
    },
    async answer() {
      const some = waiting
      waiting = []
      for (const done of some) done()
      await Bun.sleep(0)
      return some.length
    },
  }
}
const logger = { error() {} } as never

const refusal = (actor: string, route: string) =>
  ({ type: 'access.refused', code: 'access.forbidden', requestId: 'r', actor, route }) as const

test('every refusal is on record, alone or counted, however many come at once and however slow the log is', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(30), fc.nat(60), fc.boolean()), { minLength: 1, maxLength: 1_500 }),
      async (calls) => {
        const log = slowLog()
        const refuse = createRefusals(log as never, logger, { add: () => expect.unreachable() })
        for (const [actor, route, answers] of calls) {
          refuse(refusal(`p${actor}`, `/r${route}`))
          if (answers) await log.answer()
        }
        while ((await log.answer()) > 0);
        const count = (of: (event: Recorded) => boolean) =>
          log.recorded.filter(of).reduce((sum, { fields }) => sum + (fields.times ?? 1), 0)
        expect(count(() => true)).toBe(calls.length)
        for (let actor = 0; actor <= 30; actor++)
          expect(count((event) => event.actor === `p${actor}`)).toBe(calls.filter(([who]) => who === actor).length)
      },
    ),
    { numRuns: 30 },
  )
})

test('of more kinds than are counted apart the rest is counted together, and no more are under way than a hundred', async () => {
  const log = slowLog()
  const refuse = createRefusals(log as never, logger, { add: () => expect.unreachable() })
  for (let actor = 0; actor < 5_000; actor++) refuse(refusal(`p${actor}`, '/r'))
  expect(log.recorded).toHaveLength(100)
  while ((await log.answer()) > 0);
  expect(log.recorded).toHaveLength(1_101)
  expect(log.recorded.at(-1)).toMatchObject({ actor: 'anonymous', fields: { route: '*', times: 3_900 } })
})

test('what the log does not take is counted as dropped', async () => {
  let dropped = 0
  const refuse = createRefusals({ record: () => Promise.reject(new Error('full')) } as never, logger, {
    add: (_labels, by = 1) => void (dropped += by),
  })
  for (let times = 0; times < 150; times++) refuse(refusal('p', '/r'))
  await Bun.sleep(5)
  expect(dropped).toBe(150)
})
