/**
 * What `require('obsidian')` gives a plugin in this host. Written from the public typings and documentation; nothing of
 * the app is copied. What is missing here, Cairn does not use: the types of the plugin are checked against this file.
 */
import moment from 'moment'

export { App, SecretStorage } from './app.ts'
export {
  apiVersion,
  Component,
  debounce,
  Events,
  getLanguage,
  normalizePath,
  requireApiVersion,
  type Debouncer,
  type EventRef,
  type IconName,
} from './base.ts'
export {
  BaseComponent,
  ButtonComponent,
  ColorComponent,
  ConfirmationButton,
  ConfirmationModal,
  DisplayValueComponent,
  DropdownComponent,
  ExtraButtonComponent,
  ProgressBarComponent,
  SearchComponent,
  SliderComponent,
  TextAreaComponent,
  TextComponent,
  ToggleComponent,
  ValueComponent,
} from './components.ts'
export {
  Editor,
  editorInfoField,
  editorLivePreviewField,
  type EditorChange,
  type EditorPosition,
  type EditorRange,
} from './editor.ts'
export { BasesEntry, BasesQueryResult, BasesView, QueryController, type BasesViewRegistration } from './bases.ts'
export { FileManager, TAbstractFile, TFile, TFolder, Vault, type FileStats } from './files.ts'
export { addIcon, getIcon, getIconIds, removeIcon, setIcon } from './icons.ts'
export { Keymap, Scope, type KeymapContext, type KeymapEventHandler, type Modifier } from './keymap.ts'
export {
  MarkdownRenderChild,
  MarkdownRenderer,
  sanitizeHTMLToDom,
  type MarkdownPostProcessor,
  type MarkdownPostProcessorContext,
} from './markdown.ts'
export { getAllTags, getLinkpath, MetadataCache, parseYaml, type CachedMetadata } from './metadata.ts'
export { Platform } from './mode.ts'
export { Menu, MenuItem, Modal, Notice, setTooltip } from './overlays.ts'
export { Plugin, type Command, type ObsidianProtocolData, type PluginManifest } from './plugin.ts'
export { Setting, SettingGroup } from './setting.ts'
export type {
  SettingControl,
  SettingDefinition,
  SettingDefinitionGroup,
  SettingDefinitionItem,
  SettingDefinitionList,
  SettingDefinitionPage,
} from './setting-definitions.ts'
export { PluginSettingTab, SettingTab } from './setting-tab.ts'
export {
  AbstractInputSuggest,
  FuzzySuggestModal,
  prepareFuzzySearch,
  renderMatches,
  renderResults,
  SuggestModal,
  type FuzzyMatch,
  type Instruction,
  type SearchResult,
} from './suggest.ts'
export { FileView, ItemView, MarkdownView, View, type MarkdownFileInfo, type ViewStateResult } from './views.ts'
export {
  Workspace,
  WorkspaceLeaf,
  type OpenViewState,
  type PaneType,
  type ViewCreator,
  type ViewState,
} from './workspace.ts'
export { moment }
