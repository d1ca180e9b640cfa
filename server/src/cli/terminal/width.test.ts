import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { IndexState } from '@cairn/contract'
import { formatDuration, renderProgress } from './progress.ts'
import { createStyle, harmless } from './style.ts'
import { renderTable } from './table.ts'
import { createWrapper, cut, cutMiddle, widthOf, wrap } from './width.ts'

test.each([
  ['plain', 5],
  ['日本語', 6],
  ['é', 1],
  ['e\u0301', 1],
  ['👨‍👩‍👧', 2],
  ['🇩🇪', 2],
  ['한국', 4],
  ['…', 1],
  ['\u001B[1mbold\u001B[0m', 4],
])('%j takes %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width)
})

const text = fc.string({ unit: fc.constantFrom('a', 'bc', ' ', '日', '👍', 'é', '\n', 'long-word'), maxLength: 60 })

test('cut and cutMiddle never exceed the width', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 30 }), (sample, width) => {
      expect(widthOf(cut(sample, width))).toBeLessThanOrEqual(Math.max(width, 1))
      expect(widthOf(cutMiddle(sample, width))).toBeLessThanOrEqual(width)
    }),
  )
})

test('wrap keeps every word and no line is wider than the width, except a word that is', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 9, max: 40 }), (sample, width) => {
      const lines = wrap(sample, width)
      expect(lines.join('').replace(/\s/g, '')).toBe(sample.replace(/\s/g, ''))
      for (const line of lines) if (line.includes(' ')) expect(widthOf(line)).toBeLessThanOrEqual(width)
    }),
  )
})

test('a wrapper gives the same text however the stream was cut', () => {
  const wrapped = (pieces: readonly string[]) => {
    let out = ''
    const wrapper = createWrapper({ width: 20, indent: '  ', write: (part) => void (out += part) })
    for (const piece of pieces) wrapper.add(piece)
    wrapper.end()
    return out
  }
  const sentence = 'The core time of everybody is from 10:00 to 15:00.\n\nNo meetings on Friday. 全社員が対象です。'
  const whole = wrapped([sentence])
  fc.assert(
    fc.property(fc.array(fc.nat(sentence.length), { maxLength: 8 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), sentence.length]
      expect(wrapped(at.slice(1).map((end, index) => sentence.slice(at[index], end)))).toBe(whole)
    }),
  )
})

test('a table narrower than its content gives up the column that may shrink', () => {
  const style = createStyle({ colour: false, columns: 30 })
  const lines = renderTable(
    [{ title: 'NAME' }, { title: 'FOLDER', shrink: 'middle' }],
    [['handbook', '/a/very/long/folder/that/does/not/fit']],
    style,
  )
  expect(lines).toEqual(['NAME      FOLDER', 'handbook  /a/very/lo…s/not/fit'])
})

test('a table that cannot be narrow enough leaves a column out', () => {
  const columns = [{ title: 'NAME' }, { title: 'MADE', expendable: true as const }, { title: 'ID' }]
  const lines = renderTable(columns, [['handbook', '2026-01-01', 'vlt_1']], createStyle({ colour: false, columns: 20 }))
  expect(lines).toEqual(['NAME      ID', 'handbook  vlt_1'])
})

test('the progress line fits any terminal', () => {
  const state: IndexState = {
    state: 'indexing',
    done: 205,
    total: 331,
    notesPerSecond: 410.3,
    secondsLeft: 2.2,
    problemCount: 0,
    problems: [],
    version: 1,
  }
  for (const columns of [40, 60, 80, 200]) {
    expect(widthOf(renderProgress('handbook', state, createStyle({ colour: false, columns })))).toBeLessThanOrEqual(
      columns,
    )
  }
  expect(renderProgress('handbook', state, createStyle({ colour: false, columns: 100 }))).toContain(
    '205/331 notes  410/s  0:03 left',
  )
  expect([5, 65, 3_725].map(formatDuration)).toEqual(['0:05', '1:05', '1:02:05'])
})

test('harmless keeps text and drops what commands the terminal', () => {
  expect(harmless('a\u001B[31mb\u001B]8;;http://x\u0007c\u0008\td\r\ne')).toBe('abc\td\ne')
  expect(harmless('\u202Egnp.exe')).toBe('gnp.exe')
})
