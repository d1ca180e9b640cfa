/** Markdown as elements: marked makes the HTML, DOMPurify takes out of it what could do anything. */
import DOMPurify from 'dompurify'
import { marked } from 'marked'
import type { App } from './app.ts'
import { Component } from './base.ts'

export interface MarkdownPostProcessorContext {
  docId: string
  sourcePath: string
  frontmatter: unknown
  addChild(child: MarkdownRenderChild): void
  getSectionInfo(element: HTMLElement): { text: string; lineStart: number; lineEnd: number } | null
}

export type MarkdownPostProcessor = (element: HTMLElement, context: MarkdownPostProcessorContext) => unknown

export const postProcessors = new Set<MarkdownPostProcessor>()

export class MarkdownRenderChild extends Component {
  containerEl: HTMLElement

  constructor(containerEl: HTMLElement) {
    super()
    this.containerEl = containerEl
  }
}

export function sanitizeHTMLToDom(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, { RETURN_DOM_FRAGMENT: true })
}

/** Obsidian's own additions that answers and notes use: links between notes, tags and marked text. */
function toHtml(markdown: string): string {
  const linked = markdown
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .replace(/%%[\s\S]*?%%/g, '')
    .replace(/!?\[\[([^[\]|\n]+)(?:\|([^[\]\n]*))?\]\]/g, (_, target: string, alias?: string) => {
      const link = document.createElement('a')
      link.className = 'internal-link'
      link.setAttribute('data-href', target)
      link.setAttribute('href', target)
      link.textContent = alias ?? target
      return link.outerHTML
    })
    .replace(/==([^=\n]+)==/g, '<mark>$1</mark>')
  return marked.parse(linked, { async: false, gfm: true })
}

export abstract class MarkdownRenderer extends MarkdownRenderChild {
  static async render(
    app: App,
    markdown: string,
    element: HTMLElement,
    sourcePath: string,
    component: Component,
  ): Promise<void> {
    element.addClass('markdown-rendered')
    element.appendChild(sanitizeHTMLToDom(toHtml(markdown)))
    for (const link of element.findAll('a.internal-link')) {
      const target = link.getAttr('data-href') ?? ''
      const path = target.split('#', 1)[0] ?? ''
      if (app.metadataCache.getFirstLinkpathDest(path, sourcePath) === null) link.addClass('is-unresolved')
    }
    for (const link of element.findAll('a:not(.internal-link)')) link.addClass('external-link')
    const context: MarkdownPostProcessorContext = {
      docId: sourcePath,
      sourcePath,
      frontmatter: app.metadataCache.getCache(sourcePath)?.frontmatter,
      addChild: (child) => component.addChild(child),
      getSectionInfo: () => ({ text: markdown, lineStart: 0, lineEnd: markdown.split('\n').length - 1 }),
    }
    for (const process of postProcessors) await process(element, context)
  }
}
