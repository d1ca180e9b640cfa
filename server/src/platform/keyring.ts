/**
 * The keyring: one file outside the data directory that holds every key of a deployment, so that a copy of the data
 * alone opens nothing. Keys are made on first use. The file is readable by its owner only, or it is refused.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { CairnError } from '../base/index.ts'
import { writePrivateFile } from './files.ts'
import { lockFile, type Lock } from './lock.ts'

const keyBytes = 32
/** 32 bytes in base 64; a shorter key would sign, and protect nothing. */
const keySchema = z.string().regex(/^[A-Za-z0-9+/]{43}=$/)

const fileSchema = z.strictObject({
  version: z.literal(1),
  /** Keys by deployment id, then by purpose. */
  deployments: z.record(z.string(), z.record(z.string(), keySchema)),
})

type KeyringFile = z.infer<typeof fileSchema>

export type KeyPurpose = 'receipt-label' | 'session'

export interface Keyring {
  /** HMAC-SHA-256 of the data under the key of that purpose, URL-safe base 64. */
  sign(purpose: KeyPurpose, data: string): string
  /** Compares in constant time. */
  verify(purpose: KeyPurpose, data: string, signature: string): boolean
}

const lockWaitMs = 10_000

/**
 * Opens the keyring of a deployment and makes the keys that are missing. Throws `config.invalid` when the file can be
 * read by others, is not a keyring, or cannot be written.
 */
export async function openKeyring(
  path: string,
  deploymentId: string,
  purposes: readonly KeyPurpose[],
): Promise<Keyring> {
  const isComplete = (keys: Record<string, string>) => purposes.every((purpose) => keys[purpose] !== undefined)
  let keys = (await readKeyring(path)).deployments[deploymentId] ?? {}
  if (!isComplete(keys)) keys = await addKeys(path, deploymentId, purposes)
  const material = new Map(Object.entries(keys).map(([purpose, key]) => [purpose, Buffer.from(key, 'base64')]))
  const sign = (purpose: KeyPurpose, data: string): string => {
    const key = material.get(purpose)
    if (!key) throw new CairnError('internal.error', { internal: `keyring has no key for ${purpose}` })
    return createHmac('sha256', key).update(data).digest('base64url')
  }
  return {
    sign,
    verify(purpose, data, signature) {
      const expected = Buffer.from(sign(purpose, data))
      const given = Buffer.from(signature)
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
  }
}

/** Deployments may share a keyring, so it is read again under a lock: no process overwrites another’s new keys. */
async function addKeys(
  path: string,
  deploymentId: string,
  purposes: readonly KeyPurpose[],
): Promise<Record<string, string>> {
  const lock = await lockKeyring(path)
  try {
    const content = await readKeyring(path)
    const keys = { ...content.deployments[deploymentId] }
    const missing = purposes.filter((purpose) => keys[purpose] === undefined)
    for (const purpose of missing) keys[purpose] = randomBytes(keyBytes).toString('base64')
    content.deployments[deploymentId] = keys
    // A keyring that is a symbolic link stays one.
    const target = await realpath(path).catch(() => path)
    if (missing.length > 0) await writePrivateFile(target, `${JSON.stringify(content, null, 2)}\n`)
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

async function readKeyring(path: string): Promise<KeyringFile> {
  let text: string
  try {
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0) {
      throw new CairnError('config.invalid', {
        message: `The keyring ${path} can be read by others. Run: chmod 600 ${path}`,
      })
    }
    text = await readFile(path, 'utf8')
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
  const parsed = fileSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new CairnError('config.invalid', {
    message: `The keyring ${path} is damaged. Restore it from its backup; without it signed labels and sessions are void.`,
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
