/** Answers that stream: heard by many, replayed as they were, and never kept when they are not whole. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { AskEvent } from '@cairn/contract'
import { pause, until } from './harness.ts'
import { essence, openAskLab, question, statusOf, type AskLab } from './kit/ask-lab.ts'

let lab: AskLab
beforeAll(async () => {
  lab = await openAskLab()
}, 60_000)
afterAll(() => lab[Symbol.asyncDispose]())

describe('a stream', () => {
  const told = (events: readonly AskEvent[]) =>
    events.map(({ event, data }) => (event === 'receipt' ? { event } : { event, data }))

  async function tellAll(events: AsyncIterator<AskEvent>): Promise<string> {
    const all: AskEvent[] = []
    for (let step = await events.next(); step.done !== true; step = await events.next()) all.push(step.value)
    return JSON.stringify(told(all))
  }

  test('replays as the stream that it was, and the same entry answers in one piece', () =>
    lab.withRig(
      async (rig) => {
        const asked = { question, model: 'test-chat!chunkDelayMs=5' }
        const first = await rig.hear(asked)
        const second = await rig.hear(asked)
        expect(second.filter(({ event }) => event === 'token').length).toBeGreaterThan(3)
        expect(told(second)).toEqual(told(first))
        expect(second.find(({ event }) => event === 'receipt')?.data).toMatchObject({
          cache: { status: 'hit' },
          attempts: [],
        })
        const whole = await rig.ask(asked)
        expect(statusOf(whole)).toBe('hit')
        expect(essence(whole)).toEqual(essence(await rig.heard(asked)))
      },
      { usable: ['test-chat!chunkDelayMs=5'] },
    ))

  test(
    'is one to 1,000 who ask at once, though most of them leave: one upstream call, and who stays hears all of it',
    () =>
      lab.withRig(
        async (rig) => {
          const asked = { question, model: 'test-chat!chunks=120,chunkDelayMs=40' }
          const made = await lab.callsOf(async () => {
            const telling: Promise<string>[] = []
            // The line before the search takes 256 at once, and the answer lasts five seconds.
            for (let group = 0; group < 5; group++)
              await Promise.all(
                Array.from({ length: 200 }, async (_, index) => {
                  const leaver = new AbortController()
                  const events = (await rig.events(asked, { signal: leaver.signal }))[Symbol.asyncIterator]()
                  if (index % 5 === 0) {
                    telling.push(tellAll(events))
                    return
                  }
                  await events.next()
                  if (index % 2 === 0) leaver.abort()
                  await events.return?.()
                }),
              )
            const heard = await Promise.all(telling)
            expect(heard).toHaveLength(200)
            expect(new Set(heard).size).toBe(1)
            expect(heard[0]?.match(/"token"/g)?.length).toBeGreaterThan(30)
          })
          expect(made).toBe(1)
          expect(statusOf(await rig.ask(asked))).toBe('hit')
        },
        { usable: ['test-chat!chunks=120,chunkDelayMs=40'] },
      ),
    60_000,
  )

  test('that everybody leaves is stopped at the provider and not kept', () =>
    lab.withRig(
      async (rig) => {
        const asked = { question, model: 'test-chat!chunkDelayMs=20' }
        const leaver = new AbortController()
        const all = await Promise.all(
          [1, 2].map(async () => (await rig.events(asked, { signal: leaver.signal }))[Symbol.asyncIterator]()),
        )
        await Promise.all(all.map((events) => events.next()))
        leaver.abort()
        await until('the upstream is left', () => lab.upstream.openSockets() === 0, 2_000)
        expect(rig.cache.stats().tiers[0]?.entries).toBe(0)
        expect(statusOf(await rig.ask(asked))).toBe('miss')
      },
      { usable: ['test-chat!chunkDelayMs=20'] },
    ))

  test.each(['breakAfter', 'errorAfter', 'garbageAfter'].map((fault) => `test-chat!chunkDelayMs=20,${fault}=5`))(
    'that breaks off is not kept, and all who listened hear the error: %s',
    (model) =>
      lab.withRig(
        async (rig) => {
          const hear = () =>
            rig.hear({ question, model }).then(
              () => 'ended',
              (thrown: { code: string }) => thrown.code,
            )
          const made = await lab.callsOf(async () => {
            const together = await Promise.all([hear(), hear(), hear()])
            expect(new Set(together).size).toBe(1)
            expect(together[0]).toStartWith('upstream.')
            await hear()
          })
          expect(made).toBe(2)
          expect(rig.cache.stats().tiers[0]?.entries).toBe(0)
        },
        { usable: [model] },
      ),
  )

  test('that breaks off under somebody who asked for one piece is replaced by the next model’s', () =>
    lab.withRig(
      async (rig) => {
        const asked = { question, model: 'local' }
        const streaming = rig.hear(asked).catch((thrown: { code: string }) => thrown.code)
        await pause(30)
        const whole = await rig.ask(asked)
        expect(await streaming).toBe('upstream.broken-stream')
        expect(whole).toMatchObject({ outcome: 'answered', receipt: { model: 'echo' } })
      },
      { usable: ['test-chat!chunkDelayMs=20,breakAfter=5', 'echo'] },
    ))
})
