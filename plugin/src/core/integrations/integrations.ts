/**
 * THE table of other plugins that Cairn works with, and what it then does. None is needed. What a plugin must have is
 * looked at each time before it is used. Pure.
 */

export const integrationTable = {
  'obsidian-style-settings': {
    name: 'Style Settings',
    from: 'community',
    setting: 'integrations.styleSettings',
    desc: 'Shows Cairn’s spacing and colours among its own settings.',
  },
  dataview: {
    name: 'Dataview',
    from: 'community',
    setting: 'integrations.dataview',
    desc: 'Asks the notes that a query of the open note gives. Saved conversations carry fields that queries find.',
  },
  'obsidian-tasks-plugin': {
    name: 'Tasks',
    from: 'community',
    setting: 'integrations.tasks',
    desc: 'Makes a task of an answer, in its own dialog.',
  },
  bases: {
    name: 'Bases',
    from: 'core',
    setting: 'integrations.bases',
    desc: 'A view “Ask” of a base asks the notes that the base gives. Saved conversations carry properties that a base can list.',
  },
  canvas: {
    name: 'Canvas',
    from: 'core',
    setting: 'integrations.canvas',
    desc: 'Puts an answer and its sources on a canvas, as cards.',
  },
} as const satisfies Record<
  string,
  { name: string; from: 'community' | 'core'; setting: `integrations.${string}`; desc: string }
>

export type IntegrationId = keyof typeof integrationTable
export const integrationIds = Object.keys(integrationTable) as IntegrationId[]
