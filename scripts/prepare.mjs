/**
 * Makes a clone ready to run: npm packages as the lock file says, Bun's binary in its place, the console built from
 * its present sources. Each step first looks whether there is anything to do, so that a prepared clone starts at once
 * and in silence. Node ≥ 18, nothing but Node's own modules.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { constants as osConstants, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(new URL('..', import.meta.url)))
const bunPackage = join(root, 'node_modules', 'bun')
const bunBinary = join(bunPackage, 'bin', 'bun.exe')

/** True when the repository has a file of that path. */
export function exists(path) {
  return existsSync(join(root, path))
}

/** A reason that a person can act on; printed without a stack. */
class SetUpError extends Error {}

/** Ends the process with the reason when setting up fails. */
export async function stopOnFailure(run) {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error
    console.error(error.message)
    process.exit(3)
  }
}

/** `packages` is `production` (enough to serve) or `all` (with the tools for tests and builds). */
export async function prepare({ packages, console: withConsole }) {
  const ready = () => packagesReady(packages) && bunReady()
  if (!ready()) {
    await withLock(async () => {
      if (!packagesReady(packages)) await installPackages(packages)
      if (!bunReady()) await placeBun()
    }, ready)
  }
  if (withConsole) await buildConsole()
}

/**
 * Runs Bun on a script in the repository's root with this terminal, passes signals on, and ends with its exit code.
 * `.env` files are never loaded: the configuration says where its values come from.
 */
export function runBun(args) {
  // Bun allows 256 requests to others at a time unless it is told otherwise before it starts; our own pools are the bound.
  const env = { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: process.env.BUN_CONFIG_MAX_HTTP_REQUESTS ?? '16384' }
  const child = spawn(bunBinary, ['--no-env-file', ...args], { cwd: root, stdio: 'inherit', env })
  // A terminal sends ^C to the child too; a second SIGINT there is harmless, a missing one is not.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // npm dies of a SIGTERM without passing it on; then we have a new parent, and nobody is left to stop the server.
  const parent = process.ppid
  const watch = setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500)
  watch.unref()
  return new Promise((done) => {
    child.on('error', (error) => {
      console.error(`Bun does not start (${error.message}). Remove node_modules and try again.`)
      process.exit(3)
    })
    child.on('exit', (code, signal) => {
      done()
      process.exit(code ?? 128 + (osConstants.signals[signal] ?? 0))
    })
  })
}

// --- npm packages -----------------------------------------------------------------------------------------------------

const stampFile = join(root, 'node_modules', '.cairn-install.json')

/** True when the packages of the lock file are installed. A stamp from the last look makes the usual case one hash. */
function packagesReady(packages) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const stamp = readJson(stampFile)
  if (stamp?.lock === lock && (stamp.packages === 'all' || stamp.packages === packages)) return true
  if (!installedAsLocked(packages)) return false
  writeStamp(lock, packages)
  return true
}

/** Compares npm's own record of what it installed, so that a hand-made `npm ci` is not repeated. */
function installedAsLocked(packages) {
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages
  if (installed === undefined) return false
  const wanted = readJson(join(root, 'package-lock.json')).packages
  return Object.entries(wanted).every(([path, entry]) => {
    const needed = path.startsWith('node_modules/') && !entry.optional && !(packages === 'production' && entry.dev)
    return !needed || (installed[path] !== undefined && installed[path].version === entry.version)
  })
}

function writeStamp(lock, packages) {
  try {
    writeFileSync(stampFile, `${JSON.stringify({ lock, packages })}\n`)
  } catch {
    // A read-only installation is looked through each time.
  }
}

async function installPackages(packages) {
  requireWritable()
  const args = [
    'ci',
    ...(packages === 'production' ? ['--omit=dev'] : []),
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  console.error(`Installing packages (npm ${args.slice(0, packages === 'production' ? 2 : 1).join(' ')}) …`)
  const npmScript = process.env.npm_execpath
  const byNode = npmScript !== undefined && /npm-cli\.c?js$/.test(npmScript)
  const windows = process.platform === 'win32'
  const result = byNode
    ? await capture(process.execPath, [npmScript, ...args])
    : await capture(windows ? 'npm.cmd' : 'npm', args, { shell: windows })
  if (result.code !== 0) {
    throw new SetUpError(
      `npm could not install the packages. It said:\n\n${indent(reasonOf(result.output))}\n\nIs the npm registry reachable from here? Then run the same command again.`,
    )
  }
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  writeStamp(lock, packages)
}

function requireWritable() {
  for (const folder of [root, join(root, 'node_modules')]) {
    try {
      if (existsSync(folder)) accessSync(folder, constants.W_OK)
    } catch {
      throw new SetUpError(
        `Packages must be installed, but ${folder} cannot be written by this user. Run the command as the owner of that folder.`,
      )
    }
  }
}

// --- Bun --------------------------------------------------------------------------------------------------------------

/** npm leaves a small placeholder in Bun’s place where install scripts are switched off. */
function bunReady() {
  return (statSync(bunBinary, { throwIfNoEntry: false })?.size ?? 0) > 1_000_000
}

async function placeBun() {
  console.error('Putting Bun’s binary in its place (install scripts are switched off in npm) …')
  const result = await capture(process.execPath, [join(bunPackage, 'install.js')], { cwd: bunPackage })
  if (result.code !== 0 || !bunReady()) {
    throw new SetUpError(`Bun ${process.platform}-${process.arch} could not be installed:\n\n${indent(result.output)}`)
  }
}

// --- Console ----------------------------------------------------------------------------------------------------------

async function buildConsole() {
  const stamp = join(root, 'dist', 'console.stamp')
  const sources = fingerprint(['contract', 'ui', 'console', 'scripts/build-console.ts', 'package-lock.json'])
  if (existsSync(join(root, 'dist', 'console')) && readText(stamp) === sources) return
  console.error('Building the console …')
  const result = await capture(bunBinary, ['--no-env-file', 'scripts/build.ts', 'console'])
  if (result.code !== 0) throw new SetUpError(`The console could not be built:\n\n${indent(result.output)}`)
  mkdirSync(join(root, 'dist'), { recursive: true })
  writeFileSync(stamp, sources)
}

/** Changes when a file under one of the paths is edited, added, renamed or removed. */
function fingerprint(paths) {
  const hash = createHash('sha256')
  const add = (path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false })
    if (stat === undefined) return
    if (!stat.isDirectory()) return void hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`)
    for (const entry of readdirSync(join(root, path)).sort()) {
      if (entry !== 'node_modules' && entry !== 'test') add(`${path}/${entry}`)
    }
  }
  paths.forEach(add)
  return hash.digest('hex')
}

// --- Small parts ------------------------------------------------------------------------------------------------------

/** One set-up at a time: a second command started meanwhile waits for the first instead of deleting its files. */
async function withLock(run, ready) {
  const file = join(tmpdir(), `cairn-set-up-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`)
  const giveUpAt = Date.now() + 10 * 60_000
  let told = false
  while (!takeLock(file)) {
    if (!told) console.error('Waiting for another Cairn command that is installing packages …')
    told = true
    if (Date.now() > giveUpAt) throw new SetUpError(`Another set-up seems to hang. If none is running, remove ${file}.`)
    await new Promise((done) => setTimeout(done, 300))
  }
  try {
    if (!ready()) await run()
  } finally {
    rmSync(file, { force: true })
  }
}

function takeLock(file) {
  try {
    const handle = openSync(file, 'wx')
    writeSync(handle, String(process.pid))
    closeSync(handle)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') return true
  }
  const holder = Number(readText(file))
  if (holder > 0 && !isAlive(holder)) rmSync(file, { force: true })
  return false
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Runs a program, keeping what it says for the case that it fails. */
function capture(program, args, options = {}) {
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let output = ''
  const keep = (chunk) => void (output = (output + chunk).slice(0, 20_000))
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  return new Promise((done) => {
    child.on('error', (error) => done({ code: 127, output: `${program}: ${error.message}` }))
    child.on('close', (code) => done({ code: code ?? 1, output }))
  })
}

/** npm writes the reason first and then its whole manual. */
function reasonOf(output) {
  const lines = output.split('\n').filter((line) => !/EBADENGINE|npm warn|^npm error\s*$|A complete log/.test(line))
  return lines
    .slice(0, 8)
    .map((line) => line.replace(/^npm error /, ''))
    .join('\n')
}

const indent = (text) => text.trim().replace(/^/gm, '  ')

function readText(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
