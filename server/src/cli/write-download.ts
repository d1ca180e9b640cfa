/** A download into a file that was not there before, whole or not at all. */
import { createHash } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { CommandFailure, exitCodes, usageFailure } from './failure.ts'

export interface Written {
  readonly bytes: number
  readonly sha256: string
}

/** Under another name until it is whole: what broke off is not mistaken for the file. */
export async function writeDownload(path: string, reply: Response): Promise<Written> {
  const part = `${path}.part`
  const hash = createHash('sha256')
  let bytes = 0
  // Only its owner may read it. Both fail where something is there.
  const whole = await open(path, 'wx', 0o600).catch((cause: unknown) => refuse(path, cause))
  await whole.close()
  try {
    const file = await open(part, 'w', 0o600)
    try {
      for await (const piece of reply.body ?? []) {
        hash.update(piece)
        bytes += piece.length
        await file.writeFile(piece)
      }
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, path)
  } catch (cause) {
    await rm(part, { force: true })
    await rm(path, { force: true })
    if (cause instanceof CommandFailure) throw cause
    throw new CommandFailure(exitCodes.no, 'The download broke off; nothing was kept.', { cause })
  }
  return { bytes, sha256: hash.digest('hex') }
}

function refuse(path: string, cause: unknown): never {
  const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST'
  throw usageFailure(
    isThere ? `${path} is there already.` : `${path} cannot be written.`,
    isThere ? 'Name another file with --out.' : 'Is its folder there?',
  )
}
