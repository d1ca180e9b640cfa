/** What every page may use: the session, the vaults and the running conversation, made once when somebody signs in. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { SessionInfo } from '@cairn/contract'
import type { Conversation } from '@cairn/ui/client'
import type { VaultsWatch } from '../vaults/vaults-watch.ts'

export interface ConsoleContext {
  readonly session: SessionInfo
  readonly vaultsWatch: VaultsWatch
  readonly conversation: Conversation
  readonly onSignOut: () => void
}

const context = createContext<ConsoleContext | null>(null)

export const ConsoleProvider = context.Provider

export function useConsole(): ConsoleContext {
  const value = useContext(context)
  if (!value) throw new Error('useConsole outside of a signed-in console')
  return value
}
