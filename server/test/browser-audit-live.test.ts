/**
 * The console’s page of the audit log in a real Chromium: following it live, what an auditor, a member and somebody who
 * loses the permission see, and that names that are markup stay names. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { openBrowser, type TestBrowser } from './browser.ts'
import { openAuditRig, rows, type AuditRig } from './kit/audit-page.ts'
import { expectWell } from './kit/expect-well.ts'
import { button, dialog } from './kit/models-page.ts'

setDefaultTimeout(60_000)

let browser: TestBrowser
let rig: AuditRig

beforeAll(async () => {
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
  rig = await openAuditRig(browser, 1)
}, 90_000)

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await browser[Symbol.asyncDispose]()
})

const idOf = (name: string) => rig.people.get(name)?.id ?? ''

describe('live', () => {
  test('tells what happens as it happens, waits while it is paused, and filters', async () => {
    await using visit = await rig.open('view=live&type=note.read')
    const { page } = visit
    await page
      .getByRole('status')
      .filter({ hasText: /^Live$/ })
      .waitFor()
    const read = (note: string) =>
      rig.record({ type: 'note.read', actor: idOf('Ann Larsen'), fields: { note, vault: 'vault_live' } })
    await read('One.md')
    await rig.record({ type: 'session.ended', actor: idOf('Ann Larsen') })
    await rows(page).filter({ hasText: 'vault_live / One' }).waitFor()
    expect(await rows(page).count()).toBe(1)
    await button(page, 'Pause').click()
    await read('Two.md')
    await page.getByRole('status').filter({ hasText: 'Paused, 1 waiting' }).waitFor()
    expect(await rows(page).count()).toBe(1)
    await button(page, 'Go on').click()
    await rows(page).filter({ hasText: 'vault_live / Two' }).waitFor()
    expect(await rows(page).first().textContent()).toContain('Two')
    rig.expectCalm(visit)
  })

  test('holds a bounded number of rows', async () => {
    await using visit = await rig.open('view=live&type=vault.reindexed')
    const { page } = visit
    await page
      .getByRole('status')
      .filter({ hasText: /^Live$/ })
      .waitFor()
    const entries = Array.from({ length: 230 }, (_, index) =>
      rig.record({ type: 'vault.reindexed', actor: idOf('Ann Larsen'), fields: { vault: `vault_${index}` } }),
    )
    await Promise.all(entries)
    await rows(page).filter({ hasText: 'vault_229' }).waitFor()
    expect(await rows(page).count()).toBe(200)
    rig.expectCalm(visit)
  })

  test('says that the connection broke, and goes on with what was missed', async () => {
    await using visit = await rig.open('view=groups')
    const { page, context } = visit
    await page.getByRole('table', { name: 'Groups' }).waitFor()
    await context.route('**/api/audit/stream*', (route) => route.abort())
    await rig.go(page, 'view=live&type=session.ended')
    await page.getByRole('status').filter({ hasText: 'The connection broke off; trying again' }).waitFor()
    await context.unroute('**/api/audit/stream*')
    await page
      .getByRole('status')
      .filter({ hasText: /^Live$/ })
      .waitFor()
    await rig.record({ type: 'session.ended', actor: idOf('Cleo Martins') })
    await rows(page).filter({ hasText: 'Cleo Martins' }).waitFor()
    rig.expectCalm(visit, /ERR_FAILED/)
  })
})

describe('who sees it', () => {
  const navigation = (page: Page) => page.getByRole('navigation', { name: 'Pages' })

  test('an auditor who may read no note is told who and when, and of no place', async () => {
    await using visit = await rig.open('range=week&type=note.read', { name: 'Audrey Bell' })
    const { page } = visit
    await rows(page).filter({ hasText: 'Cleo Martins' }).filter({ hasText: 'hidden note' }).first().click()
    await dialog(page).getByText('What is hidden is there').waitFor()
    expect(await dialog(page).getByText('hidden', { exact: true }).count()).toBe(2)
    for (const place of ['Risk register', 'Handbook', 'Leave']) expect(await page.content()).not.toContain(place)
    await expectWell(page, 'hidden')
    rig.expectCalm(visit, /403/)
  })

  test('a member finds no such page, and is told so by an address', async () => {
    await using visit = await rig.open('range=week', { name: 'Ann Larsen' })
    const { page, requests } = visit
    await page.getByRole('heading', { name: '“Audit” is not open to you' }).waitFor()
    expect(await navigation(page).getByRole('link', { name: 'Audit' }).count()).toBe(0)
    await expectWell(page, 'closed')
    expect(requests.filter((url) => url.includes('/api/audit'))).toEqual([])
    rig.expectCalm(visit)
  })

  test('whoever loses the permission sees no more of it', async () => {
    const passing = await rig.team.person('Pia Lund')
    const grant = await rig.team.grant(passing.principal, 'auditor', 'org:cairn')
    await using visit = await rig.open('view=live', { name: 'Pia Lund' })
    const { page } = visit
    await page
      .getByRole('status')
      .filter({ hasText: /^Live$/ })
      .waitFor()
    await rig.team.revoke(grant)
    await page.getByText('You may not see the audit log').waitFor()
    rig.expectCalm(visit, /403/)
  })
})

test('names that are markup stay names', async () => {
  const markup = '<img src=x onerror="document.title=1">'
  const eve = await rig.team.person(`<b>Eve</b>`)
  await rig.record({
    type: 'chat.completed',
    actor: eve.id,
    requestId: `req_${markup}`,
    context: { address: markup, '<i>': markup },
    fields: { model: markup, provider: `${markup}2`, egress: markup, tokensIn: 1, tokensOut: 1, streamed: true },
  })
  await rig.record({ type: 'note.read', actor: markup, fields: { vault: `vault${markup}`, note: `${markup}.md` } })
  await using visit = await rig.open(`range=hour&type=chat.completed,note.read&model=${encodeURIComponent(markup)}`)
  const { page } = visit
  await rows(page).filter({ hasText: '<b>Eve</b>' }).click()
  await dialog(page).getByText('<i>').first().waitFor()
  await dialog(page).getByText(`req_${markup}`).waitFor()
  for (const view of [
    'range=hour&type=note.read',
    'view=groups&range=hour&by=actor,model',
    `range=hour&q=${encodeURIComponent(markup.slice(0, 8))}`,
  ]) {
    await rig.go(page, view)
    await page.waitForTimeout(400)
    expect([view, await page.locator('.main img, .main b, .main i, dialog img').count()]).toEqual([view, 0])
  }
  expect(await page.title()).toBe('Audit · Cairn')
  rig.expectCalm(visit)
})
