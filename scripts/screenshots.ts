/**
 * `npm run screenshots`: takes the pictures of the console for the docs, with the example vault, light and dark, on a
 * desktop and on a phone, into `docs/screenshots`. Words after `--` pick pictures by a part of their name.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { openBrowser, type Visit } from '../server/test/browser.ts'
import { repository, startServer, until, type RunningServer } from '../server/test/harness.ts'
import { addRules, openAccessRig, restrictFolder, type AccessRig } from '../server/test/kit/access-page.ts'
import { openAuditRig } from '../server/test/kit/audit-page.ts'
import { openKeepingRig } from '../server/test/kit/keeping-page.ts'
import { startUpstream } from '../server/test/kit/upstream.ts'
import { auditPictures, keepingPictures } from './audit-pictures.ts'
import { pluginPictures, takePlugin } from './screenshots-plugin.ts'
import { startServices } from './services.ts'

const themes = ['light', 'dark'] as const
const sizes = {
  desktop: { width: 1_440, height: 900, phone: false },
  phone: { width: 360, height: 740, phone: true },
} as const

const answered = 'How many days of holiday do I get, and can I take any into next year?'
const busyMinutes = 6
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

/** Taken after some chats with two upstreams, one of which fails. */
const chattyPictures: Record<string, (page: Page) => Promise<void>> = {
  models: async (page) => {
    await open(page, 'models')
    await page.getByText('Left alone').first().waitFor()
  },
  'models-providers': async (page) => {
    await open(page, 'models?view=providers')
    await page.getByRole('button', { name: 'Test hosted' }).click()
    await page.getByText('It answers').waitFor()
  },
  'models-add': async (page) => {
    await open(page, 'models?view=providers')
    await page.getByRole('button', { name: 'Add provider' }).click()
    await page.getByLabel('Kind').selectOption({ label: 'Mistral' })
  },
  'models-usage': async (page) => {
    await open(page, 'models?view=usage')
    await page.locator('.cairn-series-plot svg').nth(1).waitFor()
  },
  'models-route': async (page) => {
    await open(page, 'models?view=route&model=best&label=confidential')
    await page.getByRole('table', { name: 'Models left out' }).waitFor()
  },
  'models-budgets': async (page) => {
    await open(page, 'models?view=budgets')
    await page.getByText('Today').first().waitFor()
  },
}

/** Taken at the end, after some minutes of questions, so that there are numbers over time to see. */
const busyPictures: Record<string, (page: Page) => Promise<void>> = {
  cache: async (page) => {
    await open(page, 'cache')
    await page.locator('.cairn-series-plot svg').waitFor()
  },
  'cache-purge': async (page) => {
    await open(page, 'cache')
    await page.locator('.cairn-series-plot svg').waitFor()
    await page.getByRole('button', { name: 'Purge' }).click()
    await page.getByLabel('What').selectOption({ label: 'All from a note' })
    await page.getByLabel('Vault').selectOption({ index: 1 })
    await page.getByLabel('Note').fill('Handbook/Travel policy.md')
  },
  'cache-receipt': async (page) => {
    await open(page, 'cache')
    await page.getByRole('button', { name: 'Purge' }).click()
    await page.getByLabel('What').selectOption({ label: 'All from a vault' })
    await page.getByLabel('Vault').selectOption({ index: 1 })
    await page.getByLabel('Done when').selectOption('all')
    await page.getByRole('dialog').getByRole('button', { name: 'Purge' }).click()
    await page.getByRole('heading', { name: 'Purged' }).waitFor({ timeout: 30_000 })
  },
}

/** Taken last, with a small company on the server; `view` is the address within the page of access. */
interface AccessPicture {
  view: (vault: string) => string
  /** Who is signed in; the owner when absent. */
  name?: string
  act: (page: Page) => Promise<void>
}

const accessPictures: Record<string, AccessPicture> = {
  'access-people': {
    view: () => 'view=people',
    act: (page) => page.getByText('Ann Larsen').first().waitFor(),
  },
  'access-roles': {
    view: () => 'view=matrix',
    act: async (page) => {
      await page.getByText('roles, ').waitFor()
      const cell = page.locator('[data-place="7 4"]')
      if ((await cell.count()) > 0) await cell.focus()
      else await page.locator('summary').nth(3).click()
    },
  },
  'access-folders': {
    view: (vault) => `view=folders&scope=${encodeURIComponent(`folder:${vault}/Engineering`)}`,
    act: (page) => page.getByRole('list', { name: 'Who may read' }).waitFor(),
  },
  'access-give': {
    view: (vault) => `view=folders&scope=${encodeURIComponent(`folder:${vault}/Engineering`)}`,
    act: async (page) => {
      await page.getByRole('button', { name: 'Give a role' }).click()
      await page.getByRole('combobox', { name: 'Who' }).fill('cl')
      await page.getByRole('option', { name: 'Cleo Martins' }).waitFor()
    },
  },
  'access-policy': {
    view: () => 'view=policy',
    act: (page) => page.getByRole('list', { name: 'Revisions' }).waitFor(),
  },
  'access-save': {
    view: () => 'view=policy',
    act: async (page) => {
      await page.getByRole('button', { name: 'Remove contractors-board' }).click()
      await page.getByRole('button', { name: 'Add to never allowed' }).click()
      await page.getByLabel('Where').selectOption('folder')
      await page.getByLabel('Folder').fill('Engineering')
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      await page.getByRole('button', { name: 'Check and save' }).click()
      await page.getByRole('list', { name: 'Who gains and loses notes' }).waitFor()
    },
  },
  'access-held': {
    view: () => 'view=held',
    name: 'Cleo',
    act: async (page) => {
      await page.getByRole('checkbox').first().check()
      await page.getByText('1 note chosen').waitFor()
      await page.getByRole('heading', { level: 1 }).evaluate((heading) => heading.scrollIntoView({ block: 'end' }))
      await page.mouse.move(0, 0)
    },
  },
  'access-why': {
    view: (vault) =>
      `view=why&action=read&resource=${encodeURIComponent(`note:${vault}/Board/Risk register 2026.md`)}&subject=BEN`,
    act: (page) => page.locator('.access-verdict').waitFor(),
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
const hosted = await startUpstream({
  models: ['gpt-4o', 'gpt-4o-mini', 'text-embedding-3-small'],
  always: { headDelayMs: 90, chunkDelayMs: 15 },
})
const failing = await startUpstream({ models: ['qwen3-8b'], always: { status: 503 } })
await using server = await startServer({
  port: 8_484,
  env: { CAIRN_OWNER_KEY: '', CAIRN_MODEL: 'extractive', CAIRN_COOLDOWN_MS: '3600000' },
  upstreams: [
    {
      id: 'hosted',
      dialect: 'openai',
      baseUrl: hosted.url,
      egress: 'external',
      region: 'eu',
      models: ['gpt-4o', 'gpt-4o-mini', 'text-embedding-3-small'],
    },
    { id: 'gpu', dialect: 'openai', baseUrl: failing.url, models: ['qwen3-8b'] },
  ],
})
await makeKeys(server)
await using browser = await openBrowser(services.env['CAIRN_TEST_CHROMIUM'])
await takeAll(['sign-in', ...Object.keys(pictures)])
if (listWanted(Object.keys(chattyPictures)).length > 0) await beChatty(server)
await takeAll(Object.keys(chattyPictures))
if (listWanted(Object.keys(busyPictures)).length > 0) await beBusy(server)
await takeAll(Object.keys(busyPictures))
if (listWanted(Object.keys(accessPictures)).length > 0) await takeAccess()
await hosted.close()
await failing.close()
if (listWanted([...Object.keys(auditPictures), 'audit-live']).length > 0) await takeAudit()
if (listWanted(Object.keys(keepingPictures)).length > 0) await takeKeeping()
const ofPlugin = listWanted(Object.keys(pluginPictures))
if (ofPlugin.length > 0)
  await takePlugin(browser, ofPlugin, async (file, picture, problems) => {
    await writeFile(join(folder, file), picture)
    console.log([join(folder, file), ...problems].join('\n  '))
  })

function listWanted(names: readonly string[]) {
  return Object.entries(sizes).flatMap(([device, size]) =>
    themes.flatMap((theme) =>
      names.flatMap((name) =>
        isWanted(`${name}-${device}-${theme}`) ? [{ name, size, theme, file: `${name}-${device}-${theme}.png` }] : [],
      ),
    ),
  )
}

async function takeAll(names: readonly string[]): Promise<void> {
  for (const { name, size, theme, file } of listWanted(names)) {
    await using visit = await browser.visit({ ...size, theme })
    await take(visit, name)
    await writeFile(join(folder, file), await visit.page.screenshot({ animations: 'disabled', caret: 'hide' }))
    console.log([join(folder, file), ...visit.problems].join('\n  '))
  }
}

async function takeAccess(): Promise<void> {
  const rig = await openAccessRig(server, browser)
  await addRules(rig, (name) => rig.open('', { name }))
  // What is held back is in a vault that the other pictures do without.
  await takeOfAccess(
    rig,
    Object.keys(accessPictures).filter((name) => name !== 'access-held'),
  )
  if (listWanted(['access-held']).length === 0) return
  const root = await holdBack(rig)
  await takeOfAccess(rig, ['access-held'])
  await rm(root, { recursive: true, force: true })
}

async function takeOfAccess(rig: AccessRig, names: readonly string[]): Promise<void> {
  const { vault, people } = rig.company
  for (const { name, size, theme, file } of listWanted(names)) {
    const picture = accessPictures[name]
    if (!picture) continue
    await using visit = await rig.open(picture.view(vault).replace('BEN', `user:${people.get('Ben')}`), {
      ...size,
      theme,
      ...(picture.name !== undefined && { name: picture.name }),
    })
    await picture.act(visit.page)
    await visit.page.waitForTimeout(300)
    await writeFile(join(folder, file), await visit.page.screenshot({ animations: 'disabled', caret: 'hide' }))
    console.log([join(folder, file), ...visit.problems].join('\n  '))
  }
}

async function takeAudit(): Promise<void> {
  await using rig = await openAuditRig(browser)
  for (const { name, size, theme, file } of listWanted([...Object.keys(auditPictures), 'audit-live'])) {
    const picture = auditPictures[name]
    await using visit = await rig.open(picture?.view ?? 'view=live', { ...size, theme })
    const { page } = visit
    if (picture) await picture.act(page)
    else {
      await page.getByText('Waiting for what happens next').waitFor()
      const [ann] = rig.people.values()
      for (const note of ['Leave.md', 'On-call.md', 'Travel%20policy.md', 'Nowhere.md'])
        await ann?.call(`/api/vaults/${rig.team.vaultIds['Handbook']}/notes/${note}`)
      await ann?.send('/v1/search', { query: 'train' })
      await ann?.call('/api/access/policy')
      await page.locator('a.audit-row').nth(4).waitFor()
    }
    await page.mouse.move(0, 0)
    await page.waitForTimeout(400)
    await writeFile(join(folder, file), await page.screenshot({ animations: 'disabled', caret: 'hide' }))
    console.log([join(folder, file), ...visit.problems].join('\n  '))
  }
}

async function takeKeeping(): Promise<void> {
  await using rig = await openKeepingRig(browser, 7)
  await rig.placeHold({
    person: rig.people.get('Cleo Martins')?.id,
    category: 'content',
    reason: 'Case 7, asked for by counsel',
  })
  if (listWanted(['audit-retention']).length > 0) await rig.makeDue()
  for (const { name, size, theme, file } of listWanted(Object.keys(keepingPictures))) {
    const picture = keepingPictures[name]
    if (!picture) continue
    await using visit = await rig.open(picture.view, { ...size, theme })
    const { page } = visit
    await picture.act(page)
    await page.mouse.move(0, 0)
    await page.waitForTimeout(400)
    await writeFile(join(folder, file), await page.screenshot({ animations: 'disabled', caret: 'hide' }))
    console.log([join(folder, file), ...visit.problems].join('\n  '))
  }
}

/** A second vault, in which a restricted folder is renamed and notes are edited. Resolves to where it is, to be removed. */
async function holdBack(rig: AccessRig): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'cairn-picture-'))
  const root = join(parent, 'Northgauge')
  const write = async (note: string, words: string) => {
    await mkdir(dirname(join(root, note)), { recursive: true })
    await writeFile(join(root, note), words)
  }
  const reviews = ['Ann Larsen', 'Ben Okafor', 'Eli Novak']
  for (const name of reviews) await write(`Reviews/${name}.md`, `# Review of ${name}\n\nHow the year went.`)
  await write('Pay/Bands 2027.md', '---\nsensitivity: restricted\n---\n# Pay bands 2027\n\nFrom junior to principal.')
  await write('Projects/Tern 4.md', '---\ntags: [confidential]\n---\n# Tern 4\n\nA smaller sensor.')
  const { id } = await rig.send<{ id: string }>('POST', '/api/vaults', { path: root })
  await until('it is indexed', async () => (await server.vaults()).every(({ index }) => index.state === 'ready'))
  const principal = `user:${rig.company.people.get('Cleo')}`
  await rig.send('POST', '/api/access/grants', { principal, role: 'curator', scope: `vault:${id}` })
  await restrictFolder(rig, `folder:${id}/Reviews`)
  await rename(join(root, 'Reviews'), join(root, 'Reviews 2026'))
  await write('Pay/Bands 2027.md', '---\nsensitivity: internal\n---\n# Pay bands 2027\n\nFrom junior to principal.')
  await write('Projects/Tern 4.md', '# Tern 4\n\nA smaller sensor.')
  await using visit = await rig.open('view=held', { name: 'Cleo' })
  await until('all are held', async () => {
    await visit.page.reload()
    await visit.page.getByRole('heading', { name: 'Held back', level: 2 }).waitFor()
    return (await visit.page.getByRole('checkbox').count()) === reviews.length + 2
  })
  return parent
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
  await (pictures[name] ?? chattyPictures[name] ?? busyPictures[name])?.(page)
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

/** Chats with the good upstream and the one that fails, within budgets. */
async function beChatty({ post, call }: RunningServer): Promise<void> {
  const rules = [
    { subject: { kind: 'all', id: '*' }, usdPerDay: 1, usdPerMonth: 20, requestsPerMinute: 600 },
    { subject: { kind: 'model', id: 'hosted/gpt-4o' }, usdPerDay: 0.5, tokensPerMinute: 100_000 },
  ]
  const headers = { 'content-type': 'application/json' }
  await call('/api/budgets', { method: 'PUT', body: JSON.stringify({ rules }), headers })
  const models = ['gpt-4o', 'gpt-4o-mini', 'qwen3-8b', 'fast', 'gpt-4o-mini']
  for (let turn = 0; turn < 60; turn += 1) {
    const messages = [{ role: 'user', content: `What about point ${turn}?` }]
    await (await post('/v1/chat/completions', { model: models[turn % models.length], stream: true, messages })).text()
  }
}

/** A few minutes of a small team: the same questions again and again, now and then a new one. */
async function beBusy(busy: RunningServer): Promise<void> {
  console.log(`${busyMinutes} minutes of questions, for numbers over time`)
  const subjects = ['travel', 'parental leave', 'the Tern 3', 'on-call', 'calibration', 'recovery drills']
  const end = performance.now() + busyMinutes * 60_000
  for (let turn = 0; performance.now() < end; turn += 1) {
    const subject = subjects[turn % subjects.length] ?? 'travel'
    const isNew = turn % 5 === 4 || turn % 13 === 0
    await busy.ask({ question: isNew ? `What about ${subject}, point ${turn}?` : `What do we say about ${subject}?` })
    await new Promise((done) => setTimeout(done, 700 + (turn % 4) * 500))
  }
}
