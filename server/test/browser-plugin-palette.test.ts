/**
 * The palette of the Obsidian plugin in a real Chromium: finding, running, remembering, and custom commands through to
 * the answer. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { openBrowser, type TestBrowser } from './browser.ts'
import { closeSettings, expectWell, openPluginRig, openSettings, type PluginRig } from './kit/plugin-host.ts'

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

const folder = 'Cairn/Commands'
const leave = `---
description: Asks about leave for somebody.
aliases: [holiday]
arguments:
  - { name: whom, description: Who asks., required: true }
  - { name: days, kind: number }
  - { name: length, kind: choice, choices: [short, long], default: short }
---
How many days of holiday does {{arg.whom}} get in {{title}}, after {{arg.days|no}} days taken? {{arg.length}}: {{selection}}
`

const write = (page: Page, path: string, text: string) =>
  page.evaluate(
    `(async () => {
      const [path, text] = ${JSON.stringify([path, text])}
      for (const folder of ['Cairn', ${JSON.stringify(folder)}])
        if (app.vault.getFolderByPath(folder) === null) await app.vault.createFolder(folder)
      const file = app.vault.getFileByPath(path)
      if (file === null) await app.vault.create(path, text)
      else await app.vault.modify(file, text)
    })()`,
  )
const hasCommand = (page: Page, id: string, isThere = true) =>
  page.waitForFunction(`(app.commands.commands['cairn:prompt:${id}'] !== undefined) === ${isThere}`)
const input = (page: Page) => page.locator('.cairn-palette .prompt-input')
const rows = (page: Page) => page.locator('.cairn-palette .suggestion-item')
const chosen = (page: Page) => page.locator('.cairn-palette .suggestion-item.is-selected')
const preview = (page: Page) => page.locator('.cairn-palette-preview')
const argument = (page: Page, name: string) => page.locator('.cairn-palette-head', { hasText: name })
const gone = (page: Page) => page.locator('.cairn-palette').waitFor({ state: 'detached' })
const press = (page: Page, keys: string) => page.keyboard.press(keys)

async function openPalette(page: Page, typed = ''): Promise<void> {
  await rig.command(page, 'open-palette')
  await input(page).waitFor()
  await page.keyboard.type(typed)
  await page.locator('.cairn-palette :is(.suggestion-item, .suggestion-empty)').first().waitFor()
}

/** Commands as other plugins have them; what was run stands in `window.ran`. */
async function addCommands(page: Page): Promise<void> {
  await page.evaluate(`(() => {
    window.ran = []
    const names = ['Editor: Toggle bold', 'Editor: Toggle blockquote', 'Daily notes: Open today’s daily note', 'Café: Öffnen']
    names.forEach((name, at) => {
      const id = 'other:' + at
      app.commands.commands[id] = { id, name, icon: 'bold', callback: () => void window.ran.push(name) }
    })
    app.commands.commands['other:no'] = { id: 'other:no', name: 'Editor: Toggle never', checkCallback: () => false }
    app.hotkeyManager.customKeys['other:0'] = [{ modifiers: ['Mod'], key: 'B' }]
  })()`)
}

/** With a note open and words of it selected. */
async function openNote(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    await app.workspace.openLinkText('Handbook/Working hours and leave', '')
    const { editor } = app.workspace.activeEditor
    const at = editor.getValue().indexOf('30 days')
    editor.setSelection(editor.offsetToPos(at), editor.offsetToPos(at + 7))
    editor.focus()
  })()`)
}

const nextQuestion = async (page: Page): Promise<string> => {
  const request = await page.waitForRequest((each) => each.url().endsWith('/v1/ask') && each.method() === 'POST')
  return (request.postDataJSON() as { question: string }).question
}

describe('commands', () => {
  test('are found by letters of them, marked, and run by keyboard alone; the focus comes back', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await addCommands(page)
    await openNote(page)
    await openPalette(page, 'tog bo')
    expect(await rows(page).first().locator('.cairn-palette-title').textContent()).toBe('Editor: Toggle bold')
    expect(await rows(page).first().locator('.suggestion-highlight').allTextContents()).toEqual(['Tog', 'bo'])
    expect(await rows(page).first().locator('kbd').textContent()).toBe('Ctrl + B')
    await preview(page).getByText('Runs a command of Editor.').waitFor()
    await press(page, 'ArrowDown')
    await preview(page).waitFor()
    await press(page, 'ArrowUp')
    await press(page, 'Enter')
    await gone(page)
    expect(await page.evaluate('window.ran')).toEqual(['Editor: Toggle bold'])
    expect(await page.evaluate(`document.activeElement.closest('.cm-editor') !== null`)).toBe(true)
    await openPalette(page, 'oday dialy')
    expect(await chosen(page).textContent()).toContain('Open today’s daily note')
    await input(page).fill('offnen cafe')
    await page.waitForFunction(`document.querySelector('.suggestion-item.is-selected')?.textContent.includes('Öffnen')`)
    await input(page).fill('xqzj')
    await page.getByText('No command has that.').waitFor()
    await input(page).fill('toggle')
    await rows(page).nth(1).waitFor()
    expect(await rows(page).allTextContents()).not.toContain('Editor: Toggle never')
    await press(page, 'Escape')
    await gone(page)
    expect(await page.evaluate(`document.activeElement.closest('.cm-editor') !== null`)).toBe(true)
    rig.expectCalm(visit)
  })

  test('that were used come first, also those of another device; what is forgotten does not', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await addCommands(page)
    await openPalette(page, 'block')
    await press(page, 'Enter')
    await gone(page)
    await openPalette(page, 'bold')
    await press(page, 'Enter')
    await gone(page)
    await openPalette(page)
    // Latest first; then back to what was being typed.
    await press(page, 'Alt+ArrowUp')
    expect(await input(page).inputValue()).toBe('bold')
    await press(page, 'Alt+ArrowUp')
    expect(await input(page).inputValue()).toBe('block')
    await press(page, 'Alt+ArrowUp')
    expect(await input(page).inputValue()).toBe('block')
    await press(page, 'Alt+ArrowDown')
    await press(page, 'Alt+ArrowDown')
    expect(await input(page).inputValue()).toBe('')
    const first = () => rows(page).locator('.cairn-palette-title').allTextContents()
    expect((await first()).slice(0, 2).toSorted()).toEqual(['Editor: Toggle blockquote', 'Editor: Toggle bold'])
    await press(page, 'Escape')
    // Another device has used another one, and its file takes the place of ours.
    await page.waitForFunction(`Object.keys(app.pluginData.read('cairn')?.habits?.uses ?? {}).length === 2`)
    const uses = await page.evaluate<Record<string, number>>(`app.pluginData.read('cairn').habits.uses`)
    const now = Math.max(...Object.values(uses))
    await page.evaluate(
      `host.writeData('cairn', { schemaVersion: 1, values: {}, stamps: {}, habits: { uses: { 'ffffffff other:3': ${now + 3} }, forgotten: {} } })`,
    )
    await page.waitForFunction(`Object.keys(app.pluginData.read('cairn').habits.uses).length === 3`)
    await openPalette(page)
    expect((await first())[0]).toBe('Café: Öffnen')
    await press(page, 'Control+Shift+Backspace')
    await page.waitForFunction(`document.querySelector('.suggestion-item')?.textContent.includes('Toggle')`)
    await press(page, 'Escape')
    await openSettings(page, 'Commands')
    await page.getByText('Forget what was used', { exact: true }).click()
    await page.locator('.mod-confirmation').getByRole('button', { name: 'Forget' }).click()
    await page.locator('.notice', { hasText: /^Forgotten\.$/ }).waitFor()
    await closeSettings(page)
    await openPalette(page)
    expect(await page.getByText('recent', { exact: true }).count()).toBe(0)
    await press(page, 'Alt+ArrowUp')
    expect(await input(page).inputValue()).toBe('')
    rig.expectCalm(visit)
  })

  test('have keys of the palette that can be others, with conflicts shown', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await addCommands(page)
    await openSettings(page, 'Shortcuts')
    const name = 'Palette: what was typed before'
    await page.getByRole('button', { name: `Change the keys of “${name}”` }).click()
    const box = page.getByRole('textbox', { name: 'Keys' })
    await box.press('Alt+Enter')
    await page.getByText('Also: Palette: put it into the box only').waitFor()
    await box.press('Control+b')
    await page.getByText('Also: Editor: Toggle bold').waitFor()
    await box.press('Control+Alt+h')
    await page.getByRole('button', { name: 'Use these' }).click()
    await closeSettings(page)
    await openPalette(page, 'bold')
    await press(page, 'Enter')
    await openPalette(page)
    await page.locator('.prompt-instructions').getByText('Ctrl + Alt + H').waitFor()
    await press(page, 'Alt+ArrowUp')
    expect(await input(page).inputValue()).toBe('')
    await press(page, 'Control+Alt+h')
    expect(await input(page).inputValue()).toBe('bold')
    rig.expectCalm(visit)
  })
})

describe('custom commands', () => {
  test('ask for what they take, one after the other, check it, and are answered', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    await write(page, `${folder}/Leave for.md`, leave)
    await hasCommand(page, 'Leave for')
    await openNote(page)
    await openPalette(page, 'holi')
    expect(await chosen(page).locator('.cairn-palette-alias').textContent()).toBe('holiday')
    await preview(page).getByText('Wants whom, days and length, then asks your notes.').waitFor()
    await expectWell(page, 'palette', '.cairn-palette')
    await press(page, 'Enter')
    await argument(page, 'whom · 1 of 3').waitFor()
    await page.getByText('“whom” is needed.').waitFor()
    await press(page, 'Enter')
    await page.keyboard.type('Ann')
    await rows(page).getByText('Ann').waitFor()
    await press(page, 'Enter')
    await argument(page, 'days · 2 of 3').waitFor()
    await page.keyboard.type('many')
    await page.getByText('“days” is a number.').waitFor()
    await expectWell(page, 'an argument that is wrong', '.cairn-palette')
    await press(page, 'Enter')
    await argument(page, 'days · 2 of 3').waitFor()
    await input(page).fill('12')
    await rows(page).getByText('12').waitFor()
    await press(page, 'Enter')
    await argument(page, 'length · 3 of 3').waitFor()
    await page.keyboard.type('lng')
    await rows(page).getByText('long').waitFor()
    const [question] = await Promise.all([nextQuestion(page), press(page, 'Enter')])
    expect(question).toBe(
      'How many days of holiday does Ann get in Working hours and leave, after 12 days taken? long: 30 days',
    )
    await page.locator('.cairn-source').first().waitFor()
    await page.locator('.cairn-receipt').waitFor()
    rig.expectCalm(visit)
  })

  test('can be typed with their arguments, written out with the last ones, and put into the box only', async () => {
    await using visit = await rig.open()
    const { page, requests } = visit
    await rig.connect(page)
    await write(page, `${folder}/Leave for.md`, leave)
    await hasCommand(page, 'Leave for')
    await openPalette(page, 'leave-for Ann length=tall')
    await preview(page).getByText('“length” is one of short, long.').waitFor()
    await input(page).fill('leave-for "Ann L" length=long')
    await preview(page).getByText('does Ann L get').waitFor()
    await press(page, 'Alt+Enter')
    const box = page.getByRole('textbox', { name: 'Question' })
    await page.waitForFunction(`document.querySelector('textarea')?.value.includes('does Ann L get')`)
    expect(await box.inputValue()).toContain('after no days taken? long:')
    expect(requests.filter((url) => url.endsWith('/v1/ask'))).toEqual([])
    await openPalette(page, 'leave')
    await preview(page).getByText('Wants whom').waitFor()
    await press(page, 'Alt+ArrowRight')
    expect(await input(page).inputValue()).toBe('leave-for whom="Ann L" length=long')
    await press(page, 'Escape')
    // Run by a hotkey, given up halfway: nothing is asked, and the box keeps what it had.
    expect(await page.evaluate(`app.runCommand('cairn:prompt:Leave for')`)).toBe(true)
    await argument(page, 'whom · 1 of 3').waitFor()
    await page.getByText('as last time').waitFor()
    await press(page, 'Escape')
    await gone(page)
    expect(requests.filter((url) => url.endsWith('/v1/ask'))).toEqual([])
    rig.expectCalm(visit)
  })

  test('come, change and go with their notes, and say what is wrong with them', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await write(page, `${folder}/One.md`, 'Say one')
    await write(page, 'Elsewhere.md', 'Say nothing')
    await hasCommand(page, 'One')
    expect(await page.evaluate(`app.commands.commands['cairn:prompt:One'].name`)).toBe('Cairn: One')
    await write(page, `${folder}/One.md`, '---\nname: First\n---\nSay one')
    await page.waitForFunction(`app.commands.commands['cairn:prompt:One'].name === 'Cairn: First'`)
    await page.evaluate(`app.fileManager.renameFile(app.vault.getFileByPath('${folder}/One.md'), '${folder}/Two.md')`)
    await hasCommand(page, 'Two')
    await hasCommand(page, 'One', false)
    await write(page, `${folder}/Two.md`, 'Say {{what}}')
    await hasCommand(page, 'Two', false)
    await openSettings(page, 'Commands')
    await page.getByText('Line 1: There is no variable “what”.').waitFor()
    await expectWell(page, 'settings of commands', '.vertical-tab-content')
    await page.getByText('Make an example', { exact: true }).click()
    await page.locator('.mod-settings').waitFor({ state: 'detached' })
    await page.waitForFunction(`app.workspace.getActiveFile()?.path === '${folder}/Explain to.md'`)
    await hasCommand(page, 'Explain to')
    await openPalette(page, 'two')
    await preview(page).getByText('There is no variable “what”.').waitFor()
    await press(page, 'Enter')
    await page.waitForFunction(`app.workspace.getActiveFile()?.path === '${folder}/Two.md'`)
    await page.evaluate(`app.vault.delete(app.vault.getFileByPath('${folder}/Two.md'))`)
    await openSettings(page, 'Commands')
    await page.locator('.setting-item-name', { hasText: /^Two$/ }).waitFor({ state: 'detached' })
    const field = page.locator('.setting-item', { hasText: 'Folder of custom commands' }).locator('input')
    await field.fill('Elsewhere')
    await hasCommand(page, 'Explain to', false)
    rig.expectCalm(visit)
  })

  test('take nothing from a note that never leaves the device', async () => {
    await using visit = await rig.open()
    const { page, requests } = visit
    await rig.connect(page)
    await write(page, `${folder}/Sum up.md`, 'Sum up: {{note}}')
    await hasCommand(page, 'Sum up')
    await openSettings(page, 'Privacy')
    await page.getByRole('button', { name: 'Exclude a folder' }).click()
    await page.getByRole('combobox', { name: 'Folder' }).fill('Handbook')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await closeSettings(page)
    await openNote(page)
    await openPalette(page, 'sum up')
    await press(page, 'Enter')
    await page.locator('.notice', { hasText: 'never leaves this device' }).waitFor()
    expect(requests.filter((url) => url.endsWith('/v1/ask'))).toEqual([])
    rig.expectCalm(visit)
  })
})

describe('everywhere', () => {
  test('works without a server: what is asked waits, and recent questions are offered', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await addCommands(page)
    await write(page, `${folder}/Who.md`, 'Who is on call?')
    await hasCommand(page, 'Who')
    await openPalette(page, 'bold')
    await press(page, 'Enter')
    expect(await page.evaluate('window.ran')).toEqual(['Editor: Toggle bold'])
    await openPalette(page, 'who')
    await press(page, 'Enter')
    await page
      .getByRole('region', { name: 'Questions that wait for the server' })
      .getByText('Who is on call?')
      .waitFor()
    await rig.connect(page)
    await page.locator('.cairn-receipt').first().waitFor()
    const box = page.getByRole('textbox', { name: 'Question' })
    await box.fill('How many days of holiday do I get?')
    await box.press('Enter')
    await page.locator('.cairn-receipt').nth(1).waitFor()
    await openPalette(page, 'holiday get')
    // The one of the command is nobody’s own question, and not offered.
    expect(await rows(page).getByText('question', { exact: true }).count()).toBe(1)
    await press(page, 'Enter')
    await page.waitForFunction(`document.querySelector('textarea').value === 'How many days of holiday do I get?'`)
    expect(await page.evaluate(`document.activeElement === document.querySelector('textarea')`)).toBe(true)
    await openSettings(page, 'Privacy')
    await page.locator('.setting-item', { hasText: 'Remember what was used' }).locator('input').uncheck()
    await closeSettings(page)
    await openPalette(page, 'holiday get')
    expect(await page.getByText('question', { exact: true }).count()).toBe(0)
    rig.expectCalm(visit)
  })

  for (const options of [
    { device: 'phone', theme: 'dark' },
    { device: 'desktop', theme: 'light', isRtl: true },
    { device: 'desktop', theme: 'dark', style: 'second' },
  ] as const)
    test(`${JSON.stringify(options)}: nothing is cut off, small or hard to read`, async () => {
      await using visit = await rig.open(options)
      const { page } = visit
      await addCommands(page)
      await write(page, `${folder}/Leave for.md`, leave)
      await write(page, `${folder}/Broken.md`, '{{')
      await hasCommand(page, 'Leave for')
      await openPalette(page)
      await expectRows(page, options.device)
      await press(page, 'Enter')
      await argument(page, 'whom').waitFor()
      await page.keyboard.type('Ann')
      await rows(page).getByText('Ann').waitFor()
      await expectRows(page, options.device)
      rig.expectCalm(visit)
    })
})

async function expectRows(page: Page, device: string): Promise<void> {
  await expectWell(page, 'palette', '.cairn-palette')
  const heights = await rows(page).evaluateAll((all) => all.map((each) => each.getBoundingClientRect().height))
  expect(Math.min(...heights)).toBeGreaterThanOrEqual(device === 'phone' ? 44 : 30)
  const wide = await page.evaluate(`[...document.querySelectorAll('.cairn-palette, .cairn-palette *')]
    .filter((each) => each.tagName !== 'INPUT' && each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0 && getComputedStyle(each).display !== 'inline')
    .map((each) => each.className)`)
  expect(wide).toEqual([])
}
