/** From a refusal to its explanation: the server names the action, the page may know of what. */
import type { Failure } from '../api/failure.ts'
import { hrefOf } from './router.ts'

export interface WhyLinkProps {
  readonly failure: Failure
  /** What it was refused of, as access names it; the whole server when absent. */
  readonly resource?: string | undefined
}

export function WhyLink({ failure, resource }: WhyLinkProps) {
  const action = refusedAction(failure)
  if (action === null) return null
  return <a href={hrefOf('access', { view: 'why', action, ...(resource && { resource }) })}>Why?</a>
}

/** The action that a refusal names between backticks; null for everything else. */
export function refusedAction({ code, message }: Pick<Failure, 'code' | 'message'>): string | null {
  if (code !== 'access.forbidden') return null
  return /`([a-z.]+)`/.exec(message)?.[1] ?? null
}

/** The server’s sentence without the part for programs. */
export function refusalText(message: string): string {
  return message.replace(/ POST \/api\/access\/explain[^.]*\./, '')
}
