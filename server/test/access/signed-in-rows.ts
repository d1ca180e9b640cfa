/**
 * What a stranger sends to each row of the route table that asks for no more than a credential. A row that names things
 * of others is asked with one that exists in a foreign team and with one that does not exist.
 */

/** Ids and names of one kind each; those that exist and those that do not have the same length. */
export interface Things {
  readonly vault: string
  readonly note: string
  readonly barrier: string
  readonly model: string
  readonly grant: string
  readonly proposal: string
  readonly delegation: string
  readonly emergency: string
  readonly key: string
  readonly session: string
  readonly person: string
  readonly group: string
}

export interface Sent {
  readonly path: string
  readonly body?: unknown
}

/** Sent once with a key and once with a session. */
type RowCase = (things: Things) => readonly Sent[]

/** A row that names nothing: what comes back is looked at all the same. */
const own =
  (path: string, body?: unknown): RowCase =>
  () => [{ path, ...(body === undefined ? {} : { body }) }]
const about = (send: RowCase) => send
const encoded = encodeURIComponent
const device = 'laptop0123456789'
const from = '2026-01-01T00:00Z'
const until = '2099-01-01T00:00Z'
const said = [{ role: 'user', content: 'Hello' }]
const places = ({ vault, note, barrier }: Things) => [
  `vault:${vault}`,
  `folder:${vault}/${barrier}`,
  `note:${vault}/${note}`,
]

export const signedInRows: Readonly<Record<string, RowCase>> = {
  'POST /v1/chat/completions': about(({ model }) => [
    { path: '/v1/chat/completions', body: { model, messages: said } },
    { path: '/v1/chat/completions', body: { model: `lab/${model}`, messages: said } },
  ]),
  'POST /v1/responses': about(({ model }) => [{ path: '/v1/responses', body: { model, input: 'Hello' } }]),
  'POST /v1/messages': about(({ model }) => [{ path: '/v1/messages', body: { model, max_tokens: 9, messages: said } }]),
  'POST /v1/embeddings': about(({ model }) => [{ path: '/v1/embeddings', body: { model, input: 'Hello' } }]),
  'GET /v1/models': own('/v1/models'),
  'POST /v1/ask': about(({ vault, model }) => [
    { path: '/v1/ask', body: { vault, question: 'Where is the limpet store?', dryRun: true } },
    { path: '/v1/ask', body: { vault, question: 'Where is the limpet store?' } },
    { path: '/v1/ask', body: { vault, question: 'Where is the limpet store?', stream: true } },
    { path: '/v1/ask', body: { model, question: 'Where is the limpet store?', dryRun: true } },
  ]),
  'POST /v1/search': about(({ vault }) => [{ path: '/v1/search', body: { vault, query: 'limpet' } }]),
  'GET /api/vaults': own('/api/vaults'),
  'GET /api/vaults/:id/notes': about(({ vault }) => [
    { path: `/api/vaults/${vault}/notes` },
    { path: `/api/vaults/${vault}/notes?limit=1&after=a` },
  ]),
  ...Object.fromEntries(
    ['GET', 'PUT', 'DELETE'].map((method) => [
      `${method} /api/vaults/:id/notes/*path`,
      about(({ vault, note }) => [{ path: `/api/vaults/${vault}/notes/${note}` }]),
    ]),
  ),
  'POST /api/vaults/:id/sync': about(({ vault }) => [
    { path: `/api/vaults/${vault}/sync`, body: { device, base: 0 } },
    { path: `/api/vaults/${vault}/sync`, body: { device, base: 0, takeOver: null } },
  ]),
  'PUT /api/vaults/:id/notes': about(({ vault, note }) => [
    { path: `/api/vaults/${vault}/notes`, body: { device, notes: [] } },
    { path: `/api/vaults/${vault}/notes`, body: { device, deleted: [{ path: note, version: '0'.repeat(32) }] } },
  ]),
  'GET /api/vaults/:id/related/*path': about(({ vault, note }) => [{ path: `/api/vaults/${vault}/related/${note}` }]),
  'GET /api/models': own('/api/models'),
  'GET /api/audit/levels': own('/api/audit/levels'),
  'POST /api/audit/witness': own('/api/audit/witness', { checkpoint: 'none' }),
  'GET /api/account/events': about(({ vault, note }) => [
    { path: `/api/account/events?vault=${vault}` },
    { path: `/api/account/events?note=${encodeURIComponent(`${vault}/${note}`)}` },
  ]),
  'POST /api/routing/explain': about(({ model }) => [{ path: '/api/routing/explain', body: { model } }]),
  'GET /api/usage': about(() => ['user', 'key', 'model', 'day'].map((by) => ({ path: `/api/usage?by=${by}` }))),
  'POST /api/cache/invalidate': about(({ vault, note, model }) =>
    [`vault:${vault}`, `index:${vault}`, `note:${vault}/${note}`, `model:${model}`, '*'].map((scope) => ({
      path: '/api/cache/invalidate',
      body: { scopes: [scope] },
    })),
  ),
  'GET /api/access/keys': own('/api/access/keys'),
  'POST /api/access/keys': about(({ key, person, vault }) => [
    { path: '/api/access/keys', body: { name: 'k', parent: key } },
    { path: '/api/access/keys', body: { name: 'k', service: person } },
    { path: '/api/access/keys', body: { name: 'k', bound: { actions: ['read'], scopes: [`vault:${vault}`] } } },
  ]),
  'DELETE /api/access/keys/:id': about(({ key }) => [{ path: `/api/access/keys/${key}` }]),
  'POST /api/access/proposals/:id/decision': about(({ proposal }) =>
    [true, false].map((approve) => ({ path: `/api/access/proposals/${proposal}/decision`, body: { approve } })),
  ),
  'GET /api/access/principals': about((things) =>
    places(things).map((scope) => ({ path: `/api/access/principals?scope=${encoded(scope)}` })),
  ),
  'GET /api/held': own('/api/held'),
  'POST /api/held/confirm': about(({ vault, note }) => [{ path: '/api/held/confirm', body: { vault, note } }]),
  ...Object.fromEntries(
    (['evaluation', 'evaluations', 'search/subject', 'search/resource', 'search/action'] as const).map((name) => [
      `POST /access/v1/${name}`,
      about(({ person, vault }) => [
        {
          path: `/access/v1/${name}`,
          body: {
            subject: { type: 'user', id: person },
            action: { name: 'read' },
            resource: { type: 'vault', id: vault },
          },
        },
      ]),
    ]),
  ),
  'GET /api/access/statements': about((things) =>
    places(things).map((scope) => ({ path: `/api/access/statements?scope=${encoded(scope)}` })),
  ),
  'POST /api/access/grants': about((things) =>
    [...places(things), `model:lab/${things.model}`].flatMap((scope) =>
      [`user:${things.person}`, `group:${things.group}`].map((principal) => ({
        path: '/api/access/grants',
        body: { principal, role: scope.startsWith('model') ? 'model-user' : 'viewer', scope },
      })),
    ),
  ),
  'DELETE /api/access/grants/:id': about(({ grant }) => [{ path: `/api/access/grants/${grant}` }]),
  'POST /api/access/barriers': about((things) =>
    places(things)
      .slice(0, 2)
      .map((scope) => ({ path: '/api/access/barriers', body: { scope } })),
  ),
  'DELETE /api/access/barriers': about((things) =>
    places(things).map((scope) => ({ path: `/api/access/barriers?scope=${encoded(scope)}` })),
  ),
  'GET /api/access/matrix': own('/api/access/matrix'),
  'POST /api/access/explain': about((things) => [
    ...[...places(things), `model:lab/${things.model}`].flatMap((resource) =>
      ['discover', 'read', 'write', 'model.use'].map((action) => ({
        path: '/api/access/explain',
        body: { action, resource },
      })),
    ),
    {
      path: '/api/access/explain',
      body: { subject: `user:${things.person}`, action: 'read', resource: `vault:${things.vault}` },
    },
  ]),
  'GET /api/access/who': about((things) =>
    places(things).map((resource) => ({ path: `/api/access/who?action=read&resource=${encoded(resource)}` })),
  ),
  'GET /api/access/delegations': own('/api/access/delegations'),
  'POST /api/access/delegations': about((things) =>
    places(things).map((scope) => ({
      path: '/api/access/delegations',
      body: { to: `user:${things.person}`, role: 'viewer', scope, from, until },
    })),
  ),
  'DELETE /api/access/delegations/:id': about(({ delegation }) => [{ path: `/api/access/delegations/${delegation}` }]),
  'GET /api/access/emergencies': own('/api/access/emergencies'),
  'POST /api/access/emergencies': about((things) =>
    places(things).map((scope) => ({
      path: '/api/access/emergencies',
      body: { actions: ['read'], scope, until, reason: 'A storm.' },
    })),
  ),
  ...Object.fromEntries(
    ['approve', 'end'].map((step) => [
      `POST /api/access/emergencies/:id/${step}`,
      about(({ emergency }) => [{ path: `/api/access/emergencies/${emergency}/${step}` }]),
    ]),
  ),
  'POST /api/access/emergencies/:id/review': about(({ emergency }) => [
    { path: `/api/access/emergencies/${emergency}/review`, body: { review: 'Looked at.' } },
  ]),
  'POST /auth/links': own('/auth/links'),
  'GET /auth/session': own('/auth/session'),
  'POST /auth/session/code': own('/auth/session/code', { code: '123456' }),
  'GET /api/account': own('/api/account'),
  'PUT /api/account': own('/api/account', {}),
  'PUT /api/account/password': own('/api/account/password', { password: 'too short' }),
  'POST /api/account/totp': own('/api/account/totp', { password: 'a wrong password' }),
  'POST /api/account/totp/confirm': own('/api/account/totp/confirm', { code: '123456' }),
  'POST /api/account/totp/remove': own('/api/account/totp/remove', { code: '123456' }),
  'POST /api/account/totp/codes': own('/api/account/totp/codes', { code: '123456' }),
  'GET /api/account/sessions': own('/api/account/sessions'),
  'DELETE /api/account/sessions': own('/api/account/sessions'),
  'DELETE /api/account/sessions/:id': about(({ session }) => [{ path: `/api/account/sessions/${session}` }]),
  'POST /api/access/devices/look': own('/api/access/devices/look', { userCode: 'BBBBB-BBBBB' }),
  'POST /api/access/devices/decide': own('/api/access/devices/decide', { userCode: 'BBBBB-BBBBB', approve: false }),
  // Last: it ends the session.
  'DELETE /auth/session': own('/auth/session'),
}
