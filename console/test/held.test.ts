/** What is held back, as it is listed and found. */
import { describe, expect, test } from 'bun:test'
import { failureOf, unreachable, type Reply } from '../src/api/failure.ts'
import { countLetGo, countShort, findHeld, keyOfHeld, letGoEach, listFacts, type HeldNote } from '../src/access/held.ts'

const note = (path: string, more: Partial<HeldNote> = {}): HeldNote => ({
  vault: 'v',
  note: path,
  title: path.replace(/^.*\/|\.md$/g, ''),
  label: null,
  tags: [],
  attributes: [],
  places: [],
  revision: 1,
  ...more,
})

const wordsOf = (held: HeldNote) => listFacts(held).map(({ what, inForce, now }) => [what, inForce, now])

describe('notes that are held back', () => {
  test('are told by all that is in force, each against what is there now', () => {
    const held = note('Open/Plan.md', {
      places: ['Board/Plan.md'],
      label: { held: 'restricted', said: null },
      tags: ['hr/salary'],
      attributes: [
        { attribute: 'resource.property.status', held: 'draft', said: 'final' },
        { attribute: 'resource.owner', held: 'ana', said: null },
        { attribute: 'resource.label', held: null, said: null },
      ],
    })
    expect(wordsOf(held)).toEqual([
      ['Place', 'Board / Plan', 'now Open / Plan'],
      ['Label', 'restricted', 'none now'],
      ['Tag', '#hr/salary', 'not there now'],
      ['status', 'draft', 'now final'],
      ['Owner', 'ana', 'none now'],
      ['Label', 'what was said before', ''],
    ])
  })

  test('tell where they are once, however many places they were in', () => {
    expect(wordsOf(note('Open/Plan.md', { places: ['Board/Plan.md', 'HR/Plan.md'] }))).toEqual([
      ['Place', 'Board / Plan', ''],
      ['Place', 'HR / Plan', 'now Open / Plan'],
    ])
  })

  test('tell a label once that stays both by itself and by a rule about labels, and another one too', () => {
    const label = { held: 'restricted', said: 'public' } as const
    const said = (held: string) => ({ label, attributes: [{ attribute: 'resource.label', held, said: 'public' }] })
    expect(wordsOf(note('a.md', said('restricted')))).toEqual([['Label', 'restricted', 'now public']])
    expect(wordsOf(note('a.md', said('internal')))).toEqual([
      ['Label', 'restricted', 'now public'],
      ['Label', 'internal', 'now public'],
    ])
  })

  test('show the beginning of a long value, and no half of a character', () => {
    const held = note('a.md', {
      attributes: [{ attribute: 'resource.property.aim', held: '🏔'.repeat(90), said: 'b'.repeat(80) }],
    })
    expect(wordsOf(held)).toEqual([['aim', `${'🏔'.repeat(79)}…`, `now ${'b'.repeat(80)}`]])
  })

  test('are found by vault, by note and by words of title or path, in any case and form', () => {
    const held = [note('Board/Übergabe.md'), note('Open/Plan.md'), note('Open/Plan.md', { vault: 'w' })]
    const find = (filter: Partial<Parameters<typeof findHeld>[1]>) =>
      findHeld(held, { vault: null, note: null, text: '', ...filter }).map((each) => `${each.vault} ${each.note}`)
    expect(find({})).toHaveLength(3)
    expect(find({ vault: 'w' })).toEqual(['w Open/Plan.md'])
    expect(find({ vault: 'v', note: 'Open/Plan.md' })).toEqual(['v Open/Plan.md'])
    expect(find({ note: 'Board/U\u0308bergabe.md' })).toEqual(['v Board/Übergabe.md'])
    expect(find({ note: 'None.md' })).toEqual([])
    expect(find({ text: ' u\u0308BER ' })).toEqual(['v Board/Übergabe.md'])
    expect(find({ text: 'open/' })).toHaveLength(2)
  })

  test('are counted in three characters at most', () => {
    expect([1, 99, 100, 500].map(countShort)).toEqual(['1', '99', '99+', '99+'])
  })

  test('are another choice in another state', () => {
    expect(keyOfHeld(note('a.md'))).not.toBe(keyOfHeld(note('a.md', { revision: 2 })))
  })
})

describe('letting go of many', () => {
  const notes = ['a.md', 'b.md', 'c.md', 'd.md'].map((path) => note(path))
  const done: Reply<null> = { ok: true, value: null }
  const refuse = (code: string, status: number): Reply<null> => ({ ok: false, failure: failureOf(code, 'No.', status) })

  /** Lets go of all four; `replies` by path, the rest is let go. */
  async function letGo(replies: Record<string, Reply<null>>, abortAt = '') {
    const asked: string[] = []
    const steps: number[] = []
    const stopper = new AbortController()
    const run = await letGoEach(
      notes,
      async ({ note: path }) => {
        asked.push(path)
        if (path === abortAt) stopper.abort()
        return replies[path] ?? done
      },
      stopper.signal,
      ({ tried }) => steps.push(tried),
    )
    return { run, asked, steps, refused: run.refused.map((each) => each.note.note) }
  }

  test('goes on after what is refused of one note, and names it', async () => {
    const { run, asked, steps, refused } = await letGo({
      'a.md': refuse('note.held-changed', 409),
      'b.md': refuse('note.not-found', 404),
      'd.md': refuse('access.forbidden', 403),
    })
    expect(asked).toEqual(['a.md', 'b.md', 'c.md', 'd.md'])
    expect(steps).toEqual([0, 1, 2, 3])
    expect(refused).toEqual(['a.md', 'b.md', 'd.md'])
    expect([run.tried, countLetGo(run), run.failure]).toEqual([4, 1, null])
  })

  test('ends with a failure that the other notes would meet too', async () => {
    for (const failure of [unreachable, failureOf('limit.requests', 'No.', 429)]) {
      const { run, asked, refused } = await letGo({ 'b.md': { ok: false, failure } })
      expect(asked).toEqual(['a.md', 'b.md'])
      expect(refused).toEqual([])
      expect([run.tried, countLetGo(run), run.failure]).toEqual([1, 1, failure])
    }
  })

  test('stops after the note that is under way', async () => {
    const { run, asked } = await letGo({}, 'b.md')
    expect(asked).toEqual(['a.md', 'b.md'])
    expect([run.tried, run.failure]).toEqual([2, null])
  })
})
