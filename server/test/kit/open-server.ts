/**
 * The whole server in this process with a configuration file of its own, which the program reads from the repository
 * only. Its log is kept at its most talkative, so that a test can search it for what must not be there.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openApp } from '../../src/app.ts'
import { createLogger, systemClock, type Clock } from '../../src/base/index.ts'
import { loadConfig } from '../../src/config/index.ts'

export interface OpenServer extends AsyncDisposable {
  readonly url: string
  readonly ownerKey: string
  readonly dataDirectory: string
  /** The folder with everything of it. */
  readonly home: string
  readonly logLines: readonly string[]
  /** As the owner, unless `init` has another key. */
  call(path: string, init?: RequestInit): Promise<Response>
}

const givenOwnerKey = 'ck_test_owner_0123456789abcdef0123456789'

export interface OpenOptions {
  /** Of a server that kept it; else a new one. */
  readonly home?: string
  /** Leaves everything for another server. */
  readonly keepsHome?: boolean
  readonly clock?: Clock
}

export async function openServer(
  file: object,
  { home: given, keepsHome = false, clock = systemClock }: OpenOptions = {},
): Promise<OpenServer> {
  const home = given ?? (await mkdtemp(join(tmpdir(), 'cairn-open-')))
  await writeFile(join(home, 'cairn.config.json'), JSON.stringify(file))
  const dataDirectory = join(home, 'data')
  const hasPort = 'server' in file && 'port' in (file.server as object)
  const env = {
    CAIRN_OWNER_KEY: givenOwnerKey,
    CAIRN_DATA: dataDirectory,
    CAIRN_KEYRING: join(home, 'config', 'keyring.json'),
    ...(hasPort ? {} : { CAIRN_PORT: '0' }),
    CAIRN_DISCOVER_LOCAL: 'false',
  }
  const logLines: string[] = []
  const logger = createLogger({
    level: 'debug',
    format: 'json',
    clock: systemClock,
    write: (line) => void logLines.push(line),
  })
  const loaded = loadConfig({ env, flags: {}, directory: home })
  const app = await openApp({ loaded, logger, version: '0', consoleDirectory: null, exampleVault: null, clock })
  const { url } = app.http.listen()
  return {
    url,
    ownerKey: givenOwnerKey,
    dataDirectory,
    home,
    logLines,
    call: (path, init = {}) =>
      fetch(`${url}${path}`, {
        redirect: 'manual',
        ...init,
        headers: { authorization: `Bearer ${givenOwnerKey}`, ...(init.headers as Record<string, string>) },
      }),
    async [Symbol.asyncDispose]() {
      await app.http.stop(1_000)
      await app.close()
      if (!keepsHome) await rm(home, { recursive: true, force: true })
    },
  }
}
