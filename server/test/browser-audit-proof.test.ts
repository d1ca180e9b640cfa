/**
 * What proves the audit log, in a real Chromium: one entry’s proof and Integrity, also with answers that were tampered
 * with. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import type { AuditVerifyReport } from '@cairn/contract'
import type { Route } from 'playwright-core'
import { parseCheckpoint } from '../src/audit/tree/checkpoint.ts'
import { leafHash } from '../src/audit/tree/merkle.ts'
import { followProof, parseProof } from '../src/audit/tree/tlog-proof.ts'
import { openBrowser, type TestBrowser } from './browser.ts'
import { until } from './harness.ts'
import { download, entriesFor, status } from './kit/audit-page.ts'
import { expectWell } from './kit/expect-well.ts'
import { openKeepingRig, type KeepingRig } from './kit/keeping-page.ts'
import { button, dialog } from './kit/models-page.ts'
import { take } from './kit/team.ts'

setDefaultTimeout(120_000)

let browser: TestBrowser
let rig: KeepingRig

beforeAll(async () => {
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
  rig = await openKeepingRig(browser)
}, 90_000)

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await browser[Symbol.asyncDispose]()
})

const owner = () => rig.team.owner
const entriesOf = (query: string) => entriesFor(owner(), query)
const textOf = async (path: string) => (await owner().call(path)).text()

describe('a proof', () => {
  const seqOf = async () => (await entriesOf('type=question.asked'))[0]?.seq ?? -1

  test('of an entry is verified by the browser, shown as its way to the root, and downloaded as a file', async () => {
    const seq = await seqOf()
    await using visit = await rig.open(`range=week&entry=${seq}`, { name: 'Audrey Bell' })
    const { page } = visit
    await button(dialog(page), 'Prove it').click()
    await status(page, 'It stands in the log, unchanged').waitFor()
    const way = dialog(page).getByRole('list', { name: 'From the entry up to the root' }).getByRole('listitem')
    const { name, path } = await download(page, () => button(dialog(page), 'Download the proof').click())
    expect(name).toBe(`cairn-audit-${seq}.tlog-proof`)
    const proof = parseProof(await readFile(path, 'utf8'))
    expect(proof?.index).toBe(seq)
    expect(await way.count()).toBe((proof?.hashes.length ?? 0) + 2)
    expect(proof && followProof(proof, leafHash(proof.extra ?? ''))?.size).toBeGreaterThan(seq)
    const key = (await textOf('/api/audit/key')).split('+')[1] ?? ''
    await status(page, key).waitFor()
    await expectWell(page, 'proved')
    rig.expectCalm(visit)
  })

  /** Of the second line from the end of what stands before the checkpoint. */
  const otherHash = (text: string) => {
    const [head = '', ...rest] = text.split('\n\n')
    const lines = head.split('\n')
    return [lines.with(lines.length - 1, Buffer.from(leafHash('x')).toString('base64')).join('\n'), ...rest].join(
      '\n\n',
    )
  }
  const otherEntry = (text: string) =>
    text.replace(/^extra (.+)$/m, (_, encoded: string) => {
      const entry = Buffer.from(encoded, 'base64').toString().replace('"out":"ok"', '"out":"failed"')
      return `extra ${Buffer.from(entry).toString('base64')}`
    })
  const otherSignature = (text: string) =>
    text.replace(/(\S{20})(\S)(\S{8}==?\n)$/, (_, a, b, c) => `${a}${b === 'A' ? 'B' : 'A'}${c}`)

  test.each([
    ['proof', otherHash, 'The entry is not in this log'],
    ['proof', otherEntry, 'The log has another entry here'],
    ['proof', otherSignature, 'The log has not signed this'],
    ['proof', () => 'nothing', 'This is no proof'],
    ['key', (text: string) => text.replace(/^[^+]+/, 'cairn/audit/other'), 'The log’s key cannot be read'],
  ] as const)('whose %s was tampered with is shown as a failure (%#)', async (of, change, title) => {
    await using visit = await rig.open(`range=week&entry=${await seqOf()}`)
    const { page } = visit
    await page.route(of === 'key' ? '**/api/audit/key' : '**/api/audit/proof/*', async (route: Route) => {
      const text = await textOf(new URL(route.request().url()).pathname)
      const changed = change(text)
      expect(changed).not.toBe(text)
      await route.fulfill({ contentType: 'text/plain', body: changed })
    })
    await button(dialog(page), 'Prove it').click()
    await status(page, title).and(page.locator('.is-bad')).waitFor()
    expect(await status(page, 'unchanged').count()).toBe(0)
    rig.expectCalm(visit)
  })
})

describe('Integrity', () => {
  test('verifies the log, and has its checkpoint and key to keep', async () => {
    await using visit = await rig.open('view=integrity', { name: 'Audrey Bell' })
    const { page } = visit
    await button(page, 'Verify the log').click()
    await status(page, 'The log is whole').waitFor()
    const { name, path } = await download(page, () => button(page, 'Checkpoint').click())
    expect(name).toEndWith('.checkpoint')
    const note = await readFile(path, 'utf8')
    expect(parseCheckpoint(note)?.size).toBeGreaterThan(100)
    const key = await download(page, () => button(page, 'Key').click())
    expect(await readFile(key.path, 'utf8')).toBe(await textOf('/api/audit/key'))
    await page.getByLabel('A checkpoint that you have kept').fill(note.trimEnd())
    await button(page, 'Compare').click()
    await status(page, 'The log begins with it').waitFor()
    await page.getByLabel('A checkpoint that you have kept').fill(note.replace(/\n\d+\n/, '\n3\n'))
    await button(page, 'Compare').click()
    await status(page, 'This log has not signed it').waitFor()
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'c', mimeType: 'text/plain', buffer: Buffer.from(note) })
    await button(page, 'Compare').click()
    await status(page, 'The log begins with it').waitFor()
    await expectWell(page, 'integrity')
    rig.expectCalm(visit)
  })

  test('names what is wrong by its code, with what it means, and leads to the entry', async () => {
    await using visit = await rig.open('view=integrity')
    const { page } = visit
    const report: AuditVerifyReport = {
      ok: false,
      origin: 'cairn/audit/x',
      size: 900,
      minIndex: 0,
      root: 'A'.repeat(43),
      entries: 900,
      checkpoints: 3,
      blocks: { full: 1, sealed: 0, gone: 0, held: 0 },
      errors: [
        ...Array.from({ length: 8 }, (_, at) => ({
          code: 'LEAF_MISMATCH',
          seq: at + 3,
          detail: 'the entry is not the one that was hashed',
        })),
        { code: 'ROLLBACK', seq: null, detail: 'a checkpoint is of 950 entries, the log has 900' },
        { code: 'NEWER', seq: null, detail: 'something' },
      ],
      errorCount: 10,
    }
    const events = [
      `event: progress\ndata: {"done":450,"size":900}\n\n`,
      `event: report\ndata: ${JSON.stringify(report)}\n\n`,
    ]
    await page.route('**/api/audit/verify', (route) =>
      route.fulfill({ status: 200, contentType: 'text/event-stream', body: events.join('') }),
    )
    await button(page, 'Verify the log').click()
    await status(page, '10 things are wrong').waitFor()
    for (const title of ['An entry was changed', 'Entries are missing at the end', 'NEWER'])
      await page.getByRole('heading', { name: title }).waitFor()
    await button(page, 'Show all 8 findings').click()
    await expectWell(page, 'findings')
    await page.getByRole('link', { name: 'Entry 10', exact: true }).click()
    await dialog(page).waitFor()
    expect(page.url()).toContain('entry=10')
    rig.expectCalm(visit)
  })

  test('a verification is cancelled, and one that breaks off says so', async () => {
    await using visit = await rig.open('view=integrity')
    const { page } = visit
    let held: Route | null = null
    await page.route('**/api/audit/verify', (route) => void (held = route))
    await button(page, 'Verify the log').click()
    await page.getByRole('progressbar', { name: 'Verifying the log' }).waitFor()
    await until('it is asked', () => held !== null)
    await button(page, 'Cancel').click()
    await status(page, 'Cancelled').waitFor()
    await page.unroute('**/api/audit/verify')
    await page.route('**/api/audit/verify', (route) =>
      route.fulfill({ contentType: 'text/event-stream', body: 'event: progress\ndata: {"done":5,"size":9}\n\n' }),
    )
    await button(page, 'Verify again').click()
    await page.getByRole('alert').filter({ hasText: 'broke off' }).waitFor()
    rig.expectCalm(visit, /ERR_/)
  })

  test('lists witnesses with what each saw, this browser among them, and raises an alarm when one saw another log', async () => {
    await using visit = await rig.open('view=integrity')
    const { page } = visit
    const row = (name: string) =>
      page.getByRole('table', { name: 'Witnesses' }).getByRole('row').filter({ hasText: name })
    await row('notary').waitFor()
    expect(await row('This browser').count()).toBe(0)
    await rig.record({ type: 'session.ended', actor: owner().id })
    await page.reload()
    await row('This browser').filter({ hasText: 'Agrees' }).waitFor()
    await until('the witness has answered', async () => {
      await page.reload()
      await row('notary').waitFor()
      return (await row('notary').filter({ hasText: 'Agrees' }).count()) === 1
    })
    // What another server’s log would have left here.
    await page.evaluate(`for (const name of Object.keys(localStorage)) if (name.startsWith('cairn.audit.seen.')) {
      const seen = JSON.parse(localStorage.getItem(name))
      localStorage.setItem(name, JSON.stringify({ ...seen, note: seen.note.replace(/\\n\\d+\\n/, '\\n7\\n') }))
    }`)
    await page.reload()
    await status(page, 'This browser has seen another log').waitFor()
    await row('This browser').filter({ hasText: 'Does not agree' }).waitFor()
    await page.route('**/api/audit/witnesses', async (route) => {
      const list = await take<object>(owner().call('/api/audit/witnesses'))
      const message = 'A witness outside has seen another audit log: the first 9 entries are not those that were there.'
      const alarms = [{ witness: 'webhook', verdict: 'fork', seen: 9, at: 1_795_000_000_000, message }]
      await route.fulfill({ json: { ...list, alarms } })
    })
    await page.reload()
    await status(page, 'A witness has seen another log').waitFor()
    await expectWell(page, 'alarms')
    // The evidence is not written over.
    await page.reload()
    await status(page, 'This browser has seen another log').waitFor()
    rig.expectCalm(visit)
  })
})
