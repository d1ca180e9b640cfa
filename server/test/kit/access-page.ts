/**
 * For browser tests and pictures of the page of access: the real program with the example vault, a small company in it,
 * and a Chromium that is signed in as its owner or as somebody else.
 */
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import type { TestBrowser, Visit, VisitOptions } from '../browser.ts'
import type { RunningServer } from '../harness.ts'

export interface Company {
  readonly vault: string
  /** Id of a person or service by first name. */
  readonly people: ReadonlyMap<string, string>
  readonly groups: ReadonlyMap<string, string>
}

const password = 'a long enough passphrase'

export interface AccessRig {
  readonly company: Company
  /** `name`: who is signed in; the owner when absent. */
  open(view?: string, options?: VisitOptions & { readonly name?: string }): Promise<Visit>
  go(page: Page, view: string): Promise<void>
  send<T>(method: string, path: string, body?: unknown): Promise<T>
  expectCalm(visit: Visit, expected?: RegExp): void
}

/** Ann works in engineering, Ben is a contractor, Cleo runs people operations, Dana sees to security. */
export async function openAccessRig(server: RunningServer, browser: TestBrowser): Promise<AccessRig> {
  const { url } = server
  async function send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await server.call(path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`)
    return (text === '' ? null : JSON.parse(text)) as T
  }
  const company = await makeCompany(server, send)
  async function go(page: Page, view: string): Promise<void> {
    await page.goto(`${url}/#/access${view && `?${view}`}`)
    await page.getByRole('heading', { name: 'Access', level: 1 }).waitFor()
  }
  return {
    company,
    send,
    go,
    async open(view = '', { name, ...options } = {}) {
      const visit = await browser.visit(options)
      if (name === undefined) {
        const link = await send<{ url: string }>('POST', '/auth/links')
        await visit.page.goto(link.url)
      } else {
        const reply = await visit.context.request.post(`${url}/auth/password`, {
          data: { email: emailOf(name), password },
          headers: { origin: url },
        })
        if (!reply.ok()) throw new Error(await reply.text())
        await visit.page.goto(url)
      }
      await visit.page.locator('.shell').waitFor()
      await go(visit.page, view)
      return visit
    },
    expectCalm({ requests, problems }, expected = /(?!)/) {
      expect(requests.filter((address) => !address.startsWith(`${url}/`))).toEqual([])
      expect(problems.filter((problem) => !expected.test(problem))).toEqual([])
    },
  }
}

const emailOf = (name: string): string => `${(name.split(' ')[0] ?? name).toLowerCase()}@northgauge.example`

async function makeCompany(server: RunningServer, send: AccessRig['send']): Promise<Company> {
  const [vault] = await server.vaults()
  if (!vault) throw new Error('there is no vault')
  const people = new Map<string, string>()
  for (const name of ['Ann Larsen', 'Ben Okafor', 'Cleo Martins', 'Dana Weiss', 'Eli Novak']) {
    const { user, link } = await send<{ user: { id: string }; link: { url: string } }>('POST', '/api/access/users', {
      name,
      email: emailOf(name),
    })
    people.set(name.split(' ')[0] ?? name, user.id)
    // One invitation stays open.
    if (!name.startsWith('Eli')) await redeem(server, link.url)
  }
  const service = await send<{ id: string }>('POST', '/api/access/services', { name: 'Release notes bot' })
  people.set('bot', service.id)
  await send('POST', '/api/access/keys', { service: service.id, name: 'CI pipeline', expiresInDays: 90 })
  const groups = new Map<string, string>()
  for (const name of ['Engineering', 'Firmware', 'Contractors', 'People operations'])
    groups.set(name, (await send<{ id: string }>('POST', '/api/access/groups', { name })).id)
  const join = (group: string, kind: 'user' | 'group', id: string | undefined) =>
    send('POST', `/api/access/groups/${groups.get(group)}/members`, { kind, id })
  await join('Firmware', 'user', people.get('Ann'))
  await join('Engineering', 'group', groups.get('Firmware'))
  await join('Contractors', 'user', people.get('Ben'))
  await join('People operations', 'user', people.get('Cleo'))
  const give = (principal: string, role: string, scope: string, more: object = {}) =>
    send('POST', '/api/access/grants', { principal, role, scope, ...more })
  const folder = (path: string) => `folder:${vault.id}/${path}`
  await give(`group:${groups.get('Engineering')}`, 'editor', folder('Engineering'))
  await give('group:everyone', 'asker', folder('Handbook'), { note: 'The handbook is for everybody.' })
  await give(`group:${groups.get('People operations')}`, 'curator', folder('People'))
  const until = new Date(Date.now() + 40 * 86_400_000).toISOString()
  await give(`user:${people.get('Ben')}`, 'contributor', folder('Projects'), { until, note: 'For the Tern 3 project.' })
  await give(`user:${people.get('Dana')}`, 'security-admin', 'org:cairn')
  await give(`service:${people.get('bot')}`, 'asker', folder('Engineering'))
  return { vault: vault.id, people, groups }
}

async function redeem(server: RunningServer, link: string): Promise<void> {
  const token = link.slice(link.indexOf('=') + 1)
  const response = await fetch(`${server.url}/auth/links/redeem`, {
    method: 'POST',
    body: JSON.stringify({ token, password }),
    headers: { 'content-type': 'application/json', origin: server.url },
  })
  if (!response.ok) throw new Error(await response.text())
}

/** Restricts a folder with Cleo alone inside: no owner gives a role to themselves. */
export async function restrictFolder({ send, company }: AccessRig, scope: string): Promise<void> {
  await send('POST', '/api/access/grants', { principal: `user:${company.people.get('Cleo')}`, role: 'curator', scope })
  await send('POST', '/api/access/barriers', { scope })
}

/** A deny and a role of one’s own, with what is in force already. A second person has to agree: Dana does. */
export async function addRules(rig: AccessRig, as: (name: string) => Promise<Visit>): Promise<void> {
  const { document, seq } = await rig.send<{ document: Record<string, unknown[]>; seq: number }>(
    'GET',
    '/api/access/policy',
  )
  const denies = [
    {
      id: 'confidential-stays',
      principal: 'group:everyone',
      actions: ['retrieve'],
      scope: 'tag:confidential',
      when: [['model.egress', '==', 'external']],
      note: 'Confidential notes go to no model outside.',
    },
    {
      id: 'contractors-board',
      principal: `group:${rig.company.groups.get('Contractors')}`,
      actions: ['discover'],
      scope: `folder:${rig.company.vault}/Board`,
    },
  ]
  const roles = [{ id: 'reviewer', inherits: ['asker'], actions: ['tag'], description: 'Reads, asks and tags.' }]
  const body = { base: seq, note: 'What never leaves, and reviewers', document: { ...document, denies, roles } }
  const { proposal } = await rig.send<{ proposal: { id: string } }>('PUT', '/api/access/policy', body)
  await using visit = await as('Dana')
  const { page } = visit
  const done = await page.request.post(`${new URL(page.url()).origin}/api/access/proposals/${proposal.id}/decision`, {
    data: { approve: true },
    headers: { origin: new URL(page.url()).origin },
  })
  if (!done.ok()) throw new Error(await done.text())
}
