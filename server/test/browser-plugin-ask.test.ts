/**
 * The view Ask of the Obsidian plugin’s shipped files over a longer time: what an answer leads on to, what becomes of it
 * in notes, and conversations that grow long. In a real Chromium; needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { openBrowser, type TestBrowser } from './browser.ts'
import { startDictatedUpstream, type DictatedUpstream } from './kit/dictated-upstream.ts'
import { tellLongConversation } from './kit/long-conversation.ts'
import { expectWell, openPluginRig, type PluginRig } from './kit/plugin-host.ts'

setDefaultTimeout(60_000)

const notes = {
  'Leave.md':
    '# Leave\n\n## Annual leave\n\nEverybody has 30 days of holiday a year.\n\n## Sick leave\n\nTell your lead by nine.\n',
  'Scratch.md': 'Things to remember.',
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
      upstreams: [{ id: 'near', dialect: 'openai', baseUrl: upstream.url, models: ['writer'] }],
      models: { default: 'near/writer' },
    },
  })
}, 90_000)

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await upstream.close()
  await browser[Symbol.asyncDispose]()
})

const question = (page: Page) => page.getByRole('textbox', { name: 'Question' })
const read = (page: Page, path: string) =>
  page.evaluate<string>(`app.vault.read(app.vault.getFileByPath(${JSON.stringify(path)}))`)

async function openAsk(page: Page): Promise<void> {
  await rig.connect(page)
  await page.evaluate(`app.workspace.openLinkText('Scratch', '')`)
  await page.waitForFunction(`app.workspace.activeEditor?.file?.path === 'Scratch.md'`)
  await rig.command(page, 'open-ask')
  await question(page).waitFor()
}

async function ask(page: Page, text: string): Promise<void> {
  await question(page).fill(text)
  await question(page).press('Enter')
}

test('an answer leads on to questions, is appended, and becomes a note of its own', async () => {
  await using visit = await rig.open()
  const { page } = visit
  await openAsk(page)
  upstream.say('Everybody has 30 days [1].\n\n```dataviewjs\nx\n```')
  await ask(page, 'How many days of holiday do I have?')
  const next = page.getByRole('region', { name: 'Ask next' })
  await next.getByRole('button', { name: 'What does “Leave” say about “Sick leave”?' }).waitFor()
  await expectWell(page, 'follow-ups')
  await page.getByRole('button', { name: 'Append the answer to the note' }).click()
  await page.locator('.notice', { hasText: 'Made harmless: a block of dataviewjs' }).waitFor()
  await page.waitForFunction(`app.workspace.getLeavesOfType('markdown')[0].view.editor.getValue().includes('30 days')`)
  expect(await page.evaluate<string>(`app.workspace.getLeavesOfType('markdown')[0].view.editor.getValue()`)).toBe(
    'Things to remember.\n\nEverybody has 30 days [1].\n\n```text\nx\n```\n',
  )
  await page.getByRole('button', { name: 'Make a note of the answer' }).click()
  await page.locator('.notice', { hasText: 'Saved as Cairn/How many days' }).waitFor()
  expect(await read(page, 'Cairn/How many days of holiday do I have.md')).toContain('1. [[Leave#')
  upstream.say('Tell your lead by nine [1].')
  await next.getByRole('button', { name: 'What does “Leave” say about “Sick leave”?' }).click()
  await page.locator('.cairn-question', { hasText: 'about “Sick leave”' }).waitFor()
  await page.locator('.cairn-answer', { hasText: 'by nine' }).waitFor()
  rig.expectCalm(visit)
})

test('a note that is renamed while its answer streams opens all the same', async () => {
  await using visit = await rig.open()
  const { page } = visit
  await openAsk(page)
  upstream.say('Everybody has 30 days [1]. And some more words to come.', { heldAfter: 3 })
  await ask(page, 'How many days of holiday does everybody have?')
  await page.locator('.cairn-answer.is-streaming').waitFor()
  await page.evaluate(`app.fileManager.renameFile(app.vault.getFileByPath('Leave.md'), 'Time off.md')`)
  upstream.release()
  await page.locator('.cairn-source').first().click()
  await page.waitForFunction(`app.workspace.activeEditor?.file?.path === 'Time off.md'`)
  await page.waitForFunction(`app.workspace.activeEditor.editor.getSelection().includes('30 days')`)
  await page.evaluate(`app.fileManager.renameFile(app.vault.getFileByPath('Time off.md'), 'Leave.md')`)
  rig.expectCalm(visit)
})

test('a long conversation has few rows, and a growing answer draws its last blocks alone', async () => {
  await using visit = await rig.open()
  const { page } = visit
  await openAsk(page)
  await tellLongConversation(page, 60)
  const rows = () => page.locator('.cairn-turn').count()
  const most = 30
  expect(await rows()).toBeLessThanOrEqual(most)
  const scroller = '.cairn-ask-scroller'
  for (const part of [0, 0.5, 1]) {
    await page.evaluate(`(() => {
      const scroller = document.querySelector('${scroller}')
      scroller.scrollTop = scroller.scrollHeight * ${part}
    })()`)
    // What is in sight is there, wherever that is.
    await page.waitForFunction(`(() => {
      const { top, bottom } = document.querySelector('${scroller}').getBoundingClientRect()
      return [...document.querySelectorAll('.cairn-turn')].some((turn) => {
        const box = turn.getBoundingClientRect()
        return box.top < bottom && box.bottom > top
      })
    })()`)
    expect(await rows()).toBeLessThanOrEqual(most)
  }
  // Paragraph by paragraph; each change of the page is counted for the paragraph that it is in.
  const drawn = await page.evaluate<{ tokens: number; changes: number[] }>(`longConversation.watch(12)`)
  expect(drawn.changes).toHaveLength(12)
  const perToken = drawn.changes.map((changes) => changes / (drawn.tokens / 12))
  // The words of a paragraph change it once a token at most, and the cursor behind them; not again with those after it.
  for (const changes of perToken) expect(changes).toBeLessThanOrEqual(3)
  rig.expectCalm(visit)
})
