/** How every page has to look and be used, in a real Chromium. */
import { expect } from 'bun:test'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { findOverflow } from '../browser.ts'

/** Nothing reaches beyond the window, and axe finds nothing to complain of. `name`: for the failure. */
export async function expectWell(page: Page, name: string): Promise<void> {
  expect([name, await findOverflow(page)]).toEqual([name, []])
  await expectAccessible(page, name)
}

/** `within`: a selector; the whole page without it. */
export async function expectAccessible(page: Page, name: string, within?: string): Promise<void> {
  await page.evaluate(axe.source)
  const scope = within === undefined ? 'document' : JSON.stringify({ include: [[within]] })
  const found = await page.evaluate<string[]>(`axe.run(${scope}, { resultTypes: ['violations'] })
    .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')))`)
  expect([name, found]).toEqual([name, []])
}
