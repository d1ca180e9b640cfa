/**
 * THE table of other plugins that Cairn works with, by their ids; what it does with each is said where it can be switched
 * off. None is needed. What a plugin must have is looked at each time before it is used. Pure.
 */

export const integrationTable = {
  'obsidian-style-settings': { from: 'community', setting: 'integrations.styleSettings' },
  dataview: { from: 'community', setting: 'integrations.dataview' },
  'obsidian-tasks-plugin': { from: 'community', setting: 'integrations.tasks' },
  bases: { from: 'core', setting: 'integrations.bases' },
  canvas: { from: 'core', setting: 'integrations.canvas' },
} as const satisfies Record<string, { from: 'community' | 'core'; setting: `integrations.${string}` }>

export type IntegrationId = keyof typeof integrationTable
export const integrationIds = Object.keys(integrationTable) as IntegrationId[]
