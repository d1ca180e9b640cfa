/**
 * The console’s list of notes that are held back, in a real Chromium against the real program, with a vault whose files
 * are moved and edited while it runs. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { openBrowser, type TestBrowser, type Visit } from './browser.ts'
import { startServer, until, type RunningServer } from './harness.ts'
import { openAccessRig, restrictFolder, type AccessRig } from './kit/access-page.ts'
import { expectWell } from './kit/expect-well.ts'
import { button, dialog } from './kit/models-page.ts'

let server: RunningServer
let browser: TestBrowser
let rig: AccessRig
let folder: string
let vault: string
let cleo: Visit

const write = async (note: string, text: string) => {
  await mkdir(dirname(join(folder, note)), { recursive: true })
  await writeFile(join(folder, note), text)
}
/** Revision by note of what Cleo may let go: she shares the vault and what is restricted in it. */
async function heldNotes(): Promise<Map<string, number>> {
  const reply = await cleo.page.request.get(`${server.url}/api/held?limit=1000`, { headers: { origin: server.url } })
  const { held } = (await reply.json()) as { held: { note: string; revision: number }[] }
  return new Map(held.map(({ note, revision }) => [note, revision]))
}
async function labelOf(note: string): Promise<string | null> {
  const reply = await cleo.page.request.get(`${server.url}/api/vaults/${vault}/notes/${note}`, {
    headers: { origin: server.url },
  })
  return ((await reply.json()) as { label: string | null }).label
}
const untilHeld = (count: number) => until(`${count} notes are held`, async () => (await heldNotes()).size === count)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-browser-held-'))
  for (let at = 1; at <= 4; at++) await write(`Board/Minutes ${at}.md`, `# Minutes ${at}\n\nThe board met, time ${at}.`)
  await write('Salary.md', '---\nsensitivity: restricted\n---\n# Salary\n\nWhat is paid.')
  server = await startServer({ env: { CAIRN_MODEL: 'extractive' } })
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
  rig = await openAccessRig(server, browser)
  vault = (await rig.send<{ id: string }>('POST', '/api/vaults', { path: folder })).id
  await until('the vault is indexed', async () => (await server.vaults()).every(({ index }) => index.state === 'ready'))
  const give = (name: string, role: string) =>
    rig.send('POST', '/api/access/grants', {
      principal: `user:${rig.company.people.get(name)}`,
      role,
      scope: `vault:${vault}`,
    })
  await give('Cleo', 'curator')
  await give('Ben', 'viewer')
  await give('Dana', 'curator')
  await restrictFolder(rig, `folder:${vault}/Board`)
  cleo = await rig.open('', { name: 'Cleo' })
}, 90_000)

afterAll(async () => {
  await cleo[Symbol.asyncDispose]()
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const row = (page: Page, text: string) =>
  page.getByRole('table', { name: 'Notes that are held back' }).getByRole('row').filter({ hasText: text })
const tab = (page: Page) =>
  page.getByRole('navigation', { name: 'Views of access' }).getByRole('link', { name: /^Held back/ })

test('says so while nothing is held back, and what would be', async () => {
  await using visit = await rig.open('view=held', { name: 'Cleo' })
  const { page } = visit
  await page.getByRole('heading', { name: 'Nothing for you to let go' }).waitFor()
  expect(await tab(page).textContent()).toBe('Held back')
  await expectWell(page, 'empty')
  rig.expectCalm(visit)
}, 60_000)

test('shows what is in force against what is there, and lets one go', async () => {
  await rename(join(folder, 'Board'), join(folder, 'Old board'))
  await write('Salary.md', '---\nsensitivity: public\n---\n# Salary\n\nWhat is paid.')
  await untilHeld(5)
  await using visit = await rig.open('view=held', { name: 'Cleo' })
  const { page } = visit
  await row(page, 'Minutes 1').getByText('Board / Minutes 1', { exact: true }).waitFor()
  await row(page, 'Minutes 1').getByText('now Old board / Minutes 1').waitFor()
  await row(page, 'Salary').getByText('restricted').waitFor()
  await row(page, 'Salary').getByText('now public').waitFor()
  expect(await tab(page).innerText()).toMatch(/^Held back\s+5\s+notes$/)
  await expectWell(page, 'list')
  await page.getByRole('textbox', { name: 'Note' }).fill('salary')
  expect(await row(page, '').count()).toBe(2)
  await button(page, 'Let go of Salary').click()
  await dialog(page).getByText('People who were kept from it may see it then').waitFor()
  await expectWell(page, 'dialog')
  await dialog(page).getByRole('button', { name: 'Let go', exact: true }).click()
  await page.getByText('Salary let go').first().waitFor()
  await until('it is let go', async () => !(await heldNotes()).has('Salary.md'))
  await page.getByRole('heading', { name: 'No note is called like this' }).waitFor()
  rig.expectCalm(visit)
}, 60_000)

test('lets many go, each as it was seen, and says which was changed or moved on meanwhile', async () => {
  await using visit = await rig.open('view=held', { name: 'Cleo' })
  const { page } = visit
  await button(page, 'Choose all').click()
  await page.getByText('4 notes chosen').waitFor()
  await page.getByRole('checkbox', { name: 'Minutes 4' }).uncheck()
  await page.getByText('3 notes chosen').waitFor()
  const seen = (await heldNotes()).get('Old board/Minutes 3.md')
  await rename(join(folder, 'Old board', 'Minutes 2.md'), join(folder, 'Minutes 2.md'))
  await write('Old board/Minutes 3.md', '---\nsensitivity: confidential\n---\n# Minutes 3\n\nThe board met, time 3.')
  await until('one was moved on, and one changed', async () => {
    const held = await heldNotes()
    return held.has('Minutes 2.md') && held.get('Old board/Minutes 3.md') !== seen
  })
  await page.locator('.access-unsaved').getByRole('button', { name: 'Let go' }).click()
  await dialog(page).getByRole('listitem').filter({ hasText: 'Minutes 3' }).waitFor()
  await dialog(page).getByRole('button', { name: 'Let go', exact: true }).click()
  await dialog(page).getByText('1 of 3 notes let go.').waitFor()
  const refusal = (words: string) => dialog(page).getByRole('alert').filter({ hasText: words }).getByRole('listitem')
  expect(await refusal('Moved or deleted meanwhile').allTextContents()).toEqual(['Minutes 2'])
  expect(await refusal('The note was changed meanwhile').allTextContents()).toEqual(['Minutes 3'])
  await expectWell(page, 'outcome')
  await button(page, 'Done').click()
  expect([...(await heldNotes()).keys()].toSorted()).toEqual([
    'Minutes 2.md',
    'Old board/Minutes 3.md',
    'Old board/Minutes 4.md',
  ])
  await row(page, 'Minutes 1').waitFor({ state: 'detached' })
  // What is there now was not seen when it was chosen.
  expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(0)
  rig.expectCalm(visit, /40[49]/)
}, 60_000)

test('is reached by the address of one note, and by the explanation of a refusal', async () => {
  const one = new URLSearchParams({ view: 'held', vault, note: 'Minutes 2.md' })
  await using visit = await rig.open(String(one), { name: 'Cleo' })
  const { page } = visit
  await row(page, 'Minutes 2').waitFor()
  expect(await page.getByRole('checkbox').count()).toBe(1)
  await page.getByRole('link', { name: 'Show all that are held back' }).click()
  await row(page, 'Minutes 4').waitFor()
  const resource = `note:${vault}/Old board/Minutes 4.md`
  const subject = `user:${rig.company.people.get('Ben')}`
  await rig.go(page, String(new URLSearchParams({ view: 'why', action: 'read', resource, subject })))
  await page.getByRole('listitem').filter({ hasText: 'confirm that the note was moved' }).getByRole('link').click()
  await row(page, 'Minutes 4').waitFor()
  expect(await page.getByRole('checkbox').count()).toBe(1)
  rig.expectCalm(visit)
}, 60_000)

test('fits a phone with all views of access beside it', async () => {
  await write('Salary.md', '---\nsensitivity: restricted\n---\n# Salary\n\nWhat is paid.')
  await until('it is restricted again', async () => (await labelOf('Salary.md')) === 'restricted')
  await write('Salary.md', '---\nsensitivity: public\n---\n# Salary\n\nWhat is paid.')
  await untilHeld(4)
  await using visit = await rig.open('view=held', { name: 'Cleo', width: 360, height: 740, phone: true })
  const { page } = visit
  await row(page, 'Minutes 2').waitFor()
  await expectWell(page, 'phone')
  await page.getByRole('checkbox').first().check()
  await expectWell(page, 'phone, chosen')
  rig.expectCalm(visit)
  // Who manages people and policies has all six views, and may let go of what is in no restricted folder.
  await using dana = await rig.open('view=held', { name: 'Dana', width: 360, height: 740, phone: true })
  for (const name of ['People', 'Roles', 'Folders', 'Held back', 'Policy', 'Why']) {
    const link = dana.page.getByRole('navigation', { name: 'Views of access' }).getByRole('link', { name })
    await link.click()
    await dana.page.locator('.access-views [aria-current]').filter({ hasText: name }).waitFor()
    await tab(dana.page).getByText('1 note').waitFor()
    const reach = await link.evaluate((each) => each.getBoundingClientRect().right)
    expect([name, reach <= 360]).toEqual([name, true])
    await expectWell(dana.page, name)
  }
  await tab(dana.page).click()
  // With the widest number that there can be.
  const widths = await dana.page.evaluate<number[]>(`(() => {
    const views = document.querySelector('.access-views')
    views.querySelector('.access-tab-count').firstChild.data = '99+'
    return [views.scrollWidth, views.clientWidth]
  })()`)
  expect(widths[0]).toBe(widths[1] ?? 0)
  rig.expectCalm(dana)
}, 60_000)

test('is closed to who could let nothing go, who is not asked about', async () => {
  await using member = await rig.open('view=held', { name: 'Ben' })
  await member.page.getByRole('heading', { name: '“Held back” is not open to you' }).waitFor()
  expect(await tab(member.page).count()).toBe(0)
  expect(await member.page.getByRole('button', { name: /^Let go/ }).count()).toBe(0)
  expect(member.requests.filter((url) => url.includes('/api/held'))).toEqual([])
  await expectWell(member.page, 'closed')
  rig.expectCalm(member)
}, 60_000)

test('tells that it loads, that the server failed, and what was not tried', async () => {
  await using visit = await rig.open('', { name: 'Cleo' })
  const { page } = visit
  let fail = () => {}
  const held = new Promise<void>((resolve) => (fail = resolve))
  await page.route('**/api/held?*', async (route) => {
    await held
    await route.abort()
  })
  await page.reload()
  await tab(page).click()
  await page.getByText('Loading what is held back').waitFor()
  fail()
  await page.getByText('The server does not answer').waitFor()
  await expectWell(page, 'failure')
  await page.unroute('**/api/held?*')
  await button(page, 'Try again').click()
  await row(page, 'Minutes 4').waitFor()
  await button(page, 'Choose all').click()
  await page.route('**/api/held/confirm', (route) => route.abort())
  await page.locator('.access-unsaved').getByRole('button', { name: 'Let go' }).click()
  await dialog(page).getByRole('button', { name: 'Let go', exact: true }).click()
  await dialog(page).getByText('0 of 4 notes let go, 4 not tried.').waitFor()
  await dialog(page).getByText('The server does not answer').waitFor()
  await button(page, 'Done').click()
  // It can be tried again as it was chosen.
  await page.getByText('4 notes chosen').waitFor()
}, 60_000)
