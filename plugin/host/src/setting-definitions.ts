/** The shapes by which a plugin tells its settings, as the public typings of 1.13 have them. */
import type { ExtraButtonComponent } from './components.ts'
import type { TFile, TFolder } from './files.ts'
import type { Setting, SettingGroup } from './setting.ts'

type Predicate = boolean | (() => boolean)

interface ControlBase<V, K extends string> {
  key: K
  defaultValue?: V
  validate?: (value: V) => string | void | Promise<string | void>
  disabled?: Predicate
}

export type SettingControl<K extends string = string> =
  | ({ type: 'toggle' } & ControlBase<boolean, K>)
  | ({ type: 'text'; placeholder?: string } & ControlBase<string, K>)
  | ({ type: 'textarea'; placeholder?: string; rows?: number } & ControlBase<string, K>)
  | ({ type: 'dropdown'; options: Record<string, string> } & ControlBase<string, K>)
  | ({ type: 'file'; placeholder?: string; filter?: (file: TFile) => boolean } & ControlBase<string, K>)
  | ({
      type: 'folder'
      placeholder?: string
      filter?: (folder: TFolder) => boolean
      includeRoot?: boolean
    } & ControlBase<string, K>)
  | ({ type: 'number'; placeholder?: string; min?: number; max?: number; step?: number | 'any' } & ControlBase<
      number,
      K
    >)
  | ({
      type: 'slider'
      min: number
      max: number
      step: number
      displayFormat?: (value: number) => string
    } & ControlBase<number, K>)
  | ({ type: 'color' } & ControlBase<string, K>)

interface DefinitionBase {
  name: string
  desc?: string | DocumentFragment
  aliases?: string[]
  searchable?: Predicate
  visible?: Predicate
}

export type SettingDefinition<K extends string = string> =
  | (DefinitionBase & { control: SettingControl<K>; action?: never; render?: never })
  | (DefinitionBase & {
      render: (setting: Setting, group: SettingGroup) => void | (() => void)
      control?: never
      action?: never
    })
  | (DefinitionBase & {
      action: (element: HTMLElement, index: number) => void
      disabled?: Predicate
      control?: never
      render?: never
    })
  | (DefinitionBase & { control?: never; action?: never; render?: never })

export interface SettingDefinitionPage<K extends string = string> {
  type: 'page'
  name: string
  desc?: string | DocumentFragment
  displayValue?: string | (() => string)
  status?: 'warning' | null | (() => 'warning' | null)
  items?: SettingDefinitionItem<K>[]
  visible?: Predicate
}

export interface SettingDefinitionGroup<K extends string = string> {
  type: 'group' | 'list'
  heading?: string
  cls?: string
  extraButtons?: ((component: ExtraButtonComponent) => unknown)[]
  items?: (SettingDefinition<K> | SettingDefinitionPage<K>)[]
  visible?: Predicate
}

export interface SettingDefinitionList<K extends string = string> extends SettingDefinitionGroup<K> {
  type: 'list'
  emptyState?: string | DocumentFragment
  onReorder?: (oldIndex: number, newIndex: number) => void
  onDelete?: (index: number) => void
  addItem?: { name: string; action: (element: HTMLElement) => void }
}

export type SettingDefinitionItem<K extends string = string> =
  | SettingDefinition<K>
  | SettingDefinitionGroup<K>
  | SettingDefinitionList<K>
  | SettingDefinitionPage<K>
