/**
 * Reports on the audit log in a real Chromium: choosing one, its numbers and pin, files, what is hidden, and paper. Needs
 * CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { auditReportIds, auditReportTable, type AuditReport } from '@cairn/contract'
import { openBrowser, type TestBrowser } from './browser.ts'
import { openAuditRig, type AuditRig } from './kit/audit-page.ts'
import { expectWell } from './kit/expect-well.ts'
import { button } from './kit/models-page.ts'
import { take } from './kit/team.ts'

setDefaultTimeout(60_000)

let browser: TestBrowser
let rig: AuditRig

beforeAll(async () => {
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
  rig = await openAuditRig(browser)
}, 90_000)

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await browser[Symbol.asyncDispose]()
})

const totalOf = (page: Page, title: string) =>
  page
    .locator('.report-totals .card')
    .filter({ has: page.getByText(title, { exact: true }) })
    .locator('dd')
const idOf = (name: string) => rig.people.get(name)?.id ?? ''

test('a report is chosen from the list, and has the numbers that the server gives', async () => {
  await using visit = await rig.open('view=reports')
  const { page } = visit
  await page.getByRole('list', { name: 'Reports' }).waitFor()
  await expectWell(page, 'the list')
  await page.getByRole('link', { name: /^Usage and cost/ }).click()
  await page.getByRole('table', { name: 'By person' }).waitFor()
  const size = /As of ([\d,]+) entries/.exec((await page.locator('.report-pin').textContent()) ?? '')?.[1] ?? ''
  const asOf = size.replaceAll(',', '')
  const report = await take<AuditReport>(rig.team.owner.call(`/api/audit/reports/usage?asOf=${asOf}`))
  const calls = report.totals.find(({ title }) => title === 'Calls')?.value
  expect(await totalOf(page, 'Calls').textContent()).toBe(String(calls))
  expect(await page.locator('.report-pin').textContent()).toContain(report.pin.root)
  await page.getByRole('link', { name: 'All reports' }).click()
  await page.getByRole('list', { name: 'Reports' }).waitFor()
  rig.expectCalm(visit)
})

test.each([
  { width: 1_440, height: 900, theme: 'light' },
  { width: 360, height: 740, phone: true, theme: 'dark' },
] as const)(
  'each is well at $width pixels, $theme',
  async (options) => {
    await using visit = await rig.open('view=reports', options)
    const { page } = visit
    for (const id of auditReportIds) {
      await rig.go(page, `view=reports&report=${id}`)
      await page.getByRole('article', { name: auditReportTable[id].title }).waitFor()
      await expectWell(page, `${id} at ${options.width}`)
    }
    rig.expectCalm(visit)
  },
  180_000,
)

describe('what it is asked with', () => {
  test('stands in the address, comes back with it, and what is wrong is said', async () => {
    await using visit = await rig.open('view=reports&report=exports')
    const { page } = visit
    const threshold = page.getByLabel('Many reads, notes')
    await threshold.waitFor()
    await threshold.fill('1')
    await page.getByRole('alert').filter({ hasText: 'From 2 to 1,000,000.' }).waitFor()
    await threshold.fill('2')
    await page.keyboard.press('Enter')
    await page.getByRole('table', { name: 'Many notes read' }).waitFor()
    await page.getByLabel('Time').selectOption({ label: 'Last 7 days' })
    await page.waitForURL(/time=week&reads=2$/)
    await page.reload()
    await page.getByRole('table', { name: 'Many notes read' }).waitFor()
    expect(await threshold.inputValue()).toBe('2')
    rig.expectCalm(visit)
  })

  test('a link to this very report gives it again after more was recorded', async () => {
    await using visit = await rig.open('view=reports&report=failed-sign-ins')
    const { page } = visit
    await page.getByRole('table', { name: 'By account' }).waitFor()
    const before = await totalOf(page, 'Failures').textContent()
    const href = (await page.getByRole('link', { name: 'Link to this very report' }).getAttribute('href')) ?? ''
    await rig.record({
      type: 'sign-in.refused',
      actor: 'anonymous',
      outcome: 'refused',
      fields: { method: 'password', code: 'access.sign-in-refused', user: idOf('Cleo Martins') },
    })
    await rig.go(page, href.slice('#/audit?'.length))
    await page.getByRole('button', { name: /^As of [\d,]+ entries$/ }).waitFor()
    expect(await totalOf(page, 'Failures').textContent()).toBe(before)
    await page.getByRole('button', { name: /^As of [\d,]+ entries$/ }).click()
    await page
      .getByText(String(Number(before) + 1), { exact: true })
      .first()
      .waitFor()
    rig.expectCalm(visit)
  })
})

test('the files are those of the report that is shown', async () => {
  await using visit = await rig.open('view=reports&report=usage')
  const { page } = visit
  for (const [name, begin] of [
    ['Download CSV', 'part,fact,value,'],
    ['Download PDF', '%PDF-1.7'],
  ] as const) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()])
    expect(download.suggestedFilename()).toMatch(/^cairn-usage-\d+\.(?:csv|pdf)$/)
    const text = await readFile(await download.path(), 'latin1')
    expect(text).toStartWith(begin)
    const root = (await page.locator('.report-pin .report-hash').first().textContent()) ?? 'none'
    if (name === 'Download CSV') expect(text).toContain(root)
  }
  rig.expectCalm(visit)
})

test('an entry leads to itself; erased people and hidden folders are called so', async () => {
  await using visit = await rig.open('view=reports&report=egress', { name: 'Audrey Bell' })
  const { page } = visit
  await page.getByRole('table', { name: 'Left this machine' }).waitFor()
  expect(await page.locator('.audit-unsaid').filter({ hasText: 'hidden' }).count()).toBeGreaterThan(0)
  await rig.go(page, 'view=reports&report=usage')
  await page.getByRole('table', { name: 'By person' }).waitFor()
  expect(await page.locator('.audit-unsaid').filter({ hasText: 'erased person' }).count()).toBeGreaterThan(0)
  await rig.go(page, 'view=reports&report=permission-changes')
  await page.getByRole('table', { name: 'People, groups and keys' }).locator('a').first().click()
  await page.waitForURL(/entry=\d+/)
  await page.getByRole('dialog').waitFor()
  rig.expectCalm(visit)
})

test('whoever may not see what a report needs is told so', async () => {
  await using visit = await rig.open('view=reports&report=usage')
  const { page } = visit
  await page.getByRole('article').waitFor()
  const refusal = { code: 'access.forbidden', title: 'Not allowed', status: 403, detail: 'You need `policy.view`.' }
  await page.route('**/api/audit/reports/access-review?*', (route) =>
    route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify(refusal) }),
  )
  await rig.go(page, 'view=reports&report=access-review')
  await page.getByText('You may not see the report “Access review”').waitFor()
  rig.expectCalm(visit, /403/)
})

test('on paper there is the report, all of its rows, and nothing else', async () => {
  await using visit = await rig.open('view=reports&report=permission-changes')
  const { page } = visit
  await page.getByRole('table', { name: 'People, groups and keys' }).waitFor()
  await page.evaluate(`window.print = () => document.body.setAttribute('data-printed', '')`)
  await button(page, 'Print').click()
  await page.locator('body[data-printed]').waitFor()
  await page.emulateMedia({ media: 'print' })
  expect(await page.getByRole('button', { name: /^Show .* more/ }).count()).toBe(0)
  for (const gone of ['.side-bar', '.audit-views', '.report-controls', '.report-actions'])
    expect([gone, await page.locator(gone).isVisible()]).toEqual([gone, false])
  expect(await page.locator('.report-pin').isVisible()).toBe(true)
  rig.expectCalm(visit)
})
