/** WCAG 2.2 contrast of every pair of colours that meet in the interface, computed from tokens.css in both themes. */
import { expect, test } from 'bun:test'

const css = await Bun.file(new URL('../src/tokens.css', import.meta.url)).text()

function colourOf(name: string, theme: 'light' | 'dark'): string {
  const match = new RegExp(`--cairn-${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css)
  const colour = match?.[theme === 'light' ? 1 : 2]
  if (!colour) throw new Error(`no colour ${name} in tokens.css`)
  return colour
}

/** WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].toSorted((x, y) => x - y) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

const textOn = [
  ...['bg', 'surface', 'raised', 'sunken', 'hover'].flatMap((back) => [
    ['text', back],
    ['text-muted', back],
    ['accent', back],
    ['danger', back],
  ]),
  ['warn', 'surface'],
  ['warn', 'warn-soft'],
  ['danger', 'danger-soft'],
  ['accent', 'accent-soft'],
  ['text', 'accent-soft'],
  ['text', 'danger-soft'],
  ['text', 'warn-soft'],
  ['text-muted', 'accent-soft'],
  ['text-muted', 'danger-soft'],
  ['on-accent', 'accent'],
  ['on-accent', 'accent-hover'],
  ['on-danger', 'danger'],
  ['on-mark', 'mark'],
] as const

for (const theme of ['light', 'dark'] as const) {
  test(`text stands out from what is behind it, ${theme}`, () => {
    const weak = textOn.filter(
      ([text, back]) => contrast(colourOf(text as string, theme), colourOf(back as string, theme)) < 4.5,
    )
    expect(weak).toEqual([])
  })

  test(`edges of controls and marks can be seen, ${theme}`, () => {
    const edges = [
      ['border-strong', 'surface'],
      ['border-strong', 'bg'],
      ['accent', 'bg'],
      ['mark-edge', 'surface'],
      ['series-1', 'surface'],
      ['series-2', 'surface'],
      ['series-3', 'surface'],
      ['series-4', 'surface'],
    ] as const
    expect(edges.filter(([edge, back]) => contrast(colourOf(edge, theme), colourOf(back, theme)) < 3)).toEqual([])
  })
}

test('series of a chart that lie on each other can be told apart by their lightness alone', () => {
  for (const theme of ['light', 'dark'] as const)
    for (const [lower, upper] of [
      ['series-1', 'series-2'],
      ['series-2', 'series-3'],
      ['series-3', 'series-4'],
    ] as const)
      expect(contrast(colourOf(lower, theme), colourOf(upper, theme)), `${lower}, ${theme}`).toBeGreaterThan(1.5)
})
