/**
 * The views Dashboard and Sources map of the Obsidian plugin, shipped files in a real Chromium, over a real server. Needs
 * CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { UsageReply } from '@cairn/contract'
import type { Page } from 'playwright-core'
import { openBrowser, type TestBrowser, type Visit } from './browser.ts'
import { until } from './harness.ts'
import { closeSettings, expectWell, openPluginRig, openSettings, type PluginRig } from './kit/plugin-host.ts'
import { take } from './kit/team.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

setDefaultTimeout(60_000)

let browser: TestBrowser
let upstream: Upstream
let rig: PluginRig

const holiday = 'How many days of holiday do I get, and can I take any into next year?'
const tern = 'How often does a Tern return to the bench?'

beforeAll(async () => {
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
  upstream = await startUpstream({ models: ['echo'] })
  rig = await openPluginRig(browser, {
    config: {
      upstreams: [
        {
          id: 'acme',
          dialect: 'openai',
          baseUrl: upstream.url,
          models: [{ id: 'echo', inputUsdPerMTok: 3, outputUsdPerMTok: 15 }],
        },
      ],
      models: { default: 'extractive' },
    },
  })
  const { owner } = rig.team
  await rig.team.ready()
  await owner.send('/api/budgets', { rules: [{ subject: { kind: 'all', id: '*' }, usdPerDay: 2 }] }, 'PUT')
  for (const question of [holiday, tern, holiday]) await owner.send('/v1/ask', { question, model: 'echo' })
  await rig.person.send('/v1/ask', { question: tern })
  // Calls that cost nothing wait a little for company before they are booked.
  await until('all are booked', async () => (await usage()).total.calls >= 4)
}, 90_000)

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await upstream.close()
  await browser[Symbol.asyncDispose]()
})

const usage = () => take<UsageReply>(rig.team.owner.call('/api/usage?by=hour'))
const card = (page: Page, title: string) => page.getByRole('region', { name: title, exact: true })
const nodes = (page: Page) => page.locator('.cairn-node')
const listed = (page: Page) => page.locator('.cairn-map .cairn-source strong')

async function openDashboard(page: Page): Promise<void> {
  expect(await rig.command(page, 'open-dashboard')).toBe(true)
  await card(page, 'Index').getByText('Ready').waitFor()
}

async function ask(page: Page, question: string): Promise<void> {
  await rig.command(page, 'open-ask')
  const box = page.getByRole('textbox', { name: 'Question' })
  await box.fill(question)
  // The view may take the focus elsewhere while it opens.
  await box.press('Enter')
  await page.locator('.cairn-turn.is-last[aria-busy=false]', { hasText: question }).waitFor()
}

const tile = async (page: Page, name: string) =>
  (await page
    .locator('.cairn-tiles > div', { has: page.locator('dt', { hasText: new RegExp(`^${name}$`) }) })
    .locator('.cairn-tile-number')
    .textContent()) ?? ''

const asked = ({ requests }: Visit, path: string) => requests.filter((url) => url.includes(path)).length

describe('the dashboard', () => {
  test('shows what the server counts, in charts that are read by keys and as tables', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page, rig.team.owner.key)
    await openDashboard(page)
    const { total } = await usage()
    expect(await tile(page, 'Answers')).toBe(String(total.calls))
    expect(await tile(page, 'From the cache')).toBe(`${Math.floor((total.cacheHits / total.calls) * 100)}\u00A0%`)
    expect(total.costUsd).toBeGreaterThan(0)
    await card(page, 'Usage').getByText('Everybody’s').waitFor()
    for (const name of ['Answers', 'Cost and what was saved', 'Time to the first word']) {
      const slider = page.getByRole('slider', { name: `${name}: point in time` })
      await card(page, name).locator('.cairn-plot-area').waitFor()
      await slider.focus()
      await page.keyboard.press('Home')
      await until('the first hour is read', async () => (await slider.getAttribute('aria-valuenow')) === '0')
      expect(await slider.getAttribute('aria-valuetext')).toMatch(/: (?:nothing asked|no model answered)$/)
      await page.keyboard.press('End')
      await until('the last is', async () => (await slider.getAttribute('aria-valuenow')) === '23')
      await card(page, name).getByRole('button', { name: 'Show as a table' }).click()
      expect(await page.getByRole('table', { name, exact: true }).getByRole('row').count()).toBeGreaterThan(0)
    }
    const meter = card(page, 'Budgets').getByRole('meter', { name: 'Everybody, today' })
    expect(await meter.getAttribute('aria-valuetext')).toMatch(/^\$1\.\d\d of \$2\.00 left$/)
    await card(page, 'Tokens by model').getByText('acme/echo').waitFor()
    await card(page, 'Models').getByText('In use').first().waitFor()
    await card(page, 'Cache by tier')
      .getByRole('slider', { name: /Share of reads/ })
      .waitFor()
    await page.getByRole('button', { name: '30 days' }).click()
    const days = page.getByRole('slider', { name: /^Answers/ })
    await until('by day', async () => (await days.getAttribute('aria-valuemax')) === '29')
    await expectWell(page, 'dashboard', '.cairn-page')
    rig.expectCalm(visit)
  })

  test('tells a member their own figures, and why the others are absent, and does not ask for these again', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await page.clock.install()
    await rig.connect(page)
    await ask(page, holiday)
    await openDashboard(page)
    await card(page, 'Usage').getByText('Yours').waitFor()
    const own = await take<UsageReply>(rig.person.call('/api/usage?by=hour'))
    expect(own.of).toBe('own')
    expect(own.total.calls).toBeLessThan((await usage()).total.calls)
    await card(page, 'Budgets').getByText('usage.read').waitFor()
    expect(await card(page, 'Budgets').getByRole('meter').count()).toBe(0)
    await card(page, 'Cache by tier').getByText('cache.read').waitFor()
    await card(page, 'Cache by tier').getByText('1 of 1').waitFor()
    expect(await card(page, 'Tokens by model').count()).toBe(0)
    const before = asked(visit, '/api/usage?by=hour')
    await page.clock.fastForward(61_000)
    await until('it is asked again', () => asked(visit, '/api/usage?by=hour') > before)
    expect(asked(visit, '/api/cache/stats')).toBe(1)
    expect(asked(visit, '/api/budgets')).toBe(1)
    // A question of before stands in the box again, and is not sent.
    const sent = asked(visit, '/v1/ask')
    await card(page, 'Recent questions').getByRole('button', { name: holiday }).click()
    await until(
      'it stands in the box',
      async () => (await page.getByRole('textbox', { name: 'Question' }).inputValue()) === holiday,
    )
    expect(asked(visit, '/v1/ask')).toBe(sent)
    await card(page, 'Recent questions').getByRole('button', { name: 'Forget these questions' }).click()
    await page.locator('.modal').getByRole('button', { name: 'Forget' }).click()
    await card(page, 'Recent questions').getByText('What is asked on this device is listed here').waitFor()
    expect(await page.evaluate(`app.loadLocalStorage('cairn-recent-answers')`)).toBeNull()
    rig.expectCalm(visit, /403 \(Forbidden\)/)
  })

  test('asks nothing while another tab is in front, and at once when it is back', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await page.clock.install()
    await rig.connect(page, rig.team.owner.key)
    await openDashboard(page)
    await page.evaluate(`app.workspace.openLinkText('Handbook/Travel policy', '', 'tab')`)
    await page.locator('.cairn-page').waitFor({ state: 'hidden' })
    const before = asked(visit, '/api/usage')
    await page.clock.fastForward(600_000)
    expect(asked(visit, '/api/usage')).toBe(before)
    expect(await rig.command(page, 'open-dashboard')).toBe(true)
    await until('the figures are asked for', () => asked(visit, '/api/usage') > before)
    rig.expectCalm(visit)
  })

  test('without a server, with one that is gone, and with a part that fails says so and keeps what it knows', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.command(page, 'open-dashboard')
    await page.getByText('No figures without the server').waitFor()
    await expectWell(page, 'no server', '.cairn-page')
    const open = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }
    await page.route(/\/api\/models/, (route) => route.fulfill({ status: 500, json: {}, headers: open }))
    await rig.connect(page, rig.team.owner.key)
    await openDashboard(page)
    await card(page, 'Models').getByText('The server answered with status 500').waitFor()
    const calls = await tile(page, 'Answers')
    await expectWell(page, 'a part fails', '.cairn-page')
    await page.route(`${rig.team.url}/**`, (route) => route.abort())
    await page.getByRole('button', { name: 'Refresh' }).click()
    await page.locator('.cairn-page .cairn-banner').waitFor()
    expect(await tile(page, 'Answers')).toBe(calls)
    await page.unrouteAll()
    await page.getByRole('button', { name: 'Try again' }).first().click()
    await card(page, 'Models').getByText('In use').first().waitFor()
    rig.expectCalm(visit, /500|ERR_FAILED|CORS/)
  })
})

describe('the sources map', () => {
  test('draws the notes that answered and their links, and opens them by pointer and by keys', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    await rig.command(page, 'open-map')
    await page.getByText('No note is open').waitFor()
    await page.getByRole('button', { name: 'Conversation' }).click()
    await page.getByText('In this conversation no note has answered yet').waitFor()
    for (const question of [holiday, 'Who is on call and how is the handover done?', tern]) await ask(page, question)
    await page.getByRole('button', { name: 'Open sources map' }).click()
    await nodes(page).first().waitFor()
    const titles = await listed(page).allTextContents()
    expect(titles).toContain('Working hours and leave')
    expect(new Set(titles).size).toBe(titles.length)
    expect(await nodes(page).count()).toBe(titles.length)
    // One of the two notes has the link to the other, in Obsidian’s own record.
    expect(await page.locator('.cairn-edge.is-firm').count()).toBeGreaterThan(0)
    const places = () =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll('.cairn-node')].map((each) => each.getAttribute('transform'))`,
      )
    const before = await places()
    await expectWell(page, 'map', '.cairn-page')

    // One stop of the Tab key; arrows go from node to node.
    expect(await page.locator('.cairn-node[tabindex="0"]').count()).toBe(1)
    await nodes(page).first().focus()
    const focused = () => page.evaluate<string>(`document.activeElement.getAttribute('aria-label') ?? ''`)
    const first = await focused()
    for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp']) await page.keyboard.press(key)
    const reached = await focused()
    expect(reached).not.toBe('')
    expect(await page.locator('.cairn-node.is-active').getAttribute('aria-label')).toBe(reached)
    expect(await page.locator('.cairn-map .cairn-source.is-active strong').textContent()).toBe(
      reached.split(', ')[0] ?? '',
    )
    expect([first, ...titles]).toContain(first)
    await page.keyboard.press('Enter')
    const opened = () => page.evaluate<string>(`app.workspace.getActiveFile()?.basename ?? ''`)
    await until('the note is open', async () => (await opened()) === reached.split(', ')[0])
    await rig.command(page, 'open-map')
    expect(await places()).toEqual(before)
    await page.locator('.cairn-map .cairn-source').nth(1).click()
    await until('the other is open', async () => (await opened()) === titles[1])
    // What was asked on this device is still known after a restart.
    await page.reload()
    await page.waitForFunction('window.host?.isReady === true')
    await rig.command(page, 'open-map')
    await nodes(page).first().waitFor()
    expect((await listed(page).allTextContents()).toSorted()).toEqual(titles.toSorted())
    rig.expectCalm(visit)
  })

  test('shows what is near the open note, follows to the next, and asks for none that is excluded', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    await page.evaluate(`app.workspace.openLinkText('Handbook/Travel policy', '')`)
    await page.evaluate(`host.openLink('cairn', { open: 'map' })`)
    await nodes(page).nth(1).waitFor()
    expect(await listed(page).first().textContent()).toBe('Travel policy')
    await page.evaluate(`app.workspace.openLinkText('Handbook/Expense rules', '', 'tab')`)
    await rig.command(page, 'open-map')
    await listed(page).first().filter({ hasText: 'Expense rules' }).waitFor()
    await openSettings(page, 'Privacy')
    await page.getByRole('button', { name: 'Exclude a folder' }).click()
    await page.locator('.modal .cairn-panel').getByRole('combobox').fill('Finance')
    await page.keyboard.press('Enter')
    await page.locator('.mod-settings').getByText('Finance').first().waitFor()
    await closeSettings(page)
    const before = asked(visit, '/related/')
    await page.evaluate(`app.workspace.openLinkText('Finance/Budget 2026', '', 'tab')`)
    await rig.command(page, 'open-map')
    await page.getByText('No note is open').waitFor()
    expect(asked(visit, '/related/')).toBe(before)
    rig.expectCalm(visit)
  })
})

describe('both views', () => {
  const looks = [
    { device: 'phone', theme: 'light' },
    { device: 'phone', theme: 'dark', isRtl: true },
    { device: 'desktop', theme: 'dark', style: 'second' },
  ] as const

  test.each(looks)('look right and are used by touch and by hearing: %p', async (look) => {
    await using visit = await rig.open(look)
    const { page } = visit
    await rig.connect(page, rig.team.owner.key)
    await ask(page, holiday)
    await page.evaluate(`host.openLink('cairn', { open: 'dashboard' })`)
    await card(page, 'Answers').locator('.cairn-plot-bars').first().waitFor()
    await expectWell(page, 'dashboard', '.cairn-page')
    // Only variables of the theme give the colours.
    const colours = await page.evaluate<
      string[]
    >(`[document.querySelector('.cairn-plot-bars.is-1'), null].map((bars) => {
      if (bars !== null) return getComputedStyle(bars).fill
      const probe = document.querySelector('.cairn-page').createDiv()
      probe.style.color = 'var(--interactive-accent)'
      const { color } = getComputedStyle(probe)
      probe.remove()
      return color
    })`)
    expect(colours[0]).toBe(colours[1] ?? '')
    await rig.command(page, 'open-map')
    await nodes(page).first().waitFor()
    await expectWell(page, 'map', '.cairn-page')
    if (look.device === 'phone') {
      const box = await nodes(page).first().locator('.cairn-node-dot').boundingBox()
      expect(Math.round(box?.width ?? 0)).toBeGreaterThanOrEqual(44)
    }
    rig.expectCalm(visit)
  })
})

describe('the gallery of components', () => {
  test.each(['theme=light', 'theme=dark', 'theme=light&rtl=1', 'theme=dark&style=second'])(
    'shows each of them in its states, readable for everybody: %s',
    async (look) => {
      await using visit = await browser.visit()
      const { page } = visit
      await page.goto(`${rig.host.url}/gallery?${look}`)
      await nodes(page).first().waitFor()
      expect(await page.locator('.cairn-gallery-frame').count()).toBeGreaterThan(10)
      for (const figure of await page.locator('.cairn-series-plot').all())
        expect(await figure.locator('.cairn-plot-area').count()).toBe(1)
      await page.getByRole('button', { name: 'Open a dialog' }).click()
      await page.getByRole('dialog', { name: 'A dialog' }).waitFor()
      await page.keyboard.press('Escape')
      const isBack = () => page.evaluate<boolean>(`document.activeElement?.textContent === 'Open a dialog'`)
      await until('the focus is back', isBack)
      await nodes(page).nth(1).click()
      await page.getByText('pressed: On-call guide').waitFor()
      await expectWell(page, look, '.cairn-gallery')
      expect(visit.problems).toEqual([])
    },
  )
})
