/** `ai: false`: no question of anybody brings such a note into a prompt, while its readers read and find it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { AskRequest } from '@cairn/contract'
import { openAskRig, type AskRig } from './kit/ask-rig.ts'
import { upstreamOf } from './kit/gateway-rig.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

const canary = 'limpet'
const closed = `---\nai: false\naliases: [Pier handbook]\n---\n# Spring tides\n\nSpring tides at the pier flood the hidden ${canary} store.\n`
const notes = {
  'Tide.md': 'Spring tides at the pier reach 3.4 metres. See [[Closed]] and ![[Closed]].\n',
  'Boat.md': 'The boat stays in the harbour above 22 knots of wind.\n',
  'Closed.md': closed,
}
const question = 'What do spring tides at the pier flood?'

let upstream: Upstream
let rig: AskRig
beforeAll(async () => {
  upstream = await startUpstream()
  rig = await openAskRig({ notes, upstreams: [upstreamOf('lab', upstream.url, ['echo'])], passages: 20 })
}, 60_000)
afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await upstream.close()
})

/** Everything that was sent to a model since the last look. */
function sent(): string {
  const bodies = upstream.requests.splice(0).map(({ body }) => new TextDecoder().decode(body))
  return bodies.join('\n')
}

const history: AskRequest['history'] = [
  { role: 'user', content: 'Which store do spring tides flood at the pier?' },
  { role: 'assistant', content: 'I do not know.', label: 'internal' },
]

const asked: readonly (readonly [string, AskRequest])[] = [
  ['a question in its words', { question }],
  ['its name', { question: 'What stands in the note Closed?' }],
  ['its alias', { question: 'What does the Pier handbook say?' }],
  ['a follow-up that leans on one', { question: 'And which one is it?', history }],
  ['a question as one types into search', { question: 'path:Closed.md "hidden" store' }],
  ['a note that links and embeds it', { question: 'How many metres do spring tides reach? See Closed.' }],
]

describe('a note that says `ai: false`', () => {
  for (const model of ['lab/echo', 'extractive'])
    test.each(asked)(`is in no prompt and no answer of ${model}: %s`, async (_, request) => {
      sent()
      const shown = [
        await rig.ask({ ...request, model, limit: 20 }),
        await rig.dryRun({ ...request, model }),
        await rig.hear({ ...request, model, limit: 20 }),
      ]
      const prompts = sent()
      if (model === 'lab/echo' && request.question === question) expect(prompts).toContain('3.4 metres')
      expect(`${prompts} ${JSON.stringify(shown)}`).not.toContain(canary)
      expect(JSON.stringify(shown)).not.toContain('"Closed.md"')
    })

  test('is found by its readers, read by them, and related to others', async () => {
    const id = await rig.vaultId()
    const { results } = await rig.search(canary)
    expect(results.map(({ note }) => note)).toEqual(['Closed.md'])
    expect((await rig.vaults.readNote(id, 'Closed.md', { kind: 'all' })).text).toContain(canary)
    const related = await rig.vaults.related(id, 'Tide.md', { kind: 'all' }, 10)
    expect(related.results.map(({ note }) => note)).toContain('Closed.md')
  })

  test('is left out from the moment on that it says so, also by answers that were kept; and is back when it does not', async () => {
    const open = closed.replace('ai: false', 'ai: true')
    const ask = async () => `${JSON.stringify(await rig.ask({ question, model: 'lab/echo', limit: 20 }))} ${sent()}`
    await rig.change(() => rig.write('Closed.md', open))
    expect(await ask()).toContain(canary)
    expect(sent()).toBe('')
    for (const word of ['false', '"no"', 'Off', 'FALSE']) {
      await rig.change(() => rig.write('Closed.md', open.replace('ai: true', `ai: ${word}`)))
      expect(await ask()).not.toContain(canary)
      await rig.change(() => rig.write('Closed.md', open))
      expect(await ask()).toContain(canary)
    }
    // Broken front matter is read with care.
    await rig.change(() => rig.write('Closed.md', closed.replace('aliases: [', 'aliases: [[')))
    expect(await ask()).not.toContain(canary)
    await rig.change(() => rig.write('Closed.md', closed))
    await rig.change(() => rig.move('Closed.md', 'Moved.md'))
    expect(await ask()).not.toContain(canary)
    await rig.vaults.reindex(await rig.vaultId())
    await rig.settled()
    expect(await ask()).not.toContain(canary)
  })
})
