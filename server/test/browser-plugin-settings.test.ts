/**
 * The Obsidian plugin in a real Chromium: connecting to a server and losing it, and its settings. Needs
 * CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { openBrowser, type TestBrowser } from './browser.ts'
import {
  closeSettings,
  expectWell,
  openPluginRig,
  openSettings,
  readCode,
  setServer,
  type PluginRig,
} from './kit/plugin-host.ts'

setDefaultTimeout(60_000)

let browser: TestBrowser
let rig: PluginRig

beforeAll(async () => {
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
  rig = await openPluginRig(browser)
}, 90_000)

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await browser[Symbol.asyncDispose]()
})

const status = (page: Page) => page.locator('.cairn-status')
const stateOf = (page: Page, at: string) =>
  page.waitForFunction(`app.plugins.plugins.cairn.api.connection.state.get().at === '${at}'`)
const stored = (page: Page) => page.evaluate<{ values: Record<string, unknown> } | null>(`app.pluginData.read('cairn')`)
const row = (page: Page, name: string) =>
  page.locator('.setting-item', { has: page.locator('.setting-item-name', { hasText: new RegExp(`^${name}$`) }) })
const back = (page: Page) => page.getByRole('button', { name: 'Back', exact: true }).click()
/** Chromium’s own words on requests that were cut off or refused. */
const lost = /net::ERR_|Failed to load resource/

describe('connecting', () => {
  test('pairs by a code that a person approves, and keeps the key in the secret storage alone', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await setServer(page, rig.team.url)
    await stateOf(page, 'unpaired')
    await openSettings(page)
    await status(page).getByRole('button', { name: 'Pair' }).click()
    const device = await readCode(page, rig.person)
    expect(device.code).toMatch(/^[B-Z]{5}-[B-Z]{5}$/)
    await expectWell(page, 'pairing', '.cairn-panel')
    await device.approve()
    await page.getByText('This device is paired').waitFor({ timeout: 20_000 })
    await page.getByRole('button', { name: 'Done' }).click()
    await stateOf(page, 'ready')
    await status(page).getByText('Connected').waitFor()
    const secret = await page.evaluate<string>(`app.secretStorage.getSecret('cairn-server-key')`)
    const { key, origin } = JSON.parse(secret) as { key: string; origin: string }
    expect(origin).toBe(rig.team.url)
    const elsewhere = await page.evaluate<string>(
      `JSON.stringify([app.pluginData.read('cairn'), Object.entries(localStorage).filter(([name]) => !name.includes(':secret:'))])`,
    )
    expect(elsewhere).not.toContain(key)
    rig.expectCalm(visit, lost)
  })

  test('that is refused says so, and offers a new code', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await setServer(page, rig.team.url)
    await stateOf(page, 'unpaired')
    await rig.command(page, 'pair-device')
    await (await readCode(page, rig.person)).approve(false)
    await page.getByText('Not approved').waitFor({ timeout: 20_000 })
    await page.getByRole('button', { name: 'Show a new code' }).click()
    await readCode(page, rig.person)
    rig.expectCalm(visit, lost)
  })

  test('with a key that is revoked says so with the next question', async () => {
    await using visit = await rig.open()
    const { page } = visit
    const made = await rig.person.send('/api/access/keys', { name: 'to be revoked' })
    const { key, id } = (await made.json()) as { key: string; id: string }
    await rig.connect(page, key)
    await rig.command(page, 'open-ask')
    expect((await rig.person.send(`/api/access/keys/${id}`, undefined, 'DELETE')).ok).toBe(true)
    await page.getByRole('textbox', { name: 'Question' }).fill('Who is on call?')
    await page.getByRole('textbox', { name: 'Question' }).press('Enter')
    await page.locator('.cairn-banner').getByText('no longer takes this device’s key').waitFor()
    await page.getByRole('button', { name: 'Pair this device' }).waitFor()
    rig.expectCalm(visit, lost)
  })

  test('to a server that goes and comes back is mended by itself', async () => {
    await using visit = await rig.open()
    const { page, context } = visit
    await rig.connect(page)
    await rig.command(page, 'open-ask')
    await context.route(`${rig.team.url}/**`, (route) => route.abort('connectionrefused'))
    await rig.command(page, 'check-connection')
    await page.locator('.cairn-banner').getByText('does not answer').waitFor()
    await page.getByRole('textbox', { name: 'Question' }).fill('Who is on call?')
    await page.getByRole('textbox', { name: 'Question' }).press('Enter')
    await page.getByRole('heading', { name: 'Waiting for the server' }).waitFor()
    await expectWell(page, 'server gone')
    await context.unroute(`${rig.team.url}/**`)
    await page.locator('.cairn-banner').waitFor({ state: 'detached', timeout: 20_000 })
    await page.locator('.cairn-receipt').waitFor()
    rig.expectCalm(visit, lost)
  })

  test.each([
    ['another kind of server', {}, 200, 'is no Cairn server'],
    ['a server of a later edition', { 'x-cairn-api': '2' }, 200, 'update the plugin'],
  ])('to %s says what it is', async (_, headers, status_, words) => {
    const other = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: ({ method }) =>
        new Response(method === 'OPTIONS' ? null : '{"hello":"world"}', {
          status: method === 'OPTIONS' ? 204 : status_,
          headers: {
            'access-control-allow-origin': '*',
            'access-control-allow-headers': '*, authorization',
            'access-control-expose-headers': 'x-cairn-api',
            'content-type': 'application/json',
            ...headers,
          },
        }),
    })
    await using visit = await rig.open()
    const { page } = visit
    await setServer(page, other.url.origin)
    await openSettings(page)
    await status(page).getByText(words).waitFor()
    await other.stop(true)
  })

  test('refuses a network address without TLS until it is allowed, and on a phone always', async () => {
    for (const device of ['desktop', 'phone'] as const) {
      await using visit = await rig.open({ device })
      const { page, requests } = visit
      await setServer(page, 'http://192.0.2.7:8484')
      await stateOf(page, 'blocked')
      await openSettings(page)
      await status(page)
        .getByText(device === 'phone' ? 'Phones and tablets' : 'could read your questions')
        .waitFor()
      expect(requests.filter((url) => url.includes('192.0.2.7'))).toEqual([])
    }
  })
})

describe('settings', () => {
  test('are changed, kept, and there again after a restart; wrong ones are refused with a sentence', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await openSettings(page)
    const wait = row(page, 'Wait for the first word').locator('input')
    await wait.fill('7')
    await row(page, 'Wait for the first word').getByRole('alert').getByText('in steps of 5').waitFor()
    await wait.fill('45')
    await row(page, 'Wait for the first word').getByRole('alert').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: /^Answers/ }).click()
    await row(page, 'Model').locator('input').fill('two words')
    await row(page, 'Model').getByRole('alert').getByText('without spaces').waitFor()
    await row(page, 'Model').locator('input').fill('kit/echo')
    await row(page, 'Send a question with').locator('select').selectOption('mod')
    await row(page, 'Open a source in').locator('select').selectOption('split')
    await row(page, 'Show the receipt at once').locator('input').check()
    await row(page, 'Sources of an answer').locator('input').fill('8')
    await row(page, 'Sources of an answer').locator('input').dispatchEvent('change')
    await row(page, 'Folder of saved conversations').locator('input').fill('../outside')
    await row(page, 'Folder of saved conversations').getByRole('alert').waitFor()
    await page.waitForFunction(`app.pluginData.read('cairn')?.values['answers.citations'] === 8`)
    const kept = await stored(page)
    expect(kept?.values).toEqual({
      'connection.timeoutSeconds': 45,
      'answers.model': 'kit/echo',
      'answers.citations': 8,
      'answers.sendWith': 'mod',
      'answers.openIn': 'split',
      'answers.receipt': true,
    })
    await page.reload()
    await page.waitForFunction('window.host?.isReady === true')
    await openSettings(page, 'Answers')
    expect(await row(page, 'Model').locator('input').inputValue()).toBe('kit/echo')
    rig.expectCalm(visit)
  })

  test('keep folders and tags back, say how many notes, and take what a hand or another device writes', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await openSettings(page, 'Privacy')
    await page.getByRole('button', { name: 'Exclude a folder' }).click()
    await page.getByRole('combobox', { name: 'Folder' }).fill('/etc')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('alert').getByText('folder of this vault').waitFor()
    await page.getByRole('combobox', { name: 'Folder' }).fill('Finance')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await row(page, 'Kept back now').getByText('2 of 66 notes').waitFor()
    await page.waitForFunction(`app.pluginData.read('cairn')?.values['privacy.excludedFolders']?.length === 1`)
    // Another device excluded another folder at the same time; its file takes the place of ours.
    await page.evaluate(`host.writeData('cairn', {
      schemaVersion: 1,
      values: { 'privacy.excludedFolders': ['Board'], 'answers.citations': 3 },
      stamps: { 'privacy.excludedFolders#Board': '000000001.0000.ffffffff', 'answers.citations': '000000001.0000.ffffffff' },
    })`)
    await page.waitForFunction(`app.pluginData.read('cairn')?.values['privacy.excludedFolders']?.length === 2`)
    expect((await stored(page))?.values).toMatchObject({
      'privacy.excludedFolders': ['Board', 'Finance'],
      'answers.citations': 3,
    })
    await closeSettings(page)
    await openSettings(page, 'Privacy')
    await page.getByRole('button', { name: 'Delete Finance' }).click()
    await row(page, 'Finance').waitFor({ state: 'detached' })
    rig.expectCalm(visit)
  })

  test('show the appearance as it changes', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await openSettings(page, 'Appearance')
    const preview = page.locator('.cairn-preview')
    await preview.waitFor()
    await row(page, 'Density').locator('select').selectOption('compact')
    await page.locator('.cairn-preview.is-compact').waitFor()
    await row(page, 'Accent').locator('input').fill('#1a664c')
    await page.waitForFunction(
      `getComputedStyle(document.querySelector('.cairn-preview .cairn-button.is-primary')).backgroundColor === 'rgb(26, 102, 76)'`,
    )
    await row(page, 'Accent').getByRole('button').click()
    await page.waitForFunction(
      `getComputedStyle(document.querySelector('.cairn-preview .cairn-button.is-primary')).backgroundColor !== 'rgb(26, 102, 76)'`,
    )
    rig.expectCalm(visit)
  })

  test('give actions other keys, show who else has them, and give the first ones back', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await page.evaluate(
      `app.hotkeyManager.customKeys['editor:bold'] = [{ modifiers: ['Mod', 'Alt'], key: 'J' }]; app.commands.commands['editor:bold'] = { id: 'editor:bold', name: 'Bold' }`,
    )
    await openSettings(page, 'Shortcuts')
    await page.getByRole('button', { name: 'Change the keys of “New conversation”' }).click()
    const box = page.getByRole('textbox', { name: 'Keys' })
    await box.press('Control+c')
    await page.getByText('Typing needs these keys').waitFor()
    expect(await page.getByRole('button', { name: 'Use these' }).isDisabled()).toBe(true)
    await box.press('Control+Alt+j')
    await page.getByText('Also: Bold').waitFor()
    await page.getByRole('button', { name: 'Use these' }).click()
    await row(page, 'New conversation').getByRole('alert').getByText('Also: Bold.').waitFor()
    expect(await row(page, 'New conversation').locator('kbd').textContent()).toBe('Ctrl + Alt + J')
    await page.getByRole('button', { name: 'Reset the keys of “New conversation”' }).click()
    await page.waitForFunction(`document.querySelectorAll('.setting-item.is-invalid').length === 0`)
    expect(await row(page, 'New conversation').locator('kbd').textContent()).toBe('Ctrl + Shift + K')
    rig.expectCalm(visit)
  })

  test('take commands out of the palette and put them back', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await openSettings(page, 'Commands')
    await row(page, 'Check the connection').locator('input').uncheck()
    await page.waitForFunction(`app.commands.commands['cairn:check-connection'] === undefined`)
    await row(page, 'Check the connection').locator('input').check()
    await page.waitForFunction(`app.commands.commands['cairn:check-connection'] !== undefined`)
    await back(page)
    await page.getByRole('button', { name: /^Integrations/ }).click()
    await row(page, 'Dataview').getByText('Not installed').waitFor()
    await row(page, 'Bases').getByText('Detected').waitFor()
    rig.expectCalm(visit)
  })

  test('go out as text and come in after a look at what changes; a reset is asked about', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await openSettings(page)
    await page.getByRole('button', { name: /^Export/ }).click()
    const text = await page.getByRole('textbox', { name: 'Settings' }).inputValue()
    await page.getByRole('button', { name: 'Copy', exact: true }).click()
    await page.locator('.notice', { hasText: 'Settings copied' }).waitFor()
    const changed = JSON.parse(text) as { settings: Record<string, unknown> }
    changed.settings['answers.citations'] = 12
    changed.settings['answers.followUps'] = 99
    await page
      .getByRole('button', { name: /^Import/ })
      .first()
      .click()
    const box = page.getByRole('textbox', { name: 'What “Export” gave you' })
    await box.fill('{')
    await page.getByText('This is not JSON').waitFor()
    await box.fill(JSON.stringify(changed))
    await page.getByText('5 → 12').waitFor()
    await page.getByText('Give a number from 0 to 20').waitFor()
    await expectWell(page, 'import', '.cairn-panel')
    await page.locator('.cairn-panel').getByRole('button', { name: 'Import' }).click()
    await page.waitForFunction(`app.pluginData.read('cairn')?.values['answers.citations'] === 12`)
    await page.getByRole('button', { name: /^Reset/ }).click()
    await page.locator('.mod-confirmation').getByRole('button', { name: 'Cancel' }).click()
    expect((await stored(page))?.values['answers.citations']).toBe(12)
    await page.getByRole('button', { name: /^Reset/ }).click()
    await page.locator('.mod-confirmation').getByRole('button', { name: 'Reset' }).click()
    await page.waitForFunction(`app.pluginData.read('cairn')?.values['answers.citations'] === undefined`)
    rig.expectCalm(visit)
  })

  test('are found by Obsidian’s own search', async () => {
    await using visit = await rig.open()
    const find = (words: string) => visit.page.evaluate<string[]>(`app.setting.search(${JSON.stringify(words)})`)
    expect(await find('gateway')).toEqual(['Server'])
    expect(await find('templater')).toContain('Make inserted answers harmless')
    expect(await find('hotkey')).toContain('New conversation')
    expect(await find('zebra')).toEqual([])
  })
})
