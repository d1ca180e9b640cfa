/**
 * The keyring: one file outside the data directory that holds every key of a deployment, so that a copy of the data
 * alone opens nothing. Keys are made on first use. The file is readable by its owner only, or it is refused.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { CairnError } from '../base/index.ts'
import { writePrivateFile } from './files.ts'

const fileSchema = z.strictObject({
  version: z.literal(1),
  /** Keys by deployment id, then by purpose: 32 random bytes in base 64. */
  deployments: z.record(z.string(), z.record(z.string(), z.base64())),
})

export type KeyPurpose = 'receipt-label' | 'session'

export interface Keyring {
  /** HMAC-SHA-256 of the data under the key of that purpose, URL-safe base 64. */
  sign(purpose: KeyPurpose, data: string): string
  /** Compares in constant time. */
  verify(purpose: KeyPurpose, data: string, signature: string): boolean
}

/**
 * Opens the keyring of a deployment and makes the keys that are missing. Throws `config.invalid` when the file can be
 * read by others or is not a keyring.
 */
export async function openKeyring(
  path: string,
  deploymentId: string,
  purposes: readonly KeyPurpose[],
): Promise<Keyring> {
  const content = (await readKeyring(path)) ?? { version: 1 as const, deployments: {} }
  const keys = { ...content.deployments[deploymentId] }
  const missing = purposes.filter((purpose) => keys[purpose] === undefined)
  for (const purpose of missing) keys[purpose] = randomBytes(32).toString('base64')
  if (missing.length > 0) {
    content.deployments[deploymentId] = keys
    await writePrivateFile(path, `${JSON.stringify(content, null, 2)}\n`)
  }
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

async function readKeyring(path: string): Promise<z.infer<typeof fileSchema> | null> {
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
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null
    if (thrown instanceof CairnError) throw thrown
    throw new CairnError('config.invalid', {
      message: `The keyring ${path} cannot be read. Check that it is yours.`,
      cause: thrown,
    })
  }
  try {
    return fileSchema.parse(JSON.parse(text))
  } catch (thrown) {
    const message = `The keyring ${path} is damaged. Restore it from its backup; without it signed labels and sessions are void.`
    throw new CairnError('config.invalid', { message, cause: thrown })
  }
}
