/**
 * The console's page of the cache in a real Chromium against the real program: numbers that follow what is asked, the
 * chart for eyes, ears and keyboard, and purging with its receipt. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cacheStatsSchema } from '@cairn/contract'
import type { Page } from 'playwright-core'
import { findOverflow, openBrowser, type TestBrowser, type Visit, type VisitOptions } from './browser.ts'
import { pause, startServer, until, type RunningServer } from './harness.ts'

let server: RunningServer
let browser: TestBrowser

beforeAll(async () => {
  server = await startServer({ env: { CAIRN_MODEL: 'extractive' } })
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
}, 60_000)
afterAll(async () => {
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const question = 'How long did our most recent recovery drill last?'
const stats = async () => cacheStatsSchema.parse(await (await server.call('/api/cache/stats')).json())
const cacheStatus = async () => (await server.ask({ question })).receipt.cache.status

async function openCache(options?: VisitOptions): Promise<Visit> {
  const visit = await browser.visit(options)
  const link = (await (await server.post('/auth/links', undefined)).json()) as { url: string }
  await visit.page.goto(link.url)
  await visit.page.getByRole('textbox', { name: 'Question' }).waitFor()
  await visit.page.goto(`${server.url}/#/cache`)
  await visit.page.getByRole('heading', { name: 'Tiers' }).waitFor()
  return visit
}

/** Nothing was asked of another machine, and nothing went wrong in the page. */
function expectCalm({ requests, problems }: Visit, expected: RegExp = /(?!)/): void {
  expect(requests.filter((url) => !url.startsWith(`${server.url}/`))).toEqual([])
  expect(problems.filter((problem) => !expected.test(problem))).toEqual([])
}

/** Whether bars stand in the plot, in the colour that the legend has for their series. */
function isDrawn(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(`(() => {
    const bars = document.querySelector('.cairn-plot-bars.is-1')
    const wanted = getComputedStyle(document.querySelector('.cairn-series-swatch')).backgroundColor
    return bars !== null && bars.getBBox().height > 1 && getComputedStyle(bars).fill === wanted
  })()`)
}

const slider = (page: Page) => page.getByRole('slider', { name: /Share of reads answered from the cache/ })
const dialog = (page: Page) => page.getByRole('dialog')

async function openPurge(page: Page, what: string): Promise<void> {
  await page.getByRole('button', { name: 'Purge' }).click()
  await dialog(page).getByLabel('What').selectOption({ label: what })
}

const submitPurge = (page: Page) => dialog(page).getByRole('button', { name: 'Purge' }).click()

describe('the numbers', () => {
  test('are those of the server, and follow what is asked while the page is open', async () => {
    await server.ask({ question })
    await server.ask({ question })
    await using visit = await openCache()
    const { page } = visit
    const reads = async () =>
      Number(
        /of ([\d,]+) reads?/
          .exec((await page.locator('.card-row').first().textContent()) ?? '')?.[1]
          ?.replaceAll(',', '') ?? 0,
      )
    const before = await reads()
    expect(before).toBeGreaterThan(0)
    const tiers = page.locator('.card', { has: page.getByRole('heading', { level: 3 }) })
    expect(await tiers.count()).toBe(3)
    expect(await tiers.nth(0).textContent()).toMatch(/^MemoryOn.* of .*entr/)
    await page.getByText('In step with the log').waitFor()
    await server.ask({ question })
    await until('the page counts the new reads', async () => (await reads()) > before)
    const { namespaces } = await stats()
    for (const { hits } of namespaces.filter(({ name }) => name === 'answers')) {
      const row = page.getByRole('row', { name: /Answers from notes/ })
      expect(await row.textContent()).toContain(String(hits.memory + hits.disk + hits.shared))
    }
    expectCalm(visit)
  })

  test('are not asked for while the page cannot be seen, and at once when it can again', async () => {
    await using visit = await openCache()
    const { page, requests } = visit
    const asked = () => requests.filter((url) => url.includes('/api/cache/stats')).length
    const show = (state: string) =>
      page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`)
    await show('hidden')
    const before = asked()
    await pause(5_000)
    expect(asked()).toBe(before)
    await show('visible')
    await until('the numbers are asked for', () => asked() > before, 2_000)
  }, 20_000)
})

describe('the chart', () => {
  test('is drawn in the colours of its legend, in light and in dark, and again when the theme changes', async () => {
    await server.ask({ question })
    await server.ask({ question })
    await using visit = await openCache({ theme: 'dark' })
    const { page } = visit
    await page.locator('.cairn-series-plot svg').waitFor()
    await until('the dark bars are drawn', () => isDrawn(page))
    const dark = await page.evaluate<string>(
      `getComputedStyle(document.querySelector('.cairn-series-swatch')).backgroundColor`,
    )
    await page.getByRole('button', { name: 'Light', exact: true }).click()
    await until('the light bars are drawn', () => isDrawn(page))
    expect(
      await page.evaluate<string>(`getComputedStyle(document.querySelector('.cairn-series-swatch')).backgroundColor`),
    ).not.toBe(dark)
    expectCalm(visit)
  })

  test('is read with the arrow keys, and as a table', async () => {
    await server.ask({ question })
    await using visit = await openCache()
    const { page } = visit
    await page.locator('.cairn-series-plot svg').waitFor()
    const said = async () => (await slider(page).getAttribute('aria-valuetext')) ?? ''
    expect(await said()).toMatch(/^\d\d:\d\d: \d+\s% of \d+ reads?/)
    await slider(page).focus()
    await page.keyboard.press('Home')
    await until('the first minute is read', async () => (await slider(page).getAttribute('aria-valuenow')) === '0')
    expect(await said()).toMatch(/^\d\d:\d\d: nothing read$/)
    expect(await page.locator('.cairn-series-readout').textContent()).toBe(await said())
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowLeft')
    await until('the second is', async () => (await slider(page).getAttribute('aria-valuenow')) === '1')
    await page.keyboard.press('End')
    await until('the last is', async () => (await slider(page).getAttribute('aria-valuenow')) === '59')
    await page.getByRole('button', { name: 'Show as a table' }).click()
    const table = page.getByRole('table', { name: 'Share of reads answered from the cache' })
    expect(await table.getByRole('row').nth(1).textContent()).toMatch(/\d\d:\d\d.*\d+\s% of \d+ reads?/)
    await page.getByRole('button', { name: '24 hours' }).click()
    await page.getByText('in the last 24 hours').waitFor()
    await until('a day in quarters of an hour', async () => (await slider(page).getAttribute('aria-valuemax')) === '95')
    expectCalm(visit)
  })

  test('fits a phone, with its table and the purge open too', async () => {
    await using visit = await openCache({ width: 360, height: 740, phone: true })
    const { page } = visit
    await page.locator('.cairn-series-plot svg').waitFor()
    expect(await findOverflow(page)).toEqual([])
    await page.getByRole('button', { name: 'Show as a table' }).click()
    expect(await findOverflow(page)).toEqual([])
    await openPurge(page, 'All from a note')
    expect(await findOverflow(page)).toEqual([])
    expectCalm(visit)
  })
})

describe('a purge', () => {
  test('of one note shows the receipt of the log, and its answer is made anew', async () => {
    const { citations } = await server.ask({ question })
    expect(await cacheStatus()).toBe('hit')
    await using visit = await openCache()
    const { page } = visit
    await openPurge(page, 'All from a note')
    await submitPurge(page)
    await dialog(page).getByText('Pick a vault.').waitFor()
    await dialog(page).getByLabel('Vault').selectOption({ label: 'Example vault' })
    await dialog(page)
      .getByLabel('Note')
      .fill(citations[0]?.note ?? '')
    await dialog(page).getByLabel('Done when').selectOption({ label: 'No process serves old values any more' })
    await submitPurge(page)
    await page.getByRole('heading', { name: 'Purged' }).waitFor()
    const { log, nodes } = await stats()
    const receipt = (await dialog(page).textContent()) ?? ''
    expect(receipt).toContain(`note:${citations[0]?.vault}/${citations[0]?.note}`)
    expect(receipt).toContain(`number ${log.seq}`)
    expect(receipt).toContain(nodes[0]?.node ?? 'a node')
    await dialog(page).getByRole('button', { name: 'Done' }).click()
    expect(await cacheStatus()).toBe('miss')
    expectCalm(visit)
  })

  test('of everything asks first: going back changes nothing, going on drops all', async () => {
    await server.ask({ question })
    expect(await cacheStatus()).toBe('hit')
    const before = (await stats()).log.seq
    await using visit = await openCache()
    const { page } = visit
    await openPurge(page, 'Everything')
    await submitPurge(page)
    await page.getByRole('heading', { name: 'Purge everything?' }).waitFor()
    await dialog(page).getByRole('button', { name: 'Back' }).click()
    await page.getByRole('heading', { name: 'Purge the cache' }).waitFor()
    expect((await stats()).log.seq).toBe(before)
    expect(await cacheStatus()).toBe('hit')
    await submitPurge(page)
    await dialog(page).getByRole('button', { name: 'Purge everything' }).click()
    await page.getByRole('heading', { name: 'Purged' }).waitFor()
    expect((await stats()).log.seq).toBe(before + 1)
    await page.keyboard.press('Escape')
    await dialog(page).waitFor({ state: 'detached' })
    expect(await cacheStatus()).toBe('miss')
    expectCalm(visit)
  })

  test('of a scope that is none says so at the field and changes nothing', async () => {
    const before = (await stats()).log.seq
    await using visit = await openCache()
    const { page } = visit
    await openPurge(page, 'A scope of my own')
    await dialog(page).getByRole('textbox', { name: 'Scope' }).fill('vaults:x')
    await submitPurge(page)
    const alert = dialog(page).getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toContain('not a scope: "vaults:x"')
    expect((await stats()).log.seq).toBe(before)
    expectCalm(visit, /400/)
  })
})
