/** The route table against the product's list of addresses, the OpenAPI document against the table, and the console. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createOpenApi, routes } from '../src/http/index.ts'
import { sendRaw, startRig, type Rig } from './http-kit.ts'

/**
 * The surface table of the product's design. `later` is the issue that builds a path; `*` at the end stands for a
 * family, whose members are listed once they are built.
 */
const productPaths: readonly { path: string; methods: string; later?: number }[] = [
  { path: '/v1/chat/completions', methods: 'POST' },
  { path: '/v1/embeddings', methods: 'POST' },
  { path: '/v1/responses', methods: 'POST' },
  { path: '/v1/models', methods: 'GET' },
  { path: '/v1/messages', methods: 'POST' },
  { path: '/v1/ask', methods: 'POST' },
  { path: '/v1/search', methods: 'POST' },
  { path: '/api/vaults/{id}/related/{path}', methods: 'GET' },
  { path: '/api/vaults', methods: 'GET POST' },
  { path: '/api/vaults/{id}/notes/{path}', methods: 'DELETE GET PUT' },
  { path: '/api/vaults/{id}/reindex', methods: 'POST' },
  { path: '/api/vaults/{id}/sync', methods: 'POST' },
  { path: '/api/cache/stats', methods: 'GET' },
  { path: '/api/cache/invalidate', methods: 'POST' },
  { path: '/api/models', methods: 'GET' },
  { path: '/api/providers/{id}', methods: 'DELETE GET PUT' },
  { path: '/api/providers/{id}/test', methods: 'POST' },
  { path: '/api/routing/explain', methods: 'POST' },
  { path: '/api/usage', methods: 'GET' },
  { path: '/api/budgets', methods: 'GET PUT' },
  { path: '/access/v1/evaluation', methods: 'POST' },
  { path: '/access/v1/evaluations', methods: 'POST' },
  { path: '/access/v1/search/subject', methods: 'POST' },
  { path: '/access/v1/search/resource', methods: 'POST' },
  { path: '/access/v1/search/action', methods: 'POST' },
  { path: '/.well-known/authzen-configuration', methods: 'GET' },
  { path: '/api/audit/events', methods: 'GET' },
  { path: '/api/audit/checkpoint', methods: 'GET' },
  { path: '/api/audit/proof/{seq}', methods: 'GET' },
  { path: '/api/audit/tile/{path}', methods: 'GET' },
  { path: '/api/audit/export', methods: 'GET' },
  { path: '/api/audit/witness', methods: 'POST' },
  { path: '/api/compliance/*', methods: '', later: 8 },
  { path: '/healthz', methods: 'GET' },
  { path: '/readyz', methods: 'GET' },
  { path: '/metrics', methods: 'GET' },
  { path: '/openapi.json', methods: 'GET' },
  { path: '/api/config', methods: 'GET PUT', later: 9 },
  { path: '/', methods: 'GET' },
]

/** Members of the families above, and what issue 2 asks for beside the table: taking a vault away, listing its notes. */
const listedMembers: readonly { path: string; methods: string }[] = [
  { path: '/api/audit/events/{seq}', methods: 'GET' },
  { path: '/api/audit/summary', methods: 'GET' },
  { path: '/api/audit/stream', methods: 'GET' },
  { path: '/api/audit/reports', methods: 'GET' },
  { path: '/api/audit/reports/{id}', methods: 'GET' },
  { path: '/api/account/events', methods: 'GET' },
  { path: '/api/access/keys', methods: 'GET POST' },
  { path: '/api/access/keys/{id}', methods: 'DELETE' },
  { path: '/auth/methods', methods: 'GET' },
  { path: '/auth/sign-in', methods: 'POST' },
  { path: '/auth/password', methods: 'POST' },
  { path: '/auth/links/describe', methods: 'POST' },
  { path: '/auth/links/redeem', methods: 'POST' },
  { path: '/auth/openid/begin', methods: 'GET' },
  { path: '/auth/openid/return', methods: 'GET' },
  { path: '/auth/links', methods: 'POST' },
  { path: '/auth/session', methods: 'DELETE GET' },
  { path: '/auth/session/code', methods: 'POST' },
  { path: '/api/account', methods: 'GET PUT' },
  { path: '/api/account/password', methods: 'PUT' },
  { path: '/api/account/totp', methods: 'POST' },
  { path: '/api/account/totp/confirm', methods: 'POST' },
  { path: '/api/account/totp/remove', methods: 'POST' },
  { path: '/api/account/totp/codes', methods: 'POST' },
  { path: '/api/account/sessions', methods: 'DELETE GET' },
  { path: '/api/account/sessions/{id}', methods: 'DELETE' },
  { path: '/api/access/devices', methods: 'POST' },
  { path: '/api/access/devices/token', methods: 'POST' },
  { path: '/api/access/devices/look', methods: 'POST' },
  { path: '/api/access/devices/decide', methods: 'POST' },
  { path: '/api/access/policy', methods: 'GET PUT' },
  { path: '/api/access/simulate', methods: 'POST' },
  { path: '/api/access/revisions', methods: 'GET' },
  { path: '/api/access/revisions/{id}', methods: 'GET' },
  { path: '/api/access/revisions/{id}/restore', methods: 'POST' },
  { path: '/api/access/proposals', methods: 'GET' },
  { path: '/api/access/proposals/{id}', methods: 'GET' },
  { path: '/api/access/proposals/{id}/decision', methods: 'POST' },
  { path: '/api/access/statements', methods: 'GET' },
  { path: '/api/access/grants', methods: 'POST' },
  { path: '/api/access/grants/{id}', methods: 'DELETE' },
  { path: '/api/access/barriers', methods: 'DELETE POST' },
  { path: '/api/access/matrix', methods: 'GET' },
  { path: '/api/access/principals', methods: 'GET' },
  { path: '/api/access/explain', methods: 'POST' },
  { path: '/api/access/who', methods: 'GET' },
  { path: '/api/access/test', methods: 'POST' },
  { path: '/api/access/delegations', methods: 'GET POST' },
  { path: '/api/access/delegations/{id}', methods: 'DELETE' },
  { path: '/api/access/emergencies', methods: 'GET POST' },
  { path: '/api/access/emergencies/{id}/approve', methods: 'POST' },
  { path: '/api/access/emergencies/{id}/end', methods: 'POST' },
  { path: '/api/access/emergencies/{id}/review', methods: 'POST' },
  { path: '/api/audit/key', methods: 'GET' },
  { path: '/api/audit/verify', methods: 'POST' },
  { path: '/api/audit/holds', methods: 'GET POST' },
  { path: '/api/audit/holds/{id}/release', methods: 'POST' },
  { path: '/api/audit/levels', methods: 'GET PUT' },
  { path: '/api/audit/events/{seq}/texts', methods: 'GET' },
  { path: '/api/audit/retention', methods: 'GET PUT' },
  { path: '/api/audit/retention/run', methods: 'POST' },
  { path: '/api/audit/sinks', methods: 'GET' },
  { path: '/api/audit/witnesses', methods: 'GET' },
  { path: '/api/audit/sinks/{id}/receipts', methods: 'GET' },
  { path: '/api/held', methods: 'GET' },
  { path: '/api/held/confirm', methods: 'POST' },
  { path: '/api/access/users', methods: 'GET POST' },
  { path: '/api/access/users/{id}', methods: 'DELETE PUT' },
  { path: '/api/access/users/{id}/link', methods: 'POST' },
  { path: '/api/access/users/{id}/link/confirm', methods: 'POST' },
  { path: '/api/access/users/{id}/totp', methods: 'DELETE' },
  { path: '/api/access/users/{id}/sessions', methods: 'DELETE' },
  { path: '/api/access/users/{id}/keys', methods: 'GET' },
  { path: '/api/access/services', methods: 'POST' },
  { path: '/api/access/groups', methods: 'GET POST' },
  { path: '/api/access/groups/{id}', methods: 'DELETE PUT' },
  { path: '/api/access/groups/{id}/members', methods: 'POST' },
  { path: '/api/access/groups/{id}/{kind}/{member}', methods: 'DELETE' },
  { path: '/api/vaults/{id}', methods: 'DELETE' },
  { path: '/api/vaults/{id}/notes', methods: 'GET PUT' },
]

const formatPath = (path: string) => path.replace(/[:*](\w+)/g, '{$1}')

test('the route table is the product’s list, without what later issues build', () => {
  const built = new Map<string, string[]>()
  for (const { path, method } of routes)
    built.set(formatPath(path), [...(built.get(formatPath(path)) ?? []), method].sort())
  const table = [...built].map(([path, methods]) => `${path} ${methods.join(' ')}`).sort()
  const list = [...productPaths.filter(({ later }) => later === undefined), ...listedMembers]
    .map(({ path, methods }) => `${path} ${methods}`)
    .sort()
  expect(table).toEqual(list)
  for (const { path, later } of productPaths) {
    if (later !== undefined) expect(built.has(path), `${path} is built: take its “later: ${later}” away`).toBe(false)
  }
})

test('every route under /v1 speaks the error shape of its dialect and no other does', () => {
  for (const { path, audience } of routes)
    expect([path, audience]).toEqual([
      path,
      path === '/v1/messages' ? 'anthropic' : path.startsWith('/v1/') ? 'openai' : 'problem',
    ])
})

describe('the OpenAPI document', () => {
  const document = createOpenApi(routes, { version: '0.1.0' }) as {
    openapi: string
    paths: Record<
      string,
      Record<
        string,
        {
          operationId: string
          parameters: { name: string; in: string }[]
          requestBody?: object
          responses: Record<string, { description: string }>
        }
      >
    >
    components: { schemas: Record<string, object> }
  }

  test('has every route, with a body where the table has one and a name of its own', () => {
    expect(document.openapi).toBe('3.1.0')
    const names = new Set<string>()
    for (const route of routes) {
      const operation = document.paths[formatPath(route.path)]?.[route.method.toLowerCase()]
      expect(operation, `${route.method} ${route.path}`).toBeDefined()
      expect(operation?.requestBody === undefined).toBe(route.body === undefined)
      for (const { status } of route.replies) expect(operation?.responses[status]?.description).toBeString()
      for (const [, name = ''] of formatPath(route.path).matchAll(/\{(\w+)\}/g))
        expect(operation?.parameters).toContainEqual(expect.objectContaining({ name, in: 'path', required: true }))
      names.add(operation?.operationId ?? '')
    }
    expect(names.size).toBe(routes.length)
    expect(Object.values(document.paths).flatMap((path) => Object.keys(path)).length).toBe(routes.length)
  })

  test('refers only to what it holds, and holds nothing that is not referred to', () => {
    const referred = new Set([...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? ''))
    for (const ref of referred)
      expect(document.components.schemas[ref.replace('#/components/schemas/', '')], ref).toBeDefined()
    for (const name of Object.keys(document.components.schemas))
      expect([...referred]).toContain(`#/components/schemas/${name}`)
    expect(JSON.stringify(document)).not.toMatch(/"\$(?:schema|id|defs)"/)
  })

  test('says where the header x-cairn-label counts', () => {
    const counts = Object.entries(document.paths).flatMap(([path, { post }]) =>
      post?.parameters.some(({ name, in: place }) => place === 'header' && name === 'x-cairn-label') ? [path] : [],
    )
    expect(counts.sort()).toEqual(['/v1/chat/completions', '/v1/embeddings', '/v1/messages', '/v1/responses'])
  })

  test('describes a question, an answer and a page of notes as the contract does', () => {
    expect(document.components.schemas['AskRequest']).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['question'],
      properties: { limit: { type: 'integer', minimum: 1, maximum: 20 } },
    })
    expect(document.components.schemas['AskReply']).toMatchObject({
      properties: { receipt: { $ref: '#/components/schemas/Receipt' } },
    })
    const list = document.paths['/api/vaults/{id}/notes']?.['get']
    expect(list?.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)).toEqual([
      'after',
      'limit',
    ])
  })
})

describe('the console', () => {
  let folder: string
  let rig: Rig

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-console-'))
    await mkdir(join(folder, 'assets'))
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>Cairn</title>')
    await writeFile(join(folder, 'assets/index-qg22t30r.js'), 'export {}')
    await writeFile(join(folder, 'favicon.svg'), '<svg/>')
    await writeFile(join(folder, '..', 'cairn-outside.txt'), 'outside')
    await symlink(join(folder, '..', 'cairn-outside.txt'), join(folder, 'link.txt'))
    rig = startRig({ deps: { consoleDirectory: folder } })
  })

  afterAll(async () => {
    await rig.server.stop(500)
    await rm(folder, { recursive: true })
    await rm(join(folder, '..', 'cairn-outside.txt'))
  })

  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${rig.url}${path}`, { headers })

  test('comes without signing in: the page fresh each time, hashed files for ever', async () => {
    const page = await get('/')
    expect([page.status, page.headers.get('content-type'), page.headers.get('cache-control')]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-cache',
    ])
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    const script = await get('/assets/index-qg22t30r.js')
    expect([script.headers.get('content-type'), script.headers.get('cache-control')]).toEqual([
      'text/javascript; charset=utf-8',
      'public, max-age=31536000, immutable',
    ])
    const icon = await get('/favicon.svg')
    expect([icon.headers.get('content-type'), icon.headers.get('cache-control')]).toEqual(['image/svg+xml', 'no-cache'])
    const again = await get('/', { 'if-none-match': page.headers.get('etag') ?? '' })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  test('answers navigations to its own pages, and nothing else, with the page', async () => {
    const page = await get('/ask/field-notes', { accept: 'text/html,application/xhtml+xml' })
    expect([page.status, await page.text()]).toEqual([200, '<!doctype html><title>Cairn</title>'])
    expect((await get('/ask/field-notes', { accept: 'application/json' })).status).toBe(404)
    expect((await get('/api/nothing', { accept: 'text/html' })).status).toBe(404)
    expect((await get('/v1/nothing', { accept: 'text/html' })).status).toBe(404)
    expect((await fetch(`${rig.url}/ask`, { method: 'POST', headers: { accept: 'text/html' } })).status).toBe(404)
  })

  test('gives no file outside its folder', async () => {
    for (const path of [
      '/link.txt',
      '/../cairn-outside.txt',
      '/%2e%2e/cairn-outside.txt',
      '/..%2fcairn-outside.txt',
      '/..%5ccairn-outside.txt',
      '/assets/..%2f..%2fcairn-outside.txt',
      '//etc/passwd',
      '/etc/passwd',
    ]) {
      const reply = await sendRaw(
        rig.port,
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nConnection: close\r\n\r\n`,
      )
      expect([path, reply.slice(9, 12)]).toEqual([path, '404'])
    }
  })

  test('that is not built says how to build it', async () => {
    const bare = startRig({ deps: { consoleDirectory: join(folder, 'none') } })
    const reply = await fetch(bare.url)
    expect([reply.status, ((await reply.json()) as { detail: string }).detail]).toEqual([
      404,
      'The console is not built. Run “npm run build”.',
    ])
    await bare.server.stop(500)
  })
})
