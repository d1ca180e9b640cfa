/**
 * Which passwords are taken: long ones that nobody would guess first. There is no rule on kinds of characters and none on
 * age, as NIST SP 800-63B (section 3.1.1.2) advises.
 */
import { identityLimits } from '@cairn/contract'
import { fail } from '../../base/index.ts'

/**
 * What stands at the top of every published list of leaked passwords, in its stem: repeated, counted up, or with the usual
 * tail a long password made of it is still the first guess.
 */
const commonStems = [
  'password',
  'passwort',
  'motdepasse',
  'contrasena',
  'qwerty',
  'qwertz',
  'azerty',
  'qwertyuiop',
  'qwertzuiop',
  'asdfghjkl',
  'zxcvbnm',
  'letmein',
  'welcome',
  'willkommen',
  'iloveyou',
  'admin',
  'administrator',
  'changeme',
  'default',
  'secret',
  'geheim',
  'dragon',
  'monkey',
  'football',
  'baseball',
  'sunshine',
  'princess',
  'superman',
  'batman',
  'trustno1',
  'master',
  'shadow',
  'michael',
  'hallo',
  'hello',
  'test',
  'guest',
  'login',
  'abc',
  'abcdef',
  '1q2w3e4r',
  '1qaz2wsx',
  'zaq12wsx',
  'qazwsx',
  'obsidian',
  'cairn',
  'correcthorsebatterystaple',
] as const

/**
 * The form that is hashed: NFKC, so that the same keys make the same password on every system. Spaces stay. Throws
 * `access.password-weak` in words that help to find a better one, never with the password in them.
 */
export function checkPassword(password: string, about: readonly (string | null)[]): string {
  const text = normalisePassword(password)
  if (Array.from(text).length < identityLimits.passwordLeast)
    refuse(`A password has at least ${identityLimits.passwordLeast} characters. Four unrelated words are a good one.`)
  if (Buffer.byteLength(text) > identityLimits.passwordMostBytes)
    refuse(`A password has at most ${identityLimits.passwordMostBytes.toLocaleString('en')} bytes.`)
  if (isCommon(text)) refuse('This password is among the first that anybody would guess. Take another one.')
  const own = about.flatMap((each) => (each === null ? [] : [each, each.split('@')[0] ?? '']))
  if (own.some((each) => each.length >= 4 && isMadeOf(text, each.normalize('NFKC').toLowerCase())))
    refuse('This password is made of your name or e-mail address. Take another one.')
  return text
}

export function normalisePassword(password: string): string {
  return password.normalize('NFKC')
}

function refuse(message: string): never {
  fail('access.password-weak', { param: 'password', message: `password: ${message}` })
}

function isCommon(text: string): boolean {
  const lower = text.toLowerCase()
  if (new Set(lower).size < 4 || isRun(lower)) return true
  return commonStems.some((stem) => isMadeOf(lower, stem))
}

/** The stem once or more, with digits and signs around and between. */
function isMadeOf(text: string, stem: string): boolean {
  const lower = text.toLowerCase()
  if (!lower.includes(stem)) return false
  const rest = lower.replaceAll(stem, '').replace(/[^\p{L}]/gu, '')
  return rest.length === 0
}

const runs = ['0123456789012345678901234567890', 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz']

/** Counting up or down, however often begun anew. */
function isRun(text: string): boolean {
  const backwards = Array.from(text).reverse().join('')
  return runs.some((run) => run.includes(text) || run.includes(backwards)) || /^(.{1,4})\1+.{0,3}$/u.test(text)
}
