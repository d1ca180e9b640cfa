/**
 * Pictures of the dashboard and of the sources map. A server that has just been started counts one hour: what it would
 * have counted in a day is dictated here, in its own shapes, and everything else is the server’s own.
 */
import type { CacheReport, UsageReply, UsageRow } from '@cairn/contract'
import type { Page } from 'playwright-core'
import type { PluginRig } from '../server/test/kit/plugin-host.ts'

const questions = [
  'How many days of holiday do I get, and can I take any into next year?',
  'Who is on call and how is the handover done?',
  'What does the travel policy say about hotels?',
  'How often does a Tern return to the bench?',
  'How is a gateway that is offline brought back?',
]

export const figurePictures: Record<string, (page: Page, rig: PluginRig) => Promise<void>> = {
  'plugin-dashboard': async (page, rig) => {
    await dictate(page)
    await askAll(page, rig)
    await rig.command(page, 'open-dashboard')
    await page.locator('.cairn-card .cairn-plot-area').nth(2).waitFor()
  },
  'plugin-map': async (page, rig) => {
    await askAll(page, rig)
    await rig.command(page, 'open-map')
    await page.locator('.cairn-node').nth(3).waitFor()
  },
}

async function askAll(page: Page, rig: PluginRig): Promise<void> {
  await rig.connect(page, rig.team.owner.key)
  const rules = [{ subject: { kind: 'all', id: '*' }, usdPerDay: 2, usdPerMonth: 30 }]
  await rig.team.owner.send('/api/budgets', { rules }, 'PUT')
  await rig.command(page, 'open-ask')
  for (const question of questions) {
    await page.getByRole('textbox', { name: 'Question' }).fill(question)
    await page.keyboard.press('Enter')
    await page.locator('.cairn-turn.is-last[aria-busy=false]', { hasText: question }).waitFor()
  }
}

const hourMs = 3_600_000
/** Answers by the hour, from a day’s begin on. */
const busy = [0, 0, 0, 0, 0, 1, 3, 14, 31, 42, 38, 29, 22, 35, 44, 39, 27, 16, 9, 4, 6, 3, 1, 2]

function hourOf(calls: number, at: number): UsageRow {
  const cacheHits = Math.round(calls * (0.25 + (calls % 7) / 20))
  const made = calls - cacheHits
  return {
    group: new Date(at).toISOString(),
    calls,
    cacheHits,
    failures: calls % 11 === 9 ? 1 : 0,
    inputTokens: made * 1_850,
    outputTokens: made * 210,
    costUsd: made * 0.0031,
    savedUsd: cacheHits * 0.0031,
    estimatedUsd: 0,
    ttftP50Ms: calls === 0 ? null : 280 + (calls % 9) * 24,
    ttftP95Ms: calls === 0 ? null : 640 + (calls % 13) * 55,
  }
}

function add(rows: readonly UsageRow[]): UsageReply['total'] {
  const sum = (read: (row: UsageRow) => number) => rows.reduce((all, row) => all + read(row), 0)
  return {
    calls: sum(({ calls }) => calls),
    cacheHits: sum(({ cacheHits }) => cacheHits),
    failures: sum(({ failures }) => failures),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    costUsd: sum(({ costUsd }) => costUsd),
    savedUsd: sum(({ savedUsd }) => savedUsd),
    estimatedUsd: 0,
    ttftP50Ms: 340,
    ttftP95Ms: 910,
  }
}

async function dictate(page: Page): Promise<void> {
  const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }
  const now = Math.floor(Date.now() / hourMs) * hourMs
  const rows = busy.flatMap((calls, index) => (calls === 0 ? [] : [hourOf(calls, now - (23 - index) * hourMs)]))
  await page.route(/\/api\/usage\?by=hour/, (route) => {
    const json: UsageReply = {
      by: 'hour',
      of: 'all',
      from: now - 23 * hourMs,
      to: now + hourMs,
      rows,
      total: add(rows),
    }
    return route.fulfill({ json, headers })
  })
  await page.route(/\/api\/usage\?by=model/, (route) => {
    const total = add(rows)
    const models = [
      { ...total, group: 'acme/large-chat', inputTokens: 402_000, outputTokens: 48_100 },
      { ...total, group: 'local/small-chat', inputTokens: 61_000, outputTokens: 7_400 },
    ]
    const json: UsageReply = { by: 'model', of: 'all', from: now - 23 * hourMs, to: now + hourMs, rows: models, total }
    return route.fulfill({ json, headers })
  })
  await page.route(/\/api\/cache\/stats/, async (route) => {
    const reply = await route.fetch()
    const history = rows.map(({ group, calls, cacheHits }) => ({
      at: Date.parse(group),
      memory: Math.ceil(cacheHits * 0.7),
      disk: Math.floor(cacheHits * 0.3),
      shared: 0,
      stale: 0,
      misses: calls - cacheHits,
    }))
    const json: CacheReport = { ...((await reply.json()) as CacheReport), history }
    return route.fulfill({ json, headers })
  })
}
