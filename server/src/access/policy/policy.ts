/** The policy in force: what this process goes by, how it is changed, and what is shown of it. */
import type { World } from '@cairn/contract'
import { fail, type Clock, type NoteFacts } from '../../base/index.ts'
import type { Store } from '../../storage/index.ts'
import type { Engine } from '../engine/index.ts'
import type { Changes } from '../identity/changes.ts'
import type { Directory } from '../identity/directory.ts'
import { createAdministration, type Administration } from './administration.ts'
import { firstPolicy } from './first-policy.ts'
import { createPasses, type Passes } from './passes.ts'
import { createProposals, type Proposals } from './proposals.ts'
import { createRevisions, firstRevision, type Revisions } from './revisions.ts'
import { openAccessState } from './state.ts'
import { makeWorld } from './world.ts'

export interface Policy {
  readonly administration: Administration
  readonly revisions: Pick<Revisions, 'current' | 'list' | 'find'>
  readonly proposals: Pick<Proposals, 'list' | 'find'>
  readonly passes: Passes
  /** Of the epoch that was confirmed last. */
  engine(): Engine
  /** Throws `access.unconfirmed`. */
  confirm(epoch?: number): Promise<void>
  /** What is known of the note that a resource names; null when there is none, undefined for what is no note. */
  factsOf(resource: string): Promise<NoteFacts | null | undefined>
}

export interface PolicyOptions {
  readonly store: Store
  readonly clock: Clock
  readonly changes: Changes
  readonly directory: () => Promise<Directory>
  /** Id of the owner of a new deployment. */
  readonly owner: string
  readonly factsOf: Policy['factsOf']
}

const mostTries = 20

export async function openPolicy({ store, clock, changes, directory, owner, factsOf }: PolicyOptions): Promise<Policy> {
  await store.write([firstRevision(firstPolicy(owner), clock.now())])
  const revisions = createRevisions({ store, clock, changes })
  const proposals = createProposals({ store, clock })
  const passes = createPasses({ store, clock, changes })

  /** All of one epoch, or it is read again. */
  async function load(): Promise<World> {
    for (let tries = 0; tries < mostTries; tries++) {
      const people = await directory()
      const [revision, delegations, emergencies] = await Promise.all([
        revisions.current(),
        passes.delegations(),
        passes.inForce(),
      ])
      if ((await changes.epoch()) === people.epoch)
        return makeWorld({ directory: people, revision, delegations, emergencies })
    }
    return fail('access.unconfirmed', { internal: 'the policy changes too fast to be read', retryAfterMs: 1_000 })
  }

  const state = await openAccessState({
    clock,
    epoch: () => changes.epoch(),
    load,
    onNews: () => changes.forgetReads(),
  })
  changes.onChange(state.forget)
  return {
    administration: createAdministration({
      clock,
      revisions,
      proposals,
      engine: state.engine,
      confirm: state.confirm,
      factsOf,
    }),
    revisions,
    proposals,
    passes,
    engine: state.engine,
    confirm: state.confirm,
    factsOf,
  }
}
