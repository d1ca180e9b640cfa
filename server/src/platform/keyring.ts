/**
 * The keyring: one file outside the data directory that holds every key of a deployment, so that a copy of the data
 * alone opens nothing. Keys are made on first use. The file is readable by its owner only, or it is refused.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { CairnError, systemClock, tryParseJson, type Clock } from '../base/index.ts'
import { writePrivateFile } from './files.ts'
import { lockFile, type Lock } from './lock.ts'
import { openSecret, sealSecret } from './seal-secret.ts'

const keyBytes = 32
/** 32 bytes in base 64; a shorter key would sign, and protect nothing. */
const keySchema = z.string().regex(/^[A-Za-z0-9+/]{43}=$/)

/** Keys of a purpose that rotates, oldest first; the last one seals, the others still open. Milliseconds since 1970. */
const ringSchema = z.strictObject({
  keys: z.array(z.strictObject({ key: keySchema, madeAt: z.number().int().nonnegative() })).min(1),
})

const fileSchema = z.strictObject({
  version: z.literal(1),
  /** Keys by deployment id, then by purpose. */
  deployments: z.record(z.string(), z.record(z.string(), z.union([keySchema, ringSchema]))),
})

type KeyringFile = z.infer<typeof fileSchema>
type KeyRing = z.infer<typeof ringSchema>
type DeploymentKeys = KeyringFile['deployments'][string]

/**
 * Purposes with one key that stays. `cache-names` hashes the keys and scopes of cache entries; `provider-keys` seals the
 * API keys of stored providers and `second-factors` the secrets of TOTP, which must not be lost; `session` seals what a
 * sign-in with OpenID Connect leaves in a cookie and with its session. Of the audit log: `audit-wrapping` wraps the keys
 * of people and months, `audit-naming` names them, `audit-signing` signs checkpoints.
 */
export type KeyPurpose =
  | 'receipt-label'
  | 'session'
  | 'cache-names'
  | 'provider-keys'
  | 'second-factors'
  | 'audit-wrapping'
  | 'audit-naming'
  | 'audit-signing'

/** Purposes whose keys rotate: what they seal can be lost without harm. */
export type SealingPurpose = 'cache'

const sealingPurposes: readonly string[] = ['cache'] satisfies SealingPurpose[]

const dayMs = 86_400_000
/** A ring whose newest key is older gets a new one when the keyring is opened. */
export const rotateAfterMs = 90 * dayMs
/** A key that was replaced opens what it sealed for so long; then it is dropped. */
export const keepReplacedMs = 30 * dayMs
const mostRingKeys = 16
/** An id that is not known makes a process read the file again, at most so often. */
const readAgainAfterMs = 2_000

export interface SealingKey {
  /** The first four bytes of the key’s SHA-256, as a number. */
  readonly id: number
  readonly key: Uint8Array
}

export interface SealingKeys {
  /** The newest key that this process knows of. */
  current(): SealingKey
  /** A key by its id. One that another process has just made is found in the file; one that was dropped is not found. */
  find(id: number): SealingKey | undefined
}

export interface Keyring {
  /** HMAC-SHA-256 of the data under the key of that purpose, URL-safe base 64. */
  sign(purpose: KeyPurpose, data: string): string
  /** Compares in constant time. */
  verify(purpose: KeyPurpose, data: string, signature: string): boolean
  /** A copy of the 32 bytes themselves. */
  material(purpose: KeyPurpose): Uint8Array
  sealingKeys(purpose: SealingPurpose): SealingKeys
  /** Encrypts a short text under the key of that purpose, for the database. `about` must be given again to open it. */
  sealSecret(purpose: KeyPurpose, about: readonly string[], text: string): string
  /** Null for what was not sealed under this key, in this deployment, about the same. */
  openSecret(purpose: KeyPurpose, about: readonly string[], sealed: string): string | null
  /**
   * Adds a key that seals from now on, if the newest is older than `olderThanMs`, and drops those that were replaced
   * long ago. Resolves to whether a key was added. Throws `config.invalid` when the file cannot be written.
   */
  rotate(purpose: SealingPurpose, olderThanMs?: number): Promise<boolean>
}

const lockWaitMs = 10_000

/**
 * Opens the keyring of a deployment and makes the keys that are missing. A ring that is due gets a new key; where the
 * file cannot be written, the old one goes on. Throws `config.invalid` when the file can be read by others, is not a
 * keyring, or misses keys and cannot be written.
 */
export async function openKeyring(
  path: string,
  deploymentId: string,
  purposes: readonly (KeyPurpose | SealingPurpose)[],
  clock: Clock = systemClock,
): Promise<Keyring> {
  const wanted: Wanted = { purposes, rotateOlderThanMs: rotateAfterMs, now: clock.now() }
  let keys = readKeyring(path).deployments[deploymentId] ?? {}
  if (isMissing(keys, purposes)) keys = await changeKeys(path, deploymentId, wanted)
  else if (fillIn({ ...keys }, wanted)) keys = await changeKeys(path, deploymentId, wanted).catch(() => keys)

  const material = new Map<string, Buffer>()
  for (const [purpose, key] of Object.entries(keys))
    if (typeof key === 'string') material.set(purpose, Buffer.from(key, 'base64'))
  const keyOf = (purpose: KeyPurpose): Buffer => material.get(purpose) ?? missing(purpose)
  const sign = (purpose: KeyPurpose, data: string): string =>
    createHmac('sha256', keyOf(purpose)).update(data).digest('base64url')

  const rings = new Map<string, Ring>()
  for (const purpose of sealingPurposes) {
    const ring = keys[purpose]
    const readAgain = () => readKeyring(path).deployments[deploymentId]?.[purpose]
    if (typeof ring === 'object') rings.set(purpose, createRing(ring, readAgain, clock))
  }
  return {
    sign,
    material: (purpose) => Uint8Array.from(keyOf(purpose)),
    sealingKeys: (purpose) => (rings.get(purpose) ?? missing(purpose)).keys,
    sealSecret: (purpose, about, text) => sealSecret(keyOf(purpose), [deploymentId, purpose, ...about], text),
    openSecret: (purpose, about, sealed) => openSecret(keyOf(purpose), [deploymentId, purpose, ...about], sealed),
    async rotate(purpose, olderThanMs = -1) {
      const ring = rings.get(purpose) ?? missing(purpose)
      const before = ring.keys.current().id
      const due = { purposes: [purpose], rotateOlderThanMs: olderThanMs, now: clock.now() }
      ring.load((await changeKeys(path, deploymentId, due))[purpose])
      return ring.keys.current().id !== before
    },
    verify(purpose, data, signature) {
      const expected = Buffer.from(sign(purpose, data))
      const given = Buffer.from(signature)
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
  }
}

function missing(purpose: string): never {
  throw new CairnError('internal.error', { internal: `keyring has no key for ${purpose}` })
}

interface Ring {
  readonly keys: SealingKeys
  load(stored: DeploymentKeys[string] | undefined): void
}

function createRing(first: KeyRing, readAgain: () => DeploymentKeys[string] | undefined, clock: Clock): Ring {
  let known: readonly SealingKey[] = []
  let byId = new Map<number, SealingKey>()
  let readAt = -Infinity
  const load: Ring['load'] = (stored) => {
    if (typeof stored !== 'object') return
    known = stored.keys.map(({ key }) => toSealingKey(Buffer.from(key, 'base64')))
    byId = new Map(known.map((key) => [key.id, key]))
  }
  const find: SealingKeys['find'] = (id) => {
    const found = byId.get(id)
    if (found || clock.monotonic() - readAt < readAgainAfterMs) return found
    readAt = clock.monotonic()
    try {
      load(readAgain())
    } catch {
      // The file is away or being restored; what is known goes on.
    }
    return byId.get(id)
  }
  load(first)
  return { load, keys: { current: () => known.at(-1) ?? missing('sealing'), find } }
}

function toSealingKey(key: Buffer): SealingKey {
  return { id: createHash('sha256').update(key).digest().readUInt32BE(0), key }
}

interface Wanted {
  readonly purposes: readonly string[]
  readonly rotateOlderThanMs: number
  readonly now: number
}

function isMissing(keys: DeploymentKeys, purposes: readonly string[]): boolean {
  return purposes.some((purpose) => keys[purpose] === undefined)
}

/** Makes what is missing, adds keys to rings that are due and drops old ones. Returns whether anything changed. */
function fillIn(keys: DeploymentKeys, { purposes, rotateOlderThanMs, now }: Wanted): boolean {
  let isChanged = false
  for (const purpose of purposes) {
    const stored = keys[purpose]
    if (sealingPurposes.includes(purpose)) {
      const before = typeof stored === 'object' ? stored.keys : []
      const after = rotated(before, rotateOlderThanMs, now)
      keys[purpose] = { keys: after }
      isChanged ||= after.length !== before.length || after.at(-1) !== before.at(-1)
    } else if (stored === undefined) {
      keys[purpose] = newKey()
      isChanged = true
    }
  }
  return isChanged
}

type RingKeys = KeyRing['keys']

function rotated(keys: RingKeys, olderThanMs: number, now: number): RingKeys {
  const newest = keys.at(-1)
  const age = newest ? now - newest.madeAt : Infinity
  // A key from the future was made under a wrong clock, and would otherwise stay as long as that clock was wrong.
  const isDue = age > olderThanMs || age < -dayMs
  const all = isDue ? [...keys, { key: newKey(), madeAt: now }] : keys
  const isKept = (_: unknown, index: number) => now - (all[index + 1]?.madeAt ?? now) <= keepReplacedMs
  return all.filter(isKept).slice(-mostRingKeys)
}

const newKey = (): string => randomBytes(keyBytes).toString('base64')

/** Deployments may share a keyring, so it is read again under a lock: no process overwrites another’s new keys. */
async function changeKeys(path: string, deploymentId: string, wanted: Wanted): Promise<DeploymentKeys> {
  const lock = await lockKeyring(path)
  try {
    const content = readKeyring(path)
    const keys = { ...content.deployments[deploymentId] }
    content.deployments[deploymentId] = keys
    // A keyring that is a symbolic link stays one.
    const target = await realpath(path).catch(() => path)
    if (fillIn(keys, wanted)) await writePrivateFile(target, `${JSON.stringify(content, null, 2)}\n`)
    return keys
  } catch (thrown) {
    throw thrown instanceof CairnError ? thrown : cannotBeWritten(path, thrown)
  } finally {
    await lock.release()
  }
}

async function lockKeyring(path: string): Promise<Lock> {
  try {
    return await lockFile(join(dirname(path), `.${basename(path)}.lock`), lockWaitMs)
  } catch (thrown) {
    throw cannotBeWritten(path, thrown)
  }
}

function cannotBeWritten(path: string, thrown: unknown): CairnError {
  const code = (thrown as { code?: unknown }).code
  return new CairnError('config.invalid', {
    message: `The keyring ${path} cannot be written (${typeof code === 'string' ? code : 'error'}). Check its folder’s permissions and the free space, or name another place with CAIRN_KEYRING.`,
    cause: thrown,
  })
}

/** Synchronous, as a key that is not known is looked for while a value is read; the file is small. */
function readKeyring(path: string): KeyringFile {
  let text: string
  try {
    const { mode } = statSync(path)
    if ((mode & 0o077) !== 0) {
      throw new CairnError('config.invalid', {
        message: `The keyring ${path} can be read by others. Run: chmod 600 ${path}`,
      })
    }
    text = readFileSync(path, 'utf8')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return { version: 1, deployments: {} }
    if (thrown instanceof CairnError) throw thrown
    throw new CairnError('config.invalid', {
      message: `The keyring ${path} cannot be read. Check that it is yours.`,
      cause: thrown,
    })
  }
  return parseKeyring(path, text)
}

/** Throws without a cause: a parser’s complaint may quote the file. */
function parseKeyring(path: string, text: string): KeyringFile {
  const parsed = fileSchema.safeParse(tryParseJson(text))
  if (parsed.success) return parsed.data
  throw new CairnError('config.invalid', {
    message: `The keyring ${path} is damaged. Restore it from its backup; without it signed labels and sessions are void.`,
  })
}
