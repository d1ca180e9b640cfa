/** Proofs of the rules on who may give what to whom. */
import { now, open, say } from './office.ts'
import { equal, type Proof } from './proof.ts'

const assigning: Proof = {
  name: 'lets nobody give more than they hold, give to themselves, or join what is kept apart',
  run(module) {
    const engine = open(module)
    const assign = (actor: string, to: string, role: string, scope: string, more = {}) =>
      say(engine.mayAssign({ actor: { principal: actor, ...more }, to, role, scope, facts: { tags: [] }, now }))
    const cases: [string, string, string, string, string][] = [
      ['user:ann', 'user:fay', 'editor', 'folder:v/team', 'allow'],
      ['user:ann', 'user:fay', 'curator', 'folder:v/team/deep', 'allow'],
      ['user:ann', 'user:fay', 'viewer', 'note:v/team/a.md', 'allow'],
      ['user:ann', 'group:helpers', 'viewer', 'folder:v/team', 'allow'],
      ['user:ann', 'group:everyone', 'viewer', 'folder:v/team', 'allow'],
      ['user:ann', 'service:bot', 'viewer', 'folder:v/team', 'allow'],
      ['user:ann', 'user:fay', 'vault-admin', 'folder:v/team', 'allow'],
      ['user:ann', 'user:fay', 'vault-admin', 'vault:v', 'not-permitted'],
      ['user:ann', 'user:fay', 'viewer', 'folder:v/other', 'not-permitted'],
      ['user:ann', 'user:fay', 'viewer', 'tag:secret', 'not-permitted'],
      ['user:ann', 'user:ann', 'viewer', 'folder:v/team', 'self-assignment'],
      ['user:ann', 'user:zoe', 'viewer', 'folder:v/team', 'unknown-principal'],
      ['user:ann', 'group:zoo', 'viewer', 'folder:v/team', 'unknown-principal'],
      ['user:ann', 'service:zoo', 'viewer', 'folder:v/team', 'unknown-principal'],
      ['user:ann', 'user:fay', 'wizard', 'folder:v/team', 'unknown-role'],
      ['user:ann', 'user:fay', 'auditor', 'folder:v/team', 'nothing-there'],
      ['user:ann', 'user:fay', 'viewer', 'folder:v/..', 'malformed'],
      ['user:eve', 'user:fay', 'viewer', 'vault:v', 'not-permitted'],
      ['user:hal', 'user:fay', 'viewer', 'vault:v', 'not-permitted'],
      ['user:ben', 'user:fay', 'vault-admin', 'vault:v', 'allow'],
      ['user:ben', 'user:fay', 'viewer', 'tag:secret', 'allow'],
      ['user:ben', 'user:ben', 'viewer', 'vault:v', 'self-assignment'],
      ['user:cho', 'group:auditors', 'viewer', 'vault:v', 'not-permitted'],
      // Somebody is an auditor already, by a group.
      ['user:ben', 'user:cho', 'vault-admin', 'vault:v', 'separation-of-duty'],
      ['user:ben', 'user:cho', 'org-owner', 'org:acme', 'separation-of-duty'],
      ['user:ben', 'user:cho', 'viewer', 'vault:v', 'allow'],
      ['user:ben', 'group:auditors', 'vault-admin', 'vault:v', 'separation-of-duty'],
      ['user:ben', 'group:everyone', 'viewer', 'vault:v', 'self-assignment'],
      ['user:dee', 'user:eve', 'auditor', 'org:acme', 'allow'],
    ]
    for (const [actor, to, role, scope, wanted] of cases)
      equal(assign(actor, to, role, scope), wanted, `${actor} gives ${role} on ${scope} to ${to}`)
    equal(assign('user:ben', 'user:fay', 'viewer', 'vault:v', { key: 'gone' }), 'not-permitted', 'a revoked key')
    equal(assign('user:ben', 'user:fay', 'viewer', 'vault:v', { key: 'bens' }), 'allow', 'a key that contains it')
    equal(
      assign('user:eve', 'user:fay', 'viewer', 'vault:v', { key: 'narrow' }),
      'not-permitted',
      'a key that does not',
    )
    const sharer = [{ id: 's', principal: 'user:ann', role: 'sharer', scope: 'vault:v' }]
    const narrow = open(module, {
      policy: { roles: [{ id: 'sharer', actions: ['share', 'discover'] }], grants: sharer },
    })
    equal(
      say(
        narrow.mayAssign({ actor: { principal: 'user:ann' }, to: 'user:fay', role: 'viewer', scope: 'vault:v', now }),
      ),
      'exceeds-own',
    )
  },
}

const separation: Proof = {
  name: 'counts inherited, group-derived and delegated roles towards separation of duty, and not what is over',
  run(module) {
    const delegated = {
      id: 'p',
      by: 'user:cho',
      to: 'user:fay',
      role: 'auditor',
      scope: 'org:acme',
      from: '2026-03-01T00:00Z',
    }
    const assign = (delegations: unknown[], policy = {}) =>
      say(
        open(module, { delegations, policy }).mayAssign({
          actor: { principal: 'user:ben' },
          to: 'user:fay',
          role: 'vault-admin',
          scope: 'vault:v',
          now,
        }),
      )
    equal(assign([]), 'allow')
    equal(assign([{ ...delegated, until: '2026-03-09T00:00Z' }]), 'separation-of-duty', 'delegated')
    equal(assign([{ ...delegated, until: '2026-03-05T12:00Z' }]), 'allow', 'delegated until now')
    equal(assign([{ ...delegated, to: 'user:gil', until: '2026-03-09T00:00Z' }]), 'allow', 'delegated to another')
    const granted = (until: string) => ({
      grants: [
        { id: 'b', principal: 'user:ben', role: 'security-admin', scope: 'org:acme' },
        { id: 'a', principal: 'user:fay', role: 'auditor', scope: 'org:acme', until },
      ],
    })
    equal(assign([], granted('2026-03-05T12:00Z')), 'allow', 'granted until now')
    equal(assign([], granted('2026-03-05T12:01Z')), 'separation-of-duty', 'granted for another minute')
    const both = [
      { id: 'a', principal: 'user:fay', role: 'auditor', scope: 'org:acme' },
      { id: 'b', principal: 'user:fay', role: 'org-owner', scope: 'org:acme' },
      { id: 'c', principal: 'user:ben', role: 'security-admin', scope: 'org:acme' },
    ]
    const broken = open(module, { policy: { grants: both } })
    equal(broken.findBreaches(now), [{ principal: 'user:fay', rule: 'audit-and-security' }], 'held already')
    const more = (role: string) =>
      say(broken.mayAssign({ actor: { principal: 'user:ben' }, to: 'user:fay', role, scope: 'org:acme', now }))
    equal(more('security-admin'), 'separation-of-duty', 'no more of the same')
    equal(more('viewer'), 'allow', 'other roles as before')
    const alone = open(module, {
      policy: { grants: [{ id: 'x', principal: 'user:ann', role: 'org-owner', scope: 'org:acme' }] },
      users: [{ id: 'ann' }, { id: 'hal', suspended: true }],
    })
    const self = { actor: { principal: 'user:ann' }, to: 'user:ann', role: 'auditor', scope: 'org:acme', now }
    equal(say(alone.mayAssign(self)), 'allow', 'off while there is one person')
    equal(say(alone.mayApprove({ approver: { principal: 'user:ann' }, requestedBy: 'user:ann', now })), 'allow')
    equal(alone.needsApproval({ actions: ['read'], scopes: ['org:acme'] }), false)
  },
}

const keys: Proof = {
  name: 'issues no key beyond its maker, and no child beyond its parent',
  run(module) {
    const engine = open(module)
    const issue = (actor: object, actions: string[], scopes: string[], until?: string) =>
      say(engine.mayIssueKey({ actor, bound: { actions, scopes } as never, until, now }))
    const eve = { principal: 'user:eve' }
    equal(issue(eve, ['read', 'write'], ['vault:v']), 'allow')
    equal(issue(eve, ['read', 'share'], ['vault:v']), 'exceeds-own')
    equal(issue(eve, ['read'], ['vault:v', 'vault:w']), 'exceeds-own')
    equal(issue(eve, ['read'], ['vault:v'], '2026-03-05T12:00Z'), 'bad-window')
    equal(issue(eve, ['read'], ['vault:v'], '2026-03-05T12:01Z'), 'allow')
    equal(issue({ key: 'narrow' }, ['read'], ['folder:v/team/deep']), 'allow')
    equal(issue({ key: 'narrow' }, ['delete'], ['folder:v/team']), 'exceeds-own')
    equal(issue({ key: 'gone' }, ['read'], ['vault:v']), 'not-permitted')
    equal(issue({ principal: 'user:eve', agent: 'scribe' }, ['read'], ['vault:v']), 'not-permitted')
    equal(issue(eve, ['fly'], ['vault:v']), 'malformed')
    equal(issue(eve, ['read'], ['vault:v/x']), 'malformed')
    equal(issue(eve, ['read', 'model.use'], ['vault:v', 'model:local/*']), 'exceeds-own', 'each on what it is for')
    const withModels = open(module, {
      policy: {
        grants: [
          { id: 'm', principal: 'user:eve', role: 'model-user', scope: 'org:acme' },
          { id: 'e', principal: 'user:eve', role: 'editor', scope: 'vault:v' },
        ],
      },
    })
    equal(
      say(
        withModels.mayIssueKey({
          actor: eve,
          bound: { actions: ['read', 'model.use'], scopes: ['vault:v', 'model:local/*'] },
          now,
        }),
      ),
      'allow',
    )
    equal(engine.needsApproval({ actions: ['read'], scopes: ['vault:v', 'org:acme'] }), true)
    equal(engine.needsApproval({ actions: ['read'], scopes: ['vault:v'] }), false)
  },
}

const delegating: Proof = {
  name: 'delegates only what a delegable grant gives, for a time, in person and once',
  run(module) {
    const engine = open(module)
    const usual = {
      delegator: { principal: 'user:ann' },
      to: 'user:fay',
      role: 'editor',
      scope: 'folder:v/team',
      from: '2026-03-05T00:00Z',
      until: '2026-03-08T00:00Z',
      now,
    }
    const ask = (change: object) => say(engine.mayDelegate({ ...usual, ...change }))
    const cases: [object, string][] = [
      [{}, 'allow'],
      [{ scope: 'folder:v/team/deep' }, 'allow'],
      [{ delegator: { principal: 'user:eve' } }, 'not-delegable'],
      [{ scope: 'folder:v/closed' }, 'not-delegable'],
      [{ scope: 'vault:v' }, 'not-delegable'],
      [{ delegator: { principal: 'user:fay' }, to: 'user:ann', role: 'viewer', scope: 'vault:v' }, 'allow'],
      [
        {
          delegator: { principal: 'user:fay' },
          to: 'user:ann',
          role: 'viewer',
          scope: 'vault:v',
          until: '2026-04-01T00:00Z',
        },
        'allow',
      ],
      [
        {
          delegator: { principal: 'user:fay' },
          to: 'user:ann',
          role: 'viewer',
          scope: 'vault:v',
          until: '2026-04-02T00:00Z',
        },
        'not-delegable',
      ],
      [{ delegator: { principal: 'user:fay', key: 'fays' }, role: 'viewer', scope: 'vault:v' }, 'not-permitted'],
      [{ delegator: { principal: 'user:ann', agent: 'scribe' } }, 'not-permitted'],
      [{ delegator: { principal: 'service:bot' }, role: 'viewer', scope: 'vault:v' }, 'not-permitted'],
      [{ delegator: { principal: 'user:hal' } }, 'not-permitted'],
      [{ to: 'user:ann' }, 'self-assignment'],
      [{ to: 'user:hal' }, 'unknown-principal'],
      [{ to: 'service:bot' }, 'unknown-principal'],
      [{ to: 'group:helpers' }, 'unknown-principal'],
      [{ until: '2026-03-05T12:00Z' }, 'bad-window'],
      [{ from: '2026-03-08T00:00Z' }, 'bad-window'],
      [{ from: 'tomorrow' }, 'bad-window'],
      [{ scope: 'tag:secret' }, 'malformed'],
      [{ scope: 'nowhere' }, 'malformed'],
      [{ role: 'wizard' }, 'unknown-role'],
      [{ role: 'auditor' }, 'nothing-there'],
    ]
    for (const [change, wanted] of cases) equal(ask(change), wanted, JSON.stringify(change))
    const begins = open(module, {
      policy: {
        grants: [
          {
            id: 'd',
            principal: 'user:ann',
            role: 'editor',
            scope: 'vault:v',
            from: '2026-03-05T10:00Z',
            delegable: true,
          },
        ],
      },
    })
    equal(say(begins.mayDelegate({ ...usual, from: '2026-03-05T09:00Z' })), 'not-delegable', 'before the grant begins')
    equal(say(begins.mayDelegate({ ...usual, from: '2026-03-05T10:00Z' })), 'allow', 'from when the grant begins')
    const auditor = { id: 'd', principal: 'user:cho', role: 'auditor', scope: 'org:acme', delegable: true }
    const apart = open(module, {
      policy: { grants: [auditor, { id: 'e', principal: 'user:fay', role: 'vault-admin', scope: 'vault:v' }] },
    })
    const passing = { ...usual, delegator: { principal: 'user:cho' }, role: 'auditor', scope: 'org:acme' }
    equal(say(apart.mayDelegate(passing)), 'separation-of-duty')
    equal(say(apart.mayDelegate({ ...passing, to: 'user:gil' })), 'allow')
  },
}

const secondPersons: Proof = {
  name: 'wants a second person for approvals and a third for reviews',
  run(module) {
    const engine = open(module)
    const ben = { principal: 'user:ben' }
    const approve = (approver: object, requestedBy: string) => say(engine.mayApprove({ approver, requestedBy, now }))
    equal(approve(ben, 'user:dee'), 'allow')
    equal(approve(ben, 'user:ben'), 'own-request')
    equal(approve({ key: 'bens' }, 'user:ben'), 'own-request')
    equal(approve({ key: 'bens' }, 'user:dee'), 'allow')
    equal(approve({ principal: 'user:ann' }, 'user:ben'), 'not-permitted')
    equal(approve({ principal: 'user:hal' }, 'user:ben'), 'not-permitted')
    const emergency = (approver: object, requestedBy: string) =>
      say(engine.mayApproveEmergency({ approver, requestedBy, now }))
    equal(emergency(ben, 'user:fay'), 'allow')
    equal(emergency(ben, 'user:ben'), 'own-request')
    equal(emergency({ key: 'bens' }, 'user:fay'), 'not-permitted')
    equal(emergency({ ...ben, agent: 'scribe' }, 'user:fay'), 'not-permitted')
    equal(emergency({ principal: 'user:eve' }, 'user:fay'), 'not-permitted')
    equal(emergency({ principal: 'user:hal' }, 'user:fay'), 'not-permitted')
    const review = (approver: string, approvedBy: string) =>
      say(engine.mayReviewEmergency({ approver: { principal: approver }, requestedBy: 'user:fay', approvedBy, now }))
    equal(review('user:dee', 'user:ben'), 'allow')
    equal(review('user:cho', 'user:ben'), 'allow')
    equal(review('user:ben', 'user:ben'), 'own-request')
    equal(review('user:fay', 'user:ben'), 'own-request')
    equal(review('user:eve', 'user:ben'), 'not-permitted')
    equal(review('user:hal', 'user:ben'), 'not-permitted')
  },
}

const emergencies: Proof = {
  name: 'takes requests for emergency access in person, from those who may, with a reason and an end',
  run(module) {
    const engine = open(module)
    const usual = {
      subject: { principal: 'user:fay' },
      actions: ['read', 'discover'],
      scope: 'folder:v/closed',
      from: '2026-03-05T12:00Z',
      until: '2026-03-05T16:00Z',
      reason: 'The pump stands still.',
      now,
    }
    const cases: [object, string][] = [
      [{}, 'allow'],
      [{ subject: { principal: 'user:ira' } }, 'allow'],
      [{ subject: { principal: 'user:ann' } }, 'not-eligible'],
      [{ subject: { principal: 'user:hal' } }, 'not-permitted'],
      [{ subject: { principal: 'service:bot' } }, 'not-permitted'],
      [{ subject: { key: 'fays' } }, 'not-permitted'],
      [{ subject: { principal: 'user:fay', agent: 'scribe' } }, 'not-permitted'],
      [{ reason: '   urgent   ' }, 'malformed'],
      [{ reason: 'ten lettrs' }, 'allow'],
      [{ until: '2026-03-05T16:01Z' }, 'bad-window'],
      [{ from: '2026-03-05T11:00Z', until: '2026-03-05T12:00Z' }, 'bad-window'],
      [{ from: '2026-03-05T16:00Z' }, 'bad-window'],
      [{ actions: [] }, 'malformed'],
      [{ actions: ['read', 'fly'] }, 'malformed'],
      [{ actions: ['read', 'model.use'] }, 'malformed'],
      [{ scope: 'folder:v/../w' }, 'malformed'],
    ]
    for (const [change, wanted] of cases)
      equal(say(engine.mayRequestEmergency({ ...usual, ...change })), wanted, JSON.stringify(change))
  },
}

export const administrationProofs: readonly Proof[] = [
  assigning,
  separation,
  keys,
  delegating,
  secondPersons,
  emergencies,
]
