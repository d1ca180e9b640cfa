import { describe, expect, test } from 'bun:test'
import { findRunning, makeHarmless } from '../../src/core/inline/find-running.ts'
import { judgeNote } from '../../src/core/inline/note-label.ts'
import { readReply, writeMessages } from '../../src/core/inline/rewrite-request.ts'
import { createRewriting, type ChatEnd } from '../../src/core/inline/rewriting.ts'

describe('the label of a note', () => {
  const judge = (
    text: string,
    more: { path?: string; tags?: string[]; folders?: string[]; excluded?: string[] } = {},
  ) =>
    judgeNote(
      { folders: more.folders ?? [], tags: more.excluded ?? [] },
      { path: more.path ?? 'Notes/A.md', text, tags: more.tags ?? [] },
    )

  test.each([
    ['no word of it', 'Hello', 'internal'],
    ['front matter', '---\nsensitivity: confidential\n---\nHello', 'confidential'],
    ['quotes and a remark', '---\n"sensitivity": "public" # for now\n---\n', 'public'],
    ['a word that is none', '---\nsensitivity: secret\n---\n', 'restricted'],
    ['a tag', 'Hello #confidential', 'confidential'],
    ['a tag below its front matter', '---\nsensitivity: restricted\n---\n#confidential', 'restricted'],
    ['a tag that would lower it', '---\nsensitivity: confidential\n---\n#public', 'confidential'],
    ['front matter too clever to read', '---\na: &b [x]\n---\n', 'restricted'],
  ])('from %s', (_, text, label) => {
    expect(judge(text)).toEqual({ label } as ReturnType<typeof judge>)
  })

  test('comes from the tags that Obsidian has, too', () => {
    expect(judge('Hello', { tags: ['#Restricted'] })).toEqual({ label: 'restricted' })
  })

  test.each([
    ['a folder that is excluded', 'Hello', { path: 'Private/A.md', folders: ['private'] }],
    ['a tag that is excluded', 'Hello #diary/2026', { excluded: ['diary'] }],
    ['tags that cannot be told, with some excluded', '---\na: *b\n---\n', { excluded: ['diary'] }],
    ['the words “ai: false”', '---\nai: false\n---\n', {}],
    ['the words “AI: "no"”', '---\nAI: "no"\n---\n', {}],
  ])('is none with %s: the note is refused', (_, text, more) => {
    expect(judge(text, more)).toHaveProperty('refusal')
  })
})

describe('the reply', () => {
  test.each([
    ['in its own words', 'new', 'old', 'new'],
    ['keeps the spaces around the passage', '\nnew\n\n', '  old\n', '  new\n'],
    ['loses a wrapping that nobody asked for', '```markdown\n# New\n```', 'old', '# New'],
    ['loses our own marks', '<passage>\nnew\n</passage>', 'old', 'new'],
    ['keeps a block that the passage was', '```\nnew\n```', '```\nold\n```', '```\nnew\n```'],
    ['keeps a block of code', '```js\nnew\n```', 'old', '```js\nnew\n```'],
  ])('%s', (_, reply, passage, text) => {
    expect(readReply(reply, passage)).toBe(text)
  })

  test('is asked for with the passage and the instruction, and nothing else of the note', () => {
    const [system, user] = writeMessages(' Shorten it. ', '\nThe wind.\n')
    expect(system?.role).toBe('system')
    expect(user).toEqual({ role: 'user', content: 'Shorten it.\n\n<passage>\nThe wind.\n</passage>' })
  })
})

describe('what would run', () => {
  test('is found in the passage, in the line around it, and in the block that it stands in', () => {
    expect(findRunning('a\n', 'plain words', '\nb')).toEqual([])
    expect(findRunning('a\n', '```dataviewjs\nx\n```', '\nb')).toEqual(['a block of dataviewjs'])
    expect(findRunning('see `', '= this.file', '` there')).toEqual(['an inline query'])
    expect(findRunning('```dataviewjs\nlet a\n', 'fetch(1)', '\n```')).toEqual(['a block of dataviewjs'])
    expect(findRunning('```dataviewjs\nlet a\n```\n', 'words', '')).toEqual([])
    expect(findRunning('<%*\nlet a\n', 'fetch(1)', '\n%>')).toEqual(['a template marker'])
    expect(findRunning('<', '% tp.x %>', '')).toEqual(['a template marker'])
  })

  test('in a block of plain code is the marks of templates alone', () => {
    expect(findRunning('```html\n', '<b>x</b>', '\n```')).toEqual(['a block of html'])
    expect(findRunning('```js\n', 'a < b; <b>', '\n```')).toEqual([])
    expect(makeHarmless('```js\n', 'a <b> <% x %>').text).toBe('a <b> <\u200b% x %>')
    expect(makeHarmless('', 'a <b>').text).toBe('a &lt;b>')
  })
})

describe('a rewriting', () => {
  const setUp = () => {
    const calls: { onText: (text: string) => void; end: (end: ChatEnd) => void; signal: AbortSignal }[] = []
    const frames: (() => void)[] = []
    const rewriting = createRewriting({
      chat: (_, signal, onText) => new Promise((end) => calls.push({ onText, end, signal })),
      nextFrame: (run) => void frames.push(run),
    })
    const run = () => rewriting.run({ model: 'm', label: 'internal', messages: [] })
    return { calls, frames, rewriting, run, draw: () => frames.splice(0).forEach((frame) => frame()) }
  }
  const whole: ChatEnd = { failure: null, isCut: false, by: 'm at p' }

  test('shows once a frame what has come, and all of it at the end', async () => {
    const { calls, frames, rewriting, run, draw } = setUp()
    run()
    expect(rewriting.state.get().at).toBe('waiting')
    for (const word of ['a', 'b', 'c']) calls[0]?.onText(word)
    expect(frames).toHaveLength(1)
    draw()
    expect(rewriting.state.get()).toEqual({ at: 'streaming', text: 'abc', end: null })
    calls[0]?.onText('d')
    calls[0]?.end(whole)
    await Promise.resolve()
    draw()
    expect(rewriting.state.get()).toEqual({ at: 'done', text: 'abcd', end: whole })
  })

  test('that is stopped keeps what has come, and nothing comes after it', async () => {
    const { calls, rewriting, run, draw } = setUp()
    run()
    calls[0]?.onText('a')
    draw()
    rewriting.stop()
    expect(calls[0]?.signal.aborted).toBe(true)
    calls[0]?.onText('b')
    draw()
    calls[0]?.end(whole)
    await Promise.resolve()
    expect(rewriting.state.get()).toEqual({ at: 'stopped', text: 'a', end: null })
  })

  test('that is asked anew hears nothing of the one before', async () => {
    const { calls, rewriting, run, draw } = setUp()
    run()
    run()
    calls[0]?.onText('old')
    calls[0]?.end(whole)
    await Promise.resolve()
    draw()
    expect(rewriting.state.get()).toEqual({ at: 'waiting', text: '', end: null })
    calls[1]?.onText('new')
    draw()
    expect(rewriting.state.get().text).toBe('new')
  })
})
