/**
 * Shows Markdown that was written by a model or found in a note, so by nobody we trust: only the nodes of our own tree
 * become elements, text becomes text, images are named and never loaded, and a link shows where it goes and waits for
 * a click.
 */
import type { ComponentChild, ComponentChildren, VNode } from 'preact'
import { useMemo, useRef } from 'preact/hooks'
import { parseMarkdown, type MarkdownTree } from './parse-blocks.ts'
import type { Block, Inline, ListItem } from './tree.ts'

export interface MarkdownOptions {
  /** Draws the marker of citation `n`; null leaves the characters `[n]`. */
  readonly renderCitation?: (n: number) => ComponentChild | null
  /** Called when a link to a note is pressed; without it such links are plain text. */
  readonly onWikilink?: (target: string) => void
}

export interface MarkdownProps extends MarkdownOptions {
  readonly text: string
  /** The end of the text is still to come. */
  readonly partial?: boolean
}

/** While an answer grows, only the blocks that change are drawn again, as long as the functions stay the same ones. */
export function Markdown({ text, partial = false, renderCitation, onWikilink }: MarkdownProps) {
  const before = useRef<MarkdownTree | undefined>(undefined)
  const tree = useMemo(() => parseMarkdown(text, partial, before.current), [text, partial])
  before.current = tree
  const options = useMemo(
    () => ({ ...(renderCitation && { renderCitation }), ...(onWikilink && { onWikilink }) }),
    [renderCitation, onWikilink],
  )
  const blocks = tree.blocks.map((block, index) => <BlockView key={index} block={block} options={options} />)
  return renderTree(tree, blocks)
}

function BlockView({ block, options }: { readonly block: Block; readonly options: MarkdownOptions }) {
  return useMemo(() => renderBlock(block, 0, options), [block, options])
}

/** The elements for a text, without hooks. */
export function renderMarkdown(text: string, options: MarkdownOptions = {}): VNode {
  const tree = parseMarkdown(text)
  return renderTree(tree, renderBlocks(tree.blocks, options))
}

function renderTree(tree: MarkdownTree, blocks: ComponentChildren): VNode {
  return (
    <div class="cairn-markdown">
      {blocks}
      {tree.cut ? <p class="cairn-markdown-cut">The rest of this text is too long to show.</p> : null}
    </div>
  )
}

function renderBlocks(blocks: readonly Block[], options: MarkdownOptions): ComponentChildren {
  return blocks.map((block, index) => renderBlock(block, index, options))
}

function renderBlock(block: Block, key: number, options: MarkdownOptions): VNode {
  switch (block.kind) {
    case 'paragraph':
      return <p key={key}>{renderInline(block.children, options)}</p>
    case 'heading':
      return renderHeading(block.level, key, renderInline(block.children, options))
    case 'list':
      return renderList(block, key, options)
    case 'code':
      return (
        <pre key={key} tabIndex={0} aria-label={block.language ? `Code, ${block.language}` : 'Code'}>
          <code>{block.text}</code>
        </pre>
      )
    case 'quote':
      return <blockquote key={key}>{renderBlocks(block.blocks, options)}</blockquote>
    case 'callout':
      return (
        <div key={key} class={`cairn-callout is-${calloutTone(block.type)}`} role="note">
          <p class="cairn-callout-title">{block.title}</p>
          {renderBlocks(block.blocks, options)}
        </div>
      )
    case 'table':
      return renderTable(block, key, options)
    case 'rule':
      return <hr key={key} />
  }
}

/** An answer stands under the page's own headings, so its first level is the page's third. */
function renderHeading(level: number, key: number, children: ComponentChildren): VNode {
  if (level <= 1) return <h3 key={key}>{children}</h3>
  if (level === 2) return <h4 key={key}>{children}</h4>
  if (level === 3) return <h5 key={key}>{children}</h5>
  return <h6 key={key}>{children}</h6>
}

function calloutTone(type: string): string {
  if (/^(warning|caution|attention|important)$/.test(type)) return 'warn'
  if (/^(danger|error|bug|failure|fail|missing)$/.test(type)) return 'danger'
  return 'note'
}

function renderList(list: Extract<Block, { kind: 'list' }>, key: number, options: MarkdownOptions): VNode {
  const items = list.items.map((item, index) => renderItem(item, index, options))
  return list.ordered ? (
    <ol key={key} start={list.start}>
      {items}
    </ol>
  ) : (
    <ul key={key}>{items}</ul>
  )
}

function renderItem(item: ListItem, key: number, options: MarkdownOptions): VNode {
  const [first] = item.blocks
  // A lone paragraph is the item's text; it needs no paragraph of its own.
  const children = item.blocks.map((block, index) =>
    block === first && block.kind === 'paragraph'
      ? renderInline(block.children, options)
      : renderBlock(block, index, options),
  )
  if (item.checked === null) return <li key={key}>{children}</li>
  return (
    <li key={key} class="cairn-task">
      <input type="checkbox" checked={item.checked} disabled aria-label={item.checked ? 'Done' : 'Not done'} />
      <div>{children}</div>
    </li>
  )
}

function renderTable(table: Extract<Block, { kind: 'table' }>, key: number, options: MarkdownOptions): VNode {
  const classOf = (index: number) => `is-${table.align[index] ?? 'start'}`
  return (
    <div key={key} class="cairn-markdown-table" tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead>
          <tr>
            {table.head.map((cell, index) => (
              <th key={index} scope="col" class={classOf(index)}>
                {renderInline(cell, options)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, index) => (
                <td key={index} class={classOf(index)}>
                  {renderInline(cell, options)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function renderInline(nodes: readonly Inline[], options: MarkdownOptions): ComponentChildren {
  const shown: ComponentChild[] = []
  for (const [index, node] of nodes.entries()) {
    const punctuation =
      node.kind === 'text' && nodes[index - 1]?.kind === 'citation'
        ? (/^[.,;:!?)。、，]{1,3}/.exec(node.text)?.[0] ?? '')
        : ''
    if (punctuation === '' || node.kind !== 'text') {
      shown.push(renderInlineNode(node, index, options))
      continue
    }
    // The full stop stays on the line of the marker before it.
    const marker = shown.pop()
    shown.push(
      <span key={`joined-${index}`} class="cairn-joined">
        {marker}
        {punctuation}
      </span>,
      node.text.slice(punctuation.length),
    )
  }
  return shown
}

function renderInlineNode(node: Inline, key: number, options: MarkdownOptions): ComponentChild {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'code':
      return <code key={key}>{node.text}</code>
    case 'strong':
      return <strong key={key}>{renderInline(node.children, options)}</strong>
    case 'em':
      return <em key={key}>{renderInline(node.children, options)}</em>
    case 'strike':
      return <s key={key}>{renderInline(node.children, options)}</s>
    case 'highlight':
      return (
        <span key={key} class="cairn-highlight">
          {renderInline(node.children, options)}
        </span>
      )
    case 'break':
      return <br key={key} />
    case 'image':
      return (
        <span key={key} class="cairn-missing-image">
          Image{node.alt ? `: ${node.alt}` : ''}
        </span>
      )
    case 'citation':
      return options.renderCitation?.(node.n) ?? `[${node.n}]`
    case 'wikilink':
      return renderWikilink(node, key, options)
    case 'link':
      return renderLink(node, key, options)
  }
}

function renderWikilink(
  node: Extract<Inline, { kind: 'wikilink' }>,
  key: number,
  options: MarkdownOptions,
): ComponentChild {
  const { onWikilink } = options
  if (!onWikilink)
    return (
      <span key={key} class="cairn-wikilink">
        {node.text}
      </span>
    )
  return (
    <button key={key} type="button" class="cairn-wikilink" onClick={() => onWikilink(node.target)}>
      {node.text}
    </button>
  )
}

function renderLink(node: Extract<Inline, { kind: 'link' }>, key: number, options: MarkdownOptions): VNode {
  const { children } = node
  const only = children.length === 1 ? children[0] : undefined
  const url = new URL(node.url)
  const place = url.protocol === 'mailto:' ? url.pathname : url.host
  const showsItself = only?.kind === 'text' && (only.text === node.url || `${only.text}/` === node.url)
  return (
    <span key={key} class="cairn-link">
      <a href={node.url} target="_blank" rel="noopener noreferrer nofollow" title={node.url}>
        {renderInline(children, options)}
      </a>
      {showsItself ? null : <span class="cairn-link-place"> ({place})</span>}
    </span>
  )
}
