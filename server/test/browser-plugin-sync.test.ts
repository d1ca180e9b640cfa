/**
 * Vault sync in the plugin’s shipped files, in a real Chromium over a real server that has no folder of the vault: what
 * is told before anything is sent, the first sync, changes, exclusions, conflicts, and a server that goes. Needs
 * CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { createHash } from 'node:crypto'
import type { Page } from 'playwright-core'
import type { NotesWritten, SyncReply } from '@cairn/contract'
import { openBrowser, type TestBrowser, type Visit } from './browser.ts'
import { until } from './harness.ts'
import { closeSettings, expectWell, openPluginRig, openSettings, type PluginRig } from './kit/plugin-host.ts'
import { take } from './kit/team.ts'

setDefaultTimeout(60_000)

let browser: TestBrowser
let rig: PluginRig
let visit: Visit
let page: Page

beforeAll(async () => {
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
  rig = await openPluginRig(browser, { isSent: true })
  visit = await rig.open()
  page = visit.page
  await rig.connect(page)
}, 90_000)

afterAll(async () => {
  await visit[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
  await browser[Symbol.asyncDispose]()
})

const panel = (of = page) => of.getByRole('region', { name: 'Vault sync' })
const title = (of = page) => panel(of).locator('h2')
const stands = (words: string, of = page) => title(of).getByText(words, { exact: true }).waitFor()
const button = (name: string, of = page) => panel(of).getByRole('button', { name, exact: true })
const inDialog = (name: string, of = page) => of.locator('.modal').getByRole('button', { name, exact: true }).click()
const sent = () => visit.requests.filter((url) => url.includes('/sync') || url.endsWith('/notes'))

async function turnOn(of: Page): Promise<void> {
  await rig.command(of, 'open-sync')
  await panel(of).getByLabel('Vault on the server that this vault is').selectOption(rig.vault)
  await button('Turn on and send', of).click()
}

/** Texts on the server by path, once its index has come as far. */
async function onServer(): Promise<Map<string, string>> {
  // To a device that has seen nothing all notes are missing, and their versions told.
  const nobody = { device: 'nobody0000000000', base: 0, range: { after: null, upTo: null } }
  const { conflicts } = await take<SyncReply>(rig.person.send(`/api/vaults/${rig.vault}/sync`, nobody))
  const texts = await Promise.all(
    conflicts.map(async ({ path, version }) => [path, await read(path, version)] as const),
  )
  return new Map(texts)
}

async function read(path: string, version: string | null): Promise<string> {
  let note = { text: '', version: '' }
  await until(`${path} is indexed`, async () => {
    const reply = await rig.person.call(`/api/vaults/${rig.vault}/notes/${encodeURI(path)}`)
    if (reply.ok) note = (await reply.json()) as typeof note
    return note.version === version
  })
  return note.text
}

const onDevice = (of = page) =>
  of.evaluate<[string, string][]>(
    `Promise.all(app.vault.getMarkdownFiles().map(async (file) => [file.path, await app.vault.read(file)]))`,
  )

const modify = (path: string, text: string) =>
  page.evaluate(`app.vault.modify(app.vault.getFileByPath(${JSON.stringify(path)}), ${JSON.stringify(text)})`)

const versionOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** Another device, by the API alone. */
const other = {
  device: 'phone00000000000',
  takeOver: (from: string) =>
    take(
      rig.person.send(`/api/vaults/${rig.vault}/sync`, {
        device: other.device,
        deviceName: 'Ann’s phone',
        base: 0,
        takeOver: from,
      }),
    ),
  async write(notes: { path: string; text: string }[], deleted: string[] = []): Promise<void> {
    const before = await onServer()
    const match = (path: string) => (before.has(path) ? versionOf(before.get(path) ?? '') : null)
    const body = {
      device: other.device,
      notes: notes.map((note) => ({ ...note, mtime: 1, match: match(note.path) })),
      deleted: deleted.map((path) => ({ path, match: match(path) })),
    }
    const { conflicts } = await take<NotesWritten>(rig.person.send(`/api/vaults/${rig.vault}/notes`, body, 'PUT'))
    expect(conflicts).toEqual([])
  },
}

test('tells what would be sent, and sends nothing before the yes', async () => {
  await openSettings(page, 'Vault sync')
  const toggle = page
    .locator('.setting-item', { hasText: 'Send this vault to the server' })
    .locator('.checkbox-container')
  await toggle.click()
  await page.locator('.mod-settings').waitFor({ state: 'detached' })
  await stands('Send this vault to the server?')
  const notes = (await onDevice()).length
  expect(await panel().textContent()).toContain(`${notes} notes`)
  expect(await button('Turn on and send').isDisabled()).toBe(true)
  await panel().getByText('Notes by folder').click()
  await panel().getByText('Handbook').waitFor()
  await expectWell(page, 'before sync is on')
  expect(sent()).toEqual([])
  expect(await page.locator('.status-bar-item').count()).toBe(0)
  expect(await rig.command(page, 'sync-now')).toBe(false)
})

test('sends the vault with progress, and the server answers from it', async () => {
  await page.evaluate(`(() => {
    window.seen = []
    new MutationObserver(() => {
      const bar = document.querySelector('.cairn-sync progress')
      if (bar) window.seen.push(document.querySelector('.cairn-sync h2').textContent)
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })
  })()`)
  await turnOn(page)
  await stands('In step')
  const seen = await page.evaluate<string[]>('window.seen')
  expect(seen.some((words) => /^(?:Comparing|Sending) notes, \d+ of \d+$/.test(words))).toBe(true)
  expect(await onServer()).toEqual(new Map(await onDevice()))
  await page.locator('.status-bar-item', { hasText: 'In step' }).waitFor()
  await expectWell(page, 'in step')
  const reply = await take<{ outcome: string }>(
    rig.person.send('/v1/ask', { question: 'How many days of holiday do I get?', vault: rig.vault }),
  )
  expect(reply.outcome).toBe('answered')
})

test('after a restart goes on by itself, and reads and sends no note that is as it was', async () => {
  const before = sent().length
  await page.reload()
  await page.waitForFunction('window.host?.isReady === true')
  await page.locator('.status-bar-item', { hasText: 'In step' }).waitFor()
  expect(sent().length - before).toBe(1)
  expect(await page.evaluate<string[]>('app.vault.adapter.reads')).toEqual([])
  await page.locator('.status-bar-item button').click()
  await stands('In step')
})

test('sends what is written, renamed and deleted, folders too', async () => {
  await modify('Start here.md', 'Begin with the tide.')
  await page.evaluate(`(async () => {
    await app.vault.rename(app.vault.getFileByPath('Handbook/Glossary.md'), 'Handbook/Words.md')
    await app.vault.rename(app.vault.getFolderByPath('Board'), 'Directors')
    await app.vault.delete(app.vault.getFileByPath('Journal/2026-03-02.md'))
    await app.vault.create('Journal/New.md', 'A new day.')
  })()`)
  const wanted = new Map(await onDevice())
  expect(wanted.has('Directors/Risk register 2026.md')).toBe(true)
  await until(
    'the server has the changes',
    async () => (await onServer()).get('Journal/New.md') === 'A new day.',
    30_000,
  )
  await stands('In step')
  await until('the server has all of them', async () => Bun.deepEquals(await onServer(), wanted), 30_000)
})

test('takes from the server at once what is excluded', async () => {
  await openSettings(page, 'Privacy')
  await page.getByRole('button', { name: 'Exclude a folder' }).click()
  await page
    .getByRole('combobox', { name: 'Folder' })
    .or(page.getByRole('textbox', { name: 'Folder' }))
    .fill('People')
  await inDialog('Add')
  await page.locator('.cairn-panel').waitFor({ state: 'detached' })
  await closeSettings(page)
  const kept = (await onDevice()).filter(([path]) => !path.startsWith('People/'))
  await until('nothing excluded is there', async () => Bun.deepEquals(await onServer(), new Map(kept)), 30_000)
})

test('keeps what is written while the server is away, and while it is paused', async () => {
  await page.route(`${rig.team.url}/**`, (route) => route.abort())
  await modify('Start here.md', 'Written at sea.')
  await stands('Waiting for the server')
  await page.unroute(`${rig.team.url}/**`)
  await stands('In step')
  expect((await onServer()).get('Start here.md')).toBe('Written at sea.')
  await button('Pause').click()
  await stands('Paused')
  const before = sent().length
  await modify('Start here.md', 'Written in a pause.')
  await page.evaluate(`host.disable('cairn')`)
  await page.evaluate(`host.enable()`)
  await page.locator('.status-bar-item', { hasText: 'Paused' }).waitFor()
  await page.locator('.status-bar-item button').click()
  await button('Go on').click()
  await stands('In step')
  expect(sent().length).toBeGreaterThan(before)
  expect((await onServer()).get('Start here.md')).toBe('Written in a pause.')
})

test('leaves another device’s vault alone, takes over when told to, and shows what differs', async () => {
  const { device } = await page.evaluate<{ device: string }>(`app.loadLocalStorage('cairn-sync-state')`)
  await other.takeOver(device)
  await other.write(
    [
      { path: 'Start here.md', text: 'From the phone.' },
      { path: 'Handbook/Meetings and decisions.md', text: 'Shorter meetings.' },
      { path: 'Handbook/Words.md', text: 'Other words.' },
      { path: 'Journal/Phone.md', text: 'Only there.' },
    ],
    ['Handbook/Reading list.md'],
  )
  await modify('Start here.md', 'From the laptop.')
  await button('Sync now').click()
  await stands('Another device sends')
  expect(await panel().textContent()).toContain('Ann’s phone')
  expect((await onServer()).get('Start here.md')).toBe('From the phone.')
  await button('Send from this device').click()
  await inDialog('Send from here')
  await stands('5 notes to decide on')
  await expectWell(page, 'conflicts')
})

test('settles each as it is told to, and loses nothing', async () => {
  const before = new Map(await onDevice())
  await button('Compare: Start here').click()
  await panel().getByText('From the phone.').waitFor()
  await panel().getByText('From the laptop.').waitFor()
  await expectWell(page, 'both texts')
  await button('Keep mine: Meetings and decisions').click()
  await button('Keep theirs: Words').click()
  await button('Keep both: Start here').click()
  await button('Bring it here: Phone').click()
  await button('Delete it here: Reading list').click()
  await stands('In step')
  const here = new Map(await onDevice())
  expect(here.get('Start here.md')).toBe('From the laptop.')
  expect(here.get('Start here (from the server).md')).toBe('From the phone.')
  expect(here.get('Handbook/Words.md')).toBe('Other words.')
  expect(here.get('Journal/Phone.md')).toBe('Only there.')
  expect(here.has('Handbook/Reading list.md')).toBe(false)
  expect(here.get('Handbook/Meetings and decisions.md')).toBe(before.get('Handbook/Meetings and decisions.md'))
  const kept = [...here].filter(([path]) => !path.startsWith('People/'))
  await until('both have the same', async () => Bun.deepEquals(await onServer(), new Map(kept)), 30_000)
  rig.expectCalm(visit, /net::ERR_|Failed to load resource/)
})

test('asks before it deletes much, and stops when it is turned off', async () => {
  const gone = await page.evaluate<number>(`(async () => {
    const files = app.vault.getMarkdownFiles().filter(({ path }) => !path.startsWith('People/')).slice(0, 30)
    for (const file of files) await app.vault.delete(file)
    return files.length
  })()`)
  const before = (await onServer()).size
  await button('Sync now').click()
  await stands('Delete so many?')
  expect((await onServer()).size).toBe(before)
  await button('Delete them there').click()
  await stands('In step')
  expect((await onServer()).size).toBe(before - gone)
  await button('Turn off').click()
  await inDialog('Turn off')
  await stands('Send this vault to the server?')
  expect(await page.locator('.status-bar-item').count()).toBe(0)
})

test('on a phone, dark and right to left, all of it can be seen and pressed', async () => {
  await using phone = await rig.open({ device: 'phone', theme: 'dark', isRtl: true, style: 'second' })
  await rig.connect(phone.page)
  await rig.command(phone.page, 'open-sync')
  await stands('Send this vault to the server?', phone.page)
  await expectWell(phone.page, 'before sync is on, on a phone')
  await turnOn(phone.page)
  await stands('Another device sends', phone.page)
  await expectWell(phone.page, 'another device sends, on a phone')
  rig.expectCalm(phone)
})
