/** Steps about one’s own account. */
import { TOTP, Secret } from 'otpauth'
import type { SessionItem } from '@cairn/contract'
import { take } from '../kit/team.ts'
import { find, json, keep, password, step, type Day, type Step } from './day.ts'

const codeNow = (secret: string, steps = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })

/** Zoe sets up a second factor, uses it, and has it taken away. */
export const accountSteps: readonly Step[] = makeSteps()

function makeSteps(): Step[] {
  const act = (day: Day, path: string, body?: unknown, method = 'POST') =>
    fetch(`${day.team.url}${path}`, {
      ...json(body, { cookie: find(day, 'cookie'), origin: day.team.url }),
      method,
      ...(body === undefined ? { body: null } : {}),
    })
  const enrol = async (day: Day) => {
    const { secret } = await take<{ secret: string }>(act(day, '/api/account/totp', { password }))
    day.left.set('secret', secret)
  }
  return [
    step('PUT /api/account', (day) => act(day, '/api/account', { name: 'Zoe C' }, 'PUT')),
    step(
      'PUT /api/account/password',
      (day) => act(day, '/api/account/password', { current: password, password }, 'PUT'),
      {
        current: 'not the one that it is',
        password,
      },
    ),
    step('DELETE /api/account/sessions/:id', async (day) => {
      const other = await fetch(`${day.team.url}/auth/password`, json({ email: 'zoe@example.org', password }))
      await other.body?.cancel()
      const { sessions } = await take<{ sessions: SessionItem[] }>(act(day, '/api/account/sessions', undefined, 'GET'))
      return act(day, `/api/account/sessions/${sessions.find(({ isCurrent }) => !isCurrent)?.id}`, undefined, 'DELETE')
    }),
    step('DELETE /api/account/sessions', (day) => act(day, '/api/account/sessions', undefined, 'DELETE')),
    step(
      'POST /api/account/totp/confirm',
      async (day) => {
        await enrol(day)
        return act(day, '/api/account/totp/confirm', { code: codeNow(find(day, 'secret'), -1) })
      },
      { code: '000000' },
    ),
    step(
      'POST /api/account/totp/codes',
      (day) =>
        keep(
          day,
          'recovery',
          act(day, '/api/account/totp/codes', { code: codeNow(find(day, 'secret')) }),
          ({ codes: [first = ''] }: { codes: string[] }) => first,
        ),
      { code: '000000' },
    ),
    step(
      'POST /auth/session/code',
      (day) => act(day, '/auth/session/code', { code: codeNow(find(day, 'secret'), 1) }),
      { code: '000000' },
    ),
    step(
      'POST /api/account/totp/remove',
      (day) => act(day, '/api/account/totp/remove', { code: find(day, 'recovery') }),
      {
        code: '000000',
      },
    ),
    step('DELETE /api/access/users/:id/totp', (day) =>
      day.owner.send(`/api/access/users/${find(day, 'zoe')}/totp`, undefined, 'DELETE'),
    ),
  ]
}
