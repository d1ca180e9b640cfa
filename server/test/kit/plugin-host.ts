/**
 * For browser tests and pictures of the Obsidian plugin: its shipped files in the test host, over a vault that a real
 * server reads too, and a Chromium that opens pages of it. A test is five lines:
 *
 *     await using rig = await openPluginRig(browser)
 *     await using visit = await rig.open({ device: 'phone', theme: 'dark' })
 *     await rig.connect(visit.page)
 *     await rig.command(visit.page, 'open-ask')
 *     await visit.page.getByRole('textbox', { name: 'Question' }).fill('…')
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { buildPlugin } from '../../../scripts/build-plugin.ts'
import { servePluginHost, type PluginHost } from '../../../scripts/plugin-host.ts'
import type { TestBrowser, Visit } from '../browser.ts'
import { exampleVault, repository } from '../harness.ts'
import { expectAccessible } from './expect-well.ts'
import { openTeam, take, type Member, type Team } from './team.ts'

export interface PluginVisitOptions {
  readonly device?: 'desktop' | 'tablet' | 'phone'
  readonly theme?: 'light' | 'dark'
  readonly isRtl?: boolean
  /** Another theme with other variables. */
  readonly style?: 'second'
  readonly system?: 'linux' | 'macos' | 'windows' | 'ios' | 'android'
  /** The plugin is not loaded yet; `enable` does it. */
  readonly isWaiting?: boolean
}

export interface PluginRig extends AsyncDisposable {
  readonly team: Team
  /** Who approves devices and asks: an asker of the vault. */
  readonly person: Member
  readonly host: PluginHost
  /** Its id, or its name. */
  readonly vault: string
  /** Resolves when Obsidian’s layout is ready. Each visit is a device of its own. */
  open(options?: PluginVisitOptions): Promise<Visit>
  /** Sets the server and puts a key of `person` into the secret storage, as pairing does. */
  connect(page: Page, key?: string): Promise<void>
  /** Runs one of Cairn’s commands as Obsidian’s palette does. */
  command(page: Page, id: string): Promise<boolean>
  /** Nothing went wrong in the page, and nobody was asked but the host and the server. */
  expectCalm(visit: Visit, expected?: RegExp): void
}

export interface PluginRigOptions {
  /** Notes by path; the example vault’s unless told. */
  readonly notes?: Readonly<Record<string, string>>
  /** More of the server’s configuration file. */
  readonly config?: object
  /** The server has no folder of the vault, but one of the same name that devices send; the person edits it. */
  readonly isSent?: boolean
}

const sizes = {
  desktop: { width: 1_280, height: 800 },
  tablet: { width: 820, height: 1_180 },
  phone: { width: 360, height: 740 },
} as const

const vaultName = 'Larkspur'

export async function openPluginRig(browser: TestBrowser, options: PluginRigOptions = {}): Promise<PluginRig> {
  const plugin = await mkdtemp(join(tmpdir(), 'cairn-plugin-'))
  await buildPlugin(plugin)
  const notes = options.notes ?? (await readNotes(exampleVault))
  // The page’s origin is in the server’s configuration, and the server’s folder is the page’s vault: one port first.
  const port = await findPort()
  const origin = `http://127.0.0.1:${port}`
  const { isSent = false } = options
  const team = await openTeam({
    vaults: isSent ? {} : { [vaultName]: notes },
    config: { server: { corsOrigins: [origin] }, ...options.config },
    consoleDirectory: join(repository, 'dist/console'),
  })
  if (isSent) for (const [path, text] of Object.entries(notes)) await team.write(vaultName, path, text)
  const host = await servePluginHost({ vault: team.folderOf(vaultName), plugin, port })
  const person = await team.person('Ann Larsen')
  const vault = isSent ? await addSentVault(team) : vaultName
  await team.grant(person.principal, isSent ? 'editor' : 'asker', `vault:${vault}`)
  await team.grant(person.principal, 'model-user', 'org:cairn')
  return {
    team,
    person,
    host,
    vault,
    ...visits({ browser, host, team, person }),
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]()
      await team[Symbol.asyncDispose]()
      await rm(plugin, { recursive: true, force: true })
    },
  }
}

async function addSentVault({ owner }: Team): Promise<string> {
  const { id } = await take<{ id: string }>(owner.send('/api/vaults', { source: 'sync', name: vaultName }))
  return id
}

async function readNotes(vault: string): Promise<Record<string, string>> {
  const entries = await readdir(vault, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name))
  const texts = await Promise.all(
    files.map(async (path) => [relative(vault, path), await readFile(path, 'utf8')] as const),
  )
  return Object.fromEntries(texts)
}

async function findPort(): Promise<number> {
  const probe = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
  const { port } = probe
  await probe.stop(true)
  if (port === undefined) throw new Error('no free port')
  return port
}

interface Parts {
  readonly browser: TestBrowser
  readonly host: PluginHost
  readonly team: Team
  readonly person: Member
}

function visits({
  browser,
  host,
  team,
  person,
}: Parts): Pick<PluginRig, 'open' | 'connect' | 'command' | 'expectCalm'> {
  return {
    async open({ device = 'desktop', theme = 'light', isRtl = false, isWaiting = false, style, system } = {}) {
      const visit = await browser.visit({ ...sizes[device], theme, phone: device !== 'desktop' })
      await visit.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: host.url })
      const query = new URLSearchParams({ device, theme, rtl: isRtl ? '1' : '0', wait: isWaiting ? '1' : '0' })
      if (style !== undefined) query.set('style', style)
      if (system !== undefined) query.set('system', system)
      await visit.page.goto(`${host.url}/?${query.toString()}`)
      await visit.page.waitForFunction('window.host?.isReady === true')
      return visit
    },
    async connect(page, key = person.key) {
      const secret = JSON.stringify({ origin: team.url, key, keyId: 'key_test' })
      await page.evaluate(`app.secretStorage.setSecret('cairn-server-key', ${JSON.stringify(secret)})`)
      await setServer(page, team.url)
      await page.waitForFunction(`(${pluginOf}).connection.state.get().at === 'ready'`)
    },
    command: (page, id) => page.evaluate<boolean>(`app.runCommand('cairn:${id}')`),
    expectCalm({ requests, problems }, expected = /(?!)/) {
      const foreign = requests.filter((url) => !url.startsWith(host.url) && !url.startsWith(team.url))
      expect(foreign).toEqual([])
      expect(problems.filter((problem) => !expected.test(problem))).toEqual([])
    },
  }
}

/** What the plugin gives other plugins, from which tests read states that are hard to see. */
const pluginOf = `app.plugins.plugins.cairn.api`

/** As if typed into the settings. */
export async function setServer(page: Page, address: string): Promise<void> {
  await openSettings(page)
  const field = page.getByRole('textbox', { name: 'Server', exact: true })
  await field.fill(address)
  await closeSettings(page)
}

export async function openSettings(page: Page, tabPage?: string): Promise<void> {
  await page.evaluate(`app.setting.open()`)
  await page.locator('.mod-settings').waitFor()
  if (tabPage !== undefined)
    await page
      .getByRole('button', { name: new RegExp(`^${tabPage}`) })
      .first()
      .click()
}

export async function closeSettings(page: Page): Promise<void> {
  await page.evaluate(`app.setting.close()`)
  await page.locator('.mod-settings').waitFor({ state: 'detached' })
}

export interface DeviceCode {
  readonly code: string
  approve(isApproved?: boolean): Promise<void>
}

/** The code that the dialog shows, and a person who decides on it in the console’s place. */
export async function readCode(page: Page, person: Member): Promise<DeviceCode> {
  const shown = page.locator('output.cairn-code')
  await shown.waitFor()
  const code = (await shown.textContent()) ?? ''
  return {
    code,
    approve: async (isApproved = true) => {
      const reply = await person.act('/api/access/devices/decide', { userCode: code, approve: isApproved })
      if (!reply.ok) await take(Promise.resolve(reply))
    },
  }
}

/** Nothing scrolls sideways, fingers find what they press, and axe has nothing to complain of within Cairn’s own. */
export async function expectWell(page: Page, name: string, within = '.cairn'): Promise<void> {
  const wide = await page.evaluate<
    string[]
  >(`[...document.querySelectorAll('body, .view-content, .cairn, .cairn-ask-scroller, .vertical-tab-content, .modal')]
    .filter((element) => element.scrollWidth > element.clientWidth + 1)
    .map((element) => element.tagName + '.' + element.className)`)
  expect([name, wide]).toEqual([name, []])
  const isTouched = await page.evaluate<boolean>(`document.body.classList.contains('is-mobile')`)
  if (isTouched) expect([name, await findSmallTargets(page)]).toEqual([name, []])
  await expectAccessible(page, name, within)
}

/** Buttons and fields of Cairn below 44 px, except markers within a line of text (WCAG 2.2, 2.5.8, inline). */
function findSmallTargets(page: Page): Promise<string[]> {
  return page.evaluate<
    string[]
  >(`[...document.querySelectorAll('.cairn button, .cairn summary, .cairn select, .cairn textarea')]
    .filter((element) => element.getClientRects().length > 0 && !element.matches('.cairn-marker, .cairn-wikilink'))
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.height < 43.5 || box.width < 43.5)
    .map(({ element, box }) => element.className + ' ' + Math.round(box.width) + '×' + Math.round(box.height))`)
}
