/**
 * A real Chromium for tests and screenshots: pages that count what they requested and what went wrong in them, so that
 * a test can say “nothing left this machine, nothing broke the content policy”.
 */
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'

export interface Visit extends AsyncDisposable {
  readonly page: Page
  readonly context: BrowserContext
  /** Addresses of all requests of the page. */
  readonly requests: string[]
  /** Console errors, uncaught exceptions and violations of the content policy. */
  readonly problems: string[]
}

export interface VisitOptions {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
  /** A phone: touch, coarse pointer, mobile viewport. */
  readonly phone?: boolean
}

export interface TestBrowser extends AsyncDisposable {
  visit(options?: VisitOptions): Promise<Visit>
}

/** What reaches beyond the right edge of the window or scrolls sideways, unless it stands in a thing made to scroll. */
export async function findOverflow(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const { clientWidth, scrollWidth } = document.documentElement
    const isInside = (element) => {
      const parent = element.parentElement
      return parent !== null && (getComputedStyle(parent).overflowX !== 'visible' || isInside(parent))
    }
    const beyond = [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > clientWidth + 1 && !isInside(element))
    const scrolling = [...document.querySelectorAll('.scroller, .conversation, .main, .note-body, .cairn-dialog-body')]
      .filter((element) => element.scrollWidth > element.clientWidth + 1)
    const found = [...beyond, ...scrolling].map((element) => element.tagName + '.' + element.className)
    return scrollWidth > clientWidth ? [...found, 'the page'] : found
  })()`)
}

const reportViolations = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('content policy: ' + event.violatedDirective + ' ' + event.blockedURI))`

/** `executable` is the path of Chromium. */
export async function openBrowser(executable: string | undefined): Promise<TestBrowser> {
  if (!executable) throw new Error('CAIRN_TEST_CHROMIUM must name a Chromium; npm test finds one')
  const browser = await chromium.launch({
    executablePath: executable,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  return {
    visit: (options = {}) => openVisit(browser, options),
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

async function openVisit(browser: Browser, options: VisitOptions): Promise<Visit> {
  const { width = 1_280, height = 800, theme = 'light', phone = false } = options
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    ...(phone ? { isMobile: true, hasTouch: true } : {}),
  })
  context.setDefaultTimeout(30_000)
  const requests: string[] = []
  const problems: string[] = []
  context.on('request', (request) => requests.push(request.url()))
  const page = await context.newPage()
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      problems.push(`${message.type()}: ${message.text()}`)
  })
  await page.addInitScript({ content: reportViolations })
  return { page, context, requests, problems, [Symbol.asyncDispose]: () => context.close() }
}
