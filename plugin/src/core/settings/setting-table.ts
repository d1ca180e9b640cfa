/**
 * THE table of the plugin's settings. The settings tab, what is read from and written to data.json, the dialog for
 * import and export and docs/reference/plugin-settings.md are all made from it. Pure.
 *
 * `place` says where a value lives. `shared` values stand in data.json and travel with the vault; `device` values stay in
 * this device's local storage, since a phone reaches the server under another address than a laptop.
 */

interface Described {
  readonly page: PageId
  readonly place: 'shared' | 'device'
  /** As it stands in the settings tab: sentence case, no full stop. */
  readonly name: string
  /** One sentence. */
  readonly desc: string
  /** More words by which Obsidian's settings search finds it. */
  readonly aliases?: readonly string[]
}

/** What a text or an element of a list must be, beyond its length. */
export type TextCheck = 'server-address' | 'folder' | 'tag' | 'model' | 'any'

export type SettingSpec = Described &
  (
    | { readonly kind: 'toggle'; readonly initial: boolean }
    | {
        readonly kind: 'text'
        readonly initial: string
        readonly check: TextCheck
        readonly mostChars: number
        readonly placeholder: string
      }
    | { readonly kind: 'folder'; readonly initial: string; readonly mostChars: number; readonly placeholder: string }
    | {
        readonly kind: 'number' | 'slider'
        readonly initial: number
        readonly least: number
        readonly most: number
        readonly step: number
        readonly unit: string
      }
    | { readonly kind: 'choice'; readonly initial: string; readonly options: Readonly<Record<string, string>> }
    | { readonly kind: 'color'; readonly initial: string }
    | { readonly kind: 'list'; readonly check: TextCheck; readonly mostItems: number; readonly mostChars: number }
    /** Texts by name; `mostItems` names at most. */
    | { readonly kind: 'map'; readonly mostItems: number; readonly mostChars: number }
  )

/** In the order in which they stand in the tab. The first stands on the tab itself, the others are pages of it. */
export const pageTable = {
  connection: { title: 'Connection', desc: 'The server, this device’s key, and whether they work.' },
  answers: { title: 'Answers', desc: 'Which model answers, how much it quotes, and where notes open.' },
  privacy: { title: 'Privacy', desc: 'What never leaves this device, and what is kept on it.' },
  sync: { title: 'Vault sync', desc: 'Keeps this vault on a server that has no folder of it.' },
  appearance: { title: 'Appearance', desc: 'Density, size of text and accent of Cairn’s own views.' },
  shortcuts: { title: 'Shortcuts', desc: 'Keys within Cairn’s views, and hotkeys of its commands.' },
  commands: {
    title: 'Commands',
    desc: 'Commands of your own, made of notes, and which of Cairn’s stand in Obsidian’s palette.',
  },
  integrations: { title: 'Integrations', desc: 'Other plugins that Cairn works with when they are there.' },
} as const

export type PageId = keyof typeof pageTable

export const settingTable = {
  'connection.serverUrl': {
    page: 'connection',
    place: 'device',
    kind: 'text',
    initial: '',
    check: 'server-address',
    mostChars: 300,
    placeholder: 'http://127.0.0.1:8484',
    name: 'Server',
    desc: 'Address of your Cairn server, as this device reaches it. Kept on this device only.',
    aliases: ['url', 'host', 'address', 'gateway'],
  },
  'connection.vault': {
    page: 'connection',
    place: 'device',
    kind: 'text',
    initial: '',
    check: 'any',
    mostChars: 200,
    placeholder: 'All vaults you may ask',
    name: 'Vault on the server',
    desc: 'Id of the server’s vault that this vault is. Questions go to it alone; empty asks all that you may.',
  },
  'connection.allowPlainHttp': {
    page: 'connection',
    place: 'device',
    kind: 'toggle',
    initial: false,
    name: 'Allow an address without TLS',
    desc: 'Lets the key and your questions travel unencrypted to a server on another machine. Leave it off unless the network is yours alone.',
    aliases: ['http', 'https', 'insecure'],
  },
  'connection.timeoutSeconds': {
    page: 'connection',
    place: 'shared',
    kind: 'number',
    initial: 30,
    least: 5,
    most: 600,
    step: 5,
    unit: 'seconds',
    name: 'Wait for the first word',
    desc: 'How long an answer may take to begin before the question counts as failed.',
    aliases: ['timeout'],
  },
  'answers.model': {
    page: 'answers',
    place: 'shared',
    kind: 'text',
    initial: '',
    check: 'model',
    mostChars: 200,
    placeholder: 'The server’s default',
    name: 'Model',
    desc: 'Model that answers when a conversation begins; the box for the question can choose another.',
  },
  'answers.citations': {
    page: 'answers',
    place: 'shared',
    kind: 'slider',
    initial: 5,
    least: 1,
    most: 20,
    step: 1,
    unit: 'sources',
    name: 'Sources of an answer',
    desc: 'How many places in your notes an answer may cite.',
    aliases: ['citations', 'limit'],
  },
  'answers.followUps': {
    page: 'answers',
    place: 'shared',
    kind: 'slider',
    initial: 10,
    least: 0,
    most: 20,
    step: 1,
    unit: 'exchanges',
    name: 'Memory of a conversation',
    desc: 'How many earlier questions and answers go along with a follow-up.',
    aliases: ['history', 'context'],
  },
  'answers.sendWith': {
    page: 'answers',
    place: 'shared',
    kind: 'choice',
    initial: 'enter',
    options: { enter: 'Enter', mod: 'Ctrl or ⌘ and Enter' },
    name: 'Send a question with',
    desc: 'The other one begins a new line.',
  },
  'answers.openIn': {
    page: 'answers',
    place: 'shared',
    kind: 'choice',
    initial: 'tab',
    options: { same: 'The same tab', tab: 'A new tab', split: 'A split beside it' },
    name: 'Open a source in',
    desc: 'Where the note of a citation opens.',
  },
  'answers.receipt': {
    page: 'answers',
    place: 'shared',
    kind: 'toggle',
    initial: false,
    name: 'Show the receipt at once',
    desc: 'Opens the model, price, sources and attempts below each answer; else they wait behind one line.',
  },
  'answers.conversationFolder': {
    page: 'answers',
    place: 'shared',
    kind: 'folder',
    initial: 'Cairn',
    mostChars: 200,
    placeholder: 'Cairn',
    name: 'Folder of saved conversations',
    desc: 'A conversation that you save becomes a note in this folder.',
  },
  'privacy.askBeforeExternal': {
    page: 'privacy',
    place: 'shared',
    kind: 'toggle',
    initial: true,
    name: 'Ask before a question leaves the server',
    desc: 'Before the first question of a conversation goes to a model outside of the server’s machine, Cairn waits for your yes.',
    aliases: ['external', 'cloud', 'provider'],
  },
  'privacy.neutralise': {
    page: 'privacy',
    place: 'shared',
    kind: 'toggle',
    initial: true,
    name: 'Make inserted answers harmless',
    desc: 'Code blocks and template markers that other plugins would run are inserted so that they only show.',
    aliases: ['dataviewjs', 'templater', 'injection'],
  },
  'privacy.keepQuestions': {
    page: 'privacy',
    place: 'device',
    kind: 'toggle',
    initial: true,
    name: 'Keep questions on this device',
    desc: 'Questions that wait for the server, and the last ones with the names of their sources, are still there after a restart. Off takes them out of storage at once.',
    aliases: ['history', 'recent', 'waiting'],
  },
  'privacy.keepHistory': {
    page: 'privacy',
    place: 'device',
    kind: 'toggle',
    initial: true,
    name: 'Remember what was used',
    desc: 'The palette puts first what you use most, and offers recent questions again. Off forgets both at once.',
    aliases: ['history', 'recent', 'palette'],
  },
  'privacy.excludedFolders': {
    page: 'privacy',
    place: 'shared',
    kind: 'list',
    check: 'folder',
    mostItems: 200,
    mostChars: 300,
    name: 'Excluded folders',
    desc: 'Notes in them never leave this device.',
    aliases: ['exclude', 'ignore'],
  },
  'privacy.excludedTags': {
    page: 'privacy',
    place: 'shared',
    kind: 'list',
    check: 'tag',
    mostItems: 200,
    mostChars: 100,
    name: 'Excluded tags',
    desc: 'Notes with one of them, or one below it, never leave this device.',
    aliases: ['exclude', 'ignore'],
  },
  'sync.isOn': {
    page: 'sync',
    place: 'device',
    kind: 'toggle',
    initial: false,
    name: 'Send this vault to the server',
    desc: 'Notes are sent once you have seen what goes where, and then as they change. Only for a vault that devices send.',
    aliases: ['upload', 'publish', 'background'],
  },
  'sync.statusBar': {
    page: 'sync',
    place: 'shared',
    kind: 'toggle',
    initial: true,
    name: 'Show sync in the status bar',
    desc: 'Says there how sync stands while it is on. Phones have no status bar.',
  },
  'appearance.density': {
    page: 'appearance',
    place: 'shared',
    kind: 'choice',
    initial: 'comfortable',
    options: { comfortable: 'Comfortable', compact: 'Compact' },
    name: 'Density',
    desc: 'How much room there is between the parts of a view.',
  },
  'appearance.textScale': {
    page: 'appearance',
    place: 'device',
    kind: 'slider',
    initial: 100,
    least: 85,
    most: 140,
    step: 5,
    unit: '%',
    name: 'Size of text',
    desc: 'Relative to the theme’s interface text, on this device.',
    aliases: ['font', 'zoom'],
  },
  'appearance.accent': {
    page: 'appearance',
    place: 'shared',
    kind: 'color',
    initial: '',
    name: 'Accent',
    desc: 'Colour of buttons and markers in Cairn’s views; the theme’s accent unless chosen.',
    aliases: ['color', 'colour'],
  },
  'shortcuts.keys': {
    page: 'shortcuts',
    place: 'shared',
    kind: 'map',
    mostItems: 50,
    mostChars: 40,
    name: 'Keys',
    desc: 'Keys of actions within Cairn’s views that differ from the usual ones.',
  },
  'commands.folder': {
    page: 'commands',
    place: 'shared',
    kind: 'folder',
    initial: 'Cairn/Commands',
    mostChars: 200,
    placeholder: 'Cairn/Commands',
    name: 'Folder of custom commands',
    desc: 'Each note in it is a command: its text is the prompt, its properties say what it takes.',
    aliases: ['prompt', 'template', 'palette'],
  },
  'commands.hidden': {
    page: 'commands',
    place: 'shared',
    kind: 'list',
    check: 'any',
    mostItems: 100,
    mostChars: 60,
    name: 'Hidden commands',
    desc: 'Commands that do not stand in Obsidian’s palette.',
  },
  'integrations.styleSettings': {
    page: 'integrations',
    place: 'shared',
    kind: 'toggle',
    initial: true,
    name: 'Style Settings',
    desc: 'Offers Cairn’s spacing and colours in the plugin Style Settings, too.',
  },
  'integrations.dataview': {
    page: 'integrations',
    place: 'shared',
    kind: 'toggle',
    initial: true,
    name: 'Dataview',
    desc: 'Asks the notes that a query of the open note gives. Saved conversations carry fields that queries find.',
  },
  'integrations.tasks': {
    page: 'integrations',
    place: 'shared',
    kind: 'toggle',
    initial: true,
    name: 'Tasks',
    desc: 'Makes a task of an answer, in its own dialog.',
  },
  'integrations.bases': {
    page: 'integrations',
    place: 'shared',
    kind: 'toggle',
    initial: true,
    name: 'Bases',
    desc: 'A view “Ask” of a base asks the notes that the base gives; from the next start on.',
  },
  'integrations.canvas': {
    page: 'integrations',
    place: 'shared',
    kind: 'toggle',
    initial: true,
    name: 'Canvas',
    desc: 'Puts an answer and its sources on a canvas, as cards.',
  },
} as const satisfies Record<string, SettingSpec>

export type SettingKey = keyof typeof settingTable

type ValueOf<S> = S extends { kind: 'toggle' }
  ? boolean
  : S extends { kind: 'number' | 'slider' }
    ? number
    : S extends { kind: 'list' }
      ? readonly string[]
      : S extends { kind: 'map' }
        ? Readonly<Record<string, string>>
        : S extends { kind: 'choice'; options: infer O }
          ? keyof O & string
          : string

export type SettingValue<K extends SettingKey> = ValueOf<(typeof settingTable)[K]>
export type SettingValues = { readonly [K in SettingKey]: SettingValue<K> }

export const settingKeys = Object.keys(settingTable) as SettingKey[]

/** The row as its general type, for code that walks over the table. */
export function specOf(key: SettingKey): SettingSpec {
  return settingTable[key]
}

export function isSettingKey(name: string): name is SettingKey {
  return Object.hasOwn(settingTable, name)
}

/** What a setting is while nobody has changed it. */
export function initialOf(spec: SettingSpec): unknown {
  if (spec.kind === 'list') return []
  if (spec.kind === 'map') return {}
  return spec.initial
}

export const initialSettings = Object.freeze(
  Object.fromEntries(settingKeys.map((key) => [key, initialOf(specOf(key))])),
) as unknown as SettingValues
