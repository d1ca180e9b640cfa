/**
 * The console's page of models in a real Chromium against the real program with two upstreams, one of which fails: the
 * matrix, and what holds for every view. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { findOverflow } from './browser.ts'
import { pause, until } from './harness.ts'
import { button, cardOf, dialog, startModelsRig, type ModelsRig } from './kit/models-page.ts'

let rig: ModelsRig
beforeAll(async () => {
  rig = await startModelsRig(process.env['CAIRN_TEST_CHROMIUM'])
}, 60_000)
afterAll(() => rig[Symbol.asyncDispose]())

const rowOf = (page: Page, model: string) =>
  page.getByRole('table', { name: 'Models', exact: true }).getByRole('row').filter({ hasText: model })

/** What a cell of the matrix says to somebody who hears it. */
async function cell(page: Page, model: string, heading: string): Promise<string> {
  return (await rowOf(page, model).locator(`td[data-heading="${heading}"]`).textContent()) ?? ''
}

/** Fields and buttons without a name, and headings that skip a level. */
function findNameless(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const nameOf = (element) => element.getAttribute('aria-label')
      || [...(element.labels ?? [])].map((label) => label.textContent).join('')
      || (element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join('')
      || (element.tagName === 'INPUT' ? '' : element.textContent)
    const named = 'button, a[href], input, select, textarea, dialog, figure, table, nav, [role=meter], [role=slider], [role=group], [role=search]'
    const nameless = [...document.querySelectorAll(named)]
      .filter((element) => element.checkVisibility() && (nameOf(element) ?? '').trim() === '')
      .map((element) => element.outerHTML.slice(0, 90))
    const levels = [...document.querySelectorAll('main h1, main h2, main h3, main h4')].map((h) => Number(h.tagName[1]))
    const skips = levels.filter((level, at) => at > 0 && level > levels[at - 1] + 1).map((level) => 'skips to h' + level)
    return [...nameless, ...skips, ...(levels.filter((level) => level === 1).length === 1 ? [] : ['not one h1'])]
  })()`)
}

describe('the matrix', () => {
  test('shows what each model can do: yes, no and not known are three different things', async () => {
    await using visit = await rig.openModels()
    const { page } = visit
    await rowOf(page, 'seer').waitFor()
    expect(await rowOf(page, '').count()).toBe(1 + (await rig.describeModels()).models.length)
    expect(await cell(page, 'seer', 'Vision')).toBe('Yes')
    expect(await cell(page, 'seer', 'Tools')).toBe('–No')
    expect(await cell(page, 'seer', 'Reason')).toBe('?Not known')
    expect(await cell(page, 'seer', 'Context')).toMatch(/^64k$/i)
    expect(await cell(page, 'seer', 'Price in / out')).toBe('$100.00 / $200.00set by you')
    expect(await cell(page, 'plain', 'Price in / out')).toBe('?Not known')
    expect(await cell(page, 'plain', 'Context')).toBe('?Not known')
    expect(await cell(page, 'extractive', 'Vision')).toBe('Does not apply')
    rig.expectCalm(visit)
  })

  test('follows a model that fails: left alone, until when and why; the others stay in use', async () => {
    await using visit = await rig.openModels()
    const { page } = visit
    await rowOf(page, 'broken').getByText('In use').waitFor()
    for (const turn of [1, 2]) expect(await rig.chat('broken', `failing ${turn}`)).toBeGreaterThanOrEqual(500)
    expect(await rig.chat('seer', 'measured')).toBe(200)
    await rowOf(page, 'broken').getByText('Left alone').waitFor()
    expect(await cell(page, 'broken', 'State')).toMatch(/Until \d\d:\d\d:\d\d: answered with errors/)
    expect(await cell(page, 'broken', 'Errors')).not.toBe('0\u00A0%')
    await until('the time to the first token is shown', async () =>
      / m?s$/.test(await cell(page, 'seer', 'First token')),
    )
    expect(await cell(page, 'seer', 'State')).toBe('In use')
    await page.getByText(/models, 1 in trouble/).waitFor()
    await page.getByRole('link', { name: 'Providers' }).click()
    await cardOf(page, 'gpu').getByText('In trouble').waitFor()
    rig.expectCalm(visit)
  })

  test('is filtered by words, capability and state, and sorted by its headings', async () => {
    await using visit = await rig.openModels()
    const { page } = visit
    const names = () => page.locator('.models-name a').allTextContents()
    await rowOf(page, 'seer').waitFor()
    await page.getByLabel('Can').selectOption({ label: 'Vision' })
    expect(await names()).toEqual(['seer'])
    await page.getByRole('textbox', { name: 'Find' }).fill('gpu')
    await button(page, 'Show all').click()
    await page.getByRole('textbox', { name: 'Find' }).fill('acme outside')
    expect(await names()).toEqual(['seer', 'plain'])
    const heading = page.getByRole('columnheader', { name: 'Model' })
    await heading.getByRole('button').click()
    expect([await heading.getAttribute('aria-sort'), await names()]).toEqual(['ascending', ['plain', 'seer']])
    await heading.getByRole('button').click()
    expect([await heading.getAttribute('aria-sort'), await names()]).toEqual(['descending', ['seer', 'plain']])
    rig.expectCalm(visit)
  })

  test('says what the names for several models mean now', async () => {
    await using visit = await rig.openModels()
    const { page } = visit
    const table = page.getByRole('table', { name: 'Names for several models' })
    await table.waitFor()
    for (const { id, models } of (await rig.describeModels()).virtual) {
      const text =
        (await table
          .getByRole('row')
          .filter({ has: page.getByRole('link', { name: id, exact: true }) })
          .textContent()) ?? ''
      for (const name of models.slice(0, 4)) expect(text).toContain(name)
    }
    rig.expectCalm(visit)
  })

  test('is not asked for while the page cannot be seen, and at once when it can again', async () => {
    await using visit = await rig.openModels()
    const { page, requests } = visit
    const asked = () => requests.filter((url) => url.includes('/api/models')).length
    const show = (state: string) =>
      page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`)
    await show('hidden')
    const before = asked()
    await pause(5_000)
    expect(asked()).toBe(before)
    await show('visible')
    await until('the models are asked for', () => asked() > before, 2_000)
  }, 20_000)
})

describe('every view', () => {
  const views = ['', 'view=providers', 'view=usage', 'view=route&model=best', 'view=budgets'] as const

  test('fits a phone of 360 by 740, with its dialogs too, in light and dark', async () => {
    for (const theme of ['light', 'dark'] as const) {
      await using visit = await rig.openModels('', { width: 360, height: 740, phone: true, theme })
      const { page } = visit
      for (const view of views) {
        await rig.go(page, view)
        await page.locator('.page .card, .page .cairn-state, .page tbody').first().waitFor()
        expect([view, await findOverflow(page)]).toEqual([view, []])
      }
      await rig.go(page, 'view=providers')
      await button(page, 'Add provider').click()
      await dialog(page).getByText('More', { exact: true }).click()
      expect(await findOverflow(page)).toEqual([])
      rig.expectCalm(visit)
    }
  })

  test('has its tables whole on a tablet, a laptop and a wide screen', async () => {
    for (const width of [768, 1_024, 1_280, 1_440]) {
      await using visit = await rig.openModels('', { width, height: 900 })
      const { page } = visit
      for (const view of views) {
        await rig.go(page, view)
        await page.locator('.page .card, .page .cairn-state, .page tbody').first().waitFor()
        const cut = await page.evaluate<number[]>(`[...document.querySelectorAll('.cairn-table-frame')]
          .map((frame) => frame.scrollWidth - frame.clientWidth).filter((beyond) => beyond > 1)`)
        expect([width, view, await findOverflow(page), cut]).toEqual([width, view, [], []])
      }
    }
  }, 60_000)

  test('has a name for each field, button, table and figure, and headings in order', async () => {
    await rig.put('/api/budgets', { rules: [{ subject: { kind: 'all', id: '*' }, usdPerDay: 100 }] })
    await using visit = await rig.openModels()
    const { page } = visit
    for (const view of views) {
      await rig.go(page, view)
      await page.locator('.page .card, .page tbody').first().waitFor()
      expect([view, await findNameless(page)]).toEqual([view, []])
    }
    for (const [view, name] of [
      ['view=providers', 'Add provider'],
      ['view=budgets', 'Add budget'],
    ] as const) {
      await rig.go(page, view)
      await button(page, name).click()
      expect([view, await findNameless(page)]).toEqual([view, []])
      await page.keyboard.press('Escape')
    }
    await rig.clearBudgets()
  })

  test('is reached and used with the keyboard alone', async () => {
    await using visit = await rig.openModels()
    const { page } = visit
    await rowOf(page, 'seer').waitFor()
    await tabTo(page, 'Budgets')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'No budget yet' }).waitFor()
    expect(await page.getByRole('link', { name: 'Budgets' }).getAttribute('aria-current')).toBe('page')
    await tabTo(page, 'Add budget')
    await page.keyboard.press('Enter')
    await dialog(page).waitFor()
    await tabTo(page, 'US$ a day')
    await page.keyboard.type('3')
    await page.keyboard.press('Enter')
    await cardOf(page, 'Everybody').waitFor()
    await tabTo(page, 'Remove the budget of everybody')
    await page.keyboard.press('Enter')
    await dialog(page).waitFor()
    await tabTo(page, 'Cancel')
    await page.keyboard.press('Enter')
    await dialog(page).waitFor({ state: 'detached' })
    for (let tries = 0; tries < 40 && (await nameOfFocus(page)) !== 'Remove the budget of everybody'; tries++)
      await page.waitForTimeout(50)
    expect(await nameOfFocus(page)).toBe('Remove the budget of everybody')
    await page.keyboard.press('Enter')
    await dialog(page).waitFor()
    await tabTo(page, 'Remove')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'No budget yet' }).waitFor()
    expect(await rig.listRules()).toEqual([])
    rig.expectCalm(visit)
  })

  test('says when it may not be seen, and offers to try again when the server failed', async () => {
    await using visit = await rig.openModels()
    const { page } = visit
    const problem = (status: number, code: string) => ({
      status,
      contentType: 'application/problem+json',
      body: JSON.stringify({ type: 'x', title: 'x', status, detail: 'Needs it.', code, param: null, requestId: 'r' }),
    })
    for (const path of ['models', 'usage**', 'routing/**', 'budgets'])
      await page.route(`**/api/${path}`, (route) => route.fulfill(problem(403, 'access.forbidden')))
    await page.reload()
    for (const view of views) {
      await rig.go(page, view)
      await page.getByRole('heading', { name: /^You may not see / }).waitFor()
      expect(await button(page, 'Try again').count()).toBe(0)
    }
    await page.unrouteAll()
    await page.route('**/api/budgets', (route) => route.fulfill(problem(500, 'internal.error')))
    await page.reload()
    await button(page, 'Try again').waitFor()
    await page.unrouteAll()
    await button(page, 'Try again').click()
    await page.getByRole('heading', { name: 'No budget yet' }).waitFor()
  })
})

function nameOfFocus(page: Page): Promise<string> {
  return page.evaluate<string>(`(() => {
    const element = document.activeElement
    return (element?.getAttribute('aria-label') ?? element?.labels?.[0]?.textContent ?? element?.textContent ?? '').trim()
  })()`)
}

/** Presses Tab until the focused element has a name, at most 80 times. */
async function tabTo(page: Page, name: string): Promise<void> {
  const seen: string[] = []
  for (let pressed = 0; pressed < 80; pressed += 1) {
    await page.keyboard.press('Tab')
    const now = await nameOfFocus(page)
    if (now === name) return
    seen.push(now.slice(0, 30))
  }
  throw new Error(`“${name}” is not reached: ${seen.join(' | ')}`)
}
