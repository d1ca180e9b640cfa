/**
 * The console in a real Chromium against the real program: sign-in by the printed link, questions, citations that open
 * their note, vaults, keys, themes, phone and keyboard. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { findOverflow, openBrowser, type TestBrowser, type Visit, type VisitOptions } from './browser.ts'
import { startServer, until, type RunningServer } from './harness.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

let home: string
let kit: Upstream
let server: RunningServer
let browser: TestBrowser

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cairn-browser-'))
  kit = await startUpstream({ models: ['echo', 'echo!chunkDelayMs=120'] })
  server = await startServer({
    env: { CAIRN_MODEL: 'extractive' },
    upstreams: [{ id: 'kit', dialect: 'openai', baseUrl: kit.url, models: ['echo', 'echo!chunkDelayMs=120'] }],
  })
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
}, 60_000)
afterAll(async () => {
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  await kit.close()
  await rm(home, { recursive: true })
})

async function freshLink(): Promise<string> {
  return ((await (await server.post('/auth/links', undefined)).json()) as { url: string }).url
}

async function signedIn(options?: VisitOptions): Promise<Visit> {
  const visit = await browser.visit(options)
  await visit.page.goto(await freshLink())
  await question(visit.page).waitFor()
  return visit
}

const question = (page: Page) => page.getByRole('textbox', { name: 'Question' })
const lastTurn = (page: Page) => page.locator('.turn').last()

async function ask(page: Page, text: string): Promise<void> {
  const turns = await page.locator('.turn').count()
  await question(page).fill(text)
  await question(page).press('Enter')
  await page.locator('.turn').nth(turns).locator('.receipt').waitFor()
}

/** Nothing was asked of another machine, and nothing went wrong in the page. */
function expectCalm({ requests, problems }: Visit, expected: RegExp = /(?!)/): void {
  expect(requests.filter((url) => !url.startsWith(`${server.url}/`))).toEqual([])
  expect(problems.filter((problem) => !expected.test(problem))).toEqual([])
}

async function expectFits(page: Page, where: string): Promise<void> {
  expect(await findOverflow(page), where).toEqual([])
}

const expectFocus = (locator: Locator) => locator.and(locator.page().locator(':focus')).waitFor()

describe('sign-in', () => {
  test('by the printed link: the token leaves the address, and the link does not work twice', async () => {
    await using visit = await browser.visit()
    const { page } = visit
    await page.goto(server.signInUrl)
    await question(page).waitFor()
    expect(page.url()).toBe(`${server.url}/#/ask`)
    expect(await page.evaluate<number>('history.length')).toBeLessThanOrEqual(2)
    const [cookie] = await visit.context.cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
    expectCalm(visit)

    await using second = await browser.visit()
    await second.page.goto(server.signInUrl)
    await second.page.getByText('The sign-in link was used or has expired').waitFor()
    expect(second.page.url()).not.toContain('sign-in=')
    expectCalm(second, /401/)
  })

  test('by pasting a link, and out again', async () => {
    await using visit = await browser.visit()
    const { page } = visit
    await page.goto(server.url)
    await page.getByRole('heading', { name: 'Sign in to Cairn' }).waitFor()
    await page.getByLabel('Or paste the link here').fill('nonsense')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Paste the whole link').waitFor()
    await page.getByLabel('Or paste the link here').fill(await freshLink())
    await page.getByRole('button', { name: 'Sign in' }).click()
    await question(page).waitFor()
    await page.reload()
    await question(page).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in to Cairn' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Sign in to Cairn' }).waitFor()
    expect((await visit.context.cookies()).length).toBe(0)
    expectCalm(visit, /401/)
  })
})

describe('asking', () => {
  test('three questions get cited answers, and a citation opens its note with exactly the cited range marked', async () => {
    await using visit = await signedIn()
    const { page } = visit
    for (const text of [
      'From what wind speed does Skua Two stay in the harbour?',
      'How long did our most recent recovery drill last?',
      'For how many weeks does a new parent stay on full salary?',
    ]) {
      await ask(page, text)
      await lastTurn(page).locator('.answer-text .marker').first().waitFor()
      const chips = lastTurn(page).locator('.chip')
      expect(await chips.count()).toBeGreaterThan(0)
      const [reply, opened] = await Promise.all([server.ask({ question: text }), openAndRead(page, chips.first())])
      const citation = reply.citations[0]
      expect(opened.path).toBe(citation?.note ?? '')
      expect(opened.marked).toBe(citation?.quote ?? '')
      expect(opened.stored.slice(opened.start, opened.start + opened.marked.length)).toBe(opened.marked)
      expect(opened.marked).not.toBe('')
    }
    expect(await page.locator('.turn').count()).toBe(3)
    expectCalm(visit)
  })

  test('a marker in the text opens the same note as its source, and Escape closes it again', async () => {
    await using visit = await signedIn()
    const { page } = visit
    await ask(page, 'How long did our most recent recovery drill last?')
    const marker = lastTurn(page).locator('.answer-text .marker').first()
    await marker.click()
    const title = await page.locator('.note-pane h2').textContent()
    expect(await marker.getAttribute('aria-label')).toContain(`${title}`)
    await page.keyboard.press('Escape')
    await page.locator('.note-pane').waitFor({ state: 'detached' })
    await expectFocus(marker)
    expectCalm(visit)
  })

  test('what the notes do not say is not found, and the nearest passages do not look like an answer', async () => {
    await using visit = await signedIn()
    const { page } = visit
    await page.getByLabel('Model that answers').selectOption('echo')
    await ask(page, 'NOT_FOUND')
    await lastTurn(page).getByRole('heading', { name: 'Not found in your notes' }).waitFor()
    expect(await lastTurn(page).locator('.answer-text, .chip').count()).toBe(0)
    await lastTurn(page).locator('.nearest').first().click()
    await page.locator('.note-text mark').waitFor()
    expectCalm(visit)
  })

  test('an answer streams, can be stopped, and asked again', async () => {
    await using visit = await signedIn()
    const { page } = visit
    await page.getByLabel('Model that answers').selectOption('echo!chunkDelayMs=120')
    const text =
      'The tide rises slowly over the old pier while we wait and count the boats on the water until the very end'
    await question(page).fill(text)
    await question(page).press('Enter')
    await page.locator('.is-streaming').waitFor()
    const asked = kit.requests.at(-1)
    await page.getByRole('button', { name: /Stop the answer/ }).click()
    await lastTurn(page).getByText('Stopped.').waitFor()
    await until('the upstream is let go', () => asked?.closed.aborted ?? false, 3_000)
    const partial = (await lastTurn(page).locator('.answer-text').textContent()) ?? ''
    expect(text.startsWith(partial.trim())).toBe(true)
    expect(partial.length).toBeLessThan(text.length)
    await lastTurn(page).getByRole('button', { name: 'Ask again' }).click()
    await lastTurn(page).locator('.receipt').waitFor()
    expect(await lastTurn(page).locator('.answer-text').textContent()).toBe(text)
    expect(await page.locator('.turn').count()).toBe(1)
    expectCalm(visit)
  })

  test('a follow-up goes with the conversation and its signed label', async () => {
    await using visit = await signedIn()
    const { page } = visit
    await ask(page, 'What is the calibration procedure for a sensor on the bench?')
    const sent = page.waitForRequest((request) => request.url().endsWith('/v1/ask'))
    await ask(page, 'And which water heights does it use?')
    const body = (await sent).postDataJSON() as { history: { role: string; label?: string }[] }
    expect(body.history.map(({ role }) => role)).toEqual(['user', 'assistant'])
    expect(body.history[1]?.label).toMatch(/^\w+\.[\w-]{20,}$/)
    expect(await lastTurn(page).locator('.source').first().textContent()).toContain('Calibration procedure')
    await page.getByRole('button', { name: 'New conversation' }).click()
    await page.locator('.welcome').waitFor()
    expectCalm(visit)
  })

  test('the newest question stands on top, so that its answer is read from the first word', async () => {
    await using visit = await signedIn({ width: 1_024, height: 640 })
    const { page } = visit
    for (const text of ['What is a Tern 3?', 'Who is on the rota for on-call?']) {
      await ask(page, text)
      const top = (await lastTurn(page).locator('.question').boundingBox())?.y
      expect(top).toBeGreaterThanOrEqual(0)
      expect(top).toBeLessThan(60)
    }
  })

  test('the receipt says who answered, where, and as which entry of the log', async () => {
    await using visit = await signedIn()
    const { page } = visit
    await ask(page, 'How long did our most recent recovery drill last?')
    await lastTurn(page).locator('.receipt summary').click()
    const receipt = (await lastTurn(page).locator('.receipt').textContent()) ?? ''
    for (const word of ['extractive', 'This machine', 'audit entry', 'req_', 'free']) expect(receipt).toContain(word)
  })

  test('a link fills the box and asks nothing by itself', async () => {
    await using visit = await signedIn()
    const { page } = visit
    await page.goto(`${server.url}/#/ask?q=${encodeURIComponent('What is a Tern?')}`)
    await until('the box is filled', async () => (await question(page).inputValue()) === 'What is a Tern?')
    expect(visit.requests.some((url) => url.endsWith('/v1/ask'))).toBe(false)
  })
})

describe('vaults and keys', () => {
  test('adding a vault shows its progress, then it can be picked, asked and removed', async () => {
    const folder = join(home, 'Lighthouse')
    await mkdir(folder)
    await Promise.all(
      Array.from({ length: 1_500 }, (_, index) =>
        writeFile(
          join(folder, `Log ${index}.md`),
          `# Log ${index}\n\n${`Wind ${index} knots, swell from the west. `.repeat(30)}\n`,
        ),
      ),
    )
    await writeFile(join(folder, 'Lamp.md'), '# Lamp\n\nThe keeper trims the lamp at nineteen minutes past dusk.\n')
    await using visit = await signedIn()
    const { page } = visit
    await page.getByRole('link', { name: 'Vaults' }).click()
    await page.getByRole('button', { name: 'Add vault' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Folder').fill(join(home, 'no such folder'))
    await dialog.getByRole('button', { name: 'Add vault' }).click()
    await dialog.getByRole('alert').waitFor()
    await dialog.getByLabel('Folder').fill(folder)
    const progress = page.getByRole('progressbar').waitFor()
    await dialog.getByRole('button', { name: 'Add vault' }).click()
    await progress
    const row = page.getByRole('row', { name: /Lighthouse/ })
    await row.getByText('Ready').waitFor({ timeout: 30_000 })
    await page.getByRole('progressbar').waitFor({ state: 'detached' })
    expect(await row.textContent()).toContain('1,501')

    await page.getByRole('link', { name: 'Ask' }).click()
    await page.getByLabel('Vaults to ask').selectOption({ label: 'Lighthouse' })
    await ask(page, 'When does the keeper trim the lamp?')
    expect(await lastTurn(page).locator('.answer-text').textContent()).toContain('nineteen minutes past dusk')
    expect(await lastTurn(page).locator('.source').first().textContent()).toContain('Lighthouse')
    await page.getByLabel('Vaults to ask').selectOption({ label: 'Example vault' })
    await ask(page, 'When does the keeper trim the lamp?')
    expect(await lastTurn(page).textContent()).not.toContain('nineteen minutes')

    await page.getByRole('link', { name: 'Vaults' }).click()
    await row.getByRole('button', { name: 'Remove Lighthouse' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await row.waitFor({ state: 'detached' })

    // One that a device sends has a name and no folder.
    await page.getByRole('button', { name: 'Add vault' }).click()
    await dialog.getByLabel('Where its notes are').selectOption('sync')
    await dialog.getByRole('button', { name: 'Add vault' }).click()
    await dialog.getByText('Give the vault a name.').waitFor()
    await dialog.getByLabel('Name').fill('Of a laptop')
    await dialog.getByRole('button', { name: 'Add vault' }).click()
    await page.getByRole('button', { name: 'Remove Of a laptop' }).click()
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('row', { name: /Of a laptop/ }).waitFor({ state: 'detached' })
    expect((await server.vaults()).map(({ name }) => name)).toEqual(['Example vault'])
    expectCalm(visit, /422/)
  }, 60_000)

  test('a key is shown once, can be copied, works, and no longer after it is revoked', async () => {
    await using visit = await signedIn()
    const { page } = visit
    await visit.context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('link', { name: 'API keys' }).click()
    await page.getByRole('button', { name: 'Create key' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Test client')
    await dialog.getByRole('button', { name: 'Create key' }).click()
    await dialog.getByRole('button', { name: 'Copy key' }).click()
    const key = (await dialog.locator('.secret code').textContent()) ?? ''
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(key)
    await dialog.getByRole('button', { name: 'Done' }).click()
    expect(await page.content()).not.toContain(key)
    const use = () => server.call('/v1/models', { headers: { authorization: `Bearer ${key}` } })
    expect((await use()).status).toBe(200)
    await page.getByRole('button', { name: 'Revoke Test client' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page
      .getByRole('row', { name: /Test client/ })
      .getByText('Revoked')
      .waitFor()
    expect((await use()).status).toBe(401)
    expectCalm(visit)
  })
})

describe('every look', () => {
  const pages = ['ask', 'vaults', 'models', 'cache', 'access', 'audit', 'keys'] as const

  test('follows the system, or light or dark as chosen, also after a reload and before the first paint', async () => {
    await using visit = await signedIn({ theme: 'dark' })
    const { page } = visit
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const dark = await background()
    await page.getByRole('button', { name: 'Light', exact: true }).click()
    const light = await background()
    expect(light).not.toBe(dark)
    await page.reload()
    await question(page).waitFor()
    expect(await background()).toBe(light)
    await page.getByRole('button', { name: 'As the system' }).click()
    expect(await background()).toBe(dark)
    expectCalm(visit)
  })

  test('nothing scrolls sideways on a phone of 360 by 740, and all of it can be reached', async () => {
    await using visit = await signedIn({ width: 360, height: 740, phone: true })
    const { page } = visit
    await page.locator('.suggestions button').first().waitFor()
    await expectFits(page, 'empty')
    await page.locator('.suggestions button').first().click()
    await lastTurn(page).locator('.receipt').waitFor()
    await expectFits(page, 'answered')
    await lastTurn(page).locator('.receipt summary').click()
    await expectFits(page, 'receipt')
    await lastTurn(page).locator('.chip').first().click()
    await page.getByRole('dialog').locator('mark').waitFor()
    await expectFits(page, 'note')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    for (const id of pages) {
      await page.getByRole('button', { name: 'Menu' }).click()
      await page.getByRole('dialog').getByRole('link').nth(pages.indexOf(id)).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      expect(page.url()).toEndWith(`#/${id}`)
      await expectFits(page, id)
    }
    expect(await page.evaluate<number>('visualViewport.scale')).toBe(1)
    expectCalm(visit)
  })

  test('fits a tablet and a wide screen', async () => {
    for (const width of [768, 1_920]) {
      await using visit = await signedIn({ width, height: 900 })
      for (const id of pages) {
        await visit.page.goto(`${server.url}/#/${id}`)
        await visit.page.waitForTimeout(150)
        await expectFits(visit.page, `${id} at ${width}`)
      }
    }
  })

  test('works with the keyboard alone: ask, open a source, go back, change the page', async () => {
    await using visit = await signedIn()
    const { page } = visit
    await page.keyboard.type('How long did our most recent recovery drill last?')
    await page.keyboard.press('Enter')
    await lastTurn(page).locator('.receipt').waitFor()
    await expectFocus(question(page))
    await tabTo(page, (name) => name.startsWith('Source 1'), 'Shift+Tab')
    await page.keyboard.press('Enter')
    await page.locator('.note-text mark').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.note-pane').waitFor({ state: 'detached' })
    await page.keyboard.press('Control+k')
    await expectFocus(question(page))
    await tabTo(page, (name) => name === 'Vaults', 'Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Vaults', level: 1 }).waitFor()
    expectCalm(visit)
  })
})

/** Presses a key until the focused element has a name, at most 60 times. */
async function tabTo(page: Page, isIt: (name: string) => boolean, key: string): Promise<void> {
  const seen: string[] = []
  for (let pressed = 0; pressed < 60; pressed += 1) {
    await page.keyboard.press(key)
    const focused = page.locator(':focus')
    const name = (await focused.getAttribute('aria-label')) ?? (await focused.textContent()) ?? ''
    if (isIt(name)) return
    seen.push(name.slice(0, 30))
  }
  throw new Error(`not reached with ${key}: ${seen.join(' | ')}`)
}

/** Opens a source and reads which note it shows and what is marked, against the note as stored. */
async function openAndRead(page: Page, chip: Locator) {
  const asked = page.waitForResponse((response) => response.url().includes('/notes/'))
  await chip.click()
  const note = (await (await asked).json()) as { note: string; text: string }
  const mark = page.locator('.note-text mark')
  await mark.waitFor()
  const marked = (await mark.textContent()) ?? ''
  const before = await mark.evaluate((element) => {
    let text = ''
    for (let node = element.previousSibling; node; node = node.previousSibling) text = `${node.textContent}${text}`
    return text.length
  })
  expect((await mark.boundingBox())?.y ?? Number.POSITIVE_INFINITY).toBeLessThan(page.viewportSize()?.height ?? 0)
  return { path: note.note, stored: note.text, marked, start: before }
}
