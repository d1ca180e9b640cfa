/**
 * `npm run screenshots`: takes the pictures of the console for the docs, with the example vault, light and dark, on a
 * desktop and on a phone, into `docs/screenshots`. Words after `--` pick pictures by a part of their name.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { openBrowser, type Visit } from '../server/test/browser.ts'
import { repository, startServer, type RunningServer } from '../server/test/harness.ts'
import { startServices } from './services.ts'

const themes = ['light', 'dark'] as const
const sizes = {
  desktop: { width: 1_440, height: 900, phone: false },
  phone: { width: 360, height: 740, phone: true },
} as const

const answered = 'How many days of holiday do I get, and can I take any into next year?'
const unanswered = 'How much is the Kubernetes cluster bill?'

/** Each picture starts from the signed-in console's first page, except `sign-in`. */
const pictures: Record<string, (page: Page) => Promise<void>> = {
  'ask-empty': async (page) => {
    await page.locator('.suggestions button').first().waitFor()
  },
  'ask-answered': async (page) => {
    await ask(page, answered)
  },
  'ask-not-found': async (page) => {
    await ask(page, unanswered)
    const isNotFound = await page.getByRole('heading', { name: 'Not found in your notes' }).isVisible()
    if (!isNotFound) console.error(`“${unanswered}” was answered: choose another question for this picture`)
  },
  'ask-note': async (page) => {
    await ask(page, answered)
    await page.locator('.chip').first().click()
    await page.locator('.note-text mark').waitFor()
  },
  vaults: async (page) => {
    await open(page, 'vaults')
    await page.getByText('Ready').first().waitFor()
  },
  keys: async (page) => {
    await open(page, 'keys')
    await page.getByText('Zotero bridge').first().waitFor()
  },
}

const wanted = process.argv.slice(2)
const folder = join(repository, 'docs/screenshots')
await mkdir(folder, { recursive: true })
const services = await startServices(['chromium'], (line) => console.log(line))
for (const sentence of services.missing.values()) {
  console.error(sentence)
  process.exit(3)
}
// On the usual port, since it is seen; without an owner's key of the environment, which would stand among the keys.
await using server = await startServer({ port: 8_484, env: { CAIRN_OWNER_KEY: '' } })
await makeKeys(server)
await using browser = await openBrowser(services.env['CAIRN_TEST_CHROMIUM'])
for (const [device, size] of Object.entries(sizes)) {
  for (const theme of themes) {
    const names = ['sign-in', ...Object.keys(pictures)].filter((name) => isWanted(`${name}-${device}-${theme}`))
    for (const name of names) {
      await using visit = await browser.visit({ ...size, theme })
      await take(visit, name)
      const file = join(folder, `${name}-${device}-${theme}.png`)
      await writeFile(file, await visit.page.screenshot({ animations: 'disabled', caret: 'hide' }))
      console.log([file, ...visit.problems].join('\n  '))
    }
  }
}

function isWanted(name: string): boolean {
  return wanted.length === 0 || wanted.some((part) => name.includes(part))
}

async function take({ page }: Visit, name: string): Promise<void> {
  if (name === 'sign-in') {
    await page.goto(server.url)
    await page.getByRole('heading', { name: 'Sign in to Cairn' }).waitFor()
    return
  }
  const link = (await (await server.post('/auth/links', undefined)).json()) as { url: string }
  await page.goto(link.url)
  await page.getByRole('textbox', { name: 'Question' }).waitFor()
  await pictures[name]?.(page)
  await page.mouse.move(0, 0)
  await page.waitForTimeout(200)
}

async function ask(page: Page, question: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Question' }).fill(question)
  await page.keyboard.press('Enter')
  await page.locator('.turn-foot .receipt').waitFor()
}

async function open(page: Page, id: string): Promise<void> {
  await page.goto(`${server.url}/#/${id}`)
}

async function makeKeys({ post, call }: RunningServer): Promise<void> {
  for (const name of ['Obsidian on my laptop', 'Zotero bridge', 'Old export script']) {
    const made = (await (await post('/api/access/keys', { name, expiresInDays: 90 })).json()) as {
      id: string
      key: string
    }
    if (name.startsWith('Obsidian')) await call('/api/vaults', { headers: { authorization: `Bearer ${made.key}` } })
    if (name.startsWith('Old')) await call(`/api/access/keys/${made.id}`, { method: 'DELETE' })
  }
}
