/**
 * Changing who may do what. Single grants and barriers are decided by what the actor holds where they stand, and count at
 * once. Whole policies are proposed, and wait for a second person wherever there is one who could approve them.
 */
import {
  policyDocumentSchema,
  type AccessContext,
  type Action,
  type Barrier,
  type Grant,
  type GrantCreate,
  type PolicyChanged,
  type PolicyDocument,
} from '@cairn/contract'
import { createId, fail, type Clock, type NoteFacts } from '../../base/index.ts'
import { compile, type Engine, type Subject, type Verdict } from '../engine/index.ts'
import { requireOwnerForNewOwners } from './owners.ts'
import { givesAuthor } from './own-gains.ts'
import type { Proposals } from './proposals.ts'
import type { Revision, Revisions, Saved } from './revisions.ts'
import { withPolicy } from './world.ts'

/** Who changes something, and the circumstances. */
export interface Actor {
  readonly subject: Subject
  /** `user:ID` or `service:ID`. */
  readonly principal: string
  readonly context: AccessContext
}

export interface Administration {
  /** Throws `access.forbidden` with the rule that refused, `access.revision-conflict`. */
  grant(actor: Actor, grant: GrantCreate): Promise<Saved & { grant: Grant }>
  /** Throws `access.grant-missing`. */
  revokeGrant(actor: Actor, id: string): Promise<Saved>
  restrict(actor: Actor, barrier: Barrier): Promise<Saved>
  /** Throws `access.barrier-missing`. */
  liftBarrier(actor: Actor, scope: string): Promise<Saved>
  change(actor: Actor, change: PolicyChange): Promise<PolicyChanged>
  restore(actor: Actor, seq: number, base: number, note: string): Promise<PolicyChanged>
  decide(actor: Actor, proposal: string, approve: boolean): Promise<Saved | null>
}

export interface PolicyChange {
  readonly base: number
  readonly note: string
  readonly document: PolicyDocument
}

export interface AdministrationOptions {
  readonly clock: Clock
  readonly revisions: Revisions
  readonly proposals: Proposals
  readonly engine: () => Engine
  readonly confirm: (epoch?: number) => Promise<void>
  readonly factsOf: (resource: string) => Promise<NoteFacts | null | undefined>
}

/** In the words of `proposals.find`. */
const missingProposal = { message: 'There is no such proposal.' }

/**
 * A rule on hosted models keeps nobody from giving what may be used with local ones: the rule holds for who gets it too.
 */
export const leastExposed: AccessContext = { 'model.egress': 'local' }

/** People who could approve a change of the policy, as `user:ID`. */
export function listApprovers(engine: Engine, now: number): string[] {
  const able = engine.whoCan({ action: 'policy.approve', resource: engine.world.org, now })
  return able.filter((principal) => principal.startsWith('user:'))
}

/** What somebody must be able to do, or no rule could be changed back. */
const keepsRunning = ['policy.view', 'policy.propose', 'policy.approve', 'user.manage'] as const

/** A change of one statement is made again on the newest revision as often as somebody else was faster. */
const mostTries = 5

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createAdministration(options: AdministrationOptions): Administration {
  const { clock, revisions, proposals, engine, confirm, factsOf } = options

  /** Repeats the change on the newest revision. `edit` throws what the rules refuse with. */
  async function edit(actor: Actor, note: string, change: (revision: Revision) => PolicyDocument): Promise<Saved> {
    for (let tries = 1; ; tries++) {
      const { epoch } = engine().world
      const revision = await revisions.current()
      const document = check(change(revision))
      refuseLockouts(actor, document)
      try {
        return await settle(
          await revisions.save({ author: actor.principal, approver: null, note, base: revision.seq, document }),
        )
      } catch (thrown) {
        if (tries === mostTries || !isConflict(thrown)) throw thrown
        // Whoever was faster came after this epoch. The newest may be known already, and no later one come.
        await confirm(epoch + 1)
      }
    }
  }

  /** Goes by it before it is acknowledged. */
  async function settle(saved: Saved): Promise<Saved> {
    await confirm(saved.epoch)
    return saved
  }

  /** Nobody is shut out for good, and only owners make others able to do what owners do. */
  function refuseLockouts({ subject, context }: Actor, document: PolicyDocument): void {
    const now = clock.now()
    const before = engine()
    const after = compile(withPolicy(before.world, document))
    const has = (of: Engine, action: Action) => of.whoCan({ action, resource: of.world.org, now }).length > 0
    const needed = keepsRunning.find((action) => has(before, action) && !has(after, action))
    if (needed !== undefined)
      fail('access.lockout', { message: `After this nobody could \`${needed}\` any more. Leave it to somebody.` })
    requireOwnerForNewOwners({ engine: before, subject, context, now }, after)
    const [first] = before.newLockouts(after, now)
    if (first === undefined) return
    fail('access.lockout', {
      message:
        first.kind === 'no-owner'
          ? 'After this nobody could run the server any more. Keep one active owner.'
          : `After this nobody could enter ${first.scope} any more. Grant somebody a role inside the barrier first.`,
    })
  }

  async function requireAssign(actor: Actor, { principal, role, scope }: Grant | GrantCreate): Promise<void> {
    const facts = await factsOf(scope)
    const { subject, context } = actor
    const told = { ...leastExposed, ...context }
    refuseUnless(
      engine().mayAssign({ actor: subject, to: principal, role, scope, facts, context: told, now: clock.now() }),
    )
  }

  async function apply(actor: Actor, change: PolicyChange, approval?: { id: string; author: string }): Promise<Saved> {
    refuseLockouts(actor, change.document)
    return settle(
      await revisions.save({
        author: approval?.author ?? actor.principal,
        approver: approval === undefined ? null : actor.principal,
        note: change.note,
        base: change.base,
        document: change.document,
        ...(approval === undefined
          ? {}
          : { also: [proposals.approval(approval.id, actor.principal, change.base + 1)] }),
      }),
    )
  }

  return {
    async grant(actor, asked) {
      const grant: Grant = { id: createId('grant'), ...asked }
      await requireAssign(actor, grant)
      const saved = await edit(actor, `Granted ${grant.role}`, ({ document }) => ({
        ...document,
        grants: [...document.grants, grant],
      }))
      return { ...saved, grant }
    },
    async revokeGrant(actor, id) {
      const { document } = await revisions.current()
      const grant = document.grants.find((each) => each.id === id)
      if (!grant || !(await mayRevoke(actor, grant))) return refuseRevoke(actor, grant)
      return edit(actor, `Took back ${grant.role}`, (revision) => {
        const grants = revision.document.grants.filter((each) => each.id !== id)
        return { ...revision.document, grants }
      })
    },
    async restrict(actor, barrier) {
      const { subject, context } = actor
      if (!engine().check({ subject, action: 'restrict', resource: barrier.scope, context, now: clock.now() }))
        refuse(`You need \`restrict\` on ${barrier.scope}.`)
      return edit(actor, 'Restricted a folder', ({ document }) => ({
        ...document,
        barriers: [...document.barriers.filter(({ scope }) => scope !== barrier.scope), barrier],
      }))
    },
    async liftBarrier(actor, scope) {
      const { subject, context } = actor
      // Who may not lift it does not learn whether it stands, also who could if it did not.
      const verdict = engine().mayLiftBarrier({ subject, scope, context, now: clock.now() })
      if (!verdict.ok && seesPolicy(actor)) refuse(verdict.why)
      const { document } = await revisions.current()
      if (!verdict.ok || !document.barriers.some((each) => each.scope === scope))
        fail('access.barrier-missing', { message: 'There is no barrier on this folder.' })
      return edit(actor, 'Lifted a barrier', (revision) => ({
        ...revision.document,
        barriers: revision.document.barriers.filter((each) => each.scope !== scope),
      }))
    },
    async change(actor, change) {
      const { subject, context, principal } = actor
      const asked = { subject, resource: engine().world.org, context, now: clock.now() }
      if (!engine().check({ ...asked, action: 'policy.propose' })) refuse('You need `policy.propose`.')
      if (listApprovers(engine(), asked.now).some((each) => each !== principal)) {
        refuseLockouts(actor, change.document)
        return { status: 'proposed', proposal: await proposals.create({ ...change, author: principal }) }
      }
      const author = { principal, context: { ...leastExposed, ...context }, now: asked.now }
      if (givesAuthor(engine(), change.document, author)) refuse('Somebody else has to give you a role.')
      const { seq, epoch } = await apply(actor, change)
      return { status: 'applied', revision: seq, epoch }
    },
    async restore(actor, seq, base, note) {
      const { document } = await revisions.find(seq)
      return this.change(actor, { base, note: note === '' ? `Back to revision ${seq}` : note, document })
    },
    async decide(actor, id, approve) {
      const proposal = await proposals.find(id)
      if (proposal.author !== actor.principal && !seesPolicy(actor)) fail('access.proposal-missing', missingProposal)
      if (proposal.status !== 'open') fail('access.proposal-missing', { message: 'This proposal was decided already.' })
      const { subject, context } = actor
      const { author } = proposal
      // Who proposed it may withdraw it.
      if (!approve && author === actor.principal) {
        await proposals.reject(id, actor.principal)
        return null
      }
      // Whoever has its key would be the second person.
      if (!actor.principal.startsWith('user:')) refuse('A service account decides nothing. It takes a person.')
      refuseUnless(engine().mayApprove({ approver: subject, requestedBy: author, context, now: clock.now() }))
      if (approve) return apply(actor, proposal, { id, author })
      await proposals.reject(id, actor.principal)
      return null
    },
  }

  /** Whoever could give it may take it back, also from themselves and where roles are kept apart. */
  async function mayRevoke({ subject, principal, context }: Actor, grant: Grant): Promise<boolean> {
    const now = clock.now()
    const facts = await factsOf(grant.scope)
    const holds = (action: string, resource: string) =>
      engine().check({ subject, action, resource, facts, context, now })
    const shares = !grant.scope.startsWith('tag:') && holds('share', grant.scope)
    return grant.principal === principal || shares || holds('user.assign', engine().world.org)
  }

  /** For who may not see a grant it is missing. */
  function refuseRevoke(actor: Actor, grant: Grant | undefined): never {
    if (grant && seesPolicy(actor)) refuse('You need `share` where the grant stands, or `user.assign`.')
    fail('access.grant-missing', { message: 'There is no such grant.' })
  }

  function seesPolicy({ subject, context }: Actor): boolean {
    return engine().check({
      subject,
      action: 'policy.view',
      resource: engine().world.org,
      context,
      now: clock.now(),
    })
  }
}

function check(document: PolicyDocument): PolicyDocument {
  const { data, error } = policyDocumentSchema.safeParse(document)
  if (data) return data
  return fail('request.invalid', { message: error.issues[0]?.message ?? 'This is no policy.' })
}

function refuseUnless(verdict: Verdict): void {
  if (!verdict.ok) refuse(verdict.why)
}

function refuse(message: string): never {
  fail('access.forbidden', { message })
}

function isConflict(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'access.revision-conflict'
}
