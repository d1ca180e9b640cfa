/** The settings of appearance as classes and variables for the root of a view. */
import { useMemo } from 'preact/hooks'
import type { SettingValues } from '../core/settings/setting-table.ts'

export interface Look {
  readonly classes: string
  readonly style: Readonly<Record<string, string>>
}

type LookValues = Pick<SettingValues, 'appearance.density' | 'appearance.textScale' | 'appearance.accent'>

export function lookOf(values: LookValues): Look {
  const accent = values['appearance.accent']
  return {
    classes: values['appearance.density'] === 'compact' ? 'is-compact' : '',
    style: {
      '--cairn-text-scale': String(values['appearance.textScale'] / 100),
      ...(accent === '' ? {} : { '--cairn-own-accent': accent, '--cairn-on-own-accent': readableOn(accent) }),
    },
  }
}

export function useLook(values: LookValues): Look {
  const { 'appearance.density': density, 'appearance.textScale': scale, 'appearance.accent': accent } = values
  return useMemo(() => lookOf(values), [density, scale, accent])
}

/** White or near black, whichever stands out more: WCAG 2.2, relative luminance. */
function readableOn(colour: string): string {
  const channel = (at: number) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  const luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.0565 ? '#ffffff' : '#161616'
}
