/** What every view of access may use: roles and actions, names, and what the reader may do. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { HeldList, Matrix } from '@cairn/contract'
import type { Names } from './names.ts'
import type { Load } from './use-load.ts'

export interface AccessContext {
  readonly matrix: Matrix
  readonly names: Names
  /** Whether the reader may do something on the whole server. */
  readonly may: (action: string) => boolean
  /** Notes that are held back; never asked for where the reader could let go of none. */
  readonly held: Load<HeldList>
  /** Asks for roles and names again, after a change. */
  readonly refresh: () => void
}

const context = createContext<AccessContext | null>(null)

export const AccessProvider = context.Provider

export function useAccess(): AccessContext {
  const value = useContext(context)
  if (!value) throw new Error('useAccess outside of the page of access')
  return value
}
