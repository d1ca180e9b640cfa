/** What the suites of identity share: people who joined, errors by their code. */
import { expect } from 'bun:test'
import { CairnError } from '../../base/index.ts'
import type { Access } from '../index.ts'
import { visitor } from './access-rig.ts'

export const good = 'vier ruhige Boote am Steg'
export const other = 'drei laute Möwen im Hafen'

/** Who makes links, where it does not matter. */
export const byOwner = { id: 'person_owner', isOwner: true }

export async function codeOf(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(CairnError)
  return (thrown as CairnError).code
}

export const me = (access: Access) => access.authenticate({ key: 'local-credential', session: null })

export async function join(access: Access, email: string, password = good): Promise<{ id: string; session: string }> {
  const { accounts, signIn } = access.identity
  const { id, link } = await accounts.invite({ name: email.split('@')[0] ?? '', email }, byOwner)
  const { signedIn } = await signIn.redeemLink(link.token, password, visitor)
  return { id, session: signedIn?.session.session ?? '' }
}

export const withSession = (access: Access, session: string) => access.authenticate({ key: null, session })

/** Gives somebody a role everywhere, as the owner. */
export async function allow(access: Access, principal: string, role: string): Promise<void> {
  const owner = await me(access)
  const actor = { subject: access.subjectOf(owner), principal: `user:${owner.id}`, context: {} }
  await access.policy.administration.grant(actor, { principal, role, scope: 'org:cairn' })
}
