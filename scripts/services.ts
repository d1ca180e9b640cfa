/**
 * Real Redis, PostgreSQL and Chromium for the tests: found by the environment, on PATH or in the usual places; as root
 * on Debian and Ubuntu installed when missing. Redis and PostgreSQL each run on a free loopback port with a random
 * password and a temporary folder, and end with this process however it ends.
 *
 * As a program: `bun scripts/services.ts redis postgres` prints the environment lines and stays until ^C.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { SQL } from 'bun'

export type ServiceName = 'redis' | 'postgres' | 'chromium'

interface ServiceSpec {
  /** The variable in which tests find the service; set by the caller it is taken as it is. */
  readonly env: string
  readonly title: string
  readonly aptPackage: string
  readonly find: () => string | undefined
  readonly start: (program: string) => Promise<Running>
}

interface Running {
  readonly value: string
  stop(): Promise<void>
}

export interface Services {
  /** Environment for the tests, of the services that could be had. */
  readonly env: Record<string, string>
  /** One sentence for each service that could not be had, with what to do. */
  readonly missing: ReadonlyMap<ServiceName, string>
  stop(): Promise<void>
}

const startDeadlineMs = 60_000
const folderPrefix = `cairn-services-${process.pid}-`

export const services: Record<ServiceName, ServiceSpec> = {
  redis: {
    env: 'CAIRN_TEST_REDIS_URL',
    title: 'Redis',
    aptPackage: 'redis-server',
    find: () => findProgram(['redis-server'], ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']),
    start: startRedis,
  },
  postgres: {
    env: 'CAIRN_TEST_DATABASE_URL',
    title: 'PostgreSQL',
    aptPackage: 'postgresql',
    find: () => findProgram(['initdb'], [...postgresFolders(), '/usr/local/bin', '/opt/homebrew/bin']),
    start: startPostgres,
  },
  chromium: {
    env: 'CAIRN_TEST_CHROMIUM',
    title: 'Chromium',
    aptPackage: 'chromium',
    find: () =>
      findProgram(
        ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
        ['/usr/bin', '/snap/bin', '/Applications/Google Chrome.app/Contents/MacOS'],
      ),
    start: (program) => Promise.resolve({ value: program, stop: () => Promise.resolve() }),
  },
}

/** Finds or installs the services, starts them, and stops them when asked or when this process ends. */
export async function startServices(names: readonly ServiceName[], log: (line: string) => void): Promise<Services> {
  removeLeftovers()
  const running: Running[] = []
  const env: Record<string, string> = {}
  const missing = new Map<ServiceName, string>()
  const stop = async () => void (await Promise.all(running.splice(0).map((service) => service.stop())))
  installMissing(
    names.filter((name) => process.env[services[name].env] === undefined),
    log,
  )
  for (const name of names) {
    const spec = services[name]
    const given = process.env[spec.env]
    if (given !== undefined) {
      env[spec.env] = given
      continue
    }
    const program = spec.find()
    if (program === undefined) {
      missing.set(name, howToGet(spec))
      continue
    }
    try {
      const service = await spec.start(program)
      running.push(service)
      env[spec.env] = service.value
    } catch (error) {
      missing.set(name, `${spec.title} (${program}) does not start: ${reasonOf(error)}`)
    }
  }
  return { env, missing, stop }
}

function howToGet(spec: ServiceSpec): string {
  return `${spec.title} is not on this machine. Install it (Debian, Ubuntu: sudo apt-get install ${spec.aptPackage}) or set ${spec.env}.`
}

// --- Finding and installing -------------------------------------------------------------------------------------------

function findProgram(names: readonly string[], folders: readonly string[]): string | undefined {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), ...folders]
  return names.flatMap((name) => places.map((place) => join(place, name))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Debian keeps PostgreSQL's programs off PATH, one folder for each major version; the newest comes first. */
function postgresFolders(): string[] {
  const base = '/usr/lib/postgresql'
  if (!existsSync(base)) return []
  return readdirSync(base)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(base, version, 'bin'))
}

function installMissing(names: readonly ServiceName[], log: (line: string) => void): void {
  const packages = names.filter((name) => services[name].find() === undefined).map((name) => services[name].aptPackage)
  if (packages.length === 0 || !isRoot() || !isExecutable('/usr/bin/apt-get')) return
  log(`Installing ${packages.join(', ')} with apt-get, for the tests …`)
  // RUNLEVEL=1 keeps the packages from starting services of their own on the usual ports.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const result = spawnSync('/usr/bin/apt-get', args, { env, encoding: 'utf8' })
    if (result.status !== 0) log(`apt-get ${args[0]} failed: ${result.stderr.trim().split('\n').at(-1) ?? ''}`)
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

// --- Redis ------------------------------------------------------------------------------------------------------------

async function startRedis(program: string): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), folderPrefix))
  const port = await freePort()
  const password = randomBytes(12).toString('hex')
  const child = spawnTied(program, ['-'], { signal: 'TERM', input: true })
  child.stdin?.end(
    `bind 127.0.0.1\nport ${port}\nrequirepass ${password}\ndir ${folder}\nsave ""\nappendonly no\nloglevel warning\n`,
  )
  const url = `redis://:${password}@127.0.0.1:${port}/0`
  await waitUntilReady(child, async () => {
    const client = new Bun.RedisClient(url, { autoReconnect: false, connectionTimeout: 1_000 })
    try {
      await client.send('PING', [])
    } finally {
      client.close()
    }
  })
  return { value: url, stop: () => stopProcess(child, 'SIGTERM', folder) }
}

// --- PostgreSQL -------------------------------------------------------------------------------------------------------

async function startPostgres(initdb: string): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), folderPrefix))
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  const password = randomBytes(12).toString('hex')
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  const user = isRoot() ? unprivilegedUser() : undefined
  if (user !== undefined) spawnSync('chown', ['-R', `${user}:`, folder])
  const initialise = tiedCommand(
    initdb,
    [
      '-D',
      data,
      '-U',
      'cairn',
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      `--pwfile=${passwordFile}`,
    ],
    { signal: 'INT', user },
  )
  const made = spawnSync(initialise.program, initialise.args, { encoding: 'utf8', cwd: folder })
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true })
    throw new Error((made.stderr || made.stdout || String(made.error)).trim().split('\n').at(-1))
  }
  const port = await freePort()
  // The folder is thrown away, so nothing is gained by waiting for the disk. -k '' switches the unix socket off.
  const settings = [
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'log_min_messages=fatal',
    'max_connections=200',
  ]
  const args = [
    '-D',
    data,
    '-h',
    '127.0.0.1',
    '-p',
    String(port),
    '-k',
    '',
    ...settings.flatMap((line) => ['-c', line]),
  ]
  const child = spawnTied(join(initdb, '..', 'postgres'), args, { signal: 'INT', user, cwd: folder })
  const url = (database: string) => `postgres://cairn:${password}@127.0.0.1:${port}/${database}`
  await waitUntilReady(child, async () => {
    const sql = new SQL(url('postgres'), { max: 1, connectionTimeout: 2 })
    try {
      await sql.unsafe('CREATE DATABASE cairn')
    } finally {
      await sql.close()
    }
  })
  return { value: url('cairn'), stop: () => stopProcess(child, 'SIGINT', folder) }
}

/** PostgreSQL refuses to run as root; Debian's package brings this user. */
function unprivilegedUser(): string {
  return spawnSync('id', ['-u', 'postgres']).status === 0 ? 'postgres' : 'nobody'
}

// --- Processes --------------------------------------------------------------------------------------------------------

interface TiedOptions {
  /** What the kernel sends the program when this process dies, also of SIGKILL. */
  readonly signal: 'TERM' | 'INT'
  readonly user?: string | undefined
  readonly cwd?: string
  readonly input?: boolean
}

/** The command, run as another user and bound to the life of this process where util-linux's setpriv is there. */
function tiedCommand(program: string, args: readonly string[], { signal, user }: TiedOptions) {
  const setpriv = findProgram(['setpriv'], ['/usr/bin'])
  if (setpriv !== undefined) {
    const switches = user === undefined ? [] : [`--reuid=${user}`, `--regid=${groupOf(user)}`, '--init-groups']
    return { program: setpriv, args: [...switches, `--pdeathsig=${signal}`, '--', program, ...args] }
  }
  if (user === undefined) return { program, args: [...args] }
  const quoted = [program, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  return { program: 'su', args: ['-s', '/bin/sh', user, '-c', `exec ${quoted}`] }
}

function groupOf(user: string): string {
  return spawnSync('id', ['-g', user], { encoding: 'utf8' }).stdout.trim()
}

function spawnTied(program: string, args: readonly string[], options: TiedOptions): ChildProcess {
  const command = tiedCommand(program, args, options)
  return spawn(command.program, command.args, {
    cwd: options.cwd,
    stdio: [options.input === true ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  })
}

/** Resolves when the probe succeeds; rejects with the program's last words when it ends or the deadline passes. */
async function waitUntilReady(child: ChildProcess, probe: () => Promise<void>): Promise<void> {
  let words = ''
  let ended = false
  const keep = (chunk: Buffer) => void (words = (words + chunk.toString()).slice(-2_000))
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  child.on('error', (error) => void ((ended = true), (words += error.message)))
  child.on('exit', () => void (ended = true))
  const giveUpAt = Date.now() + startDeadlineMs
  for (;;) {
    try {
      return await probe()
    } catch (error) {
      if (ended) throw new Error(words.trim().split('\n').at(-1) ?? 'it ended at once', { cause: error })
      if (Date.now() > giveUpAt) {
        child.kill('SIGKILL')
        throw new Error(`not ready within ${startDeadlineMs / 1_000} s (${reasonOf(error)})`, { cause: error })
      }
    }
    await Bun.sleep(50)
  }
}

async function stopProcess(child: ChildProcess, signal: 'SIGTERM' | 'SIGINT', folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill(signal)
    const killer = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await ended
    clearTimeout(killer)
  }
  rmSync(folder, { recursive: true, force: true })
}

/** Removes the folders of runs that were killed. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(/^cairn-services-(\d+)-/.exec(name)?.[1])
    if (pid > 0 && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

// --- As a program -----------------------------------------------------------------------------------------------------

async function main(args: readonly string[]): Promise<void> {
  const names = (Object.keys(services) as ServiceName[]).filter((name) => args.length === 0 || args.includes(name))
  const unknown = args.filter((name) => !Object.hasOwn(services, name))
  if (unknown.length > 0) {
    console.error(`Unknown service ${unknown.join(', ')}; there are ${Object.keys(services).join(', ')}.`)
    process.exit(2)
  }
  const running = await startServices(names, (line) => console.error(line))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void running.stop().then(() => process.exit(0)))
  }
  for (const sentence of running.missing.values()) console.error(sentence)
  for (const [name, value] of Object.entries(running.env)) console.log(`${name}=${value}`)
  if (running.missing.size > 0) {
    await running.stop()
    process.exit(1)
  }
  console.error('Running; ^C stops them.')
  setInterval(() => {}, 1 << 30)
}

if (import.meta.main) await main(process.argv.slice(2))
