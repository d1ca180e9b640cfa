/** The checks of `cairn doctor`, in the order in which a server needs things. None changes anything. */
import { access, constants, readdir, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { CairnError } from '../../base/index.ts'
import type { LoadedConfig } from '../../config/index.ts'
import { CommandFailure } from '../failure.ts'
import { readServerFile } from '../server-file.ts'
import type { CommandContext } from '../types.ts'

export interface Finding {
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** What to do about it. */
  readonly hint?: string
}

interface Check {
  readonly name: string
  readonly check: (context: CommandContext) => Promise<Finding[]>
}

const ok = (detail: string): Finding => ({ status: 'ok', detail })
const warn = (detail: string, hint: string): Finding => ({ status: 'warn', detail, hint })
const fail = (detail: string, hint: string): Finding => ({ status: 'fail', detail, hint })

export const checks: readonly Check[] = [
  { name: 'Bun', check: async ({ input }) => [checkRuntime(input.runtime)] },
  { name: 'Configuration', check: async (context) => [checkConfig(context)] },
  { name: 'Clock', check: async ({ input }) => [checkClock(input.clock.now())] },
  withConfig('Data directory', async (config) => [await checkDataDirectory(config.config.data.directory)]),
  withConfig('Disk space', async (config) => [await checkDiskSpace(config.config.data.directory)]),
  withConfig('Keyring', async (config) => [await checkKeyring(config.config.data.keyring ?? '')]),
  withConfig('Server', async (config, context) => [await checkServer(config, context)]),
  withConfig('Store', async (config, context) => [await checkStore(config, context)]),
  withConfig('Vaults', async (_, context) => checkVaults(context)),
  withConfig('Models', async (config, context) => checkModels(config, context)),
]

/** Leaves a check out when the configuration is wrong: that is said once. */
function withConfig(name: string, run: (config: LoadedConfig, context: CommandContext) => Promise<Finding[]>): Check {
  const check = async (context: CommandContext): Promise<Finding[]> => {
    let config: LoadedConfig
    try {
      config = context.config()
    } catch {
      return []
    }
    return run(config, context)
  }
  return { name, check }
}

function checkRuntime({ bun, expectedBun }: CommandContext['input']['runtime']): Finding {
  if (bun === expectedBun) return ok(bun)
  return warn(
    `${bun}, while package.json asks for ${expectedBun}`,
    'Start through “npm start” or “npx cairn”, which take the right one.',
  )
}

function checkConfig({ config }: CommandContext): Finding {
  try {
    const { file, settings } = config()
    const changed = settings.filter(({ origin }) => origin !== 'default').length
    return ok(`${file ?? 'no file'}, ${changed} of ${settings.length} settings differ from the default`)
  } catch (thrown) {
    return fail(
      thrown instanceof CairnError ? thrown.message : String(thrown),
      'Correct it; “cairn config explain” lists every setting.',
    )
  }
}

/** The day this check was written, and far beyond the life of a certificate. */
const earliest = Date.UTC(2026, 0, 1)
const latest = Date.UTC(2100, 0, 1)

function checkClock(now: number): Finding {
  if (now > earliest && now < latest) return ok('plausible')
  return fail('this machine’s clock is far off', 'Set the time; sign-in links, keys and the audit log depend on it.')
}

async function checkDataDirectory(folder: string): Promise<Finding> {
  try {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    const { mode } = await stat(folder)
    if ((mode & 0o007) !== 0)
      return warn(`${folder} can be entered by every user of this machine`, `chmod o-rwx ${folder}`)
    return ok(folder)
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT')
      return fail(`${folder} cannot be written (${codeOf(thrown)})`, 'Make it yours, or name another with --data DIR.')
  }
  const parent = await nearestFolder(folder)
  const writable = await access(parent, constants.W_OK).then(
    () => true,
    () => false,
  )
  return writable
    ? ok(`${folder} is made at the first start`)
    : fail(`${parent} cannot be written, so ${folder} cannot be made`, 'Name another with --data DIR.')
}

const enoughBytes = 500 * 1_024 * 1_024

async function checkDiskSpace(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearestFolder(folder))
  const free = bavail * bsize
  const detail = `${(free / 1_024 ** 3).toFixed(1)} GB free`
  return free > enoughBytes ? ok(detail) : warn(detail, 'Make room: a full disk stops indexing and the audit log.')
}

async function checkKeyring(path: string): Promise<Finding> {
  try {
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0)
      return fail(`${path} can be read by others (mode ${(mode & 0o777).toString(8)})`, `chmod 600 ${path}`)
    await access(path, constants.R_OK)
    return ok(path)
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return ok(`${path} is made at the first start`)
    return fail(`${path} cannot be read (${codeOf(thrown)})`, 'Run as its owner, or name another with CAIRN_KEYRING.')
  }
}

async function checkServer({ config }: LoadedConfig, { findServer, input, flags }: CommandContext): Promise<Finding> {
  const server = await findServer()
  if (server !== null) {
    if (await server.isReady()) return ok(`runs at ${server.address}`)
    return warn(`runs at ${server.address}, but is not ready`, 'It may be starting; look at its log when it stays so.')
  }
  const { host, port } = config.server
  if (port === 0 || (await isFree(host, port)))
    return ok(`does not run; port ${port === 0 ? 'any' : port} of ${host} is free for it`)
  const file = await readServerFile(config.data.directory)
  const whose = file === null ? 'another program' : 'a program that is not the last server'
  const hint = flags.has('--port')
    ? 'Choose another port.'
    : `Find it with “ss -ltnp sport = :${port}”, or start with --port N.`
  return fail(
    `does not run, and ${whose} holds port ${port} of ${host}${input.env['CAIRN_KEY'] === undefined ? '' : ' (CAIRN_KEY is set)'}`,
    hint,
  )
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

async function checkStore(
  { config, secrets }: LoadedConfig,
  { withStore, findServer }: CommandContext,
): Promise<Finding> {
  const kind = secrets.databaseUrl === null ? 'SQLite' : 'PostgreSQL'
  const exists = await stat(config.data.directory).then(
    () => true,
    () => false,
  )
  if (!exists && secrets.databaseUrl === null && (await findServer()) === null)
    return ok(`${kind}, made at the first start`)
  try {
    await withStore((store) => store.listVaults())
    return ok(`${kind} opens`)
  } catch (thrown) {
    return fail(
      thrown instanceof Error ? thrown.message : String(thrown),
      kind === 'PostgreSQL'
        ? 'Check CAIRN_DATABASE_URL and that the database runs.'
        : 'Is another Cairn process using this data directory?',
    )
  }
}

async function checkVaults(context: CommandContext): Promise<Finding[]> {
  const registered = await listVaults(context)
  if (registered.length === 0) return [ok('none yet; “npm start” serves examples/vault until one is added')]
  return Promise.all(
    registered.map(async ({ name, path }): Promise<Finding> => {
      if (path === null) return ok(`${name}, synchronised by a device`)
      try {
        await readdir(path)
        return ok(`${name}: ${path}`)
      } catch (thrown) {
        return fail(
          `${name}: ${path} cannot be read (${codeOf(thrown)})`,
          'Bring the folder back or run “cairn vault remove”.',
        )
      }
    }),
  )
}

/** Registered vaults and those of the configuration; none when the store cannot be opened, which is said elsewhere. */
async function listVaults({ config, withStore }: CommandContext): Promise<{ name: string; path: string | null }[]> {
  const { config: settings } = config()
  const exists = await stat(settings.data.directory).then(
    () => true,
    () => false,
  )
  const stored = exists ? await withStore((store) => store.listVaults()).catch(() => []) : []
  const configured = settings.vaults.map(({ path, name }) => ({ path, name: name ?? path }))
  return [...stored, ...configured.filter(({ path }) => stored.every((vault) => vault.path !== path))]
}

async function checkModels(config: LoadedConfig, { findServer, input }: CommandContext): Promise<Finding[]> {
  const server = await findServer()
  try {
    if (server !== null) {
      const { models } = await server.listModels()
      const chosen = models.find(({ isDefault }) => isDefault)
      return [ok(`${models.length} in use; ${chosen?.id ?? 'none'} answers by default`)]
    }
    const found = await input.services.findModelServers(config)
    if (found.length === 0) return [ok('no model server found; the built-in extractive model answers')]
    return found.map(({ id, baseUrl, models }) => ok(`${id} at ${baseUrl}, ${models} model${models === 1 ? '' : 's'}`))
  } catch (thrown) {
    const hint =
      thrown instanceof CommandFailure && thrown.hint !== null
        ? thrown.hint
        : 'The built-in extractive model still answers.'
    return [warn(thrown instanceof Error ? thrown.message : String(thrown), hint)]
  }
}

/** The folder itself or the nearest one above it that exists. */
async function nearestFolder(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    const exists = await stat(folder).then(
      (entry) => entry.isDirectory(),
      () => false,
    )
    if (exists || folder === dirname(folder)) return folder
  }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'error'
}
