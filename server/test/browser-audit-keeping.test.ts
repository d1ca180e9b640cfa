/**
 * What keeps the audit log, in a real Chromium: Export and Retention as an owner, an auditor and a member see them, and
 * how all of it looks. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { AuditEntryView } from '@cairn/contract'
import type { Page, Route } from 'playwright-core'
import { readTar } from '../src/audit/archive/tar.ts'
import { verifyArchive } from '../src/audit/archive/verify-archive.ts'
import { leafHash } from '../src/audit/tree/merkle.ts'
import { followProof, parseProof } from '../src/audit/tree/tlog-proof.ts'
import { openBrowser, type TestBrowser } from './browser.ts'
import { until } from './harness.ts'
import { download, entriesFor, status } from './kit/audit-page.ts'
import { expectWell } from './kit/expect-well.ts'
import { openKeepingRig, type KeepingRig } from './kit/keeping-page.ts'
import { button, dialog } from './kit/models-page.ts'
import { take } from './kit/team.ts'

setDefaultTimeout(120_000)

let browser: TestBrowser
let rig: KeepingRig

beforeAll(async () => {
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
  rig = await openKeepingRig(browser)
}, 90_000)

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await browser[Symbol.asyncDispose]()
})

const owner = () => rig.team.owner
const entriesOf = (query: string) => entriesFor(owner(), query)
const textOf = async (path: string) => (await owner().call(path)).text()

describe('Export', () => {
  const count = (page: Page) => page.locator('.audit-export-foot p')

  test('takes the filters of the search, says how many entries it is, and gives just these', async () => {
    await using visit = await rig.open('range=all&category=content&outcome=ok')
    const { page } = visit
    await page.getByRole('link', { name: 'Export these' }).click()
    await page.getByText('An export does not take: Outcome').waitFor()
    const { length } = await entriesOf('category=content')
    await count(page)
      .filter({ hasText: `${length} entries` })
      .waitFor()
    const lines = await download(page, () => button(page, 'Export').click())
    expect(lines.name).toMatch(/^cairn-audit-\d+\.jsonl$/)
    const entries = (await readFile(lines.path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditEntryView)
    expect(entries).toHaveLength(length)
    expect(new Set(entries.map(({ category }) => category))).toEqual(new Set(['content']))
    await status(page, lines.name).waitFor()
    await page.getByLabel('Format').selectOption({ label: 'CSV' })
    await page.getByRole('checkbox', { name: 'Notes' }).uncheck()
    await page.getByRole('checkbox', { name: 'Permissions' }).check()
    const csv = await download(page, () => button(page, 'Export').click())
    expect((await readFile(csv.path, 'utf8')).split('\n')[0]).toContain('seq')
    await page.getByRole('link', { name: 'entries of this export' }).click()
    await page.locator('a.audit-row').nth(1).waitFor()
    expect(await page.locator('a.audit-row').count()).toBe(2)
    rig.expectCalm(visit)
  })

  test('as archive verifies without the server, and as proofs each leads to the checkpoint', async () => {
    await using visit = await rig.open('view=export&range=all&type=key.created', { name: 'Audrey Bell' })
    const { page } = visit
    await page.getByLabel('Format').selectOption({ label: 'Proofs' })
    const { length } = await entriesOf('type=key.created')
    await count(page)
      .filter({ hasText: `${length} entries` })
      .waitFor()
    const proofs = await download(page, () => button(page, 'Export').click())
    let found = 0
    for await (const { name, content } of readTar(createReadStream(proofs.path))) {
      const proof = name.startsWith('proofs/') ? parseProof(Buffer.from(content).toString()) : null
      if (proof && followProof(proof, leafHash(proof.extra ?? ''))) found++
    }
    expect(found).toBe(length)
    await page.getByLabel('Format').selectOption({ label: 'Archive' })
    await count(page).filter({ hasText: 'The whole log' }).waitFor()
    // Who may not read logged texts is not asked about them.
    expect(await page.getByRole('checkbox', { name: /names of notes/ }).count()).toBe(0)
    const archive = await download(page, () => button(page, 'Export').click())
    const key = await textOf('/api/audit/key')
    expect((await verifyArchive({ open: () => createReadStream(archive.path), key })).ok).toBe(true)
    await expectWell(page, 'exported')
    rig.expectCalm(visit)
  })

  test('is cancelled without a file, and one that is refused or broken off says so', async () => {
    await using visit = await rig.open('view=export&range=all')
    const { page } = visit
    await count(page).filter({ hasText: 'entries' }).waitFor()
    let held: Route | null = null
    await page.route('**/api/audit/export?*', (route) => void (held = route))
    await button(page, 'Export').click()
    await page.getByRole('progressbar', { name: 'Exporting' }).waitFor()
    await until('it is asked', () => held !== null)
    await button(page, 'Cancel').click()
    await status(page, 'Cancelled; no file was kept').waitFor()
    await page.unroute('**/api/audit/export?*')
    await page.route('**/api/audit/export?*', (route) => route.abort())
    await button(page, 'Export').click()
    await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor()
    rig.expectCalm(visit, /ERR_FAILED/)
  })

  test('lists receivers with what is wrong and their receipts', async () => {
    await using visit = await rig.open('view=export', { name: 'Audrey Bell' })
    const { page } = visit
    const row = (name: string) =>
      page.getByRole('table', { name: 'Receivers' }).getByRole('row').filter({ hasText: name })
    await row('siem').filter({ hasText: 'Delivers' }).waitFor()
    await row('archive-server').filter({ hasText: 'Fails' }).filter({ hasText: 'upstream.unreachable' }).waitFor()
    const sent = [50, 3].map((length, at) =>
      Array.from({ length }, (_, place) => {
        const first = 5_000 - at * 500 - place * 10
        return { first, last: first + 9, entries: 10, bytes: 4_000, sha256: 'a'.repeat(64), at: 1_795_000_000_000 }
      }),
    )
    await page.route('**/api/audit/sinks/siem/receipts?*', (route) => {
      const isFirst = route.request().url().includes('before=9000000000000000&')
      return route.fulfill({ json: { receipts: sent[isFirst ? 0 : 1], next: isFirst ? 4_510 : null } })
    })
    await button(page, 'Receipts of siem').click()
    await dialog(page).getByRole('table', { name: 'Receipts' }).waitFor()
    await button(dialog(page), 'Older').click()
    await until('more are shown', async () => (await dialog(page).locator('tbody tr').count()) === 53)
    expect(await button(dialog(page), 'Older').count()).toBe(0)
    await expectWell(page, 'receipts')
    await page.keyboard.press('Escape')
    await button(page, 'Receipts of archive-server').click()
    await dialog(page).getByText('It has taken nothing yet.').waitFor()
    rig.expectCalm(visit)
  })
})

describe('Retention', () => {
  test('owners set horizons within their bounds', async () => {
    await using visit = await rig.open('view=retention')
    const { page } = visit
    await button(page, 'Change Tools').click()
    const people = dialog(page).getByLabel('What names people, months')
    const entry = dialog(page).getByLabel('The entry itself, months')
    await people.fill('0')
    await entry.fill('241')
    await button(dialog(page), 'Save').click()
    expect(await dialog(page).getByText('Whole months from 1 to 240.').count()).toBe(2)
    await people.fill('14')
    await entry.fill('13')
    await button(dialog(page), 'Save').click()
    await dialog(page).getByText('Not longer than the entry itself.').waitFor()
    await people.fill('2')
    await dialog(page).getByText('This is shorter than before.').waitFor()
    await expectWell(page, 'a horizon')
    await button(dialog(page), 'Save').click()
    await dialog(page).waitFor({ state: 'detached' })
    const row = page.getByRole('row').filter({ hasText: 'Tools' })
    await row.filter({ hasText: '2 months' }).filter({ hasText: 'default 3' }).waitFor()
    expect((await entriesOf('type=retention.changed'))[0]?.fields['categories']).toEqual(['tool 3/13 to 2/13'])
    rig.expectCalm(visit)
  })

  test('a hold is placed with a reason, keeps what it covers, and is released with one', async () => {
    await using visit = await rig.open('view=retention')
    const { page } = visit
    await button(page, 'Place a hold').click()
    await button(dialog(page), 'Place the hold').click()
    await dialog(page).getByText('Say what is held').waitFor()
    await dialog(page).getByText('Say why; the log keeps it.').waitFor()
    await dialog(page).getByRole('combobox', { name: 'Person' }).fill('cleo')
    await page.getByRole('option', { name: 'Cleo Martins' }).click()
    await dialog(page).getByLabel('Category').selectOption({ label: 'Notes' })
    await dialog(page).getByLabel('From month').fill('2026-13')
    await dialog(page).getByLabel('Why').fill('Case 7, asked for by counsel')
    await button(dialog(page), 'Place the hold').click()
    await dialog(page).getByText('A month, such as 2026-11.').waitFor()
    await expectWell(page, 'placing a hold')
    await dialog(page).getByLabel('From month').fill('2026-05')
    await button(dialog(page), 'Place the hold').click()
    await dialog(page).waitFor({ state: 'detached' })
    const row = page.getByRole('row').filter({ hasText: 'Cleo Martins, Notes, from May 2026' })
    await row.filter({ hasText: 'Case 7, asked for by counsel' }).waitFor()
    await button(row, 'Release Cleo Martins, Notes, from May 2026').click()
    await button(dialog(page), 'Release').click()
    await dialog(page).getByText('Say why; the log keeps it.').waitFor()
    await dialog(page).getByLabel('Why it is needed no more').fill('Case 7 is closed')
    await button(dialog(page), 'Release').click()
    const released = page.getByRole('table', { name: 'Released holds' }).getByRole('row')
    await released.filter({ hasText: 'Case 7 is closed' }).waitFor()
    await page.getByRole('heading', { name: 'Nothing is held' }).waitFor()
    await released.getByRole('link', { name: 'released' }).click()
    await dialog(page).getByRole('heading', { name: 'Released a legal hold' }).waitFor()
    rig.expectCalm(visit)
  })

  test('what is due is listed, and goes after a look at the counts; its entries are one step away', async () => {
    await rig.makeDue()
    const hold = await rig.placeHold({ category: 'model', reason: 'Case 8' })
    await using visit = await rig.open('view=retention')
    const { page } = visit
    const row = (name: string) =>
      page.getByRole('table', { name: 'Months that are due' }).getByRole('row').filter({ hasText: name })
    await row('Notes').waitFor()
    expect(await row('Notes').locator('td').allTextContents()).toEqual([
      expect.stringMatching(/^Notes, /),
      '8',
      '0',
      '8',
    ])
    expect(await row('Models').locator('td').allTextContents()).toEqual([
      expect.stringMatching(/^Models, /),
      '4',
      '4',
      '0',
    ])
    await button(page, 'Let it go now').click()
    await dialog(page).getByText('8 parts that name people, of 2 months').waitFor()
    await dialog(page).getByText('4 parts can still be read').waitFor()
    await expectWell(page, 'before it goes')
    await button(dialog(page), 'Cancel').click()
    expect((await entriesOf('type=retention.run')).length).toBe(0)
    await button(page, 'Let it go now').click()
    await button(dialog(page), 'Let go').click()
    await status(page, 'Gone: 8 parts of 2 months').waitFor()
    await page.getByText('Nothing is due.').waitFor()
    await page.getByRole('link', { name: 'What the log says of it' }).click()
    for (const text of ['Shredded old parts', 'Let go what was due'])
      await page.locator('a.audit-row').filter({ hasText: text }).waitFor()
    await take(owner().send(`/api/audit/holds/${hold.id}/release`, { reason: 'Case 8 is closed' }))
    rig.expectCalm(visit)
  })

  test('an auditor reads all of it and is offered no change', async () => {
    await rig.placeHold({ category: 'auth', from: '2026-01', to: '2026-01', reason: 'Case 9' })
    await rig.makeDue()
    await using visit = await rig.open('view=retention', { name: 'Audrey Bell' })
    const { page } = visit
    await page.getByRole('row').filter({ hasText: 'Sign-in, in January 2026' }).filter({ hasText: 'Case 9' }).waitFor()
    await page.getByRole('table', { name: 'Months that are due' }).waitFor()
    for (const name of ['Let it go now', 'Place a hold', /^Change/, /^Release/])
      expect(await page.getByRole('button', { name }).count()).toBe(0)
    const audrey = rig.people.get('Audrey Bell')
    expect((await audrey?.send('/api/audit/retention/run'))?.status).toBe(403)
    rig.expectCalm(visit)
  })

  test('a member has none of these views', async () => {
    for (const view of ['integrity', 'export', 'retention']) {
      await using visit = await rig.open(`view=${view}`, { name: 'Ann Larsen' })
      const { page, requests } = visit
      expect(await page.locator('.audit-sections').count()).toBe(0)
      expect(requests.filter((url) => url.includes('/api/audit/'))).toEqual([])
      rig.expectCalm(visit)
    }
  })
})

describe('every look', () => {
  test('is well in light and dark, on a desktop, a tablet and a phone of 360', async () => {
    await rig.placeHold({
      person: rig.people.get('Ben Okafor')?.id,
      reason: `A long reason. ${'It goes on and on. '.repeat(12)}`,
    })
    for (const options of [
      { width: 1_280, height: 800, theme: 'light' },
      { width: 768, height: 1_024, theme: 'dark' },
      { width: 360, height: 740, theme: 'dark', phone: true },
    ] as const) {
      await using visit = await rig.open('', options)
      const { page } = visit
      for (const view of ['view=integrity', 'view=export&range=week', 'view=retention']) {
        await rig.go(page, view)
        await page.locator('.audit-sections h2').nth(1).waitFor()
        await page.waitForTimeout(200)
        await expectWell(page, `${view} ${options.width} ${options.theme}`)
      }
      rig.expectCalm(visit)
    }
  })

  test('is used with the keyboard alone', async () => {
    await using visit = await rig.open('view=retention')
    const { page } = visit
    await button(page, 'Change Tools').focus()
    await page.keyboard.press('Enter')
    await dialog(page).waitFor()
    await page.keyboard.press('Escape')
    await dialog(page).waitFor({ state: 'detached' })
    expect(await page.evaluate<string>(`document.activeElement.getAttribute('aria-label')`)).toBe('Change Tools')
    await page.getByRole('link', { name: 'Integrity' }).focus()
    await page.keyboard.press('Enter')
    await button(page, 'Verify the log').focus()
    await page.keyboard.press('Enter')
    await status(page, 'The log is whole').waitFor()
    rig.expectCalm(visit)
  })
})
