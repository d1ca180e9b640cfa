/** THE table of Cairn's commands in Obsidian's palette. Ids are stable: people give them hotkeys. Pure. */

export const commandTable = {
  'open-palette': { name: 'Open the palette', icon: 'command', needs: 'nothing' },
  'open-ask': { name: 'Ask your notes', icon: 'messages-square', needs: 'nothing' },
  'ask-selection': { name: 'Ask about the selection', icon: 'text-select', needs: 'selection' },
  'rewrite-selection': { name: 'Rewrite the selection', icon: 'pencil', needs: 'selection' },
  'open-dashboard': { name: 'Open dashboard', icon: 'layout-dashboard', needs: 'nothing' },
  'open-map': { name: 'Open sources map', icon: 'waypoints', needs: 'nothing' },
  'new-conversation': { name: 'Begin a new conversation', icon: 'message-square-plus', needs: 'nothing' },
  'save-conversation': { name: 'Save the conversation as a note', icon: 'file-plus', needs: 'conversation' },
  'open-sync': { name: 'Open vault sync', icon: 'refresh-cw', needs: 'nothing' },
  'sync-now': { name: 'Sync the vault now', icon: 'cloud-upload', needs: 'sync' },
  'ask-query': { name: 'Ask the notes of this query', icon: 'database', needs: 'plugin' },
  'answer-to-task': { name: 'Make a task of the answer', icon: 'square-check', needs: 'plugin' },
  'answer-to-canvas': { name: 'Put the answer on a canvas', icon: 'layout-dashboard', needs: 'plugin' },
  'pair-device': { name: 'Pair this device', icon: 'link', needs: 'nothing' },
  'check-connection': { name: 'Check the connection', icon: 'activity', needs: 'nothing' },
} as const satisfies Record<
  string,
  { name: string; icon: string; needs: 'nothing' | 'selection' | 'conversation' | 'sync' | 'plugin' }
>

/** As Obsidian has a command of this plugin. */
export const ownId = (id: string): string => `cairn:${id}`

export type CommandId = keyof typeof commandTable
export const commandIds = Object.keys(commandTable) as CommandId[]
