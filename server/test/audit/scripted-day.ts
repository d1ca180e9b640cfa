/**
 * A day on a server on which everything happens that can happen: for each row of the route table that is on record, one
 * call that succeeds. A new row has to be given its call here, or the test of coverage fails.
 */
import type { HeldNoteInfo, UserInfo } from '@cairn/contract'
import { until } from '../harness.ts'
import { take } from '../kit/team.ts'
import { accountSteps } from './account-steps.ts'
import { fail, find, get, json, keep, password, step, type Day, type Step } from './day.ts'

const chat = [{ role: 'user', content: 'Hello' }]
const soon = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
const vaultOf = ({ team }: Day) => team.vaultIds['eng'] ?? ''
const linkToken = (url: string) => new URL(url).hash.split('=')[1] ?? ''

export const steps: readonly Step[] = [
  // People.
  step('POST /api/access/users', (day) =>
    keep(
      day,
      'zoe',
      day.owner.send('/api/access/users', { name: 'Zoe', email: 'zoe@example.org' }),
      ({ user }: { user: UserInfo }) => user.id,
    ),
  ),
  get('GET /api/access/users'),
  step('POST /api/access/users/:id/link', (day) =>
    keep(day, 'link', day.sam.send(`/api/access/users/${find(day, 'zoe')}/link`, {}), ({ url }: { url: string }) =>
      linkToken(url),
    ),
  ),
  step(
    'POST /api/access/users/:id/link/confirm',
    async (day) => {
      const { users } = await take<{ users: UserInfo[] }>(day.owner.call('/api/access/users'))
      const link = users.find(({ id }) => id === find(day, 'zoe'))?.link?.id
      return day.tess.act(`/api/access/users/${find(day, 'zoe')}/link/confirm`, { link })
    },
    { link: 'link_nothing' },
  ),
  step(
    'POST /auth/links/redeem',
    (day) => fetch(`${day.team.url}/auth/links/redeem`, json({ token: find(day, 'link'), password })),
    {
      token: 'x'.repeat(32),
      password,
    },
  ),
  step('POST /auth/password', (day) =>
    fetch(`${day.team.url}/auth/password`, json({ email: 'zoe@example.org', password })).then((reply) => {
      day.left.set('cookie', (reply.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '')
      return reply
    }),
  ),
  step(
    'PUT /api/access/users/:id',
    (day) => day.owner.send(`/api/access/users/${find(day, 'zoe')}`, { name: 'Zoe B' }, 'PUT'),
    { name: 'X' },
  ),
  get('GET /api/access/principals'),
  step('POST /api/access/services', (day) =>
    keep(day, 'bot', day.owner.send('/api/access/services', { name: 'bot' }), ({ id }: UserInfo) => id),
  ),
  step('POST /api/access/groups', (day) =>
    keep(day, 'group', day.owner.send('/api/access/groups', { name: 'Boats' }), ({ id }: { id: string }) => id),
  ),
  get('GET /api/access/groups'),
  step(
    'PUT /api/access/groups/:id',
    (day) => day.owner.send(`/api/access/groups/${find(day, 'group')}`, { name: 'Ships' }, 'PUT'),
    { name: 'X' },
  ),
  step(
    'POST /api/access/groups/:id/members',
    (day) => day.owner.send(`/api/access/groups/${find(day, 'group')}/members`, { kind: 'user', id: find(day, 'zoe') }),
    { kind: 'user', id: 'person_nothing' },
  ),
  step('DELETE /api/access/groups/:id/:kind/:member', (day) =>
    day.owner.send(`/api/access/groups/${find(day, 'group')}/users/${find(day, 'zoe')}`, undefined, 'DELETE'),
  ),
  step('DELETE /api/access/groups/:id', (day) =>
    day.owner.send(`/api/access/groups/${find(day, 'group')}`, undefined, 'DELETE'),
  ),

  ...accountSteps,

  // Keys and devices.
  step(
    'POST /api/access/keys',
    (day) => keep(day, 'key', day.ben.send('/api/access/keys', { name: 'k' }), ({ id }: { id: string }) => id),
    { name: 'k', parent: 'key_nothing' },
  ),
  step('GET /api/access/users/:id/keys', (day) => day.owner.call(`/api/access/users/${day.ben.id}/keys`)),
  step('DELETE /api/access/keys/:id', (day) =>
    day.ben.send(`/api/access/keys/${find(day, 'key')}`, undefined, 'DELETE'),
  ),
  step(
    'POST /api/access/devices/decide',
    async (day) => {
      const reply = await fetch(`${day.team.url}/api/access/devices`, json({ clientName: 'Laptop' }))
      const device = await take<{ device_code: string; user_code: string }>(reply)
      day.left.set('device', device.device_code)
      return day.ben.act('/api/access/devices/decide', { userCode: device.user_code, approve: true })
    },
    { userCode: 'BBBBB-BBBBB', approve: true },
  ),
  step('POST /api/access/devices/token', (day) =>
    fetch(`${day.team.url}/api/access/devices/token`, json({ device_code: find(day, 'device') })),
  ),

  // Rules.
  get('GET /api/access/policy'),
  step(
    'POST /api/access/grants',
    (day) =>
      keep(
        day,
        'grant',
        day.owner.send('/api/access/grants', {
          principal: `user:${find(day, 'zoe')}`,
          role: 'viewer',
          scope: `vault:${vaultOf(day)}`,
        }),
        ({ grant }: { grant: { id: string } }) => grant.id,
      ),
    { principal: 'user:person_nothing', role: 'viewer', scope: 'org:cairn' },
  ),
  step('DELETE /api/access/grants/:id', (day) =>
    day.owner.send(`/api/access/grants/${find(day, 'grant')}`, undefined, 'DELETE'),
  ),
  step(
    'POST /api/access/barriers',
    async (day) => {
      // Somebody has to be able to enter it.
      await day.team.grant(day.ben.principal, 'curator', `folder:${vaultOf(day)}/log`)
      return day.ben.act('/api/access/barriers', { scope: `folder:${vaultOf(day)}/log` })
    },
    {
      scope: 'folder:vault_nothing/log',
    },
  ),
  step('DELETE /api/access/barriers', (day) =>
    day.ben.act(`/api/access/barriers?scope=${encodeURIComponent(`folder:${vaultOf(day)}/log`)}`, undefined, 'DELETE'),
  ),
  step('PUT /api/access/policy', async (day) => {
    const { seq, document } = await day.team.policy()
    const body = { base: seq, note: '', document: { ...document, denies: [] } }
    return keep(
      day,
      'proposal',
      day.sam.act('/api/access/policy', body, 'PUT'),
      ({ proposal }: { proposal: { id: string } }) => proposal.id,
    )
  }),
  get('GET /api/access/proposals'),
  step('GET /api/access/proposals/:id', (day) => day.owner.call(`/api/access/proposals/${find(day, 'proposal')}`)),
  step(
    'POST /api/access/proposals/:id/decision',
    (day) => day.tess.act(`/api/access/proposals/${find(day, 'proposal')}/decision`, { approve: true }),
    { approve: true },
  ),
  get('GET /api/access/revisions'),
  step('GET /api/access/revisions/:id', (day) => day.owner.call('/api/access/revisions/1')),
  step(
    'POST /api/access/revisions/:id/restore',
    async (day) => {
      const { seq } = await day.team.policy()
      return day.sam.act(`/api/access/revisions/${seq - 1}/restore`, { base: seq, note: '' })
    },
    { base: 1, note: '' },
  ),
  step('POST /api/access/simulate', async (day) => {
    const { document } = await day.team.policy()
    return day.owner.send('/api/access/simulate', { document })
  }),
  step('GET /api/access/statements', (day) => day.owner.call(`/api/access/statements?scope=vault:${vaultOf(day)}`)),
  get('GET /api/access/matrix'),
  step('POST /api/access/explain', (day) =>
    day.ben.send('/api/access/explain', { action: 'read', resource: `vault:${vaultOf(day)}` }),
  ),
  step('GET /api/access/who', (day) => day.owner.call(`/api/access/who?action=read&resource=vault:${vaultOf(day)}`)),
  step('POST /api/access/test', (day) =>
    day.owner.send('/api/access/test', {
      version: 1,
      scenarios: [
        {
          name: 'Ben reads',
          because: 'he is a curator',
          check: { subject: day.ben.principal, action: 'read', resource: `vault:${vaultOf(day)}` },
          expect: 'allow',
        },
      ],
    }),
  ),
  ...['evaluation', 'evaluations', 'search/subject', 'search/resource', 'search/action'].map((name) =>
    step(`POST /access/v1/${name}`, (day) =>
      day.owner.send(`/access/v1/${name}`, {
        subject: { type: 'user', ...(name === 'search/subject' ? {} : { id: day.ben.id }) },
        ...(name === 'search/action' ? {} : { action: { name: 'read' } }),
        resource: { type: 'vault', ...(name === 'search/resource' ? {} : { id: vaultOf(day) }) },
      }),
    ),
  ),
  step(
    'POST /api/access/delegations',
    (day) =>
      keep(
        day,
        'delegation',
        day.ben.act('/api/access/delegations', {
          to: day.sam.principal,
          role: 'viewer',
          scope: `vault:${vaultOf(day)}`,
          from: soon(0),
          until: soon(24),
        }),
        ({ delegation }: { delegation: { id: string } }) => delegation.id,
      ),
    { to: 'user:person_nothing', role: 'viewer', scope: 'vault:nothing', from: soon(0), until: soon(24) },
  ),
  get('GET /api/access/delegations'),
  step('DELETE /api/access/delegations/:id', (day) =>
    day.ben.act(`/api/access/delegations/${find(day, 'delegation')}`, undefined, 'DELETE'),
  ),
  step(
    'POST /api/access/emergencies',
    (day) =>
      keep(
        day,
        'emergency',
        day.ben.act('/api/access/emergencies', {
          actions: ['read'],
          scope: `vault:${vaultOf(day)}`,
          until: soon(2),
          reason: 'The storm has cut the line.',
        }),
        ({ id }: { id: string }) => id,
      ),
    { actions: ['read'], scope: 'vault:nothing', until: soon(200), reason: 'x' },
  ),
  get('GET /api/access/emergencies'),
  step('POST /api/access/emergencies/:id/approve', (day) =>
    day.sam.act(`/api/access/emergencies/${find(day, 'emergency')}/approve`),
  ),
  step('POST /api/access/emergencies/:id/end', (day) =>
    day.sam.act(`/api/access/emergencies/${find(day, 'emergency')}/end`),
  ),
  step(
    'POST /api/access/emergencies/:id/review',
    (day) => day.tess.act(`/api/access/emergencies/${find(day, 'emergency')}/review`, { review: 'Looked at.' }),
    {
      review: 'x',
    },
  ),

  // Notes and models.
  step('POST /v1/ask', ({ ben }) => ben.send('/v1/ask', { question: 'How high is the mast?' })),
  step('POST /v1/search', ({ ben }) => ben.send('/v1/search', { query: 'mast' })),
  step('GET /api/vaults/:id/notes/*path', (day) => day.ben.call(`/api/vaults/${vaultOf(day)}/notes/Mast.md`)),
  get('GET /api/held'),
  step(
    'POST /api/held/confirm',
    async (day) => {
      // A label that is edited away is held until somebody confirms that it is gone.
      const held = async () => (await take<{ held: HeldNoteInfo[] }>(day.ben.call('/api/held'))).held
      await day.team.write('eng', 'Secret.md', '---\nsensitivity: restricted\n---\n# Secret\n')
      const isThere = async () => (await day.ben.call(`/api/vaults/${vaultOf(day)}/notes/Secret.md`)).ok
      await until('the note is there', isThere)
      await day.team.write('eng', 'Secret.md', '# Secret\n')
      await until('its label is held', async () => (await held()).length > 0)
      const [{ note, revision } = fail('a held note')] = await held()
      return day.ben.send('/api/held/confirm', { vault: vaultOf(day), note, revision })
    },
    { vault: 'vault_nothing', note: 'Nothing.md' },
  ),
  step(
    'PUT /api/audit/levels',
    ({ owner }) => {
      const rules = [{ provider: 'kit', level: 'request-response', purpose: 'A trial of a week.' }]
      return owner.send('/api/audit/levels', { rules, keepDays: 7 }, 'PUT')
    },
    { rules: [{ vault: 'nothing', level: 'none' }], keepDays: 7 },
  ),
  step('POST /v1/chat/completions', ({ ben }) =>
    ben.send('/v1/chat/completions', { model: 'test-chat', messages: chat }),
  ),
  step('POST /v1/responses', ({ ben }) => ben.send('/v1/responses', { model: 'test-chat', input: 'Hello' })),
  step('POST /v1/messages', ({ ben }) =>
    ben.send('/v1/messages', { model: 'test-chat', max_tokens: 99, messages: chat }),
  ),
  step('POST /v1/embeddings', ({ ben }) => ben.send('/v1/embeddings', { model: 'test-embed', input: 'Hello' })),

  // The log itself.
  get('GET /api/audit/events'),
  step('GET /api/audit/events/:seq', ({ owner }) => owner.call('/api/audit/events/0')),
  get('GET /api/audit/summary', '?by=type'),
  step('GET /api/audit/stream', async ({ owner }) => {
    const { status, headers, body } = await owner.call('/api/audit/stream')
    await body?.cancel()
    return new Response(null, { status, headers })
  }),

  step(
    'PUT /api/audit/retention',
    ({ owner }) =>
      owner.send('/api/audit/retention', { categories: { tool: { personalMonths: 2, headerMonths: 12 } } }, 'PUT'),
    { categories: { tool: { personalMonths: 12, headerMonths: 2 } } },
  ),
  step('GET /api/audit/events/:seq/texts', async ({ ada, owner }) => {
    const page = await owner.call('/api/audit/events?type=call.captured&fresh=true&limit=1')
    const { entries } = (await page.json()) as { entries: { seq: number }[] }
    return ada.call(`/api/audit/events/${entries[0]?.seq}/texts`)
  }),
  step('POST /api/audit/retention/run', ({ owner }) => owner.send('/api/audit/retention/run', undefined)),
  step(
    'POST /api/audit/holds',
    (day) =>
      keep(
        day,
        'hold',
        day.owner.send('/api/audit/holds', { person: day.ben.id, reason: 'Case 7' }),
        ({ id }: { id: string }) => id,
      ),
    { reason: 'Case 8' },
  ),
  get('GET /api/audit/holds'),
  step(
    'POST /api/audit/holds/:id/release',
    (day) => day.owner.send(`/api/audit/holds/${find(day, 'hold')}/release`, { reason: 'Case 7 is closed' }),
    { reason: 'Case 7 is closed' },
  ),

  // The server.
  step(
    'PUT /api/providers/:id',
    ({ owner }) =>
      owner.send('/api/providers/desk', { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1', models: ['m'] }, 'PUT'),
    { dialect: 'openai', baseUrl: 'http://169.254.169.254/v1' },
  ),
  step('POST /api/providers/:id/test', ({ owner }) => owner.send('/api/providers/kit/test', {})),
  step('DELETE /api/providers/:id', ({ owner }) => owner.send('/api/providers/desk', undefined, 'DELETE')),
  step('GET /api/usage', ({ owner }) => owner.call('/api/usage?by=user')),
  get('GET /api/budgets'),
  step('PUT /api/budgets', ({ owner }) => owner.send('/api/budgets', { rules: [] }, 'PUT')),
  step('POST /api/cache/invalidate', (day) => day.owner.send('/api/cache/invalidate', { scopes: ['*'] })),
  step(
    'POST /api/vaults',
    (day) =>
      keep(
        day,
        'vault',
        day.owner.send('/api/vaults', { path: day.team.folderOf('other'), name: 'Other' }),
        ({ id }: { id: string }) => id,
      ),
    { path: '/nowhere/at/all' },
  ),
  step('POST /api/vaults/:id/reindex', (day) => day.owner.send(`/api/vaults/${vaultOf(day)}/reindex`, undefined)),
  step('DELETE /api/vaults/:id', (day) => day.owner.send(`/api/vaults/${find(day, 'vault')}`, undefined, 'DELETE')),
  get('GET /api/audit/export', '?format=csv'),
  step('GET /api/audit/reports/:id', ({ owner }) => owner.call('/api/audit/reports/health')),
  step('GET /api/audit/proof/:seq', ({ owner }) => owner.call('/api/audit/proof/0')),
  step('GET /api/audit/tile/*path', ({ owner }) => owner.call('/api/audit/tile/entries/000.p/1')),
  step('POST /api/audit/verify', ({ owner }) => owner.send('/api/audit/verify', {})),
  step('POST /auth/links', ({ owner }) => owner.send('/auth/links', undefined)),
  step('POST /auth/sign-in', async (day) => {
    const { url } = await take<{ url: string }>(day.owner.send('/auth/links', undefined))
    return fetch(`${day.team.url}/auth/sign-in`, json({ token: linkToken(url) }))
  }),
  step('DELETE /api/access/users/:id/sessions', (day) =>
    day.owner.send(`/api/access/users/${find(day, 'zoe')}/sessions`, undefined, 'DELETE'),
  ),
  step('DELETE /api/access/users/:id', (day) =>
    day.owner.send(`/api/access/users/${find(day, 'zoe')}`, undefined, 'DELETE'),
  ),
  step('DELETE /auth/session', ({ ben }) => ben.act('/auth/session', undefined, 'DELETE')),
]
