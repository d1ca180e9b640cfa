/** Signing in, one’s own account and pairing: one function a call. */
import {
  accountSchema,
  deviceShownSchema,
  linkInfoSchema,
  linkRedeemedSchema,
  recoveryCodesSchema,
  sessionItemsSchema,
  sessionSchema,
  signInMethodsSchema,
  signOutReplySchema,
  totpBegunSchema,
} from '@cairn/contract'
import type { Reply } from './failure.ts'
import { requestJson, requestNothing, send } from './request.ts'

const post = (path: string, body: unknown) => requestNothing(path, { method: 'POST', body })

export const getSession = () => requestJson('/auth/session', sessionSchema)
export const getSignInMethods = () => requestJson('/auth/methods', signInMethodsSchema)
export const signIn = (token: string) => post('/auth/sign-in', { token })
export const signInWithPassword = (email: string, password: string, code: string | null) =>
  post('/auth/password', { email, password, ...(code !== null && { code }) })
export const describeLink = (token: string) =>
  requestJson('/auth/links/describe', linkInfoSchema, { method: 'POST', body: { token } })
export const redeemLink = (token: string, password: string) =>
  requestJson('/auth/links/redeem', linkRedeemedSchema, { method: 'POST', body: { token, password } })
export const showCode = (code: string) => post('/auth/session/code', { code })

/** Where to end the provider’s session too, or null. */
export async function signOut(): Promise<Reply<string | null>> {
  const reply = await send('/auth/session', { method: 'DELETE' })
  if (!reply.ok) return reply
  const parsed = signOutReplySchema.safeParse(await reply.value.json().catch(() => null))
  return { ok: true, value: parsed.success ? parsed.data.endSessionUrl : null }
}

export const getAccount = () => requestJson('/api/account', accountSchema)
export const changeAccount = (change: { name?: string; email?: string }) =>
  requestJson('/api/account', accountSchema, { method: 'PUT', body: change })
export const changePassword = (current: string | null, password: string) =>
  requestNothing('/api/account/password', { method: 'PUT', body: { password, ...(current !== null && { current }) } })
export const beginTotp = (password: string | null) =>
  requestJson('/api/account/totp', totpBegunSchema, {
    method: 'POST',
    body: password === null ? {} : { password },
  })
export const confirmTotp = (code: string) =>
  requestJson('/api/account/totp/confirm', recoveryCodesSchema, { method: 'POST', body: { code } })
export const renewRecoveryCodes = (code: string) =>
  requestJson('/api/account/totp/codes', recoveryCodesSchema, { method: 'POST', body: { code } })
export const removeTotp = (code: string) => post('/api/account/totp/remove', { code })

export const listSessions = () => requestJson('/api/account/sessions', sessionItemsSchema)
export const revokeSession = (id: string) =>
  requestNothing(`/api/account/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' })
export const revokeOtherSessions = () => requestNothing('/api/account/sessions', { method: 'DELETE' })

export const lookAtDevice = (userCode: string) =>
  requestJson('/api/access/devices/look', deviceShownSchema, { method: 'POST', body: { userCode } })
export const decideDevice = (userCode: string, approve: boolean) =>
  post('/api/access/devices/decide', { userCode, approve })
