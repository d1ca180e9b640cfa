/** Finds the server that a command talks to: `--server URL` with CAIRN_KEY, or the one that `server.json` names. */
import { isIP } from 'node:net'
import { toCairnError } from '../base/index.ts'
import type { LoadedConfig } from '../config/index.ts'
import { answers, createClient, type ServerClient } from './client.ts'
import { CommandFailure, exitCodes, usageFailure } from './failure.ts'
import { readServerFile } from './server-file.ts'
import type { CliInput, ParsedFlags, Store } from './types.ts'

export interface Connection {
  findServer(): Promise<ServerClient | null>
  requireServer(): Promise<ServerClient>
  withStore<T>(run: (store: Store) => Promise<T>): Promise<T>
}

export function createConnection(input: CliInput, flags: ParsedFlags, config: () => LoadedConfig): Connection {
  async function findServer(): Promise<ServerClient | null> {
    const url = flags.value('--server')
    const key = input.env['CAIRN_KEY']
    if (url !== undefined)
      return createClient({ address: checkAddress(url, input), credential: requireKey(key), input })
    const file = await readServerFile(config().config.data.directory)
    if (file === null) return null
    const near = isLoopback(new URL(file.address).hostname) ? onThisMachine(input) : input
    if (!(await answers(file.address, near))) return null
    return createClient({ address: file.address, credential: key ?? file.credential, input: near })
  }

  async function requireServer(): Promise<ServerClient> {
    const server = await findServer()
    if (server !== null) return server
    throw new CommandFailure(exitCodes.unreachable, `No server runs on ${config().config.data.directory}.`, {
      hint: 'Start one with “npm start”, or name one with --server URL and CAIRN_KEY.',
    })
  }

  async function withStore<T>(run: (store: Store) => Promise<T>): Promise<T> {
    const server = await findServer()
    const store = server?.store ?? (await openLocal(input, config()))
    try {
      return await run(store)
    } finally {
      await store.close()
    }
  }

  return { findServer, requireServer, withStore }
}

/**
 * A certificate is for the name that others use, and not for loopback. What goes there does not leave the machine, and
 * the address stands in a file that only the server’s user can write.
 */
function onThisMachine(input: CliInput): Pick<CliInput, 'fetch' | 'signal'> {
  return { signal: input.signal, fetch: (url, init) => input.fetch(url, { ...init, isThisMachine: true }) }
}

async function openLocal(input: CliInput, config: LoadedConfig): Promise<Store> {
  try {
    return await input.services.openLocal(config)
  } catch (thrown) {
    const error = toCairnError(thrown)
    const reason = error.code === 'internal.error' ? (error.internal ?? error.message) : error.message
    throw new CommandFailure(
      exitCodes.unreachable,
      `The store in ${config.config.data.directory} cannot be opened: ${reason}`,
      {
        hint: '“cairn doctor” says what is wrong with it.',
        cause: thrown,
      },
    )
  }
}

function requireKey(key: string | undefined): string {
  if (key !== undefined && key !== '') return key
  throw usageFailure(
    '--server needs an API key in the environment variable CAIRN_KEY.',
    'Make one there with “cairn key create NAME”.',
  )
}

function checkAddress(text: string, input: CliInput): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw usageFailure(`“${text}” is no address of a server.`, 'For example: --server http://127.0.0.1:8484')
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    input.stderr.write(
      `The key goes to ${url.host} over http, where others on the way can read it; use https if the server has it.\n`,
    )
  }
  return url.href
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}
