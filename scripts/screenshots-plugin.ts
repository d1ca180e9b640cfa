/** Pictures of the Obsidian plugin for the docs, taken in its test host over the example vault and a server of their own. */
import type { Page } from 'playwright-core'
import type { TestBrowser } from '../server/test/browser.ts'
import { startDictatedUpstream } from '../server/test/kit/dictated-upstream.ts'
import { openPluginRig, openSettings, readCode, setServer, type PluginRig } from '../server/test/kit/plugin-host.ts'

const question = 'How many days of holiday do I get, and can I take any into next year?'

const ownPictures: Record<string, (page: Page, rig: PluginRig) => Promise<void>> = {
  'plugin-first': async (page, rig) => {
    await rig.command(page, 'open-ask')
    await page.locator('.cairn-banner').waitFor()
  },
  'plugin-ask': async (page, rig) => {
    await ask(page, rig)
  },
  'plugin-receipt': async (page, rig) => {
    await ask(page, rig)
    await page.locator('.cairn-receipt summary').click()
  },
  'plugin-rewrite': async (page, rig) => {
    await rewrite(page, rig)
  },
  'plugin-settings': async (page, rig) => {
    await rig.connect(page)
    await openSettings(page)
  },
  'plugin-appearance': async (page) => {
    await openSettings(page, 'Appearance')
    await page.locator('.cairn-preview').waitFor()
  },
  'plugin-shortcuts': async (page, rig) => {
    await rig.connect(page)
    await openSettings(page, 'Shortcuts')
  },
  'plugin-palette': async (page, rig) => {
    await writePrompts(page)
    await page.evaluate(`app.workspace.openLinkText('Handbook/Working hours and leave', '')`)
    await rig.command(page, 'open-palette')
    await page.keyboard.type('co')
    await page.locator('.cairn-palette .suggestion-highlight').first().waitFor()
  },
  'plugin-prompt': async (page, rig) => {
    await writePrompts(page)
    await rig.command(page, 'open-palette')
    await page.keyboard.type('explain')
    await page.locator('.cairn-palette-preview').getByText('Wants whom').waitFor()
  },
  'plugin-argument': async (page, rig) => {
    await writePrompts(page)
    await rig.command(page, 'open-palette')
    await page.keyboard.type('compare')
    await page.keyboard.press('Enter')
    await page.keyboard.type('many')
    await page.locator('.cairn-palette-problem').getByText('is a number').waitFor()
  },
  'plugin-commands': async (page) => {
    await writePrompts(page)
    await openSettings(page, 'Commands')
    await page.getByText('Line 1').waitFor()
  },
  'plugin-privacy': async (page) => {
    await openSettings(page, 'Privacy')
  },
  'plugin-scope': async (page, rig) => {
    await rig.connect(page)
    await page.evaluate(
      `host.openBase('cairn-ask', app.vault.getMarkdownFiles().map(({ path }) => path).filter((path) => path.startsWith('Projects/')))`,
    )
    const base = page.locator('.cairn-base')
    await base.getByRole('link').first().waitFor()
    const isPhone = await page.evaluate<boolean>(`document.body.classList.contains('is-phone')`)
    if (isPhone) return
    await base.getByRole('button', { name: /^Ask these/ }).click()
    await page.getByRole('textbox', { name: 'Question' }).fill('What is still open?')
  },
  'plugin-integrations': async (page, rig) => {
    await rig.connect(page)
    await openSettings(page, 'Integrations')
  },
  'plugin-pair': async (page, rig) => {
    await setServer(page, rig.team.url)
    await rig.command(page, 'pair-device')
    await readCode(page, rig.person)
  },
}

const prompts = {
  'Explain to': `---
description: Explains the selection to somebody.
aliases: [ELI5]
arguments:
  - { name: whom, description: Who it is for., required: true }
  - { name: length, kind: choice, choices: [short, long], default: short }
---
Explain this to {{arg.whom}}, in a {{arg.length}} text, with what my notes say about it: {{selection!}}`,
  'Compare with last year': `---
description: Compares the open note with what was a year ago.
arguments:
  - { name: years, kind: number, description: How many years back., default: 1 }
---
What has changed in {{title}} since {{arg.years}} years before {{date}}?`,
  'Weekly review': 'What happened in the week before {{date}}, and what is still open?',
  'Draft a reply': 'Draft a reply to this, from what my notes say: {{selected}}',
}

const commands = [
  ['editor:toggle-bold', 'Editor: Toggle bold', 'bold', 'B'],
  ['editor:toggle-code', 'Editor: Toggle code', 'code', ''],
  ['editor:fold-all', 'Editor: Fold all headings and lists', 'chevrons-down-up', ''],
  ['app:toggle-left-sidebar', 'App: Toggle left sidebar', 'panel-left', ''],
  ['daily-notes', 'Daily notes: Open today’s daily note', 'calendar-days', 'D'],
  ['file-explorer:move-file', 'Files: Move current file to another folder', 'folder-input', ''],
  ['workspace:copy-url', 'Workspace: Copy Obsidian URL', 'link', ''],
  ['bookmarks:open', 'Bookmarks: Show bookmarks', 'bookmark', ''],
] as const

/** Prompts, one of them with a mistake, and commands as Obsidian has them. */
async function writePrompts(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    for (const [id, name, icon, key] of ${JSON.stringify(commands)}) {
      app.commands.commands[id] = { id, name, icon, callback: () => undefined }
      if (key !== '') app.hotkeyManager.customKeys[id] = [{ modifiers: ['Mod'], key }]
    }
    for (const folder of ['Cairn', 'Cairn/Commands'])
      if (app.vault.getFolderByPath(folder) === null) await app.vault.createFolder(folder)
    for (const [name, text] of Object.entries(${JSON.stringify(prompts)}))
      await app.vault.create('Cairn/Commands/' + name + '.md', text)
  })()`)
  await page.waitForFunction(`app.commands.commands['cairn:prompt:Weekly review'] !== undefined`)
}

/** Over a server that has no folder of the vault. */
const sentPictures: Record<string, (page: Page, rig: PluginRig) => Promise<void>> = {
  'plugin-sync-first': async (page, rig) => {
    await rig.connect(page)
    await rig.command(page, 'open-sync')
    await page.getByLabel('Vault on the server that this vault is').selectOption(rig.vault)
  },
  'plugin-sync': async (page, rig) => {
    await rig.connect(page)
    await page.evaluate(`app.workspace.openLinkText('Handbook/Working hours and leave', '')`)
    await rig.command(page, 'open-sync')
    await page.getByLabel('Vault on the server that this vault is').selectOption(rig.vault)
    await page.getByRole('button', { name: 'Turn on and send' }).click()
    await settle(page)
    // Each picture is a device of its own, and all but the first find another that sends.
    if (await page.getByRole('button', { name: 'Send from this device' }).isVisible()) {
      await page.getByRole('button', { name: 'Send from this device' }).click()
      await page.locator('.modal').getByRole('button', { name: 'Send from here' }).click()
      await page.locator('.cairn-sync h2', { hasText: 'Another device' }).waitFor({ state: 'detached' })
      await settle(page)
    }
  },
  'plugin-sync-conflicts': async (page, rig) => {
    const texts = ['Meetings and decisions', 'Working hours and leave'] as const
    await page.evaluate(`Promise.all(${JSON.stringify(texts)}.map((name) => {
      const file = app.vault.getFileByPath('Handbook/' + name + '.md')
      return app.vault.process(file, (text) => text.replace('# ', '# New: '))
    }))`)
    await sentPictures['plugin-sync']?.(page, rig)
    const compare = page.getByRole('button', { name: 'Compare: Meetings and decisions' })
    if (await compare.isVisible()) await compare.click()
    await page.waitForTimeout(500)
  },
}

const settle = (page: Page) =>
  page
    .locator('.cairn-sync h2')
    .getByText(/In step|Another device|decide/)
    .waitFor()

export const pluginPictures = { ...ownPictures, ...sentPictures }

async function ask(page: Page, rig: PluginRig): Promise<void> {
  await rig.connect(page)
  // On a desktop the note stands beside the answer.
  await page.evaluate(`app.workspace.openLinkText('Handbook/Working hours and leave', '')`)
  await rig.command(page, 'open-ask')
  await page.getByRole('textbox', { name: 'Question' }).fill(question)
  await page.keyboard.press('Enter')
  await page.locator('.cairn-receipt summary').waitFor()
}

/** The model of these pictures says what it is told to: a text in a few places better than the note's. */
async function rewrite(page: Page, rig: PluginRig): Promise<void> {
  await rig.connect(page)
  await page.evaluate(`app.workspace.openLinkText('Handbook/Working hours and leave', '')`)
  await page.waitForFunction(`app.workspace.activeEditor?.editor.getValue().includes('Field crews')`)
  await page.evaluate(`(() => {
    const { editor } = app.workspace.activeEditor
    const text = editor.getValue()
    const from = text.indexOf('Time worked beyond')
    editor.setSelection(editor.offsetToPos(from), editor.offsetToPos(text.indexOf('\\n', from)))
    editor.focus()
  })()`)
  await rig.command(page, 'rewrite-selection')
  await page.locator('.cairn-rewrite-sent').waitFor()
  await page.getByRole('button', { name: 'Clearer' }).click()
  await page.keyboard.press('Enter')
  await page.locator('.cairn-change').nth(1).waitFor()
  await page.keyboard.press('Alt+Enter')
  await page.keyboard.press('Alt+Backspace')
}

interface Wanted {
  readonly name: string
  readonly theme: 'light' | 'dark'
  readonly size: { readonly phone: boolean }
  readonly file: string
}

/** `keep` is given each picture with the name of its file. */
export async function takePlugin(
  browser: TestBrowser,
  wanted: readonly Wanted[],
  keep: (file: string, picture: Uint8Array, problems: readonly string[]) => Promise<void>,
): Promise<void> {
  const upstream = startDictatedUpstream(['writer'])
  upstream.say(
    'Take back every hour beyond 35 within eight weeks. We do not pay overtime: in the one year we did (2021) people got tired and slightly richer.',
  )
  const config = {
    upstreams: [{ id: 'desk', dialect: 'openai', baseUrl: upstream.url, models: ['writer'] }],
    models: { default: 'extractive' },
  }
  for (const pictures of [ownPictures, sentPictures]) {
    const own = wanted.filter(({ name }) => Object.hasOwn(pictures, name))
    if (own.length === 0) continue
    await using rig = await openPluginRig(browser, { isSent: pictures === sentPictures, config })
    for (const { name, theme, size, file } of own) {
      await using visit = await rig.open({ theme, device: size.phone ? 'phone' : 'desktop' })
      const { page } = visit
      await pictures[name]?.(page, rig)
      await page.evaluate(`document.querySelector('.notice-container')?.remove()`)
      await page.mouse.move(0, 0)
      await page.waitForTimeout(300)
      await keep(file, await page.screenshot({ animations: 'disabled', caret: 'hide' }), visit.problems)
    }
  }
  await upstream.close()
}
