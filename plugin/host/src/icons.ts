/** Lucide's icons, which Obsidian's are too, and those that plugins add. */
import nodes from 'lucide-static/icon-nodes.json' with { type: 'json' }

type IconNode = readonly [tag: string, attributes: Readonly<Record<string, string>>]

const lucide = nodes as unknown as Readonly<Record<string, readonly IconNode[]>>
const added = new Map<string, string>()

export function addIcon(iconId: string, svgContent: string): void {
  added.set(iconId, svgContent)
}

export function removeIcon(iconId: string): void {
  added.delete(iconId)
}

export function getIconIds(): string[] {
  return [...Object.keys(lucide).map((name) => `lucide-${name}`), ...added.keys()]
}

/** Null for a name that nobody has. */
export function getIcon(iconId: string): SVGSVGElement | null {
  const own = added.get(iconId)
  if (own !== undefined) {
    const parsed = new DOMParser().parseFromString(
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" class="svg-icon ${iconId}">${own}</svg>`,
      'image/svg+xml',
    )
    return document.importNode(parsed.documentElement as unknown as SVGSVGElement, true)
  }
  const name = iconId.replace(/^lucide-/, '')
  const icon = lucide[name]
  if (icon === undefined) return null
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttrs({
    width: 24,
    height: 24,
    viewBox: '0 0 24 24',
    fill: 'none',
    stroke: 'currentColor',
    'stroke-width': 2,
    'stroke-linecap': 'round',
    'stroke-linejoin': 'round',
    class: `svg-icon lucide-${name}`,
  })
  for (const [tag, attributes] of icon) svg.createSvg(tag as 'path', { attr: { ...attributes } })
  return svg
}

export function setIcon(parent: HTMLElement, iconId: string): void {
  parent.empty()
  const icon = getIcon(iconId)
  if (icon !== null) parent.appendChild(icon)
}
