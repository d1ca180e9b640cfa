/**
 * How long a key takes in the palette itself: the shipped plugin in its test host, in a real Chromium. What is counted is
 * the processor's time of the page for script, styles and layout, from the event of the key to a list that is laid out:
 * neither the driver of the browser nor what else the machine does is in it, and painting is not either.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestBrowser, Visit } from '../../server/test/browser.ts'
import { buildPlugin } from '../../scripts/build-plugin.ts'
import { servePluginHost } from '../../scripts/plugin-host.ts'

export interface ModalTimes {
  /** Of each key, in milliseconds. */
  readonly keys: readonly number[]
  /** From the command to a list that is laid out, with a list that is new and with one that was there before. */
  readonly openings: readonly [first: number, again: number]
}

/** Commands as other plugins would have them; a third has keys, all have an icon. */
const addCommands = (titles: readonly string[]): string => `(() => {
  const titles = ${JSON.stringify(titles)}
  const icons = ['bold', 'file-text', 'link', 'star', 'calendar']
  titles.forEach((name, at) => {
    const id = 'bench:' + at
    app.commands.commands[id] = { id, name, icon: icons[at % icons.length], callback: () => undefined }
    if (at % 3 === 0) app.hotkeyManager.customKeys[id] = [{ modifiers: ['Mod', 'Shift'], key: 'K' }]
  })
})()`

/** The list comes after some turns of promises and no task; the last call makes the browser lay it out. */
const act = (what: string): string => `(async () => {
  ${what}
  for (let turn = 0; turn < 20; turn++) await 0
  document.querySelector('.cairn-palette')?.getBoundingClientRect()
})()`

const type = (text: string): string => `const input = document.querySelector('.cairn-palette input')
  input.value = ${JSON.stringify(text)}
  input.dispatchEvent(new Event('input', { bubbles: true }))`

/** Gives how long what is evaluated in the page kept its main thread busy. */
async function openClock({ context, page }: Visit): Promise<(expression: string) => Promise<number>> {
  const session = await context.newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    const counted = metrics.filter(({ name }) => /^(?:Script|Layout|RecalcStyle)Duration$/.test(name))
    return counted.reduce((sum, { value }) => sum + value, 0) * 1_000
  }
  return async (expression) => {
    const before = await read()
    await session.send('Runtime.evaluate', { expression, awaitPromise: true })
    return (await read()) - before
  }
}

export async function timeModal(
  titles: readonly string[],
  typed: readonly string[],
  browser: TestBrowser,
): Promise<ModalTimes> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-bench-palette-'))
  try {
    await buildPlugin(join(folder, 'plugin'))
    await using host = await servePluginHost({ vault: folder, plugin: join(folder, 'plugin') })
    await using visit = await browser.visit({ width: 1_280, height: 800, theme: 'light', phone: false })
    const { page } = visit
    await page.goto(`${host.url}/?device=desktop&theme=light`)
    await page.waitForFunction('window.host?.isReady === true')
    await page.evaluate(addCommands(titles))
    const clock = await openClock(visit)
    const open = () => clock(act(`app.runCommand('cairn:open-palette')`))
    const first = await open()
    await page.evaluate('host.closeAllModals()')
    const again = await open()
    const times = async () => {
      const taken: number[] = []
      // oxlint-disable-next-line no-await-in-loop -- keys come one after the other
      for (const text of typed) taken.push(await clock(act(type(text))))
      return taken
    }
    // The first time over, the browser still learns the program.
    await times()
    const keys = await times()
    return { keys, openings: [first, again] }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
