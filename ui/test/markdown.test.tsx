/** Promises of the Markdown renderer, most of them against input that means harm. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ComponentChild, ComponentChildren, VNode } from 'preact'
import { markdownLimits, parseMarkdown, renderMarkdown, type MarkdownOptions } from '../src/index.ts'

interface Element {
  readonly type: string
  readonly props: Record<string, unknown>
  readonly text: string
}

/** Every element that would enter the page, in order; components are not expected. */
function elementsOf(node: ComponentChildren, found: Element[] = []): Element[] {
  if (Array.isArray(node)) for (const child of node) elementsOf(child, found)
  else if (isVNode(node)) {
    if (typeof node.type !== 'string') throw new Error('a component where only elements are expected')
    const { children, ...props } = node.props as { children?: ComponentChildren }
    found.push({ type: node.type, props, text: textOf(children) })
    elementsOf(children, found)
  }
  return found
}

function isVNode(node: ComponentChild): node is VNode {
  return typeof node === 'object' && node !== null && 'props' in node
}

function textOf(node: ComponentChildren): string {
  if (Array.isArray(node)) return node.map(textOf).join('')
  if (isVNode(node)) return textOf(node.props.children)
  return typeof node === 'string' || typeof node === 'number' ? String(node) : ''
}

const render = (text: string, options?: MarkdownOptions) => elementsOf(renderMarkdown(text, options))
const typesOf = (text: string) =>
  render(text)
    .map((element) => element.type)
    .slice(1)
const find = (text: string, type: string, options?: MarkdownOptions) =>
  render(text, options).filter((element) => element.type === type)

const allowed = new Set([
  'div',
  'p',
  'h3',
  'h4',
  'h5',
  'h6',
  'ul',
  'ol',
  'li',
  'input',
  'pre',
  'code',
  'blockquote',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
  'hr',
  'br',
  'strong',
  'em',
  's',
  'span',
  'a',
  'button',
])

function expectHarmless(text: string): void {
  for (const element of render(text, { onWikilink: () => {} })) {
    expect(allowed.has(element.type)).toBe(true)
    expect(element.props).not.toHaveProperty('dangerouslySetInnerHTML')
    expect(element.props).not.toHaveProperty('src')
    if (element.type === 'a') expect(String(element.props.href)).toMatch(/^(https?|mailto):/)
  }
}

describe('ordinary Markdown', () => {
  test('reads paragraphs, emphasis, code and headings', () => {
    expect(typesOf('# One\n\nA **b *c*** `d` ~~e~~ ==f==')).toEqual(['h3', 'p', 'strong', 'em', 'code', 's', 'span'])
    expect(find('***both***', 'strong')[0]?.text).toBe('both')
    expect(find('snake_case_name and 2 * 3 * 4', 'em')).toEqual([])
    expect(find('a `` b ` c `` d', 'code')[0]?.text).toBe('b ` c')
    expect(find('Title\n=====\n\nSub\n---', 'h3')[0]?.text).toBe('Title')
  })

  test('reads lists, nested lists and tasks', () => {
    expect(typesOf('- a\n- b\n  - c\n    more\n\n3. x\n4. y')).toEqual(['ul', 'li', 'li', 'ul', 'li', 'ol', 'li', 'li'])
    expect(find('3. x', 'ol')[0]?.props.start).toBe(3)
    expect(find('- [x] done\n- [ ] open', 'input').map((box) => box.props.checked)).toEqual([true, false])
    expect(find('- a\n\n  second paragraph\n- b', 'li').map((item) => item.text)).toEqual(['asecond paragraph', 'b'])
  })

  test('reads tables with alignment and escaped pipes', () => {
    const source = '| a | b |\n|:--|--:|\n| 1 \\| 2 | 3 |\n| 4 |'
    expect(find(source, 'td').map((cell) => [cell.text, cell.props.class])).toEqual([
      ['1 | 2', 'is-start'],
      ['3', 'is-end'],
      ['4', 'is-start'],
      ['', 'is-end'],
    ])
  })

  test('reads fences, quotes and callouts', () => {
    expect(find('```js\nlet <b>\n```', 'code')[0]?.text).toBe('let <b>')
    expect(find('```\nnever closed', 'code')[0]?.text).toBe('never closed')
    expect(find('> quoted\n> text', 'blockquote')[0]?.text).toBe('quoted text')
    expect(find('> [!warning] Mind\n> the gap', 'div').map((box) => box.props.class)).toContain('cairn-callout is-warn')
  })

  test('shows where a link goes and asks for a click', () => {
    const [link] = find('[docs](https://example.com/a "title")', 'a')
    expect(link?.props).toMatchObject({
      href: 'https://example.com/a',
      target: '_blank',
      rel: 'noopener noreferrer nofollow',
    })
    expect(find('[docs](https://example.com/a)', 'p')[0]?.text).toBe('docs (example.com)')
    expect(find('see https://example.com/x, or not', 'a')[0]?.props.href).toBe('https://example.com/x')
    expect(find('[a [b](https://x.example) c](https://y.example)', 'a').map((a) => a.text)).toEqual([
      'b',
      'https://y.example',
    ])
  })

  test('makes links to notes into buttons, or text where nobody listens', () => {
    const opened: string[] = []
    const [button] = find('[[Folder/Note#Part|shown]]', 'button', { onWikilink: (target) => opened.push(target) })
    const press = button?.props.onClick as (() => void) | undefined
    press?.()
    expect([button?.text, opened]).toEqual(['shown', ['Folder/Note#Part']])
    expect(find('[other](My%20note.md)', 'button', { onWikilink: () => {} })[0]?.text).toBe('other')
    expect(find('[[Note]]', 'button')).toEqual([])
  })

  test('hands citation markers to the caller and leaves unknown ones as text', () => {
    const renderCitation = (n: number) => (n <= 2 ? <button type="button">{n}</button> : null)
    expect(find('So it is [1][2], and [1, 2], but [7].', 'button', { renderCitation }).map((b) => b.text)).toEqual([
      '1',
      '2',
      '1',
      '2',
    ])
    expect(find('So it is [1], but [7].', 'p', { renderCitation })[0]?.text).toBe('So it is 1, but [7].')
    expect(find('[1](https://evil.example)', 'button', { renderCitation })).toEqual([])
  })

  test('shows bold that has begun as bold while the rest is still to come', () => {
    const strong = (partial: boolean) => parseMarkdown('half **bold *and', partial).blocks[0]
    expect(strong(true)).toMatchObject({
      children: [{ text: 'half ' }, { kind: 'strong', children: [{ text: 'bold ' }, { text: '*' }, { text: 'and' }] }],
    })
    expect(JSON.stringify(strong(false))).not.toContain('strong')
  })

  test('keeps half-streamed marks as the characters they are', () => {
    expect(find('half **bold and [link](http', 'p')[0]?.text).toBe('half **bold and [link](http')
  })
})

describe('hostile Markdown', () => {
  test('passes no HTML through', () => {
    for (const text of [
      '<script>alert(1)</script>',
      '<img src=x onerror=alert(1)>',
      '<iframe src="https://evil.example"></iframe>',
      '<a href="javascript:x">y</a>',
      '<style>*{}</style>',
      '<!-- -->',
      '<svg onload=x>',
      '&lt;script&gt;',
      '- <b onmouseover=x>',
      '| <script> |\n|---|\n| <img> |',
    ]) {
      expectHarmless(text)
    }
    expect(render('<script>alert(1)</script>').at(-1)?.text).toBe('<script>alert(1)</script>')
  })

  test('follows no script, data, file or application address', () => {
    for (const address of [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      ' javascript:alert(1)',
      'java\tscript:alert(1)',
      '\u0001javascript:alert(1)',
      'data:text/html,<script>',
      'vbscript:x',
      'file:///etc/passwd',
      'obsidian://open',
      'blob:https://x',
      'http:/\\evil',
      '//evil.example/x',
      '\\\\evil\\x',
      'https://',
    ]) {
      expect(find(`[x](${address})`, 'a')).toEqual([])
      expect(find(`[x](<${address}>)`, 'a')).toEqual([])
      expectHarmless(`[x](${address}) <${address}>`)
    }
  })

  test('loads no image, neither remote nor data', () => {
    for (const text of [
      '![alt](https://evil.example/p.gif?q=secret)',
      '![](data:image/svg+xml;base64,AAAA)',
      '![[picture.png]]',
      '[![alt](https://a.example/x)](https://b.example)',
    ]) {
      expectHarmless(text)
      expect(find(text, 'img')).toEqual([])
    }
    expect(render('![a chart](https://evil.example/p.gif)').at(-1)?.text).toBe('Image: a chart')
  })

  test('bounds nesting of 10,000 levels', () => {
    const deep = 10_000
    const nested = [
      '> '.repeat(deep) + 'x',
      '- '.repeat(deep) + 'x',
      '1. '.repeat(deep) + 'x',
      '*'.repeat(deep) + 'x' + '*'.repeat(deep),
      '[a'.repeat(deep) + '](b)'.repeat(deep),
      '**a _b '.repeat(deep),
      '['.repeat(deep),
      '![['.repeat(deep),
      '`'.repeat(deep),
      '==~~'.repeat(deep),
      '> [!note] '.repeat(deep),
      Array.from({ length: 400 }, (_, i) => `${' '.repeat(i * 2)}- x`).join('\n'),
    ]
    for (const text of nested) {
      expectHarmless(text)
      expect(depthOf(renderMarkdown(text))).toBeLessThan(markdownLimits.depth * 4 + 12)
    }
  })

  test('takes time in proportion to length, whatever is in it', () => {
    const pieces = [
      '[',
      '](',
      '[](',
      '*a',
      '_a_ ',
      '`',
      '`a``',
      '![',
      '![](',
      '[[',
      'http://',
      '<http://',
      '\\',
      '|',
      '|-|\n',
      '- \n',
      '> \n',
      '#',
      '# #\n',
      '==',
      '[1]',
      '[1,',
      ' ',
      '\t',
      '\n',
      '---\n',
      '~~~\n',
      'a  \n',
      '(((',
      '**a** ',
      '[a](b) ',
      '- [ ] ',
      '    - x\n',
      '1)',
    ]
    for (const piece of pieces) {
      const startedAt = performance.now()
      renderMarkdown(piece.repeat(Math.ceil(markdownLimits.chars / piece.length)))
      expect(performance.now() - startedAt).toBeLessThan(1_500)
    }
  })

  test('cuts huge input and says so', () => {
    const elements = render('word '.repeat(1_000_000))
    expect(elements.at(-1)?.props.class).toBe('cairn-markdown-cut')
    expect(elements[0]?.text.length).toBeLessThan(markdownLimits.chars + 200)
  })

  test('never makes more elements than the limit allows for', () => {
    expect(render('**a** '.repeat(20_000)).length).toBeLessThan(markdownLimits.nodes * 3)
    expect(render('- a\n'.repeat(25_000)).length).toBeLessThan(markdownLimits.nodes * 4)
    expect(render('|a|b|\n|-|-|\n' + '|a|b|\n'.repeat(15_000)).length).toBeLessThan(markdownLimits.nodes * 4)
  })

  test('stays harmless on any mixture of marks', () => {
    const part = fc.constantFrom(
      '*',
      '**',
      '_',
      '`',
      '```\n',
      '[',
      ']',
      '(',
      ')',
      '](',
      '![',
      '[[',
      ']]',
      '|',
      '\n',
      '\n\n',
      '> ',
      '- ',
      '1. ',
      '# ',
      '<',
      '>',
      '<script>',
      'javascript:',
      'https://a.b',
      'data:',
      '\\',
      '==',
      '~~',
      '[1]',
      '|-|',
      ' ',
      'word',
      'é漢',
      '\u0000',
      '\u202e',
      '[!note]',
      '---',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => expectHarmless(parts.join(''))),
      { numRuns: 1_500 },
    )
  })
})

function depthOf(node: ComponentChildren): number {
  if (Array.isArray(node)) return Math.max(0, ...node.map(depthOf))
  return isVNode(node) ? 1 + depthOf(node.props.children) : 0
}

describe('a text that grows', () => {
  const pieces = fc.constantFrom(
    'word ',
    '\n',
    '\n\n',
    '- ',
    '# ',
    '> ',
    '```\n',
    '**',
    '|a|b|\n',
    '|--|--|\n',
    '===\n',
    '\r',
  )

  test('is read as it would be without what was read before, and keeps the blocks that read the same', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
        let before: ReturnType<typeof parseMarkdown> | undefined
        let text = ''
        for (const part of parts) {
          text += part
          const tree = parseMarkdown(text, true, before)
          expect(tree).toEqual(parseMarkdown(text, true))
          // The end may still change what stands right before it, and nothing further up.
          const settled = Math.min(tree.blocks.length, before?.blocks.length ?? 0) - 2
          for (let at = 0; at < settled; at++) expect(tree.blocks[at]).toBe(before?.blocks[at] as never)
          before = tree
        }
      }),
      { numRuns: 200 },
    )
  })
})
