/** What only owners of the server do: change owners, and make others able to do what owners do. */
import { fail } from '../../base/index.ts'
import type { Circumstances, Engine, Subject } from '../engine/index.ts'

/** Who acts, and by which rules that is judged. */
export interface Acting extends Circumstances {
  readonly engine: Engine
  readonly subject: Subject
}

/** Throws `access.forbidden` for who is no owner. */
export function requireOwner({ engine, subject, context, now }: Acting, message: string): void {
  if (!engine.check({ subject, action: 'org.configure', resource: engine.world.org, context, now }))
    fail('access.forbidden', { message })
}

/** Throws `access.forbidden` where somebody is an owner after a change and was none before, and who makes it is none. */
export function requireOwnerForNewOwners(acting: Acting, after: Engine): void {
  const { engine, now } = acting
  const owners = (of: Engine) => of.whoCan({ action: 'org.configure', resource: of.world.org, now })
  const known = new Set(owners(engine))
  if (owners(after).some((each) => !known.has(each)))
    requireOwner(acting, 'Only an owner of this server makes another.')
}
