/** Pictures of the page of the audit log, each with what is done before it is taken. */
import type { Page } from 'playwright-core'

interface AuditPicture {
  /** The address within the page. */
  readonly view: string
  readonly act: (page: Page) => Promise<void>
}

/** Taken of a server of its own, with a week of a small company in its log. */
export const auditPictures: Record<string, AuditPicture> = {
  'audit-search': {
    view: 'range=week',
    act: (page) => page.locator('.cairn-series-plot svg').waitFor(),
  },
  'audit-filtered': {
    view: 'range=day&outcome=refused,failed&category=auth,permission,model',
    act: async (page) => {
      await page.locator('.cairn-series-plot svg').waitFor()
      const fold = page.getByRole('button', { name: /^Filters/ })
      if ((await fold.count()) > 0) await fold.click()
    },
  },
  'audit-entry': {
    view: 'range=week&type=question.asked',
    act: async (page) => {
      await page.locator('a.audit-row').first().click()
      await page.getByRole('heading', { name: 'Of the same request' }).waitFor()
    },
  },
  'audit-erased': {
    view: 'range=week&type=note.read,question.asked',
    act: async (page) => {
      await page.locator('a.audit-row').filter({ hasText: 'erased person' }).first().click()
      await page.getByText('Its key is destroyed').first().waitFor()
    },
  },
  'audit-groups': {
    view: 'view=groups&range=week&by=actor,model',
    act: (page) => page.getByRole('table', { name: 'Groups' }).waitFor(),
  },
  'audit-reports': {
    view: 'view=reports',
    act: (page) => page.getByRole('list', { name: 'Reports' }).waitFor(),
  },
  'audit-report-usage': {
    view: 'view=reports&report=usage',
    act: (page) => page.locator('.cairn-series-plot svg').waitFor(),
  },
  'audit-report-review': {
    view: 'view=reports&report=access-review',
    act: (page) => page.getByRole('table', { name: 'Roles' }).waitFor(),
  },
  'audit-empty': {
    view: 'range=week&q=lighthouse',
    act: (page) => page.getByRole('heading', { name: 'No entry is like this' }).waitFor(),
  },
}

/** Taken with receivers and a witness outside, a hold, and months that are over. */
export const keepingPictures: Record<string, AuditPicture> = {
  'audit-proof': {
    view: 'range=week&type=question.asked',
    act: async (page) => {
      await page.locator('a.audit-row').first().click()
      await page.getByRole('button', { name: 'Prove it' }).click()
      await page.getByText('It stands in the log, unchanged').waitFor()
      await page.getByRole('heading', { name: 'Proof' }).evaluate((heading) => heading.scrollIntoView())
    },
  },
  'audit-integrity': {
    view: 'view=integrity',
    act: async (page) => {
      // At the second visit this browser is a witness itself.
      await page.getByRole('heading', { name: 'Newest checkpoint' }).waitFor()
      await page.reload()
      await page.getByText('This browser').first().waitFor()
      await page.getByRole('button', { name: 'Verify the log' }).click()
      await page.getByText('The log is whole').waitFor()
    },
  },
  'audit-export': {
    view: 'view=export&range=week&category=content,model',
    act: async (page) => {
      await page.getByText(/^[\d,]+ entries\.$/).waitFor()
      await page.getByText('archive-server').first().waitFor()
      const coming = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Export', exact: true }).click()
      await coming
    },
  },
  'audit-retention': {
    view: 'view=retention',
    act: (page) => page.getByRole('table', { name: 'Months that are due' }).waitFor(),
  },
}
