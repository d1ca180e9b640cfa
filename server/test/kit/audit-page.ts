/**
 * For browser tests and pictures of the page of the audit log: a server with a week of a small company in its log, some of
 * it erased, and a Chromium that is signed in as one of them.
 */
import { join } from 'node:path'
import { expect } from 'bun:test'
import type { AuditEntryView } from '@cairn/contract'
import type { Locator, Page } from 'playwright-core'
import type { AuditEntry } from '../../src/audit/index.ts'
import { type TestBrowser, type Visit, type VisitOptions } from '../browser.ts'
import { repository } from '../harness.ts'
import { createShiftedClock } from './shifted-clock.ts'
import { emailOf, openTeam, password, take, type Member, type Team } from './team.ts'

const hourMs = 3_600_000

const names = ['Ann Larsen', 'Ben Okafor', 'Cleo Martins', 'Audrey Bell', 'Femi Adeyemi'] as const

type Name = (typeof names)[number] | (string & {})

export interface AuditRig extends AsyncDisposable {
  readonly team: Team
  readonly people: ReadonlyMap<string, Member>
  /** Size of the log when its week was over. */
  readonly size: number
  /** `name`: who is signed in; the owner when absent. `view`: the address within the page. */
  open(view?: string, options?: VisitOptions & { readonly name?: Name }): Promise<Visit>
  go(page: Page, view: string): Promise<void>
  record(entry: Partial<AuditEntry> & Pick<AuditEntry, 'type'>): Promise<void>
  /** Puts the server’s clock on by so much, or back. */
  pass(ms: number): void
  expectCalm(visit: Visit, expected?: RegExp): void
}

const vaults = {
  Handbook: {
    'Leave.md': '# Leave\n\nThirty days a year.',
    'Travel policy.md': '# Travel\n\nBy train where it takes less than six hours.',
    'On-call.md': '# On-call\n\nOne week in five.',
  },
  Board: { 'Risk register.md': '# Risks\n\nThe lease ends in May.' },
}

/**
 * Audrey is an auditor who sees no note; Ann a member; Femi was erased; the week begins as many days ago. `config` is more
 * of the configuration file.
 */
export async function openAuditRig(browser: TestBrowser, days = 7, config: object = {}): Promise<AuditRig> {
  const { clock, pass } = createShiftedClock()
  pass(-(days * 24 + 1) * hourMs)
  const team = await openTeam({ vaults, clock, config, consoleDirectory: join(repository, 'dist/console') })
  const people = new Map<string, Member>()
  for (const name of names) people.set(name, await team.person(name))
  const idOf = (name: Name) => people.get(name)?.id ?? ''
  const audrey = people.get('Audrey Bell')
  if (audrey) await team.grant(audrey.principal, 'auditor', 'org:cairn')
  for (const name of names.filter((each) => each !== 'Audrey Bell'))
    await team.grant(people.get(name)?.principal ?? '', 'asker', 'vault:Handbook')
  const record: AuditRig['record'] = async (entry) => {
    await team.app.audit.record({ actor: 'server', requestId: null, outcome: 'ok', ...entry })
  }
  const vault = (name: keyof typeof vaults) => team.vaultIds[name] ?? ''
  const doings = listDoings(idOf, vault)
  // The same week each time: a walk with a fixed step through what people do, busier by day than by night.
  let turn = 0
  for (let hour = 0; hour < days * 24; hour++) {
    pass(hourMs)
    const ofDay = new Date(clock.now()).getUTCHours()
    const busy = ofDay > 7 && ofDay < 19 ? 6 + ((hour * 7) % 9) : (hour * 5) % 3
    for (let each = 0; each < busy; each++) {
      turn += 17
      const doing = doings[turn % doings.length]
      if (doing)
        await record({ requestId: `req_${hour}_${each}`, context: { address: '10.1.4.23', via: 'session' }, ...doing })
    }
  }
  pass(hourMs)
  for (const doing of doings.filter(({ actor }) => actor === idOf('Femi Adeyemi'))) await record(doing)
  await team.app.audit.erase({ actor: team.owner.id, requestId: 'req_erase' }, [idOf('Femi Adeyemi')], {
    reason: 'request',
    request: 'dsr_1',
  })
  await take(team.owner.send(`/api/access/users/${idOf('Femi Adeyemi')}`, undefined, 'DELETE'))
  await recordLastHour(record, idOf, vault)
  const { size } = await take<{ size: number }>(team.owner.call('/api/audit/events?limit=1&fresh=true'))
  return {
    team,
    people,
    size,
    record,
    pass,
    ...visits(team, browser),
    [Symbol.asyncDispose]: () => team[Symbol.asyncDispose](),
  }
}

type Doing = Partial<AuditEntry> & Pick<AuditEntry, 'type' | 'actor'>
type IdOf = (name: Name) => string
type VaultOf = (name: keyof typeof vaults) => string

function listDoings(idOf: IdOf, vault: VaultOf): Doing[] {
  const ask = (name: Name, model: string, tokensIn: number): Doing => ({
    type: 'question.asked',
    actor: idOf(name),
    fields: {
      vaults: [vault('Handbook')],
      notes: ['Leave.md', 'Travel policy.md', 'On-call.md'].map((note) => `note:${vault('Handbook')}/${note}`),
      model,
      provider: 'hosted',
      egress: 'external',
      label: 'internal',
      tokensIn,
      tokensOut: 160,
      region: 'eu',
      cached: false,
      costNanoUsd: tokensIn * 2_500 + 160 * 10_000,
    },
  })
  const read = (name: Name, note: string, of: keyof typeof vaults = 'Handbook'): Doing => ({
    type: 'note.read',
    actor: idOf(name),
    fields: { vault: vault(of), note },
  })
  return [
    ask('Ann Larsen', 'gpt-4o', 1_904),
    read('Ann Larsen', 'Leave.md'),
    { type: 'search.run', actor: idOf('Ben Okafor'), fields: { vaults: [vault('Handbook')], results: 4 } },
    read('Ben Okafor', 'On-call.md'),
    {
      type: 'access.refused',
      actor: idOf('Ben Okafor'),
      outcome: 'refused',
      fields: { code: 'access.forbidden', route: 'GET /api/access/policy' },
    },
    ask('Cleo Martins', 'gpt-4o-mini', 2_310),
    { type: 'session.created', actor: idOf('Cleo Martins'), fields: { method: 'password' } },
    {
      type: 'sign-in.refused',
      actor: 'anonymous',
      outcome: 'refused',
      fields: { method: 'password', code: 'access.sign-in-refused', user: idOf('Cleo Martins') },
    },
    read('Cleo Martins', 'Travel policy.md'),
    {
      type: 'chat.completed',
      actor: idOf('Ann Larsen'),
      fields: {
        model: 'gpt-4o-mini',
        provider: 'hosted',
        egress: 'external',
        tokensIn: 640,
        tokensOut: 220,
        streamed: true,
        region: 'eu',
        cached: false,
        costNanoUsd: 228_000,
      },
    },
    {
      type: 'chat.completed',
      actor: idOf('Cleo Martins'),
      outcome: 'failed',
      fields: { model: 'qwen3-8b', provider: 'gpu', egress: 'local', tokensIn: 0, tokensOut: 0, streamed: true },
    },
    read('Femi Adeyemi', 'Leave.md'),
    ask('Femi Adeyemi', 'gpt-4o', 1_200),
    { type: 'key.created', actor: idOf('Ben Okafor'), fields: { keyId: 'key_4821', name: 'Obsidian on my laptop' } },
    read('Cleo Martins', 'Risk register.md', 'Board'),
  ]
}

/** What stands at the top of the list, of one request with several entries too. */
async function recordLastHour(record: AuditRig['record'], idOf: IdOf, vault: VaultOf): Promise<void> {
  const context = { address: '10.1.4.23', via: 'session' }
  const [ann, ben, cleo] = [idOf('Ann Larsen'), idOf('Ben Okafor'), idOf('Cleo Martins')]
  const model = { model: 'gpt-4o', provider: 'hosted', egress: 'external' }
  await record({
    type: 'user.changed',
    actor: cleo,
    requestId: 'req_change',
    context,
    fields: { user: ben, changes: ['name'] },
  })
  await record({
    type: 'egress.intended',
    actor: ann,
    requestId: 'req_asked',
    context,
    fields: { provider: 'hosted', egress: 'external', label: 'internal', purpose: 'answer' },
  })
  await record({
    type: 'question.asked',
    actor: ann,
    requestId: 'req_asked',
    context,
    fields: { ...model, vaults: [vault('Handbook')], notes: 3, label: 'internal', tokensIn: 1_904, tokensOut: 212 },
  })
  await record({
    type: 'note.read',
    actor: cleo,
    requestId: 'req_board',
    context,
    fields: { vault: vault('Board'), note: 'Risk register.md' },
  })
}

function visits({ url, owner }: Team, browser: TestBrowser): Pick<AuditRig, 'open' | 'go' | 'expectCalm'> {
  const go = async (page: Page, view: string) => {
    await page.goto(`${url}/#/audit${view && `?${view}`}`)
    await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor()
  }
  return {
    go,
    async open(view = '', { name, ...options } = {}) {
      const visit = await browser.visit(options)
      const { page, context } = visit
      if (name === undefined) {
        await page.goto((await take<{ url: string }>(owner.send('/auth/links'))).url)
      } else {
        const reply = await context.request.post(`${url}/auth/password`, {
          data: { email: emailOf(name), password },
          headers: { origin: url },
        })
        if (!reply.ok()) throw new Error(await reply.text())
        await page.goto(url)
      }
      await page.locator('.shell').waitFor()
      await go(page, view)
      return visit
    },
    expectCalm({ requests, problems }, expected = /(?!)/) {
      expect(requests.filter((address) => !address.startsWith(`${url}/`))).toEqual([])
      expect(problems.filter((problem) => !expected.test(problem))).toEqual([])
    },
  }
}

export const rows = (page: Page): Locator => page.locator('a.audit-row')

/** The newest entries that fit, at most 500. */
export async function entriesFor(who: Member, query: string): Promise<AuditEntryView[]> {
  const path = `/api/audit/events?fresh=true&limit=500&${query}`
  return (await take<{ entries: AuditEntryView[] }>(who.call(path))).entries
}

/** What the page says of something that was verified, with these words. */
export const status = (page: Page, text: string): Locator => page.locator('.audit-verdict').filter({ hasText: text })

export async function download(page: Page, press: () => Promise<void>): Promise<{ name: string; path: string }> {
  const coming = page.waitForEvent('download')
  await press()
  const file = await coming
  return { name: file.suggestedFilename(), path: await file.path() }
}
