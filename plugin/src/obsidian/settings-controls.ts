/** A row of the table as one of Obsidian's controls. */
import type { SettingControl } from 'obsidian'
import type { SettingKey, SettingSpec } from '../core/settings/setting-table.ts'

/** `complain` gives the sentence that stands at the control while its value is wrong. */
export function controlOf(
  key: SettingKey,
  spec: SettingSpec,
  complain: (value: unknown) => string | null,
): SettingControl {
  const validate = (value: unknown) => complain(value) ?? undefined
  switch (spec.kind) {
    case 'toggle':
      return { type: 'toggle', key, defaultValue: spec.initial }
    case 'text':
      return { type: 'text', key, defaultValue: spec.initial, placeholder: spec.placeholder, validate }
    case 'folder':
      return {
        type: 'folder',
        key,
        defaultValue: spec.initial,
        placeholder: spec.placeholder,
        includeRoot: true,
        validate,
      }
    case 'number':
      return {
        type: 'number',
        key,
        defaultValue: spec.initial,
        min: spec.least,
        max: spec.most,
        step: spec.step,
        validate,
      }
    case 'slider':
      return {
        type: 'slider',
        key,
        defaultValue: spec.initial,
        min: spec.least,
        max: spec.most,
        step: spec.step,
        displayFormat: (value) => (spec.unit === '%' ? `${value} %` : String(value)),
      }
    case 'choice':
      return { type: 'dropdown', key, defaultValue: spec.initial, options: { ...spec.options } }
    case 'color':
    case 'list':
    case 'map':
      throw new TypeError(`${key} has no control of its own`)
  }
}
