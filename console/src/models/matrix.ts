/** Which models the matrix shows: filtered by words, capability and state, in the chosen order. */
import { capabilityNames, type CapabilityName, type ModelsReply } from '@cairn/contract'

export type ModelRow = ModelsReply['models'][number]

export const stateFilters = ['all', 'well', 'ill'] as const

export type StateFilter = (typeof stateFilters)[number]

export interface MatrixFilter {
  readonly text: string
  /** Only models that are known to have it; null for all. */
  readonly capability: CapabilityName | null
  readonly state: StateFilter
}

export const rowKeyOf = ({ provider, id }: ModelRow): string => `${provider}/${id}`

export const isWell = ({ health: { state } }: ModelRow): boolean => state === 'ok' || state === 'starting'

/** Every word must be a part of the model's or provider's name, of its place, region or kind. */
export function filterModels(models: readonly ModelRow[], filter: MatrixFilter): readonly ModelRow[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)
  return models.filter((model) => {
    if (filter.capability !== null && model.capabilities[filter.capability] !== true) return false
    if (filter.state !== 'all' && isWell(model) !== (filter.state === 'well')) return false
    const place = model.egress === 'local' ? 'on this machine local' : 'outside external'
    const text = `${rowKeyOf(model)} ${place} ${model.region ?? ''} ${model.kind}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

export function readCapability(value: string): CapabilityName | null {
  return capabilityNames.find((name) => name === value) ?? null
}
