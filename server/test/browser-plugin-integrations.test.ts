/**
 * The plugin beside others, in a real Chromium: stubs of the public interfaces of Dataview and Tasks, Bases and Canvas as
 * Obsidian has them, Cairn’s own interface for other plugins, its links, and two devices of one person. None of the
 * other plugins themselves was run. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { openBrowser, type TestBrowser, type Visit } from './browser.ts'
import { closeSettings, expectWell, openPluginRig, openSettings, type PluginRig } from './kit/plugin-host.ts'

setDefaultTimeout(60_000)

let browser: TestBrowser
let rig: PluginRig
let visit: Visit
let page: Page

beforeAll(async () => {
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
  rig = await openPluginRig(browser)
  visit = await rig.open()
  page = visit.page
  await rig.connect(page)
}, 90_000)

afterAll(async () => {
  await visit[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
  await browser[Symbol.asyncDispose]()
})

const question = (of = page) => of.getByRole('textbox', { name: 'Question' })
const scope = (of = page) => of.locator('.cairn-composer-scope')
const notice = (words: string | RegExp) => page.locator('.notice', { hasText: words }).last().waitFor()
const openNote = (path: string) => page.evaluate(`app.workspace.openLinkText(${JSON.stringify(path)}, '')`)
const holiday = 'How many days of holiday do I get, and can I take any into next year?'
const asked = () => visit.requests.filter((url) => url.endsWith('/v1/ask')).length

/** As if the plugin were installed and switched on. */
const install = (id: string, plugin: string) =>
  page.evaluate(`(app.plugins.plugins['${id}'] = ${plugin}, app.plugins.enabledPlugins.add('${id}'), 0)`)

describe('Dataview', () => {
  test('is not needed: its command is not offered while it is not there', async () => {
    await openNote('Projects/Roadmap 2026')
    expect(await rig.command(page, 'ask-query')).toBe(false)
  })

  test('gives the notes of a query, of which the question is asked', async () => {
    await install(
      'dataview',
      `{ api: {
        queries: [],
        async query(source, origin) {
          this.queries.push([source, origin])
          if (source.includes('WRONG')) return { successful: false, error: 'parse' }
          const link = (path) => ({ path, type: 'file' })
          return { successful: true, value: { type: 'table', values: [[link('Handbook/Working hours and leave.md'), 1], [link('Handbook/Parental leave.md'), 2]] } }
        },
      } }`,
    )
    expect(await rig.command(page, 'ask-query')).toBe(true)
    await scope().getByText('Of 2 notes').waitFor()
    const [[source, origin] = []] = await page.evaluate<string[][]>(`app.plugins.plugins.dataview.api.queries`)
    expect(source).toMatch(/FROM/i)
    expect(origin).toBe('Projects/Roadmap 2026.md')
    await expectWell(page, 'a question with a scope')
    await question().fill('How often does a Tern return to the bench?')
    await question().press('Enter')
    await page.locator('.cairn-receipt, .cairn-outcome').first().waitFor()
    const from = await page.locator('.cairn-source-text strong').allTextContents()
    expect(from.every((title) => ['Working hours and leave', 'Parental leave'].includes(title))).toBe(true)
    await page.getByRole('button', { name: 'Ask all notes' }).click()
    expect(await scope().count()).toBe(0)
  })

  test('says when the query is wrong, gives nothing, or is not there', async () => {
    await page.evaluate(`app.vault.create('Query.md', '\`\`\`dataview\\nWRONG\\n\`\`\`\\n')`)
    await openNote('Query')
    await rig.command(page, 'ask-query')
    await notice('Dataview finds a mistake in this query.')
    await openNote('Start here')
    await rig.command(page, 'ask-query')
    await notice('This note has no block of Dataview.')
  })
})

describe('Bases', () => {
  test('show their notes in a view that asks them', async () => {
    await page.evaluate(
      `host.openBase('cairn-ask', ['Projects/Tern 3/Tern 3.md', 'Handbook/Glossary.md', 'Projects/Roadmap board.canvas'])`,
    )
    const base = page.locator('.cairn-base')
    await base.getByRole('link', { name: 'Glossary' }).waitFor()
    await expectWell(page, 'a base', '.cairn-base')
    await base.getByRole('button', { name: /^Ask th/ }).click()
    await scope().waitFor()
    expect(await scope().textContent()).toMatch(/^Of (?:2 notes|Handbook\/Glossary\.md)/)
    await page.waitForFunction(`document.activeElement === document.querySelector('.cairn-ask textarea')`)
  })
})

describe('Tasks and Canvas', () => {
  test('take an answer', async () => {
    await page.getByRole('button', { name: 'Ask all notes' }).click()
    await rig.command(page, 'new-conversation')
    expect(await rig.command(page, 'answer-to-canvas')).toBe(false)
    await question().fill(holiday)
    await question().press('Enter')
    await page.locator('.cairn-receipt').first().waitFor()
    expect(await rig.command(page, 'answer-to-task')).toBe(false)
    await install(
      'obsidian-tasks-plugin',
      `{ apiV1: { given: [], async editTaskLineModal(line) { this.given.push(line); return line + ' 📅 2026-05-01' } } }`,
    )
    await openNote('Start here')
    expect(await rig.command(page, 'answer-to-task')).toBe(true)
    await page.waitForFunction(
      `app.workspace.getMostRecentLeaf().view.editor.getValue().includes('into next year? 📅 2026-05-01')`,
    )
    expect(await page.evaluate(`app.plugins.plugins['obsidian-tasks-plugin'].apiV1.given`)).toEqual([
      `- [ ] ${holiday}`,
    ])
    expect(await rig.command(page, 'answer-to-canvas')).toBe(true)
    await notice(/Saved as Cairn\/How many days.*\.canvas/)
    const text = await page.evaluate<string>(
      `app.vault.read(app.vault.getFiles().find(({ path }) => path.startsWith('Cairn/') && path.endsWith('.canvas')))`,
    )
    const { nodes } = JSON.parse(text) as { nodes: { type: string; file?: string }[] }
    expect(nodes.find(({ type }) => type === 'file')?.file).toBe('Handbook/Working hours and leave.md')
  })

  test('are not offered when they are switched off in the settings, which say what is there', async () => {
    await openSettings(page, 'Integrations')
    const row = (name: string) =>
      page.locator('.setting-item', { has: page.locator('.setting-item-name', { hasText: new RegExp(`^${name}$`) }) })
    expect(await row('Dataview').last().textContent()).toContain('Detected')
    expect(await row('Style Settings').last().textContent()).toContain('Not installed')
    await expectWell(page, 'settings of integrations', '.vertical-tab-content')
    for (const name of ['Dataview', 'Tasks', 'Canvas']) await row(name).first().locator('.checkbox-container').click()
    await closeSettings(page)
    for (const id of ['ask-query', 'answer-to-task', 'answer-to-canvas'])
      expect(await rig.command(page, id)).toBe(false)
  })
})

describe('the interface for other plugins', () => {
  const api = 'app.plugins.plugins.cairn.api'

  test('gives answers with citations, of a scope if one is told', async () => {
    expect(await page.evaluate(`${api}.version`)).toBe(1)
    const answer = await page.evaluate<{
      outcome: string
      citations: { note: string }[]
      receipt: { requestId: string }
    }>(`${api}.ask(${JSON.stringify(holiday)}, { scope: 'folder:Handbook' })`)
    expect(answer).toMatchObject({
      outcome: 'answered',
      receipt: { requestId: expect.stringMatching(/^req_/) as string },
    })
    expect(answer.citations.every(({ note }) => note.startsWith('Handbook/'))).toBe(true)
    const none = await page.evaluate<{ outcome: string }>(
      `${api}.ask(${JSON.stringify(holiday)}, { scope: { notes: ['No.md'] } })`,
    )
    expect(none.outcome).toBe('not-found')
  })

  test('rejects with a sentence, and asks nothing when the scope names nothing', async () => {
    const before = asked()
    const complaint = (call: string) => page.evaluate<string>(`${call}.then(() => '', ({ message }) => message)`)
    expect(await complaint(`${api}.ask('Why?', { scope: { notes: [] } })`)).toBe(
      'The scope names no note, folder or tag.',
    )
    expect(await complaint(`${api}.ask(' ')`)).toBe('Give a question.')
    expect(asked()).toBe(before)
  })

  test('and links fill the box and send nothing', async () => {
    const before = asked()
    await page.evaluate(`host.openLink('cairn', { ask: 'What is a Tern?', scope: 'tag:handbook,folder:Handbook' })`)
    await page.waitForFunction(`document.querySelector('.cairn-ask textarea')?.value === 'What is a Tern?'`)
    await scope().getByText('Of Handbook with #handbook').waitFor()
    await page.evaluate(`${api}.openAsk('And this?', { scope: { notes: ['Start here.md'] } })`)
    await scope().getByText('Of Start here.md').waitFor()
    expect(asked()).toBe(before)
    rig.expectCalm(visit)
  })
})

describe('two devices of one person', () => {
  /** A sync tool that carries data.json from one vault to the other, whole. */
  const carry = async (from: Page, to: Page) =>
    to.evaluate(`host.writeData('cairn', ${JSON.stringify(await from.evaluate(`app.pluginData.read('cairn')`))})`)
  const setToggle = async (of: Page, tabPage: string, name: string) => {
    await openSettings(of, tabPage)
    await of
      .locator('.setting-item', { has: of.locator('.setting-item-name', { hasText: new RegExp(`^${name}$`) }) })
      .first()
      .locator('.checkbox-container')
      .click()
    await closeSettings(of)
  }
  const exclude = async (of: Page, folder: string) => {
    await openSettings(of, 'Privacy')
    await of.getByRole('button', { name: 'Exclude a folder' }).click()
    await of.getByLabel('Folder').last().fill(folder)
    await of.locator('.modal').getByRole('button', { name: 'Add', exact: true }).click()
    await of.locator('.cairn-panel').waitFor({ state: 'detached' })
    await closeSettings(of)
  }
  const valuesOf = async (of: Page) => {
    await of.waitForFunction(`app.pluginData.read('cairn') !== null`)
    return of.evaluate<Record<string, unknown>>(`app.pluginData.read('cairn').values`)
  }
  const written = (of: Page, text: string) =>
    of.waitForFunction(`JSON.stringify(app.pluginData.read('cairn'))?.includes(${JSON.stringify(text)})`)

  test('overwrite neither each other’s settings nor what waits to be asked', async () => {
    await using laptop = await rig.open()
    await using phone = await rig.open({ device: 'phone' })
    await exclude(laptop.page, 'Private')
    await setToggle(laptop.page, 'Answers', 'Show the receipt at once')
    await exclude(phone.page, 'People')
    await setToggle(phone.page, 'Privacy', 'Make inserted answers harmless')
    await written(laptop.page, 'answers.receipt')
    await written(phone.page, 'privacy.neutralise')
    // Each wrote without the other’s file; what waits for the server is each device’s own.
    for (const [of, words] of [
      [laptop.page, 'Asked on the laptop?'],
      [phone.page, 'Asked on the phone?'],
    ] as const) {
      await rig.command(of, 'open-ask')
      await question(of).fill(words)
      await question(of).press('Enter')
      await of.locator('.cairn-waiting', { hasText: words }).waitFor()
    }
    await carry(laptop.page, phone.page)
    // The laptop’s file stands in the place of the phone’s, until the phone has put its own changes back.
    await written(phone.page, 'privacy.neutralise')
    await carry(phone.page, laptop.page)
    const both = {
      'answers.receipt': true,
      'privacy.neutralise': false,
      'privacy.excludedFolders': ['People', 'Private'],
    }
    await written(laptop.page, 'privacy.neutralise')
    expect(await valuesOf(laptop.page)).toMatchObject(both)
    expect(await valuesOf(phone.page)).toMatchObject(both)
    expect(await laptop.page.locator('.cairn-waiting li').count()).toBe(1)
    // And after a restart with the other’s file in place of its own.
    await phone.page.reload()
    await phone.page.waitForFunction('window.host?.isReady === true')
    expect(await valuesOf(phone.page)).toMatchObject(both)
    await rig.command(phone.page, 'open-ask')
    await phone.page.locator('.cairn-waiting', { hasText: 'Asked on the phone?' }).waitFor()
    rig.expectCalm(laptop)
    rig.expectCalm(phone)
  })
})
