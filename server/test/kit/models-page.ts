/**
 * For browser tests of the page of models: the real program with two upstreams, one of which fails, and a Chromium that
 * is signed in.
 */
import { expect } from 'bun:test'
import { budgetsReplySchema, modelsReplySchema, type BudgetState, type ModelsReply } from '@cairn/contract'
import type { Locator, Page } from 'playwright-core'
import { openBrowser, type Visit, type VisitOptions } from '../browser.ts'
import { startServer, type RunningServer } from '../harness.ts'
import { startUpstream, type Upstream } from './upstream.ts'

export interface ModelsRig extends AsyncDisposable {
  readonly server: RunningServer
  readonly well: Upstream
  /** `view` as it stands in the address: nothing, or `view=route&model=…`. */
  openModels(view?: string, options?: VisitOptions): Promise<Visit>
  go(page: Page, view: string): Promise<void>
  describeModels(): Promise<ModelsReply>
  listRules(): Promise<BudgetState[]>
  clearBudgets(): Promise<void>
  put(path: string, body: unknown): Promise<void>
  /** Gives the status. */
  chat(model: string, content: string): Promise<number>
  /** Nothing was asked of another machine, and nothing went wrong in the page but what is expected. */
  expectCalm(visit: Visit, expected?: RegExp): void
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function startModelsRig(chromium: string | undefined): Promise<ModelsRig> {
  const well = await startUpstream({ models: ['seer', 'plain'] })
  const ill = await startUpstream({ models: ['broken'], always: { status: 503 } })
  const server = await startServer({
    upstreams: upstreamsOf(well, ill),
    // A model that failed stays left alone for as long as the tests run.
    env: { CAIRN_MODEL: 'extractive', CAIRN_OPEN_AFTER_FAILURES: '2', CAIRN_COOLDOWN_MS: '600000' },
  })
  const browser = await openBrowser(chromium)

  async function put(path: string, body: unknown): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const response = await server.call(path, { method: 'PUT', body: JSON.stringify(body), headers })
    if (!response.ok) throw new Error(await response.text())
  }
  async function go(page: Page, view: string): Promise<void> {
    await page.goto(`${server.url}/#/models${view && `?${view}`}`)
    await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor()
  }
  return {
    server,
    well,
    put,
    go,
    clearBudgets: () => put('/api/budgets', { rules: [] }),
    describeModels: async () => modelsReplySchema.parse(await (await server.call('/api/models')).json()),
    listRules: async () => budgetsReplySchema.parse(await (await server.call('/api/budgets')).json()).rules,
    async openModels(view = '', options) {
      const visit = await browser.visit(options)
      const link = (await (await server.post('/auth/links', undefined)).json()) as { url: string }
      await visit.page.goto(link.url)
      await visit.page.getByRole('textbox', { name: 'Question' }).waitFor()
      await go(visit.page, view)
      return visit
    },
    async chat(model, content) {
      const messages = [{ role: 'user', content }]
      const response = await server.post('/v1/chat/completions', { model, stream: true, messages })
      await response.text()
      return response.status
    },
    expectCalm({ requests, problems }, expected = /(?!)/) {
      expect(requests.filter((url) => !url.startsWith(`${server.url}/`))).toEqual([])
      expect(problems.filter((problem) => !expected.test(problem))).toEqual([])
    },
    async [Symbol.asyncDispose]() {
      await browser[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
      await well.close()
      await ill.close()
    },
  }
}

function upstreamsOf(well: Upstream, ill: Upstream) {
  const priced = { contextWindow: 64_000, inputUsdPerMTok: 100, outputUsdPerMTok: 200 }
  const seer = { id: 'seer', ...priced, capabilities: ['chat', 'vision', '-tools'] }
  return [
    { id: 'acme', dialect: 'openai', baseUrl: well.url, egress: 'external', region: 'eu', models: [seer, 'plain'] },
    { id: 'gpu', dialect: 'openai', baseUrl: ill.url, models: ['broken'] },
  ]
}

export const dialog = (page: Page): Locator => page.getByRole('dialog')
export const button = (page: Pick<Page, 'getByRole'>, name: string): Locator =>
  page.getByRole('button', { name, exact: true })
export const cardOf = (page: Page, name: string): Locator =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, level: 3, exact: true }) })
