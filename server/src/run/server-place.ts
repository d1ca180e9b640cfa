/** What a server of one process and one of several do alike: listen or say why not, and leave word where they are. */
import { join } from 'node:path'
import type { Config } from '@cairn/contract'
import { CairnError } from '../base/index.ts'
import { serverFileName, type ServerFile } from '../cli/index.ts'
import { writePrivateFile } from '../platform/index.ts'
import { isLoopback } from './open-address.ts'

/** Throws `config.invalid` when the address cannot be used. */
export async function listenOrFail<T>(
  { host, port }: { host: string; port: number },
  listen: () => T | Promise<T>,
): Promise<T> {
  try {
    return await listen()
  } catch (thrown) {
    throw new CairnError('config.invalid', {
      message: `Port ${port} on ${host} cannot be used; another program may have it. Choose one with --port, or 0 for any free one.`,
      cause: thrown,
    })
  }
}

type ServerSettings = Pick<Config['server'], 'host' | 'publicUrl' | 'tls'>

export function formatUrl({ host, tls }: Pick<ServerSettings, 'host' | 'tls'>, port: number): string {
  return `${tls.certFile === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Where commands of this machine reach the server: by loopback where it listens there, else by its public name. */
export function addressForCommands({ host, publicUrl, tls }: ServerSettings, port: number): string {
  if (isLoopback(host)) return formatUrl({ host, tls }, port)
  if (host === '0.0.0.0') return formatUrl({ host: '127.0.0.1', tls }, port)
  if (host === '::') return formatUrl({ host: '::1', tls }, port)
  return publicUrl ?? formatUrl({ host, tls }, port)
}

/** For the commands of this machine. */
export async function writeServerFile(directory: string, place: Omit<ServerFile, 'pid'>): Promise<void> {
  const file: ServerFile = { ...place, pid: process.pid }
  await writePrivateFile(join(directory, serverFileName), `${JSON.stringify(file)}\n`)
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  )
}
