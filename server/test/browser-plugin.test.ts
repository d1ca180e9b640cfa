/**
 * The Obsidian plugin’s shipped files in a real Chromium, in the test host over a real server: how they load and unload,
 * and the view Ask. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { openBrowser, type TestBrowser } from './browser.ts'
import { expectWell, openPluginRig, openSettings, type PluginRig } from './kit/plugin-host.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

setDefaultTimeout(60_000)

let browser: TestBrowser
let upstream: Upstream
let rig: PluginRig

beforeAll(async () => {
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
  upstream = await startUpstream({ models: ['echo', 'echo!chunkDelayMs=40,chunks=200'] })
  rig = await openPluginRig(browser, {
    config: {
      upstreams: [
        { id: 'kit', dialect: 'openai', baseUrl: upstream.url, models: ['echo', 'echo!chunkDelayMs=40,chunks=200'] },
      ],
      models: { default: 'extractive' },
    },
  })
}, 90_000)

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await upstream.close()
  await browser[Symbol.asyncDispose]()
})

const question = (page: Page) => page.getByRole('textbox', { name: 'Question' })
const holiday = 'How many days of holiday do I get, and can I take any into next year?'

async function ask(page: Page, text: string): Promise<void> {
  await question(page).fill(text)
  await question(page).press('Enter')
}

async function openAsk(page: Page): Promise<void> {
  expect(await rig.command(page, 'open-ask')).toBe(true)
  await question(page).waitFor()
}

describe('loading', () => {
  test('reads no note, asks nobody, and is quick', async () => {
    await using visit = await rig.open({ isWaiting: true })
    const { page, requests } = visit
    const before = requests.length
    const times: number[] = []
    for (let round = 0; round < 5; round++) {
      times.push(await page.evaluate<number>('host.enable()'))
      await page.evaluate(`host.disable('cairn')`)
    }
    expect(await page.evaluate<string[]>('app.vault.adapter.reads')).toEqual([])
    expect(requests.slice(before).filter((url) => !url.includes('/plugin/'))).toEqual([])
    // What the bench holds to 20 ms; here a busy machine has room, and a vault that is read has not.
    expect(times.toSorted((a, b) => a - b)[2]).toBeLessThanOrEqual(100)
    rig.expectCalm(visit)
  })

  test('fifty times leaves nothing behind', async () => {
    await using visit = await rig.open({ isWaiting: true })
    const { page } = visit
    const count = () =>
      page.evaluate(`({
        ...host.live,
        styles: document.head.querySelectorAll('style').length,
        views: app.viewCreators.size,
        leaves: app.workspace.getLeavesOfType('cairn-ask').length,
        commands: Object.keys(app.commands.commands).length,
        ribbon: document.querySelectorAll('.side-dock-ribbon-action').length,
        nodes: document.querySelectorAll('[class*="cairn"]').length,
        handlers: app.protocolHandlers.size,
        listeners: window.listenerCount(),
        timers: window.timerCount(),
      })`)
    // Listeners and timers of the page itself, past what Obsidian’s own ways of registering count.
    await page.evaluate(`(() => {
      const kept = new Map()
      let listeners = 0
      for (const target of [window, document, window.visualViewport]) {
        const { addEventListener, removeEventListener } = target
        target.addEventListener = function (type, listener, options) { listeners++; return addEventListener.call(this, type, listener, options) }
        target.removeEventListener = function (type, listener, options) { listeners--; return removeEventListener.call(this, type, listener, options) }
      }
      const { setTimeout, clearTimeout, setInterval, clearInterval } = window
      window.setTimeout = (run, ms) => { const id = setTimeout(() => { kept.delete(id); run() }, ms); kept.set(id, true); return id }
      window.clearTimeout = (id) => { kept.delete(id); clearTimeout(id) }
      window.setInterval = (run, ms) => { const id = setInterval(run, ms); kept.set(id, true); return id }
      window.clearInterval = (id) => { kept.delete(id); clearInterval(id) }
      window.listenerCount = () => listeners
      window.timerCount = () => kept.size
    })()`)
    const round = async () => {
      await page.evaluate(`host.enable()`)
      await rig.command(page, 'open-ask')
      await question(page).waitFor()
      await page.evaluate(`host.disable('cairn')`)
      await page.locator('.cairn').waitFor({ state: 'detached' })
      await page.evaluate(
        `app.workspace.getLeavesOfType('empty').filter((leaf) => leaf.tabs.side === 'right').forEach((leaf) => leaf.detach())`,
      )
    }
    // Preact looks for a frame by a timer too, which may outlive what was drawn by some milliseconds.
    const timersEnd = () => page.waitForFunction(`window.timerCount() === 0`)
    await round()
    await timersEnd()
    const first = await count()
    for (let rounds = 1; rounds < 50; rounds++) await round()
    await timersEnd()
    expect(await count()).toEqual(first)
    expect(first).toMatchObject({ styles: 0, leaves: 0, commands: 0, ribbon: 0, nodes: 0, handlers: 0, timers: 0 })
    rig.expectCalm(visit)
  })

  test('without a server says so in one sentence, and what is asked waits', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await openAsk(page)
    const banner = page.locator('.cairn-banner')
    expect(await banner.locator('p').textContent()).toBe(
      'No Cairn server is set: give its address in the settings, then pair this device.',
    )
    await ask(page, 'Who is on call?')
    await page
      .getByRole('region', { name: 'Questions that wait for the server' })
      .getByText('Who is on call?')
      .waitFor()
    await page.reload()
    await page.waitForFunction('window.host?.isReady === true')
    await openAsk(page)
    await page.getByText('Who is on call?').waitFor()
    await rig.connect(page)
    // Now it is asked by itself.
    await page.locator('.cairn-question', { hasText: 'Who is on call?' }).waitFor()
    await page.locator('.cairn-receipt').first().waitFor()
    rig.expectCalm(visit)
  })
})

describe('asking', () => {
  test('gives an answer whose sources open the note at the passage, with a receipt', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    await openAsk(page)
    await ask(page, holiday)
    await page.locator('.cairn-source').first().waitFor()
    await page.locator('.cairn-marker').first().click()
    await page.waitForFunction(`app.workspace.activeEditor?.editor.getSelection().includes('30 days')`)
    expect(await page.evaluate<string>('app.workspace.activeEditor.file.path')).toBe(
      'Handbook/Working hours and leave.md',
    )
    await page.locator('.cairn-receipt summary').click()
    await page.getByText('Nothing leaves the server').waitFor()
    expect(await page.locator('.cairn-receipt dl').textContent()).toContain('req_')
    await expectWell(page, 'an answer')
    rig.expectCalm(visit)
  })

  test('follows up, says that nothing was found, and saves the conversation as a note', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    await openAsk(page)
    await ask(page, holiday)
    await page.locator('.cairn-receipt').waitFor()
    await ask(page, 'How much is the Kubernetes cluster bill?')
    await page.getByText('Not found in your notes.').waitFor()
    await page.getByRole('heading', { name: 'Nearest passages' }).waitFor()
    await page.getByRole('button', { name: 'Save the conversation as a note' }).click()
    await page.locator('.notice', { hasText: 'Saved as Cairn/How many days' }).waitFor()
    const note = await page.evaluate<string>(
      `app.vault.read(app.vault.getFiles().find(({ path }) => path.startsWith('Cairn/')))`,
    )
    expect(note).toMatch(/^---\ncairn: conversation\nconversation-id: [0-9a-f]{16}\n/)
    expect(note).toContain('[[Handbook/Working hours and leave#')
    expect(
      await page.evaluate(
        `app.metadataCache.getFileCache(app.vault.getFiles().find(({ path }) => path.startsWith('Cairn/'))).frontmatter.questions`,
      ),
    ).toBe(2)
    rig.expectCalm(visit)
  })

  test('streams from a model, is stopped with Escape, and asked again', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    await openAsk(page)
    await page.getByLabel('Model that answers').selectOption('echo!chunkDelayMs=40,chunks=200')
    await ask(page, holiday)
    await page.locator('.cairn-answer.is-streaming').waitFor()
    await question(page).press('Escape')
    await page.getByText('Stopped.').waitFor()
    await page.getByRole('button', { name: 'Ask again' }).click()
    await page.locator('.cairn-answer.is-streaming').waitFor()
    await page.getByRole('button', { name: 'Stop the answer' }).click()
    await page.getByText('Stopped.').waitFor()
    rig.expectCalm(visit)
  })

  test('shows what would be sent before anything is', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    await openAsk(page)
    await page.getByLabel('Model that answers').selectOption('echo')
    await question(page).fill(holiday)
    const before = upstream.requests.length
    await page.getByRole('button', { name: 'See what would be sent' }).click()
    await page.getByRole('region', { name: 'What would be sent' }).getByText('30 days').first().waitFor()
    expect(upstream.requests.length).toBe(before)
    await expectWell(page, 'what would be sent')
    rig.expectCalm(visit)
  })

  test('by a link fills the box and sends nothing', async () => {
    await using visit = await rig.open()
    const { page, requests } = visit
    await rig.connect(page)
    await page.evaluate(`host.openLink('cairn', { question: 'Send me everything' })`)
    await page.waitForFunction(`document.querySelector('textarea')?.value === 'Send me everything'`)
    expect(requests.filter((url) => url.endsWith('/v1/ask'))).toEqual([])
    rig.expectCalm(visit)
  })
})

describe('in every mode', () => {
  for (const device of ['desktop', 'tablet', 'phone'] as const)
    for (const options of [
      { theme: 'light' },
      { theme: 'dark' },
      { theme: 'light', isRtl: true },
      { theme: 'dark', style: 'second' },
    ] as const)
      test(`${device}, ${JSON.stringify(options)}: nothing is cut off, small or hard to read`, async () => {
        await using visit = await rig.open({ device, ...options })
        const { page } = visit
        await rig.connect(page)
        await openAsk(page)
        await expectWell(page, 'before the first question')
        await ask(page, holiday)
        await page.locator('.cairn-receipt summary').waitFor()
        await expectWell(page, 'an answer')
        rig.expectCalm(visit)
      })

  test('above the keyboard of a phone the box stays in sight', async () => {
    await using visit = await rig.open({ device: 'phone' })
    const { page } = visit
    await openAsk(page)
    await page.evaluate(`document.documentElement.style.setProperty('--keyboard-height', '300px')`)
    await page.waitForFunction(
      `document.querySelector('.cairn-composer').getBoundingClientRect().bottom <= innerHeight - 300 + 1`,
    )
    const box = await question(page).boundingBox()
    expect((box?.y ?? 999) + (box?.height ?? 0)).toBeLessThanOrEqual(740 - 300)
    rig.expectCalm(visit)
  })

  test('in a window of its own it answers too', async () => {
    await using visit = await rig.open()
    const { page, context } = visit
    await rig.connect(page)
    const opened = context.waitForEvent('page')
    await page.evaluate(`(async () => {
      const leaf = app.workspace.openPopoutLeaf()
      await leaf.setViewState({ type: 'cairn-ask', active: true })
    })()`)
    const popout = await opened
    await ask(popout, holiday)
    await popout.locator('.cairn-source').first().waitFor()
    expect(await page.locator('.cairn-ask').count()).toBe(0)
    rig.expectCalm(visit)
  })

  test('the settings open, on a phone too', async () => {
    for (const device of ['desktop', 'phone'] as const) {
      await using visit = await rig.open({ device })
      await openSettings(visit.page)
      await expectWell(visit.page, `settings, ${device}`, '.vertical-tab-content')
      rig.expectCalm(visit)
    }
  })
})
