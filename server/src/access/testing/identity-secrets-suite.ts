/** What identity promises of passwords, second factors and sessions. */
import { expect, test } from 'bun:test'
import { TOTP, Secret as TotpSecret } from 'otpauth'
import type { CairnError } from '../../base/index.ts'
import { hourMs, minuteMs, visitor, type AccessRig } from './access-rig.ts'
import { byOwner, codeOf, good, join, me, other, withSession } from './identity-kit.ts'

export function describePasswords({ access, store, pass, open }: AccessRig): void {
  const signIn = (email: string, password: string, address = visitor.address) =>
    access().identity.signIn.withPassword({ email, password }, { ...visitor, address })

  test('a password signs in, is stored as Argon2id, and is compared in one form of its characters', async () => {
    await join(await open({ passwordCost: 'usual' }), 'ann@example.org', 'Größe zählt überall'.normalize('NFD'))
    const { person } = await signIn(' ANN@example.org', 'Größe zählt überall'.normalize('NFC'))
    expect(person.email).toBe('ann@example.org')
    const [row] = await store().read('SELECT hash FROM access_passwords')
    expect(String(row?.['hash'])).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$')
  })

  test('short, common and own passwords are refused, and no kind of character is asked for', async () => {
    const { accounts } = access().identity
    const { link } = await accounts.invite({ name: 'Annabel Lee', email: 'annabel@example.org' }, byOwner)
    const redeem = (password: string) => access().identity.signIn.redeemLink(link.token, password, visitor)
    const refused = [
      '',
      'short',
      'elevenchars',
      'passwordpassword',
      'Password123456',
      '123456789012345',
      'aaaaaaaaaaaaaaaa',
      'qwertyuiop1234',
      'abcabcabcabcabc',
      'annabel12345678',
      'annabel lee 1234',
      'x'.repeat(1_025),
    ]
    for (const password of refused) {
      const code = await codeOf(redeem(password))
      expect([password, code]).toEqual([password, 'access.password-weak'])
    }
    // The link is not used up by a password that is not taken.
    await redeem('ruhigebootesegeln')
    expect(await codeOf(redeem(good))).toBe('access.link-invalid')
  })

  test('a wrong password, an unknown name and somebody without a password are refused in the same words', async () => {
    await join(access(), 'ann@example.org')
    await access().identity.accounts.invite({ name: 'Ben', email: 'ben@example.org' }, byOwner)
    const refusals = await Promise.all(
      ['ann@example.org', 'ben@example.org', 'nobody@example.org', 'no address'].map((email, at) =>
        signIn(email, 'a wrong password', `203.0.113.${at}`).then(
          () => 'let in',
          (thrown: CairnError) => `${thrown.code}: ${thrown.message}`,
        ),
      ),
    )
    expect(new Set(refusals).size).toBe(1)
    expect(refusals[0]).toStartWith('access.sign-in-refused')
  })

  test('guesses at an account get slower, from whatever address, at the same time too, and are never locked out for good', async () => {
    await join(access(), 'ann@example.org')
    const tries = await Promise.all(
      Array.from({ length: 14 }, (_, at) =>
        signIn('ann@example.org', 'a wrong password', `198.51.100.${at}`).then(
          () => 'let in',
          (thrown: CairnError) => thrown.code,
        ),
      ),
    )
    expect(tries.filter((code) => code === 'access.sign-in-refused').length).toBe(8)
    expect(tries.filter((code) => code === 'access.attempts').length).toBe(6)
    expect(await codeOf(signIn('ann@example.org', good))).toBe('access.attempts')
    let waits = 0
    for (let guesses = 0; guesses < 20; guesses++) {
      const waitMs = await signIn('ann@example.org', 'a wrong password', `198.51.101.${guesses}`).then(
        () => 0,
        (thrown: CairnError) => thrown.retryAfterMs ?? 0,
      )
      expect(waitMs).toBeLessThanOrEqual(5 * minuteMs)
      waits += waitMs
      pass(Math.max(waitMs, 1))
    }
    expect(waits).toBeGreaterThan(5 * minuteMs)
    pass(5 * minuteMs)
    expect((await signIn('ann@example.org', good)).person.name).toBe('ann')
  })

  test('guesses of one address at many accounts get slower, and success gives the address its attempt back', async () => {
    await join(access(), 'ann@example.org')
    for (let at = 0; at < 50; at++) await signIn('ann@example.org', good)
    const codes: string[] = []
    for (let at = 0; at < 22; at++) codes.push(await codeOf(signIn(`nobody${at}@example.org`, 'a wrong password')))
    expect(codes.slice(0, 20)).toEqual(Array(20).fill('access.sign-in-refused'))
    expect(codes.slice(20)).toEqual(['access.attempts', 'access.attempts'])
    expect((await signIn('ann@example.org', good, '192.0.2.1')).person.name).toBe('ann')
  })

  test('changing a password takes the present one, and ends the other sessions', async () => {
    const { session } = await join(access(), 'ann@example.org')
    const second = await signIn('ann@example.org', good)
    const ann = await withSession(access(), session)
    const { accounts } = access().identity
    expect(await codeOf(accounts.changePassword(ann, { password: other }))).toBe('access.sign-in-refused')
    await accounts.changePassword(ann, { current: good, password: other })
    expect((await withSession(access(), session)).id).toBe(ann.id)
    expect(await codeOf(withSession(access(), second.session.session))).toBe('access.unauthenticated')
    expect(await codeOf(signIn('ann@example.org', good))).toBe('access.sign-in-refused')
    expect((await signIn('ann@example.org', other)).person.id).toBe(ann.id)
  })

  test('a link is used once however many try, lives as long as it says, and a newer one replaces it', async () => {
    const { accounts, signIn: ways } = access().identity
    const { id, link } = await accounts.invite({ name: 'Ann', email: 'ann@example.org' }, byOwner)
    const tries = await Promise.allSettled(Array.from({ length: 6 }, () => ways.redeemLink(link.token, good, visitor)))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const old = await accounts.resetLink(id, byOwner)
    const reset = await accounts.resetLink(id, byOwner)
    expect(await codeOf(ways.describeLink(old.token))).toBe('access.link-invalid')
    pass(hourMs - 1)
    expect(await ways.describeLink(reset.token)).toMatchObject({ purpose: 'reset', email: 'ann@example.org' })
    expect(await codeOf(access().signIn(reset.token, visitor))).toBe('access.link-invalid')
    pass(1)
    expect(await codeOf(ways.redeemLink(reset.token, other, visitor))).toBe('access.link-invalid')
    expect(await codeOf(ways.redeemLink('x'.repeat(32), other, visitor))).toBe('access.link-invalid')
    const ben = await accounts.invite({ name: 'Ben', email: 'ben@example.org' }, byOwner)
    pass(7 * 24 * hourMs - 1)
    expect((await ways.describeLink(ben.link.token)).purpose).toBe('invitation')
    pass(1)
    expect(await codeOf(ways.describeLink(ben.link.token))).toBe('access.link-invalid')
    const signInLink = await access().createSignInToken()
    expect(await codeOf(ways.redeemLink(signInLink.token, other, visitor))).toBe('access.link-invalid')
  })
}

function codeAt(secret: string, timestamp: number): string {
  return new TOTP({ secret: TotpSecret.fromBase32(secret) }).generate({ timestamp })
}

export function describeTotp({ access, store, open, pass, now }: AccessRig): void {
  async function enrolled(on = access(), email = 'ann@example.org') {
    const { session } = await join(on, email)
    const ann = await withSession(on, session)
    const { secret, uri } = await on.identity.accounts.beginTotp(ann, good)
    const { codes } = await on.identity.accounts.confirmTotp(ann, codeAt(secret, now()))
    return { ann, session, secret, uri, codes }
  }
  const signIn = (code?: string, on = access()) =>
    on.identity.signIn.withPassword({ email: 'ann@example.org', password: good, code }, visitor)

  test('codes are those of RFC 6238', () => {
    const secret = TotpSecret.fromLatin1('12345678901234567890').base32
    const told = [59, 1_111_111_109, 1_234_567_890, 20_000_000_000].map((seconds) => codeAt(secret, seconds * 1_000))
    expect(told).toEqual(['287082', '081804', '005924', '353130'])
  })

  test('a code is asked for after the password, counts one step around, and once', async () => {
    const { secret, uri } = await enrolled()
    expect(uri).toStartWith('otpauth://totp/Cairn:ann%40example.org?')
    expect(await codeOf(signIn())).toBe('access.code-needed')
    // The one that set it up is used.
    expect(await codeOf(signIn(codeAt(secret, now())))).toBe('access.sign-in-refused')
    pass(90_000)
    expect((await signIn(codeAt(secret, now() - 30_000))).mfa).toBe(true)
    expect(await codeOf(signIn(codeAt(secret, now() - 30_000)))).toBe('access.sign-in-refused')
    expect((await signIn(codeAt(secret, now() + 30_000))).mfa).toBe(true)
    // An earlier step than one that was used is gone with it.
    expect(await codeOf(signIn(codeAt(secret, now())))).toBe('access.sign-in-refused')
    pass(120_000)
    for (const off of [-60_000, 60_000])
      expect(await codeOf(signIn(codeAt(secret, now() + off)))).toBe('access.sign-in-refused')
    const tries = await Promise.allSettled(Array.from({ length: 4 }, () => signIn(codeAt(secret, now()))))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('the password is asked for first: a right code alone tells nothing', async () => {
    const { secret } = await enrolled()
    pass(60_000)
    const given = { email: 'ann@example.org', password: 'a wrong password', code: codeAt(secret, now()) }
    expect(await codeOf(access().identity.signIn.withPassword(given, visitor))).toBe('access.sign-in-refused')
    expect((await signIn(codeAt(secret, now()))).mfa).toBe(true)
  })

  test('ten recovery codes work once each, however they are written, and new ones replace them', async () => {
    const { ann, codes } = await enrolled()
    expect(new Set(codes).size).toBe(10)
    expect((await signIn(codes[0])).mfa).toBe(true)
    expect(await codeOf(signIn(codes[0]))).toBe('access.sign-in-refused')
    expect((await signIn(codes[1]?.toUpperCase().replaceAll('-', ' '))).mfa).toBe(true)
    const { accounts } = access().identity
    expect((await accounts.describe(ann)).totp?.recoveryCodesLeft).toBe(8)
    const renewed = await accounts.renewRecoveryCodes(ann, codes[2] ?? '')
    expect(await codeOf(signIn(codes[3]))).toBe('access.sign-in-refused')
    expect((await signIn(renewed.codes[0])).mfa).toBe(true)
  })

  test('neither the secret nor a recovery code stands in the store, and a sealed secret opens for its person alone', async () => {
    const { secret, codes } = await enrolled()
    const dump = JSON.stringify([
      await store().read('SELECT * FROM access_totp'),
      await store().read('SELECT * FROM access_recovery_codes'),
    ])
    for (const word of [secret, ...codes, ...codes.map((code) => code.replaceAll('-', ''))])
      expect(dump).not.toContain(word)
    const ben = await join(access(), 'ben@example.org', other)
    await store().write([
      {
        text: `INSERT INTO access_totp (principal_id, sealed_secret, created_at, confirmed_at, last_step)
          SELECT CAST(? AS TEXT), sealed_secret, created_at, confirmed_at, 0 FROM access_totp`,
        params: [ben.id],
      },
    ])
    const given = { email: 'ben@example.org', password: other, code: codeAt(secret, now()) }
    expect(await codeOf(access().identity.signIn.withPassword(given, visitor))).toBe('access.sign-in-refused')
  })

  test('an enrolment that is not finished asks for nothing, and is over after a while', async () => {
    const { session } = await join(access(), 'ann@example.org')
    const ann = await withSession(access(), session)
    const { accounts } = access().identity
    expect(await codeOf(accounts.beginTotp(ann, 'a wrong password'))).toBe('access.sign-in-refused')
    const { secret } = await accounts.beginTotp(ann, good)
    expect((await signIn()).mfa).toBe(false)
    pass(15 * minuteMs)
    expect(await codeOf(accounts.confirmTotp(ann, codeAt(secret, now())))).toBe('access.sign-in-refused')
  })

  test('guesses at a code are counted, also with a session in hand', async () => {
    const { ann } = await enrolled()
    const codes: string[] = []
    for (let at = 0; at < 10; at++) codes.push(await codeOf(access().identity.accounts.removeTotp(ann, `00000${at}`)))
    expect(codes).toContain('access.attempts')
  })

  test('where a second factor is asked for, a session without one may only get one', async () => {
    const strict = await open({ settings: { requireMfa: 'everyone' } })
    const { session } = await join(strict, 'ann@example.org')
    const ann = await withSession(strict, session)
    expect(ann.mfaNeeded).toBe('enrol')
    expect(await codeOf(strict.createKey(ann, { name: 'k' }))).toBe('access.mfa-needed')
    const { secret } = await strict.identity.accounts.beginTotp(ann, good)
    await strict.identity.accounts.confirmTotp(ann, codeAt(secret, now()))
    const raised = await withSession(strict, session)
    expect(raised.mfaNeeded).toBeUndefined()
    expect(raised.mfa).toBe(true)
    expect(await codeOf(strict.identity.accounts.removeTotp(raised, codeAt(secret, now() + 30_000)))).toBe(
      'access.mfa-needed',
    )
    const owner = await strict.signIn((await strict.createSignInToken()).token, visitor)
    expect((await withSession(strict, owner.session)).mfaNeeded).toBe('enrol')
    const lax = await open({ settings: { requireMfa: 'admins' } })
    expect((await withSession(lax, owner.session)).mfaNeeded).toBe('enrol')
    expect(() => lax.require({ ...raised, kind: 'owner', mfaNeeded: 'verify' }, 'read')).toThrow(/second factor/)
    // The command line on the machine itself has no second factor to show.
    expect((await me(strict)).mfaNeeded).toBeUndefined()
  })

  test('a session of a link is raised by a code, and a reset does not go around the second factor', async () => {
    const { ann, secret } = await enrolled()
    const { accounts, signIn: ways } = access().identity
    const reset = await accounts.resetLink(ann.id, byOwner)
    expect((await ways.redeemLink(reset.token, other, visitor)).signedIn).toBeNull()
    pass(60_000)
    const byLink = await access().signIn((await access().createSignInToken(ann)).token, visitor)
    expect((await withSession(access(), byLink.session)).mfa).toBe(false)
    await ways.raise(byLink.principal, codeAt(secret, now()), visitor)
    expect((await withSession(access(), byLink.session)).mfa).toBe(true)
    await accounts.clearTotp(ann.id)
    expect(await codeOf(withSession(access(), byLink.session))).toBe('access.unauthenticated')
  })
}

export function describeSessions({ access, store, pass, now, open }: AccessRig): void {
  test('sessions are listed for their holder, ended one by one, or all others at once', async () => {
    const { id, session } = await join(access(), 'ann@example.org')
    const agents = [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1',
      '<script>alert(1)</script>',
    ]
    const more: string[] = []
    for (const userAgent of agents) {
      pass(1)
      const given = { email: 'ann@example.org', password: good }
      more.push((await access().identity.signIn.withPassword(given, { ...visitor, userAgent })).session.session)
    }
    const ann = await withSession(access(), session)
    const { sessions } = access().identity
    const listed = await sessions.list(id, ann.credentialId)
    expect(listed.map(({ device }) => device)).toEqual([
      'Unknown browser',
      'Safari on iOS',
      'Chrome on Linux',
      'Unknown browser',
    ])
    expect(listed.filter(({ isCurrent }) => isCurrent)).toHaveLength(1)
    expect(JSON.stringify(listed)).not.toContain('script')
    const ben = await join(access(), 'ben@example.org', other)
    expect(await codeOf(sessions.revoke(ben.id, listed[0]?.id ?? ''))).toBe('access.session-missing')
    await sessions.revoke(id, listed[0]?.id ?? '')
    expect(await codeOf(withSession(access(), more[2] ?? ''))).toBe('access.unauthenticated')
    expect(await sessions.revokeOthers(id, ann.credentialId)).toBe(2)
    expect(await codeOf(withSession(access(), more[0] ?? ''))).toBe('access.unauthenticated')
    expect((await withSession(access(), session)).id).toBe(id)
    expect((await withSession(access(), ben.session)).id).toBe(ben.id)
  })

  async function untilSeen(at: number): Promise<void> {
    const isSeen = async () =>
      (await store().read('SELECT 1 AS one FROM access_sessions WHERE last_seen_at = ?', [at])).length > 0
    for (let tries = 0; tries < 1_000 && !(await isSeen()); tries++) await Bun.sleep(5)
  }

  test('a session that is not used ends early, on another server within a second of its end', async () => {
    const brief = await open({ settings: { sessionIdleMs: 10_000, sessionMs: 60_000 } })
    const { id, session } = await join(brief, 'ann@example.org')
    for (let at = 0; at < 8; at++) {
      pass(7_000)
      await withSession(brief, session)
      // Written without anybody waiting for it.
      await untilSeen(now())
    }
    pass(4_000)
    expect(await codeOf(withSession(brief, session))).toBe('access.unauthenticated')
    const next = (await brief.identity.signIn.withPassword({ email: 'ann@example.org', password: good }, visitor))
      .session
    const stranger = await open({ settings: { sessionIdleMs: 10_000, sessionMs: 60_000 } })
    await withSession(stranger, next.session)
    await brief.identity.sessions.revoke(id, next.id)
    pass(1_001)
    expect(await codeOf(withSession(stranger, next.session))).toBe('access.unauthenticated')
    const idle = (await brief.identity.signIn.withPassword({ email: 'ann@example.org', password: good }, visitor))
      .session
    pass(10_000)
    expect(await codeOf(withSession(brief, idle.session))).toBe('access.unauthenticated')
  })
}
