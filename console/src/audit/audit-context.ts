/** What the views of the audit log share: names for ids, what is looked for, and how to look for something else. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Names } from '../access/names.ts'
import type { AuditFilter } from './filter.ts'
import type { ViewId } from './views.ts'

export interface AuditContext {
  readonly names: Names
  /** Id of who looks. */
  readonly self: string
  readonly filter: AuditFilter
  readonly view: ViewId
  /** Address of a view with other filters, and with an entry opened. */
  readonly hrefWith: (change: Partial<AuditFilter>, place?: AuditPlace) => string
  /** Goes there; the way back leads to what is shown now. */
  readonly look: (change: Partial<AuditFilter>) => void
}

export interface AuditPlace {
  readonly view?: ViewId
  readonly entry?: number
}

const context = createContext<AuditContext | null>(null)

export const AuditProvider = context.Provider

export function useAudit(): AuditContext {
  const value = useContext(context)
  if (!value) throw new Error('useAudit outside of the audit page')
  return value
}
