/** What the plugin makes of others: scopes, queries of Dataview, canvases. */
import { describe, expect, test } from 'bun:test'
import type { Citation } from '@cairn/contract'
import { newTurn, type Turn } from '@cairn/ui/client'
import { describeScope, parseScope, readScope } from '../../src/core/ask/scope.ts'
import { writeCanvas } from '../../src/core/integrations/canvas.ts'
import { findQuery, notesOf } from '../../src/core/integrations/query-notes.ts'

describe('a scope', () => {
  test('is read from a link, commas in names included', () => {
    expect(parseScope('folder:Projects')).toEqual({ folders: ['Projects'] })
    expect(parseScope('note:A, B.md,note:C.md,tag:#x/y')).toEqual({ notes: ['A, B.md', 'C.md'], tags: ['x/y'] })
    for (const nothing of ['', 'Projects', 'folder:', 'vault:x', 'tag:#']) expect(parseScope(nothing)).toBe(null)
  })

  test('is read from another program, without what is no text and past the bounds of the server', () => {
    expect(readScope({ notes: ['a.md', 7, '', 'a.md'], folders: 'x', more: 1 })).toEqual({ notes: ['a.md'] })
    expect(readScope({ notes: Array.from({ length: 900 }, (_, at) => `${at}.md`) })?.notes).toHaveLength(500)
    for (const nothing of [null, 1, [], {}, { notes: [] }, { tags: ['#'] }]) expect(readScope(nothing)).toBe(null)
  })

  test('is told in words', () => {
    expect(describeScope({ notes: ['a.md', 'b.md'] })).toBe('Of 2 notes')
    expect(describeScope({ notes: ['a.md'] })).toBe('Of a.md')
    expect(describeScope({ folders: ['P'], tags: ['x'] })).toBe('Of P with #x')
    expect(describeScope({ tags: ['x', 'y'] })).toBe('Of notes with #x, #y')
  })
})

describe('a query of Dataview', () => {
  const note =
    'Words\n\n```dataview\nLIST\n```\n\n~~~dataview\nTABLE due\nFROM "Projects"\n~~~\n\n```dataviewjs\nx\n```\n'

  test('is that of the cursor, else the first', () => {
    expect(findQuery(note, 0)).toBe('LIST\n')
    expect(findQuery(note, 8)).toBe('TABLE due\nFROM "Projects"\n')
    expect(findQuery(note, 12)).toBe('LIST\n')
    expect(findQuery('```js\n```', 0)).toBe(null)
  })

  test('gives the notes of its rows, in whatever form', () => {
    const link = (path: string) => ({ path, type: 'file', embed: false })
    expect(notesOf({ type: 'list', values: [link('A.md'), link('A.md'), link('pic.png')] })).toEqual(['A.md'])
    expect(
      notesOf({
        type: 'table',
        values: [
          [link('A.md'), 3],
          [link('B.md'), [link('C.md')]],
        ],
      }),
    ).toEqual(['A.md', 'B.md', 'C.md'])
    expect(notesOf({ type: 'task', values: [{ path: 'T.md', text: 'x', children: [] }] })).toEqual(['T.md'])
    const circle: Record<string, unknown> = { values: [] }
    circle['values'] = [circle]
    expect(notesOf(circle)).toEqual([])
    expect(notesOf(Array.from({ length: 900 }, (_, at) => link(`${at}.md`)))).toHaveLength(500)
  })
})

describe('a canvas', () => {
  const cite = (n: number, note: string): Citation => ({
    n,
    note,
    vault: 'v',
    version: 'x',
    start: 0,
    end: 4,
    quote: '<% tp.x %>',
    heading: 'Leave › Annual leave',
  })
  const turn: Turn = {
    ...newTurn({ id: 1, question: 'How many: days?', vault: null, model: null, askedAt: 0 }),
    outcome: 'answered',
    answer: '30 [1]\n\n```dataviewjs\nboom()\n```',
    citations: [cite(1, 'A.md'), cite(2, 'B.md'), cite(3, 'A.md')],
  }

  test('has question, answer and a card for each note, joined', () => {
    const canvas = writeCanvas(turn, { isNeutralised: true, has: (note) => note === 'A.md' })
    expect(canvas?.title).toBe('How many days')
    const { nodes, edges } = JSON.parse(canvas?.text ?? '') as {
      nodes: Record<string, unknown>[]
      edges: Record<string, unknown>[]
    }
    expect(nodes.map(({ id, type }) => [id, type])).toEqual([
      ['question', 'text'],
      ['answer', 'text'],
      ['source-1', 'file'],
      ['source-2', 'text'],
    ])
    expect(nodes[2]).toMatchObject({ file: 'A.md', subpath: '#Annual leave' })
    expect(edges.map(({ fromNode, toNode, label }) => [fromNode, toNode, label])).toEqual([
      ['question', 'answer', undefined],
      ['answer', 'source-1', '1, 3'],
      ['answer', 'source-2', '2'],
    ])
    // jsoncanvas.org 1.0: what every node has.
    for (const node of nodes)
      for (const field of ['x', 'y', 'width', 'height']) expect(Number.isInteger(node[field])).toBe(true)
    expect(canvas?.text).not.toContain('```dataviewjs')
    expect(canvas?.text).not.toContain('<% tp')
  })

  test('is not made of what is no answer', () => {
    const options = { isNeutralised: true, has: () => true }
    expect(writeCanvas({ ...turn, outcome: 'not-found' }, options)).toBe(null)
    expect(writeCanvas(undefined, options)).toBe(null)
  })
})
