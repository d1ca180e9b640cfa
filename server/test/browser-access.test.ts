/**
 * The console’s page of access in a real Chromium against the real program with a small company in it: an owner’s main
 * tasks, a second person who agrees, and that a member sees only what they may. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { openBrowser, type TestBrowser } from './browser.ts'
import { startServer, until, type RunningServer } from './harness.ts'
import { addRules, openAccessRig, type AccessRig } from './kit/access-page.ts'
import { expectWell } from './kit/expect-well.ts'
import { button, dialog } from './kit/models-page.ts'

let server: RunningServer
let browser: TestBrowser
let rig: AccessRig

beforeAll(async () => {
  server = await startServer({ env: { CAIRN_MODEL: 'extractive' } })
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
  rig = await openAccessRig(server, browser)
  await addRules(rig, (name) => rig.open('', { name }))
}, 90_000)

afterAll(async () => {
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const rowOf = (page: Page, table: string, text: string) =>
  page.getByRole('table', { name: table, exact: true }).getByRole('row').filter({ hasText: text })
const folder = (path: string) => `folder:${rig.company.vault}/${path}`
const viewOf = (params: Record<string, string>) => new URLSearchParams(params).toString()

/** Whether a person may do something, as the server decides for the owner who asks. */
async function decide(name: string, action: string, resource: string): Promise<boolean> {
  const subject = `user:${rig.company.people.get(name)}`
  const { decision } = await rig.send<{ decision: boolean }>('POST', '/api/access/explain', {
    subject,
    action,
    resource,
  })
  return decision
}

describe('people', () => {
  test('are invited with a link that is shown once, suspended and brought back', async () => {
    await using visit = await rig.open('view=people')
    const { page } = visit
    await button(page, 'Invite').click()
    await dialog(page).getByLabel('Name').fill('Femi Adeyemi')
    await dialog(page).getByLabel('E-mail').fill('not an address')
    await dialog(page).getByRole('button', { name: 'Invite' }).click()
    await dialog(page).getByRole('alert').waitFor()
    await dialog(page).getByLabel('E-mail').fill('femi@northgauge.example')
    await dialog(page).getByRole('button', { name: 'Invite' }).click()
    expect(await dialog(page).locator('.secret code').textContent()).toMatch(/#set-password=.{20,}/)
    await button(page, 'Done').click()
    await rowOf(page, 'People', 'Femi Adeyemi').getByText('Invited').waitFor()
    await button(page, 'Femi Adeyemi').click()
    await button(page, 'Suspend').click()
    await dialog(page).getByRole('button', { name: 'Suspend' }).click()
    await dialog(page).getByText('Suspended', { exact: true }).waitFor()
    await button(page, 'Resume').click()
    await button(page, 'Suspend').waitFor()
    await button(page, 'Close').click()
    expect(await page.getByText('#set-password=').count()).toBe(0)
    rig.expectCalm(visit, /400/)
  })

  test('of a group are added by name, groups too, but none that would make a ring', async () => {
    await using visit = await rig.open('view=people')
    const { page } = visit
    await button(page, 'Firmware').click()
    const field = dialog(page).getByRole('combobox', { name: 'Add a member' })
    await field.fill('Engineering')
    await dialog(page).getByText('Nothing is called like this').waitFor()
    await field.fill('Cleo')
    await page.getByRole('option', { name: 'Cleo' }).waitFor()
    await page.keyboard.press('Enter')
    await dialog(page).getByRole('listitem').filter({ hasText: 'Cleo Martins' }).waitFor()
    expect(await decide('Cleo', 'write', folder('Engineering'))).toBe(true)
    await button(page, 'Take Cleo Martins out').click()
    await dialog(page).getByRole('listitem').filter({ hasText: 'Cleo Martins' }).waitFor({ state: 'detached' })
    expect(await decide('Cleo', 'write', folder('Engineering'))).toBe(false)
    rig.expectCalm(visit)
  })

  test('who are services get keys, shown once, and lose them', async () => {
    await using visit = await rig.open('view=people')
    const { page } = visit
    await button(page, 'Release notes bot').click()
    await dialog(page).getByLabel('New key').fill('Laptop')
    await button(page, 'Create').click()
    const key = (await dialog(page).locator('.secret code').textContent()) ?? ''
    const asBot = () => server.call('/api/vaults', { headers: { authorization: `Bearer ${key}` } })
    expect((await asBot()).status).toBe(200)
    await button(page, 'Revoke Laptop').click()
    await dialog(page).getByText('Revoked').waitFor()
    expect((await asBot()).status).toBe(401)
    rig.expectCalm(visit)
  })
})

describe('the matrix', () => {
  test('says of every role and action what the server says, and explains the cell in focus', async () => {
    await using visit = await rig.open('view=matrix')
    const { page } = visit
    const grid = page.getByRole('grid', { name: 'Roles and actions' })
    await grid.waitFor()
    const matrix = await rig.send<{
      roles: { id: string; all: string[] }[]
      actions: { id: string }[]
    }>('GET', '/api/access/matrix')
    const shown = await page.evaluate<Record<string, boolean[]>>(`Object.fromEntries(
      [...document.querySelectorAll('.access-grid tbody tr:not(.access-group)')].map((row) => [
        row.querySelector('th span').textContent,
        [...row.querySelectorAll('td')].map((cell) => cell.textContent.startsWith('Yes'))]))`)
    const heads = await grid.locator('thead th').allTextContents()
    expect(heads.toSorted()).toEqual(matrix.roles.map(({ id }) => id).toSorted())
    for (const { id } of matrix.actions) {
      const wanted = heads.map((head) => matrix.roles.find((role) => role.id === head)?.all.includes(id))
      expect([id, shown[id] as unknown]).toEqual([id, wanted])
    }
    const detail = page.getByRole('complementary', { name: 'What is chosen' })
    await grid.locator('[data-place="1 1"]').focus()
    await page.keyboard.press('ArrowRight')
    await detail.getByRole('heading', { name: 'asker · discover' }).waitFor()
    await detail.getByText('Allowed, from viewer').waitFor()
    await detail.getByText('Everyone').waitFor()
    await page.keyboard.press('ArrowUp')
    await detail.getByRole('heading', { name: 'asker', exact: true }).waitFor()
    rig.expectCalm(visit)
  })

  test('is filtered by action, role and resource', async () => {
    await using visit = await rig.open('view=matrix')
    const { page } = visit
    const status = page.getByRole('status').filter({ hasText: 'action' })
    await page.getByRole('combobox', { name: 'On' }).selectOption('model')
    await status.filter({ hasText: '2 roles, 2 actions' }).waitFor()
    await page.getByRole('combobox', { name: 'On' }).selectOption('')
    await page.getByRole('combobox', { name: 'Role' }).selectOption('reviewer')
    await status.filter({ hasText: '1 role, 5 actions' }).waitFor()
    await page.getByRole('textbox', { name: 'Action' }).fill('nothing like it')
    await button(page, 'Show all').click()
    await status.filter({ hasText: '13 roles' }).waitFor()
  })
})

describe('folders', () => {
  test('give a role, say who may, and take it back', async () => {
    await using visit = await rig.open(viewOf({ view: 'folders', scope: folder('Finance') }))
    const { page } = visit
    await button(page, 'Give a role').click()
    await dialog(page).getByRole('combobox', { name: 'Who' }).fill('ann')
    await page.getByRole('option', { name: 'Ann Larsen' }).waitFor()
    await page.keyboard.press('Enter')
    await dialog(page).getByLabel('Role').selectOption('viewer')
    await dialog(page).getByText('Allows discover, read.').waitFor()
    await dialog(page).getByRole('button', { name: 'Give role' }).click()
    await rowOf(page, 'Roles here', 'Ann Larsen').waitFor()
    await page.getByRole('list', { name: 'Who may read' }).getByText('Ann Larsen').first().waitFor()
    expect(await decide('Ann', 'read', folder('Finance'))).toBe(true)
    await button(page, 'Take back viewer of Ann Larsen').click()
    await dialog(page).getByRole('button', { name: 'Take back' }).click()
    await rowOf(page, 'Roles here', 'Ann Larsen').waitFor({ state: 'detached' })
    expect(await decide('Ann', 'read', folder('Finance'))).toBe(false)
    rig.expectCalm(visit)
  })

  test('refuse what would shut everybody out, and show what a restriction stops', async () => {
    await using visit = await rig.open(viewOf({ view: 'folders', scope: folder('Customers') }))
    const { page } = visit
    await button(page, 'Restrict').click()
    await dialog(page).getByRole('button', { name: 'Restrict' }).click()
    await dialog(page).getByRole('alert').waitFor()
    await button(page, 'Cancel').click()
    await rig.send('POST', '/api/access/grants', {
      principal: `user:${rig.company.people.get('Cleo')}`,
      role: 'curator',
      scope: folder('Customers'),
    })
    await button(page, 'Restrict').click()
    await dialog(page).getByRole('button', { name: 'Restrict' }).click()
    await page.getByText('What is given above stops here').waitFor()
    await rowOf(page, 'Roles here', 'vault-admin').getByText('Stopped').waitFor()
    // Whoever was stopped with the others needs the owner’s way to open it.
    await button(page, 'Open').click()
    await dialog(page).getByRole('button', { name: 'Open' }).click()
    await page.getByText('What is given above stops here').waitFor({ state: 'detached' })
    rig.expectCalm(visit, /409/)
  })

  test('are a tree that is walked with the keys and asked for as it opens', async () => {
    await using visit = await rig.open('view=folders')
    const { page, requests } = visit
    const notes = () => requests.filter((url) => url.includes('/notes?')).length
    await page.getByRole('treeitem', { name: 'Whole server' }).focus()
    expect(notes()).toBe(0)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    await page.getByRole('treeitem', { name: 'Board' }).waitFor()
    expect(await page.getByRole('treeitem', { name: 'Risk register 2026' }).count()).toBe(0)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    await page.getByRole('treeitem', { name: 'Risk register 2026' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Board', level: 2 }).waitFor()
    rig.expectCalm(visit)
  })
})

describe('the policy', () => {
  test('is changed only after it was looked at, waits for a second person, and can be gone back to', async () => {
    await using owner = await rig.open('view=policy')
    const { page } = owner
    await button(page, 'Add to never allowed').click()
    await dialog(page).getByLabel('Where').selectOption('folder')
    await dialog(page).getByLabel('Folder').fill('Handbook')
    await dialog(page).getByRole('checkbox', { name: 'read' }).check()
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('1 change not saved yet').waitFor()
    await button(page, 'Check and save').click()
    await dialog(page)
      .getByRole('list', { name: 'Changed statements' })
      .getByText(/Everyone may not retrieve or read/)
      .waitFor()
    await dialog(page)
      .getByRole('list', { name: 'Who gains and loses notes' })
      .getByText(/read –\d+/)
      .first()
      .waitFor()
    await dialog(page).getByRole('textbox', { name: 'Note' }).fill('Close the handbook')
    await button(page, 'Save').click()
    await page.getByRole('heading', { name: 'Waiting for a second person' }).waitFor()
    expect(await decide('Ann', 'read', folder('Handbook'))).toBe(true)
    await button(page, 'Review').click()
    await dialog(page).getByText('Proposed by you').waitFor()
    expect(await button(page, 'Approve').count()).toBe(0)

    await using second = await rig.open('view=policy', { name: 'Dana' })
    await button(second.page, 'Review').click()
    await dialog(second.page).getByText('Proposed by Owner').waitFor()
    await dialog(second.page).getByRole('heading', { name: 'Who gains and loses' }).waitFor()
    await button(second.page, 'Approve').click()
    await second.page.getByText('Waiting for a second person').waitFor({ state: 'detached' })
    expect(await decide('Ann', 'read', folder('Handbook'))).toBe(false)

    const revisions = second.page.getByRole('list', { name: 'Revisions' })
    await revisions.getByRole('listitem').first().getByText('In force').waitFor()
    await revisions.getByRole('listitem').nth(1).getByRole('button').click()
    await dialog(second.page).getByRole('heading', { name: 'Going back would change' }).waitFor()
    await button(second.page, 'Go back to it').click()
    await second.page.getByText('It waits for a second person', { exact: true }).first().waitFor()
    rig.expectCalm(owner)
    rig.expectCalm(second)
  }, 30_000)

  test('as JSON says where it is wrong and does not count until it is right', async () => {
    await using visit = await rig.open('view=policy&as=json')
    const { page } = visit
    const field = page.getByRole('textbox', { name: 'Policy' })
    const text = await field.inputValue()
    await field.fill(text.replace('"retrieve"', '"fly"'))
    await page.getByText('denies[0].actions[0]: There is no such action').waitFor()
    expect(await button(page, 'Check and save').count()).toBe(0)
    await field.fill(text.replace('"retrieve"', '"cite"'))
    await page.getByText('1 change not saved yet').waitFor()
  })
})

describe('why', () => {
  test('explains a refusal of somebody by its address, with statement, near misses and what would change it', async () => {
    const subject = `user:${rig.company.people.get('Ben')}`
    const resource = `note:${rig.company.vault}/Board/Risk register 2026.md`
    await using visit = await rig.open(viewOf({ view: 'why', subject, action: 'read', resource }))
    const { page } = visit
    await page.getByRole('heading', { name: /^Ben Okafor may not read .*Board \/ Risk register 2026\.$/ }).waitFor()
    await page.getByText(/Contractors may not discover/).waitFor()
    await page.getByRole('heading', { name: 'What would change it' }).waitFor()
    expect(await page.getByRole('combobox', { name: 'Note' }).inputValue()).toBe('Board/Risk register 2026.md')
    await page.getByRole('combobox', { name: 'Note' }).fill('Projects/Road')
    await page.getByRole('option', { name: 'Projects/Roadmap 2026.md' }).click()
    await button(page, 'Explain').click()
    await page.getByRole('heading', { name: /^Ben Okafor may read .*Projects .*\.$/ }).waitFor()
    rig.expectCalm(visit)
  })

  test('is one step from a refusal, and hides from a member what is hidden', async () => {
    await using visit = await rig.open('view=matrix', { name: 'Ben' })
    const { page } = visit
    await page.goto(`${server.url}/#/models?view=budgets`)
    await page.getByRole('link', { name: 'Why?' }).click()
    await page.getByRole('heading', { name: 'You may not see the usage of the whole server.' }).waitFor()
    const pages = page.getByRole('navigation', { name: 'Pages' }).getByRole('link')
    expect(await pages.allTextContents()).toEqual(['Ask', 'Vaults', 'Models', 'Access', 'API keys', 'Account'])
    await rig.go(
      page,
      viewOf({ view: 'why', action: 'read', resource: `note:${rig.company.vault}/Board/Risk register 2026.md` }),
    )
    await page.getByText('There is nothing here that you may know of.').waitFor()
    expect(await page.getByText('Contractors may not').count()).toBe(0)
    rig.expectCalm(visit, /403/)
  })
})

describe('a member', () => {
  test('sees roles and why, and of who holds what themselves alone', async () => {
    await using visit = await rig.open('', { name: 'Ben' })
    const { page, requests } = visit
    const links = page.getByRole('navigation', { name: 'Views of access' }).getByRole('link')
    await links.first().waitFor()
    expect(await links.allTextContents()).toEqual(['Roles', 'Why'])
    await page.getByRole('grid').waitFor()
    for (const title of ['People', 'Policy', 'Folders']) {
      await rig.go(page, `view=${title.toLowerCase()}`)
      await page.getByRole('heading', { name: `“${title}” is not open to you` }).waitFor()
    }
    expect(requests.filter((url) => /access\/(users|groups|policy|proposals|revisions|statements)/.test(url))).toEqual(
      [],
    )
    for (const name of ['Cleo', 'Dana', 'Ann']) expect(await page.getByText(name).count()).toBe(0)
    rig.expectCalm(visit)
  })

  test('who shares a folder gives there what they hold, and nothing beside it', async () => {
    await using visit = await rig.open(viewOf({ view: 'folders', scope: folder('People') }), { name: 'Cleo' })
    const { page } = visit
    await button(page, 'Give a role').click()
    const roles = await dialog(page).getByLabel('Role').locator('option').allTextContents()
    expect(roles).toContain('editor')
    expect(roles).not.toContain('vault-admin')
    await dialog(page).getByRole('combobox', { name: 'Who' }).fill('ann')
    await page.getByRole('option', { name: 'Ann Larsen' }).waitFor()
    await page.keyboard.press('Enter')
    await dialog(page).getByRole('button', { name: 'Give role' }).click()
    await rowOf(page, 'Roles here', 'Ann Larsen').waitFor()
    await until('it counts', () => decide('Ann', 'retrieve', folder('People')))
    await rig.go(page, viewOf({ view: 'folders', scope: folder('Board') }))
    await page.getByRole('heading', { name: 'You may not see this place' }).waitFor()
    rig.expectCalm(visit, /403/)
  })
})

describe('every view', () => {
  const views = () => [
    'view=people',
    'view=matrix',
    viewOf({ view: 'folders', scope: folder('Engineering') }),
    'view=policy',
    'view=policy&as=json',
    viewOf({ view: 'why', action: 'read', resource: folder('Board') }),
  ]

  for (const [device, size] of Object.entries({
    phone: { width: 360, height: 740, phone: true },
    tablet: { width: 768, height: 1_024 },
    desktop: { width: 1_440, height: 900 },
  }))
    test(`fits a ${device}, and axe finds nothing, in light and dark`, async () => {
      for (const theme of ['light', 'dark'] as const) {
        await using visit = await rig.open('', { ...size, theme })
        const { page } = visit
        for (const view of views()) {
          await rig.go(page, view)
          await page
            .locator('.page .card, .page tbody, .page .access-list, .page .access-role-list, textarea')
            .first()
            .waitFor()
          await until('it is loaded', async () => (await page.locator('.page .cairn-spinner').count()) === 0)
          await expectWell(page, `${device} ${theme} ${view}`)
        }
        rig.expectCalm(visit)
      }
    }, 60_000)

  test('has dialogs that axe finds nothing in, and that give the focus back', async () => {
    await using visit = await rig.open('view=people')
    const { page } = visit
    for (const [view, name] of [
      ['view=people', 'Invite'],
      ['view=people', 'Ben Okafor'],
      ['view=people', 'Engineering'],
      ['view=people', 'Release notes bot'],
      [viewOf({ view: 'folders', scope: folder('Engineering') }), 'Give a role'],
      ['view=policy', 'Add to never allowed'],
      ['view=policy', 'Add to own roles'],
    ] as const) {
      await rig.go(page, view)
      await button(page, name).first().click()
      await dialog(page).waitFor()
      await until('it is loaded', async () => (await page.locator('.cairn-spinner').count()) === 0)
      await expectWell(page, name)
      await page.keyboard.press('Escape')
      await dialog(page).waitFor({ state: 'detached' })
      expect(await page.evaluate<string>(`document.activeElement?.textContent?.trim() ?? ''`)).toContain(
        name.startsWith('Add to') ? 'Add' : name,
      )
    }
    rig.expectCalm(visit)
  }, 30_000)

  test('says when the server failed, and offers to try again', async () => {
    await using visit = await rig.open('view=policy')
    const { page } = visit
    const body = { type: 'x', title: 'x', status: 500, detail: '', code: 'internal.error', param: null, requestId: 'r' }
    await page.route('**/api/access/**', (route) =>
      route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(body) }),
    )
    await page.reload()
    await button(page, 'Try again').waitFor()
    await page.unrouteAll()
    await button(page, 'Try again').click()
    await page.getByRole('heading', { name: 'Rules for everybody' }).waitFor()
  })
})
