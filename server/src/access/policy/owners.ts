/** What only owners of the server do: change owners, and make others able to do what owners do. */
import { fail } from '../../base/index.ts'
import type { Circumstances, Engine, Subject } from '../engine/index.ts'

/** Who acts, and by which rules that is judged. */
export interface Acting extends Circumstances {
  readonly engine: Engine
  readonly subject: Subject
}

/** Whether somebody is an owner, by their account or by a role. */
export function isOwning({ engine, context, now }: Acting, subject: Subject): boolean {
  return engine.check({ subject, action: 'org.configure', resource: engine.world.org, context, now })
}

/** Throws `access.forbidden` for who is no owner. */
export function requireOwner(acting: Acting, problem: { readonly message: string; readonly param?: string }): void {
  if (!isOwning(acting, acting.subject)) fail('access.forbidden', problem)
}

/** Throws `access.forbidden` where somebody is an owner after a change and was none before, and who makes it is none. */
export function requireOwnerForNewOwners(acting: Acting, after: Engine): void {
  const { engine, now } = acting
  const owners = (of: Engine) => of.whoCan({ action: 'org.configure', resource: of.world.org, now })
  const known = new Set(owners(engine))
  if (owners(after).some((each) => !known.has(each)))
    requireOwner(acting, { message: 'Only an owner of this server makes another.' })
}
