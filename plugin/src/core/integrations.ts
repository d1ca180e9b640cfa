/** THE table of other plugins that Cairn works with, and what it then does. None is needed. Pure. */

export const integrationTable = {
  'obsidian-style-settings': {
    name: 'Style Settings',
    from: 'community',
    desc: 'Shows Cairn’s spacing and colours among its own settings.',
  },
  dataview: {
    name: 'Dataview',
    from: 'community',
    desc: 'Saved conversations carry fields that its queries find, and inserted answers cannot run code through it.',
  },
  bases: {
    name: 'Bases',
    from: 'core',
    desc: 'Saved conversations carry properties that a base can list and filter.',
  },
} as const satisfies Record<string, { name: string; from: 'community' | 'core'; desc: string }>

export type IntegrationId = keyof typeof integrationTable
export const integrationIds = Object.keys(integrationTable) as IntegrationId[]
