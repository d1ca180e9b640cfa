/**
 * The console’s page of the audit log in a real Chromium, over a server with a week of a small company in its log:
 * searching, the chart, one entry, groups, and how it looks and is used. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Locator, Page } from 'playwright-core'
import { findOverflow, openBrowser, type TestBrowser } from './browser.ts'
import { until } from './harness.ts'
import { openAuditRig, rows, type AuditRig } from './kit/audit-page.ts'
import { expectWell } from './kit/expect-well.ts'
import { button, dialog } from './kit/models-page.ts'
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

const idOf = (name: string) => rig.people.get(name)?.id ?? ''
const list = (page: Page) => page.getByRole('group', { name: 'Entries' })
/** The count above the chart, whole: “58 entries” is in “158 entries” too. */
const totalOf = (page: Page, count: number): Locator =>
  page.locator('.audit-totals').getByText(counted(count), { exact: true })
const totals = async (page: Page) => (await page.locator('.audit-totals strong').textContent()) ?? ''
const counted = (count: number) =>
  `${new Intl.NumberFormat('en-GB').format(count)} ${count === 1 ? 'entry' : 'entries'}`

/** What the log itself says of a question. */
async function ask(query: string): Promise<{ total: number; seqs: number[] }> {
  const owner = rig.team.owner
  const [page, summary] = await Promise.all([
    take<{ entries: { seq: number }[] }>(owner.call(`/api/audit/events?fresh=true&limit=500&${query}`)),
    take<{ rows: { count: number }[] }>(owner.call(`/api/audit/summary?fresh=true&${query}`)),
  ])
  return { total: summary.rows.reduce((sum, { count }) => sum + count, 0), seqs: page.entries.map(({ seq }) => seq) }
}

async function seqsShown(page: Page): Promise<number[]> {
  const hrefs = await rows(page).evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''))
  return hrefs.map((href) => Number(/entry=(\d+)/.exec(href)?.[1]))
}

describe('searching', () => {
  test('finds what the log has, by filters that stand in the address and come back with it', async () => {
    await using visit = await rig.open('range=all')
    const { page } = visit
    await list(page).waitFor()
    await page.getByRole('checkbox', { name: 'Refused' }).check()
    await page.getByRole('checkbox', { name: 'Permissions' }).check()
    await page.getByRole('combobox', { name: 'Who' }).fill('ben')
    await page.getByRole('option', { name: 'Ben Okafor' }).waitFor()
    await page.keyboard.press('Enter')
    const query = `outcome=refused&category=permission&actor=${idOf('Ben Okafor')}`
    const { total, seqs } = await ask(query)
    expect(total).toBeGreaterThan(20)
    await totalOf(page, total).waitFor()
    expect(new URL(page.url()).hash).toBe(
      `#/audit?range=all&category=permission&outcome=refused&actor=${idOf('Ben Okafor')}`,
    )
    expect(await seqsShown(page)).toEqual(seqs.slice(0, 50))
    await button(page, 'More').click()
    await rows(page)
      .nth(Math.min(total, 100) - 1)
      .waitFor()
    expect(await seqsShown(page)).toEqual(seqs.slice(0, 100))
    await page.reload()
    await totalOf(page, total).waitFor()
    await page.goBack()
    await button(page, 'Remove Category: Permissions').waitFor()
    expect(await button(page, 'Remove Who: Ben Okafor').count()).toBe(0)
    rig.expectCalm(visit)
  })

  test('by a type and by words, each sent once when it is whole', async () => {
    await using visit = await rig.open('range=all')
    const { page, requests } = visit
    await list(page).waitFor()
    const asked = () => requests.filter((url) => url.includes('/api/audit/events?')).length
    const before = asked()
    await page.getByRole('textbox', { name: 'Words' }).pressSequentially('qwen3-8b')
    expect(asked()).toBe(before)
    await page.keyboard.press('Enter')
    await button(page, 'Remove Words: qwen3-8b').waitFor()
    await page.getByRole('combobox', { name: 'What' }).fill('chat.comp')
    await page.keyboard.press('Enter')
    await button(page, 'Remove What: Chatted with a model').waitFor()
    const { total } = await ask('q=qwen3-8b&type=chat.completed&outcome=failed')
    await totalOf(page, total).waitFor()
    expect(asked()).toBe(before + 2)
    await button(page, 'Clear all').click()
    await totalOf(page, total).waitFor({ state: 'detached' })
    expect(new URL(page.url()).hash).toBe('#/audit?range=all')
    rig.expectCalm(visit)
  })

  test('says that nothing is found, and leads out of it', async () => {
    await using visit = await rig.open('range=hour&q=lighthouse')
    const { page } = visit
    await page.getByRole('heading', { name: 'No entry is like this' }).waitFor()
    await expectWell(page, 'nothing found')
    await button(page, 'Remove the filters').click()
    await list(page).waitFor()
    rig.expectCalm(visit)
  })

  test('of a time of one’s own is to the minute, and wrong the wrong way round', async () => {
    await using visit = await rig.open('range=week')
    const { page } = visit
    await page.getByLabel('Time').selectOption({ label: 'From … to …' })
    await page.getByLabel('From', { exact: true }).fill('2026-01-02T10:00')
    await page.getByLabel('To', { exact: true }).fill('2026-01-02T09:00')
    await page.getByRole('alert').filter({ hasText: 'Must be later' }).waitFor()
    expect(await button(page, 'Show this time').isDisabled()).toBe(true)
    await page.getByLabel('To', { exact: true }).fill('2026-01-02T11:30')
    await button(page, 'Show this time').click()
    await page.getByRole('heading', { name: 'Nothing was recorded in this time' }).waitFor()
    expect(decodeURIComponent(page.url())).toEndWith('#/audit?from=2026-01-02T10:00Z&to=2026-01-02T11:30Z')
    rig.expectCalm(visit)
  })

  test('shows a failure of the server with a way to try again', async () => {
    await using visit = await rig.open('view=live')
    const { page } = visit
    await page.route('**/api/audit/events?*', (route) => route.abort())
    await rig.go(page, 'range=week')
    await page.getByRole('alert').filter({ hasText: 'The server does not answer' }).waitFor()
    await page.unroute('**/api/audit/events?*')
    await button(page, 'Try again').click()
    await list(page).waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
    rig.expectCalm(visit, /ERR_FAILED/)
  })

  test('tells how many came since, and not of its own looks', async () => {
    await using visit = await rig.open('range=week')
    const { page } = visit
    const tail = page.waitForResponse((reply) => reply.url().includes('/api/audit/stream'))
    await list(page).waitFor()
    await tail
    const before = await rows(page).first().getAttribute('href')
    for (const note of ['Leave.md', 'On-call.md'])
      await rig.record({ type: 'note.read', actor: idOf('Ann Larsen'), fields: { note, vault: 'vault_x' } })
    await button(page, 'Show 2 new').waitFor()
    expect(await rows(page).first().getAttribute('href')).toBe(before)
    await button(page, 'Show 2 new').click()
    await rows(page).filter({ hasText: 'vault_x / On-call' }).first().waitFor()
    await button(page, 'Refresh').waitFor()
    await page.getByRole('checkbox', { name: 'Refresh by itself' }).check()
    await rig.record({ type: 'note.read', actor: idOf('Ann Larsen'), fields: { note: 'Seen.md', vault: 'vault_x' } })
    await rows(page).filter({ hasText: 'vault_x / Seen' }).waitFor()
    rig.expectCalm(visit)
  })
})

describe('the chart', () => {
  const slider = (page: Page) => page.getByRole('slider', { name: /Entries by/ })

  test('counts every entry, and has the same as a table', async () => {
    await using visit = await rig.open('range=week&outcome=failed')
    const { page } = visit
    await page.locator('.cairn-series-plot svg').waitFor()
    const total = Number((await totals(page)).split(' ')[0])
    await button(page, 'Show as a table').click()
    const cells = await page.locator('.cairn-series-table td[data-heading="Failed"]').allTextContents()
    expect(cells).toHaveLength(7)
    expect(cells.reduce((sum, cell) => sum + Number(cell), 0)).toBe(total)
    expect(total).toBeGreaterThan(20)
    rig.expectCalm(visit)
  })

  test('narrows the time to the bar that is pressed, by pointer and by keys, and back', async () => {
    await using visit = await rig.open('range=week')
    const { page } = visit
    await page.locator('.cairn-series-plot svg').waitFor()
    const over = page.locator('.cairn-plot-area')
    const box = (await over.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    const third = { x: box.x + (box.width * 2.5) / 7, y: box.y + box.height - 8 }
    await page.mouse.move(third.x, third.y)
    const said = (await page.locator('.cairn-series-readout').textContent()) ?? ''
    await page.mouse.click(third.x, third.y)
    await slider(page).and(page.getByLabel('Entries by hour: point in time')).waitFor()
    const [, day = '', count = ''] = /^(.+?): ([\d,]+) entr/.exec(said) ?? []
    expect(await totals(page)).toStartWith(`${count} entr`)
    const [from = '', to = ''] = [...decodeURIComponent(page.url()).matchAll(/(?:from|to)=([^&]+)/g)].map(
      ([, at]) => at,
    )
    expect(Date.parse(to) - Date.parse(from)).toBe(86_400_000)
    expect(
      new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(Date.parse(from)),
    ).toBe(day)
    // Where the names of the days stand there is no bar.
    await page.mouse.click(box.x + 10, box.y + box.height + 14)
    await slider(page).focus()
    await page.keyboard.press('Home')
    for (let hour = 0; hour < 9; hour++) await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await until('an hour is shown', () => /from=[^&]*T09/.test(decodeURIComponent(page.url())))
    await page.getByRole('heading', { name: 'Activity' }).waitFor()
    await slider(page).waitFor({ state: 'detached' })
    await page.goBack()
    await page.goBack()
    await page.getByLabel('Entries by day: point in time').waitFor()
    expect(new URL(page.url()).hash).toBe('#/audit?range=week')
    rig.expectCalm(visit)
  })
})

describe('one entry', () => {
  test('opens from its row and by its address, with the parts, the call and what the request left beside it', async () => {
    await using visit = await rig.open('range=week&type=question.asked')
    const { page } = visit
    const row = rows(page).first()
    await row.focus()
    await page.keyboard.press('Enter')
    await dialog(page).getByRole('heading', { name: 'Asked a question' }).waitFor()
    await dialog(page).getByRole('heading', { name: 'Of the same request' }).waitFor()
    for (const text of ['Handbook', 'gpt-4o', 'outside this machine', '10.1.4.23', 'req_asked', 'It can be read until'])
      await dialog(page)
        .getByText(text, { exact: text.length < 12 })
        .first()
        .waitFor()
    await expectWell(page, 'an entry')
    const address = page.url()
    await dialog(page).getByText('Was about to send text out').click()
    await dialog(page).getByRole('heading', { name: 'Was about to send text out' }).waitFor()
    await page.goBack()
    await dialog(page).getByRole('heading', { name: 'Asked a question' }).waitFor()
    await page.keyboard.press('Escape')
    await dialog(page).waitFor({ state: 'detached' })
    expect(await page.evaluate<boolean>(`document.activeElement.matches('a.audit-row')`)).toBe(true)
    await page.goto('about:blank')
    await page.goto(address)
    await dialog(page).getByRole('link', { name: 'Ann Larsen', exact: true }).click()
    await button(page, 'Remove Who: Ann Larsen').waitFor()
    rig.expectCalm(visit)
  })

  test('of an erased person names nobody, and says what became of it', async () => {
    await using visit = await rig.open('range=week&type=note.read')
    const { page } = visit
    await rows(page).filter({ hasText: 'erased person' }).first().click()
    await dialog(page).getByText('Its key is destroyed').waitFor()
    await dialog(page).getByText('the second is forgotten').waitFor()
    expect(await dialog(page).getByText('erased', { exact: true }).count()).toBe(2)
    expect(await page.content()).not.toContain(idOf('Femi Adeyemi'))
    rig.expectCalm(visit)
  })

  test('that is not there says so', async () => {
    await using visit = await rig.open('entry=99999999')
    await dialog(visit.page).getByRole('heading', { name: 'There is no entry 99999999' }).waitFor()
    await rig.go(visit.page, 'entry=-1')
    expect(await dialog(visit.page).count()).toBe(0)
    rig.expectCalm(visit, /404/)
  })
})

describe('groups', () => {
  test('count by any two dimensions, and lead to their entries', async () => {
    await using visit = await rig.open('view=groups&range=all')
    const { page } = visit
    const table = page.getByRole('table', { name: 'Groups' })
    await table.waitFor()
    await page.getByLabel('By', { exact: true }).selectOption({ label: 'Who' })
    await page.getByLabel('And by').selectOption({ label: 'Model' })
    const row = table.getByRole('row').filter({ hasText: 'Cleo Martins' }).filter({ hasText: 'gpt-4o-mini' })
    await row.waitFor()
    const shown = (await row.getByRole('link').textContent()) ?? ''
    expect(Number(shown)).toBe((await ask(`actor=${idOf('Cleo Martins')}&model=gpt-4o-mini`)).total)
    await table.getByRole('row').filter({ hasText: 'erased person' }).first().waitFor()
    await row.getByRole('link').click()
    await totalOf(page, Number(shown)).waitFor()
    expect(page.url()).toContain('model=gpt-4o-mini')
    await page.goBack()
    await row.waitFor()
    rig.expectCalm(visit)
  })
})

describe('every look', () => {
  const views = [
    'range=week',
    'view=groups&range=week&by=actor,type',
    'view=live',
    'from=2026-01-01T00:00Z&category=auth',
  ]

  test('is well in light and dark, on a desktop, a tablet and a phone of 360', async () => {
    for (const options of [
      { width: 1_280, height: 800, theme: 'light', isHeard: true },
      { width: 1_920, height: 1_000, theme: 'dark', isHeard: false },
      { width: 768, height: 1_024, theme: 'light', isHeard: false },
      { width: 360, height: 740, theme: 'dark', phone: true, isHeard: true },
    ] as const) {
      await using visit = await rig.open('', options)
      const { page } = visit
      for (const view of views) {
        await rig.go(page, view)
        await page.locator('.audit-main h2').first().waitFor()
        const fold = page.getByRole('button', { name: /^Filters/ })
        if ((await fold.count()) > 0 && (await fold.getAttribute('aria-expanded')) === 'false') await fold.click()
        await page.waitForTimeout(200)
        const name = `${view} at ${options.width} ${options.theme}`
        expect([name, await findOverflow(page)]).toEqual([name, []])
        if (options.isHeard) await expectWell(page, name)
      }
      rig.expectCalm(visit)
    }
  })

  test('is used with the keyboard alone: filter, walk the list, open, close, change the view', async () => {
    await using visit = await rig.open('range=week')
    const { page } = visit
    await list(page).waitFor()
    await page.getByRole('textbox', { name: 'Words' }).focus()
    await tabTo(page, 'Failed')
    await page.keyboard.press('Space')
    await button(page, 'Remove Outcome: Failed').waitFor()
    expect(await page.evaluate<string>('document.activeElement.labels[0].textContent')).toBe('Failed')
    await page.locator('.audit-found:not(.is-old)').waitFor()
    await rows(page).first().focus()
    await page.keyboard.press('ArrowDown')
    const second = await rows(page).nth(1).getAttribute('href')
    expect(await page.evaluate<string>(`document.activeElement.getAttribute('href')`)).toBe(second ?? '')
    await page.keyboard.press('Enter')
    await dialog(page).getByRole('heading', { level: 2 }).first().waitFor()
    await page.keyboard.press('Escape')
    await dialog(page).waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Groups' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('table', { name: 'Groups' }).waitFor()
    expect(page.url()).toContain('outcome=failed')
    rig.expectCalm(visit)
  })
})

/** Presses Tab until the field or button with this name has the focus, at most 60 times. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let pressed = 0; pressed < 60; pressed++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate<string>(
      `(document.activeElement.labels?.[0] ?? document.activeElement).textContent ?? ''`,
    )
    if (focused === name) return
  }
  throw new Error(`“${name}” is not reached with Tab`)
}
