/** Questions with the real cache, index and log: what is given again, to whom, until when, and what never is. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { AskReply } from '@cairn/contract'
import { essence, notes, openAskLab, question, statusOf, withoutSecrets, type AskLab } from './kit/ask-lab.ts'
import { ann, bob, type AskRig } from './kit/ask-rig.ts'

let lab: AskLab
beforeAll(async () => {
  lab = await openAskLab()
}, 60_000)
afterAll(() => lab[Symbol.asyncDispose]())

const aboutTheStore = 'Which store do spring tides at the pier flood?'

describe('the same question', () => {
  test('is answered once; then the same answer comes from memory, costs nothing and is audited like any', () =>
    lab.withRig(
      async (rig) => {
        const savedBefore = rig.stats('answers')?.savedMicroUsd ?? 0
        const first = await rig.ask({ question, model: 'dear' })
        const before = lab.upstream.requests.length
        const second = await rig.ask({ question, model: 'dear' })
        expect(lab.upstream.requests.length).toBe(before)
        expect(statusOf(first)).toBe('miss')
        expect(first.receipt.costUsd).toBeGreaterThan(0)
        expect(second.receipt).toMatchObject({
          cache: { status: 'hit', tier: 'memory' },
          attempts: [],
          costUsd: 0,
          savedUsd: first.receipt.costUsd,
          tokens: first.receipt.tokens,
          model: 'dear',
          provider: 'lab',
        })
        expect(essence(second)).toEqual(essence(first))
        const [one, two] = rig.entries.filter(({ type }) => type === 'question.asked')
        expect(two).toEqual({ ...one, fields: { ...one?.fields, cached: true, costNanoUsd: 0 } } as typeof two)
        expect((rig.stats('answers')?.savedMicroUsd ?? 0) - savedBefore).toBe(
          Math.round(first.receipt.costUsd * 1_000_000),
        )
      },
      { usable: ['dear'] },
    ))

  test('of the built-in model too, and when it finds nothing', () =>
    lab.withRig(async (rig) => {
      for (const asked of [question, 'Does the xylophone quartet rehearse at the pier?']) {
        const first = await rig.ask({ question: asked, model: 'extractive' })
        const second = await rig.ask({ question: asked, model: 'extractive' })
        expect([statusOf(first), statusOf(second)]).toEqual(['miss', 'hit'])
        expect(essence(second)).toEqual(essence(first))
      }
    }))

  test('may have other white space and another composition of letters, and nothing else', () =>
    lab.withRig(async (rig) => {
      await rig.ask({ question: 'How high is the tide at the café?' })
      expect(statusOf(await rig.ask({ question: '  How high\n is the\ttide at the cafe\u0301? ' }))).toBe('hit')
      for (const other of [
        'how high is the tide at the café?',
        'How high is the tide at the café',
        'How high is the tide at the cafe?',
      ])
        expect(statusOf(await rig.ask({ question: other }))).toBe('miss')
    }))

  test.each([
    ['another limit', { limit: 1 }],
    ['another model', { model: 'lab/echo' }],
    ['another alias', { model: 'local' }],
    ['a conversation before it', { history: [{ role: 'user' as const, content: 'Hello' }] }],
  ])('with %s is another', (_, more) =>
    lab.withRig(
      async (rig) => {
        await rig.ask({ question, model: 'echo' })
        expect(statusOf(await rig.ask({ question, model: 'echo', ...more }))).toBe('miss')
        expect(statusOf(await rig.ask({ question, model: 'echo', ...more }))).toBe('hit')
      },
      { usable: ['echo', 'test-chat'] },
    ),
  )

  test('of a caller who refuses the cache is answered for that caller and not kept', () =>
    lab.withRig(async (rig) => {
      expect(statusOf(await rig.ask({ question }, { cache: 'bypass' }))).toBe('bypass')
      expect(statusOf(await rig.ask({ question }))).toBe('miss')
      expect(statusOf(await rig.ask({ question }, { cache: 'bypass' }))).toBe('bypass')
    }))

  test('is made anew when answers are switched off', () =>
    lab.withRig(
      async (rig) => {
        await rig.ask({ question })
        expect(statusOf(await rig.ask({ question }))).toBe('bypass')
      },
      { settings: { answers: 'off' } },
    ))
})

describe('an answer ends', () => {
  const change = (name: string, work: (rig: AskRig) => Promise<void>, expected: Partial<AskReply>) =>
    test(`when its note is ${name}`, () =>
      lab.withRig(async (rig) => {
        await rig.ask({ question })
        await rig.change(() => work(rig))
        const reply = await rig.ask({ question })
        expect(statusOf(reply)).toBe('miss')
        expect(reply).toMatchObject(expected)
        expect(reply.answer).not.toContain('3.4')
      }))
  change('edited', (rig) => rig.write('Tide.md', notes['Tide.md'].replace('3.4', '3.9')), { outcome: 'answered' })
  change('deleted', (rig) => rig.remove('Tide.md'), {})

  test('when its note is moved; the next one cites the new place', () =>
    lab.withRig(async (rig) => {
      expect((await rig.ask({ question })).citations[0]?.note).toBe('Tide.md')
      await rig.change(() => rig.move('Tide.md', 'Pier/Tides.md'))
      const reply = await rig.ask({ question })
      expect(statusOf(reply)).toBe('miss')
      expect(reply.citations[0]?.note).toBe('Pier/Tides.md')
    }))

  test('not when another note is edited, moved, deleted or added', () =>
    lab.withRig(async (rig) => {
      await rig.ask({ question })
      for (const work of [
        () => rig.write('Boat.md', 'The boat now sails up to 25 knots.\n'),
        () => rig.move('Boat.md', 'Ship.md'),
        () => rig.remove('Ship.md'),
        () => rig.write('Kelp.md', 'Kelp soup costs 4 pounds.\n'),
      ]) {
        await rig.change(work)
        expect(statusOf(await rig.ask({ question }))).toBe('hit')
      }
    }))

  test('by the log alone, were its key the same: with its note, its vault, its model, its template', () =>
    lab.withRig(
      async (rig) => {
        const vault = await rig.vaultId()
        const ask = async () => statusOf(await rig.ask({ question, model: 'echo' }))
        await ask()
        await rig.cache.invalidate({
          scopes: [`note:${vault}/Boat.md`, 'note:other/Tide.md', 'model:other', 'ns:chat'],
        })
        expect(await ask()).toBe('hit')
        for (const scope of [
          `note:${vault}/Tide.md`,
          `vault:${vault}`,
          'model:echo',
          'model:lab/echo',
          'template:ask-2',
          '*',
        ]) {
          await rig.cache.invalidate({ scopes: [scope] })
          expect(await ask()).toBe('miss')
          expect(await ask()).toBe('hit')
        }
      },
      { usable: ['echo'] },
    ))

  test('when its vault is indexed anew', () =>
    lab.withRig(async (rig) => {
      await rig.ask({ question })
      await rig.change(async () => rig.vaults.reindex(await rig.vaultId()))
      expect(statusOf(await rig.ask({ question }))).toBe('miss')
    }))
})

describe('two people', () => {
  test('who may read the same passages share an answer; only the owner is told where it came from', () =>
    lab.withRig(async (rig) => {
      await rig.ask({ question }, { principal: bob })
      expect((await rig.ask({ question }, { principal: ann })).receipt.cache).toEqual({ status: 'hit', tier: 'memory' })
      expect((await rig.ask({ question }, { principal: bob })).receipt.cache).toEqual({ status: 'hit', tier: null })
      const labels = [await rig.ask({ question }), await rig.ask({ question }, { principal: bob })]
      expect(new Set(labels.map(({ receipt }) => receipt.label.split('.')[0])).size).toBe(1)
    }))

  test('share nothing when answers are each person’s own', () =>
    lab.withRig(
      async (rig) => {
        await rig.ask({ question }, { principal: ann })
        expect(statusOf(await rig.ask({ question }, { principal: bob }))).toBe('miss')
        expect((await rig.ask({ question }, { principal: bob })).receipt.cache).toEqual({
          status: 'hit',
          tier: 'memory',
        })
      },
      { settings: { answers: 'user' } },
    ))

  test.each([
    ['the built-in model', 'extractive'],
    ['a language model', 'test-chat'],
  ])('whose visible passages differ never share an answer of %s', (_, model) =>
    lab.withRig(
      async (rig) => {
        rig.filters.set(bob.id, withoutSecrets)
        const own = await rig.ask({ question: aboutTheStore, model }, { principal: ann })
        expect(JSON.stringify([own.citations, own.receipt.sources])).toContain('Secret.md')
        const other = await rig.ask({ question: aboutTheStore, model }, { principal: bob })
        expect(statusOf(other)).toBe('miss')
        expect(JSON.stringify(other)).not.toMatch(/limpet|Secret\.md/)
        expect(statusOf(await rig.ask({ question: aboutTheStore, model }, { principal: bob }))).toBe('hit')
        // What one may no longer read ends what one could have hit before.
        rig.filters.set(ann.id, withoutSecrets)
        const after = await rig.ask({ question: aboutTheStore, model }, { principal: ann })
        expect(JSON.stringify(after)).not.toMatch(/limpet|Secret\.md/)
      },
      { usable: ['test-chat'] },
    ),
  )

  test('of whom one may not read what the built-in model would choose from, hear different stand-ins at the same time', () =>
    lab.withRig(
      async (rig) => {
        rig.filters.set(bob.id, withoutSecrets)
        // Both have the same best passage, which is all that a language model is given.
        const asked = {
          question:
            'How many metres above chart datum do spring tides at the pier reach, and do they flood the limpet store?',
        }
        const planned = await Promise.all([ann, bob].map((principal) => rig.dryRun(asked, { principal })))
        expect(planned[0]?.passages).toEqual(planned[1]?.passages ?? [])
        const both = await Promise.all([ann, bob, ann, bob].map((principal) => rig.ask(asked, { principal })))
        for (const [index, reply] of both.entries()) {
          expect(reply.receipt.model).toBe('extractive')
          expect(JSON.stringify(reply).includes('limpet')).toBe(index % 2 === 0)
        }
        // Nor is a stand-in kept: the first choice may be back.
        expect(statusOf(await rig.ask(asked, { principal: ann }))).toBe('miss')
      },
      { usable: ['test-chat!status=503,headDelayMs=50'], passages: 1 },
    ))

  test('never share a conversation', () =>
    lab.withRig(async (rig) => {
      const history = [{ role: 'user' as const, content: 'Hello' }]
      await rig.ask({ question, history }, { principal: ann })
      expect(statusOf(await rig.ask({ question, history }, { principal: bob }))).toBe('miss')
      expect(statusOf(await rig.ask({ question, history }, { principal: ann }))).toBe('hit')
    }))

  test('of whom one may not use the model that answered do not share that answer', () =>
    lab.withRig(
      async (rig) => {
        const asked = { question, model: 'local' }
        expect((await rig.ask(asked, { principal: ann })).receipt.model).toBe('test-chat')
        rig.unusable.set(bob.id, ({ model }) => model !== 'echo')
        const other = await rig.ask(asked, { principal: bob })
        expect([statusOf(other), other.receipt.model]).toEqual(['miss', 'echo'])
        rig.unusable.set(ann.id, ({ model }) => model !== 'echo')
        expect((await rig.ask(asked, { principal: ann })).receipt.model).toBe('echo')
      },
      { usable: ['test-chat', 'echo'] },
    ))
})

describe('search', () => {
  test('gives the same again until the vault changes, to each person what that one may see', () =>
    lab.withRig(async (rig) => {
      const before = rig.stats('search')?.hits.memory ?? 0
      const hits = () => (rig.stats('search')?.hits.memory ?? 0) - before
      const query = 'spring tides pier'
      const first = await rig.search(query)
      expect(hits()).toBe(0)
      expect(await rig.search(query)).toEqual(first)
      expect(hits()).toBe(1)
      rig.filters.set(bob.id, withoutSecrets)
      const seen = await rig.search(query, { principal: bob })
      expect(JSON.stringify(seen)).not.toContain('Secret.md')
      rig.filters.set(ann.id, withoutSecrets)
      expect(JSON.stringify(await rig.search(query))).not.toContain('Secret.md')
      await rig.change(() => rig.write('New.md', 'Spring tides at the pier wash the new steps.\n'))
      expect(JSON.stringify(await rig.search(query))).toContain('New.md')
      expect(hits()).toBe(1)
    }))
})
