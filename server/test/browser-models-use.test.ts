/**
 * The console's page of models in a real Chromium against the real program: providers, an explained route, budgets and
 * usage. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { providerReplySchema } from '@cairn/contract'
import { until } from './harness.ts'
import { button, cardOf, dialog, startModelsRig, type ModelsRig } from './kit/models-page.ts'

const canary = 'sk-canary-0123456789abcdef'

let rig: ModelsRig
beforeAll(async () => {
  rig = await startModelsRig(process.env['CAIRN_TEST_CHROMIUM'])
}, 60_000)
afterAll(() => rig[Symbol.asyncDispose]())

describe('a provider', () => {
  test('is added, tested, changed, switched off and on, and removed; its key is never shown again', async () => {
    await using visit = await rig.openModels('view=providers')
    const { page } = visit
    await button(page, 'Add provider').click()
    await dialog(page).getByLabel('Kind').selectOption({ label: 'Ollama' })
    expect(await dialog(page).getByLabel('Base address').inputValue()).toBe('http://127.0.0.1:11434/v1')
    await dialog(page).getByRole('textbox', { name: 'Name' }).fill('mine')
    await dialog(page).getByLabel('Base address').fill(rig.well.url)
    const key = dialog(page).getByLabel('API key')
    expect(await key.getAttribute('type')).toBe('password')
    await key.fill(canary)
    await button(page, 'Add and test').click()
    const card = cardOf(page, 'mine')
    await card.getByText('It answers and lists 2 models').waitFor()
    await until('its models are known', async () => /Models2/.test((await card.textContent()) ?? ''))
    expect(await card.textContent()).toContain('API keyStored')

    await button(page, 'Change mine').click()
    expect(await key.inputValue()).toBe('')
    await dialog(page).getByText('More', { exact: true }).click()
    await dialog(page).getByLabel('Region').fill('ch')
    await button(page, 'Save').click()
    await card.getByText('On this machine, ch').waitFor()
    const read = async () => providerReplySchema.parse(await (await rig.server.call('/api/providers/mine')).json())
    expect(await read()).toMatchObject({ hasKey: true, region: 'ch', enabled: true })

    await button(page, 'Switch off mine').click()
    await card.getByText('Switched off').waitFor()
    expect(await read()).toMatchObject({ hasKey: true, enabled: false, settings: { region: 'ch' } })
    await button(page, 'Switch on mine').click()
    await until('it is on again', async () => (await read()).enabled)

    await button(page, 'Remove mine').click()
    await dialog(page).getByRole('button', { name: 'Remove', exact: true }).click()
    await card.waitFor({ state: 'detached' })
    expect((await rig.server.call('/api/providers/mine')).status).toBe(404)
    expect(await page.content()).not.toContain('canary')
    rig.expectCalm(visit)
  })

  test('that cannot be reached says so in words when it is tested', async () => {
    await rig.put('/api/providers/away', { dialect: 'openai', baseUrl: 'http://127.0.0.1:1/v1', models: ['x'] })
    try {
      await using visit = await rig.openModels('view=providers')
      const { page } = visit
      await button(page, 'Test away').click()
      await cardOf(page, 'away').getByRole('status').getByText('cannot be reached').waitFor()
      rig.expectCalm(visit)
    } finally {
      await rig.server.call('/api/providers/away', { method: 'DELETE' })
    }
  })

  test('of the configuration says where it is set and cannot be changed here', async () => {
    await using visit = await rig.openModels('view=providers')
    const { page } = visit
    const card = cardOf(page, 'acme')
    await card.getByText('Set in the configuration').waitFor()
    expect(await card.getByRole('button').allTextContents()).toEqual(['Test'])
    expect(await cardOf(page, 'cairn').getByRole('button').count()).toBe(0)
    rig.expectCalm(visit)
  })

  test('that the server refuses is told at the field, in the server’s words, and nothing is stored', async () => {
    await using visit = await rig.openModels('view=providers')
    const { page } = visit
    await button(page, 'Add provider').click()
    const submit = () => button(page, 'Add and test').click()
    const errorOf = async (label: string) => {
      const field = dialog(page).getByLabel(label, { exact: true })
      await until(`an error at ${label}`, async () => (await field.getAttribute('aria-invalid')) === 'true')
      const id = (await field.getAttribute('aria-describedby'))?.split(' ').at(-1) ?? ''
      return (await page.locator(`[id="${id}"]`).textContent()) ?? ''
    }
    await submit()
    expect(await errorOf('Name')).toBe('Give it a name.')
    await dialog(page).getByLabel('Name', { exact: true }).fill('acme')
    await submit()
    expect(await errorOf('Name')).toContain('already')
    await dialog(page).getByLabel('Name', { exact: true }).fill('Not_One')
    await dialog(page).getByLabel('Base address').fill('http://169.254.169.254/')
    await submit()
    expect(await errorOf('Name')).toContain('small letters')
    await dialog(page).getByLabel('Name', { exact: true }).fill('not-one')
    await submit()
    expect(await errorOf('Base address')).toContain('Link-local and metadata addresses are never called')
    await dialog(page).getByLabel('Base address').fill(rig.well.url)
    await dialog(page).getByText('More', { exact: true }).click()
    await dialog(page).getByLabel('Most requests at once').fill('0')
    await dialog(page).getByText('More', { exact: true }).click()
    await submit()
    expect(await errorOf('Most requests at once')).toContain('At least 1')
    expect((await rig.server.call('/api/providers/not-one')).status).toBe(404)
    rig.expectCalm(visit, /400/)
  })
})

describe('an explained route', () => {
  test('is asked by the form, stands in the address, and is the same for whoever opens the link', async () => {
    await using visit = await rig.openModels('view=route')
    const { page } = visit
    await page.getByRole('combobox', { name: 'Model', exact: true }).fill('best')
    await page.getByRole('checkbox', { name: 'Tools' }).check()
    await button(page, 'Explain').click()
    const attempts = page.locator('.models-attempts > li')
    const leftOut = page.getByRole('table', { name: 'Models left out' })
    await leftOut.getByRole('row').filter({ hasText: 'acme/seer' }).waitFor()
    const seer = await leftOut.getByRole('row').filter({ hasText: 'acme/seer' }).textContent()
    expect(seer).toContain('Cannot do it')
    expect(seer).toContain('Does not call tools')
    expect(await attempts.first().textContent()).toContain('acme/plain')
    expect(await attempts.first().textContent()).toContain('Tried first')
    expect(page.url()).toEndWith('#/models?view=route&model=best&needs=tools')

    await using other = await rig.openModels('view=route&model=best&label=confidential')
    const refused = other.page
      .getByRole('table', { name: 'Models left out' })
      .getByRole('row')
      .filter({ hasText: 'acme/plain' })
    await refused.waitFor()
    expect(await refused.textContent()).toContain('Not cleared for these notes')
    expect(await other.page.getByLabel('Notes in it').inputValue()).toBe('confidential')
    await page.goBack()
    await until(
      'the form goes back too',
      async () => (await page.getByRole('combobox', { name: 'Model', exact: true }).inputValue()) === '',
    )
    rig.expectCalm(visit)
    rig.expectCalm(other)
  })

  test('for a model or a number that is none says so at the field', async () => {
    await using visit = await rig.openModels('view=route&model=nobody')
    const { page } = visit
    await page.getByRole('alert').getByText('nobody').waitFor()
    expect(await page.getByRole('combobox', { name: 'Model', exact: true }).getAttribute('aria-invalid')).toBe('true')
    await page.getByRole('combobox', { name: 'Model', exact: true }).fill('best')
    await page.getByRole('textbox', { name: 'Tokens in' }).fill('many')
    await button(page, 'Explain').click()
    await until(
      'the field is marked',
      async () => (await page.getByRole('textbox', { name: 'Tokens in' }).getAttribute('aria-invalid')) === 'true',
    )
    rig.expectCalm(visit, /40[04]/)
  })
})

describe('budgets', () => {
  test('are added, shown with what is spent, changed and removed', async () => {
    await using visit = await rig.openModels('view=budgets')
    const { page } = visit
    await page.getByRole('heading', { name: 'No budget yet' }).waitFor()
    await button(page, 'Add budget').click()
    await dialog(page).getByLabel('For').selectOption({ label: 'Model' })
    await dialog(page).getByLabel('Model', { exact: true }).fill('acme/seer')
    await dialog(page).getByRole('button', { name: 'Add budget' }).click()
    await dialog(page).getByText('Set at least one limit.').waitFor()
    await dialog(page).getByLabel('Requests/min').fill('0')
    await dialog(page).getByLabel('US$ a day').fill('5')
    await dialog(page).getByRole('button', { name: 'Add budget' }).click()
    await dialog(page).getByText('At least 1', { exact: false }).waitFor()
    await dialog(page).getByLabel('Requests/min').fill('1000')
    await dialog(page).getByRole('button', { name: 'Add budget' }).click()
    const card = cardOf(page, 'acme/seer')
    await card.waitFor()
    expect(await rig.listRules()).toMatchObject([
      { subject: { kind: 'model', id: 'acme/seer' }, usdPerDay: 5, requestsPerMinute: 1_000 },
    ])
    expect(await rig.chat('seer', 'what a budget is for')).toBe(200)
    const meter = card.getByRole('meter', { name: 'Today' })
    await until('what it cost is shown', async () => Number(await meter.getAttribute('aria-valuenow')) > 0)
    expect(await meter.getAttribute('aria-valuetext')).toMatch(/^\$0\.\d+ of \$5\.00/)
    await button(page, 'Change the budget of acme/seer').click()
    expect(await dialog(page).getByLabel('US$ a day').inputValue()).toBe('5')
    await dialog(page).getByLabel('US$ a day').fill('7.5')
    await button(page, 'Save').click()
    await card.getByText('of $7.50').waitFor()
    await button(page, 'Remove the budget of acme/seer').click()
    await dialog(page).getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByRole('heading', { name: 'No budget yet' }).waitFor()
    expect(await rig.listRules()).toEqual([])
    rig.expectCalm(visit, /400/)
  })

  test('that others set meanwhile stay when one is added', async () => {
    await using visit = await rig.openModels('view=budgets')
    const { page } = visit
    await button(page, 'Add budget').click()
    await dialog(page).getByLabel('US$ a month').fill('9')
    await rig.put('/api/budgets', { rules: [{ subject: { kind: 'provider', id: 'gpu' }, tokensPerMinute: 5 }] })
    await dialog(page).getByRole('button', { name: 'Add budget' }).click()
    await cardOf(page, 'Everybody').waitFor()
    expect((await rig.listRules()).map(({ subject }) => subject.kind)).toEqual(['provider', 'all'])
    await rig.clearBudgets()
    rig.expectCalm(visit)
  })
})

describe('usage', () => {
  test('is shown in charts and tables, with the same numbers as the server’s', async () => {
    expect(await rig.chat('seer', 'used')).toBe(200)
    await rig.chat('broken', 'failed')
    await using visit = await rig.openModels('view=usage')
    const { page } = visit
    const tables = page.getByRole('table', { name: 'Usage by model' })
    await tables.getByRole('row').filter({ hasText: 'acme/seer' }).waitFor()
    expect(await tables.getByRole('row').filter({ hasText: 'gpu/broken' }).textContent()).toMatch(/gpu\/broken00[1-9]/)
    for (const name of ['Time to the first token', 'Cost']) {
      const chart = page.getByRole('figure', { name, exact: true })
      await chart.locator('.cairn-series-plot svg').waitFor()
      const slider = page.getByRole('slider', { name: `${name}: point in time` })
      expect(await slider.getAttribute('aria-valuemax')).toBe('23')
      expect(await slider.getAttribute('aria-valuetext')).toMatch(/^\d\d:00: (median \d+ ms|\$0\.\d+ for \d+ call)/)
      await slider.focus()
      await page.keyboard.press('Home')
      await until('the first hour is read', async () => (await slider.getAttribute('aria-valuenow')) === '0')
      expect(await slider.getAttribute('aria-valuetext')).toMatch(/: nothing (streamed|used)$/)
      await chart.getByRole('button', { name: 'Show as a table' }).click()
      await page.getByRole('table', { name, exact: true }).waitFor()
    }
    await page.getByRole('figure', { name: 'Tokens by model' }).getByText('acme/seer').waitFor()
    await page.getByRole('figure', { name: 'Failures by model' }).getByText('gpu/broken').waitFor()
    await button(page, '30 days').click()
    await until(
      'by day',
      async () => (await page.getByRole('slider', { name: /^Cost/ }).getAttribute('aria-valuemax')) === '29',
    )
    rig.expectCalm(visit)
  })
})
