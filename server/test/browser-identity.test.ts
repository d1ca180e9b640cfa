/**
 * Accounts in a real Chromium against the real program and a real provider of OpenID Connect: invitation, password, second
 * factor, sessions, pairing, the provider. Needs CAIRN_TEST_CHROMIUM. `CAIRN_TEST_PICTURES` names a folder for pictures.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { Secret as TotpSecret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import type { UserInfo } from '@cairn/contract'
import { reservePort } from '../src/platform/index.ts'
import { openBrowser, type TestBrowser, type Visit, type VisitOptions } from './browser.ts'
import { startServer, until, type RunningServer } from './harness.ts'
import { expectWell } from './kit/expect-well.ts'
import { clientId, clientSecret, startOpenIdProvider, type OpenIdProvider } from './kit/openid-provider.ts'

const good = 'vier ruhige Boote am Steg'
const pictures = process.env['CAIRN_TEST_PICTURES']

let server: RunningServer
let browser: TestBrowser
let provider: OpenIdProvider

beforeAll(async () => {
  const reserved = await reservePort('127.0.0.1', 0)
  await reserved.release()
  provider = await startOpenIdProvider([`http://127.0.0.1:${reserved.port}`])
  server = await startServer({
    port: reserved.port,
    env: {
      CAIRN_OPENID_ISSUER: provider.issuer,
      CAIRN_OPENID_CLIENT_ID: clientId,
      CAIRN_OPENID_CLIENT_SECRET: clientSecret,
      CAIRN_OPENID_NAME: 'Example',
      CAIRN_OPENID_ALLOW_CREATE: 'true',
    },
  })
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
}, 60_000)

afterAll(async () => {
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  await provider.close()
})

let people = 0
async function invite(): Promise<{ url: string; email: string; user: UserInfo }> {
  const email = `person${++people}@example.org`
  const reply = await server.post('/api/access/users', { name: `Person ${people}`, email })
  const { link, user } = (await reply.json()) as { link: { url: string }; user: UserInfo }
  return { url: link.url, email, user }
}

/** Somebody who came by an invitation and set a password. */
async function joined(options?: VisitOptions): Promise<Visit & { email: string; user: UserInfo }> {
  const { url, email, user } = await invite()
  const visit = await browser.visit(options)
  await visit.page.goto(url)
  await visit.page.getByLabel('New password').fill(good)
  await visit.page.getByRole('button', { name: 'Set password' }).click()
  await openAccount(visit.page)
  return { ...visit, email, user }
}

/** From whatever page somebody is shown after signing in. */
async function openAccount(page: Page): Promise<void> {
  await page.locator('.shell').waitFor()
  await page.goto(`${server.url}/#/account`)
  await page.getByRole('heading', { name: 'Your account' }).waitFor()
}

const signInHeading = (page: Page) => page.getByRole('heading', { name: 'Sign in to Cairn' })

async function enterPassword(page: Page, email: string): Promise<void> {
  await page.getByRole('textbox', { name: 'E-mail address' }).fill(email)
  await page.getByLabel('Password').fill(good)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** With a picture of it, where somebody asked for these. */
async function expectWellShown(page: Page, name: string): Promise<void> {
  await expectWell(page, name)
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
}

const looks: readonly [string, VisitOptions][] = [
  ['desktop-light', { width: 1_280, height: 800 }],
  ['desktop-dark', { width: 1_280, height: 800, theme: 'dark' }],
  ['phone-light', { width: 360, height: 740, phone: true }],
  ['phone-dark', { width: 360, height: 740, phone: true, theme: 'dark' }],
]

describe('every page of accounts fits and is accessible', () => {
  test.each(looks)(
    '%s',
    async (look, options) => {
      const { url } = await invite()
      await using guest = await browser.visit(options)
      await guest.page.goto(url)
      await guest.page.getByLabel('New password').waitFor()
      expect(guest.page.url()).not.toContain('set-password=')
      await expectWellShown(guest.page, `set-password-${look}`)
      await guest.page.getByLabel('New password').fill('passwordpassword')
      await guest.page.getByRole('button', { name: 'Set password' }).click()
      await guest.page.getByText('among the first that anybody would guess').waitFor()
      await expectWellShown(guest.page, `set-password-refused-${look}`)

      await using visit = await joined(options)
      const { page } = visit
      await page.locator('.session-device').first().waitFor()
      await expectWellShown(page, `account-${look}`)
      await page.getByRole('button', { name: 'Set up a second factor' }).click()
      await page.getByRole('textbox', { name: 'Your password' }).fill(good)
      await page.getByRole('button', { name: 'Begin' }).click()
      await page.getByRole('img', { name: 'QR code for the app' }).waitFor()
      await expectWellShown(page, `totp-${look}`)
      await page
        .getByLabel('Code', { exact: true })
        .fill(codeOf((await page.locator('.secret code').textContent()) ?? ''))
      await page.getByRole('button', { name: 'Confirm' }).click()
      await page.getByRole('list', { name: 'Recovery codes' }).waitFor()
      await expectWellShown(page, `recovery-${look}`)
      await page.getByRole('button', { name: 'I have kept them' }).click()
      await page.getByText('10 of 10 recovery codes left').waitFor()

      const { user_code } = await beginPairing()
      await page.goto(`${server.url}/#/pair?code=${user_code}`)
      await page.getByRole('button', { name: 'Continue' }).waitFor()
      await expectWellShown(page, `pair-${look}`)
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByRole('heading', { name: 'Is this your device?' }).waitFor()
      await expectWellShown(page, `pair-device-${look}`)

      await using stranger = await browser.visit(options)
      await stranger.page.goto(server.url)
      await stranger.page.getByRole('textbox', { name: 'E-mail address' }).waitFor()
      await expectWellShown(stranger.page, `sign-in-${look}`)
      await enterPassword(stranger.page, visit.email)
      await stranger.page.getByLabel('Code').waitFor()
      await expectWellShown(stranger.page, `sign-in-code-${look}`)
      await stranger.page.goto(`${server.url}/#sign-in-failed=access.openid-refused`)
      await stranger.page.getByText('may not sign in here').waitFor()
      await expectWellShown(stranger.page, `sign-in-failed-${look}`)
    },
    60_000,
  )
})

function codeOf(secret: string): string {
  return new TOTP({ secret: TotpSecret.fromBase32(secret.replaceAll(' ', '')) }).generate()
}

async function beginPairing(vault = 'Example vault'): Promise<{ device_code: string; user_code: string }> {
  const body = JSON.stringify({ clientName: 'Obsidian on a laptop', vault })
  const headers = { 'content-type': 'application/json' }
  const reply = await fetch(`${server.url}/api/access/devices`, { method: 'POST', body, headers })
  return (await reply.json()) as { device_code: string; user_code: string }
}

describe('an account', () => {
  test('is left and entered again, with its code, and a wrong password says nothing more than that', async () => {
    await using visit = await joined()
    const { page, email } = visit
    await page.getByRole('button', { name: 'Set up a second factor' }).click()
    await page.getByRole('textbox', { name: 'Your password' }).fill(good)
    await page.getByRole('button', { name: 'Begin' }).click()
    const secret = (await page.locator('.secret code').textContent()) ?? ''
    await page.getByLabel('Code', { exact: true }).fill(codeOf(secret))
    await page.getByRole('button', { name: 'Confirm' }).click()
    const recovery = (await page.locator('.recovery-codes code').first().textContent()) ?? ''
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signInHeading(page).waitFor()
    await page.getByRole('textbox', { name: 'E-mail address' }).fill(email)
    await page.getByLabel('Password').fill('a wrong password')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('The e-mail address, the password or the code is wrong').waitFor()
    await enterPassword(page, email)
    await page.getByLabel('Code').fill(recovery)
    await page.getByRole('button', { name: 'Confirm' }).click()
    await openAccount(page)
    await page.getByText('9 of 10 recovery codes left').waitFor()
    expect(visit.requests.filter((url) => !url.startsWith(`${server.url}/`))).toEqual([])
    expect(visit.problems.filter((problem) => !/40[13]/.test(problem))).toEqual([])
  })

  test('ends another session, whose page then asks to sign in', async () => {
    await using first = await joined()
    await using second = await browser.visit()
    await second.page.goto(server.url)
    await enterPassword(second.page, first.email)
    await openAccount(second.page)
    await first.page.reload()
    await first.page.getByRole('button', { name: 'End all others' }).click()
    await first.page.getByText('All other sessions have ended').first().waitFor()
    await second.page.reload()
    await signInHeading(second.page).waitFor()
  })

  test('of an owner sets an address and a password, beside the pages of the server', async () => {
    await using visit = await browser.visit()
    const { page } = visit
    await page.goto(((await (await server.post('/auth/links', undefined)).json()) as { url: string }).url)
    await page.getByRole('link', { name: 'Account' }).click()
    await openAccount(page)
    await page.getByRole('button', { name: 'Change your name or e-mail address' }).click()
    await page.getByRole('textbox', { name: 'E-mail address' }).fill('owner@example.org')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Set a password' }).click()
    await page.getByLabel('New password').fill(good)
    await page.getByRole('dialog').getByRole('button', { name: 'Set password' }).click()
    await page.getByRole('button', { name: 'Change your password' }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await enterPassword(page, 'owner@example.org')
    await openAccount(page)
    await page.getByRole('link', { name: 'Ask' }).click()
    await page.getByRole('textbox', { name: 'Question' }).waitFor()
  })
})

test('a device is approved by somebody who sees it and its vault', async () => {
  await using visit = await joined()
  const { page, user } = visit
  const { vaults } = (await (await server.call('/api/vaults')).json()) as { vaults: { id: string }[] }
  const granted = await server.call('/api/access/grants', {
    method: 'POST',
    body: JSON.stringify({ principal: `user:${user.id}`, role: 'asker', scope: `vault:${vaults[0]?.id}` }),
    headers: { 'content-type': 'application/json' },
  })
  expect(granted.status).toBe(201)
  const { device_code, user_code } = await beginPairing()
  await page.goto(`${server.url}/#/pair`)
  await page.getByLabel('Code on the device').fill('BBBBB-BBBBB')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('no device waits with this code').waitFor()
  await page.getByLabel('Code on the device').fill(user_code.toLowerCase())
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('Obsidian on a laptop').waitFor()
  await page.getByText('Example vault').waitFor()
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.getByRole('heading', { name: 'Obsidian on a laptop is paired' }).waitFor()
  const body = JSON.stringify({ device_code })
  const headers = { 'content-type': 'application/json' }
  const reply = await fetch(`${server.url}/api/access/devices/token`, { method: 'POST', body, headers })
  expect(reply.status).toBe(200)
  await page.goto(`${server.url}/#/keys`)
  await page.getByText('Obsidian on a laptop').first().waitFor()
})

describe('with the provider', () => {
  async function signIn(page: Page, login: string): Promise<void> {
    await page.goto(server.url)
    await page.getByRole('link', { name: 'Sign in with Example' }).click()
    await page.locator('input[name=login]').fill(login)
    await page.locator('input[name=password]').fill('any')
    await page.locator('button[type=submit]').click()
    await page.locator('button[type=submit]', { hasText: 'Continue' }).click()
  }

  test('somebody signs in, and signing out ends the session there too', async () => {
    provider.people.set('otto', { name: 'Otto', email: 'otto@example.org', email_verified: true })
    await using visit = await browser.visit()
    const { page } = visit
    await signIn(page, 'otto')
    await openAccount(page)
    expect(page.url()).toStartWith(`${server.url}/`)
    await page.getByText('You sign in with the provider of your organisation').waitFor()
    const cookies = await visit.context.cookies(server.url)
    expect(cookies.find(({ name }) => name.startsWith('cairn_session'))).toMatchObject({
      httpOnly: true,
      sameSite: 'Strict',
    })
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: /yes/i }).click()
    await signInHeading(page).waitFor()
    expect(page.url()).toStartWith(server.url)
  })

  test('a session that was ended from elsewhere asks again, and the page says what the provider refused', async () => {
    provider.people.set('pia', { name: 'Pia', email: 'pia@example.org', email_verified: true })
    await using visit = await browser.visit()
    const { page } = visit
    await signIn(page, 'pia')
    await openAccount(page)
    const { users } = (await (await server.call('/api/access/users')).json()) as { users: UserInfo[] }
    const id = users.find(({ email }) => email === 'pia@example.org')?.id ?? ''
    const change = {
      method: 'PUT',
      body: JSON.stringify({ status: 'suspended' }),
      headers: { 'content-type': 'application/json' },
    }
    await server.call(`/api/access/users/${id}`, change)
    await page.reload()
    await signInHeading(page).waitFor()
    await page.getByRole('link', { name: 'Sign in with Example' }).click()
    await page.locator('button[type=submit]', { hasText: 'Continue' }).click()
    await page.getByText('may not sign in here').waitFor()
    await until('the address tells nothing', () => !page.url().includes('sign-in-failed'))
  })
})
