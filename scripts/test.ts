/**
 * `npm test`: format, lint, types, unused code and generated docs, then all tests, those that read a
 * `CAIRN_TEST_…` variable with the real service behind it. `--fast` (`npm run check`) leaves those out. Words after
 * `--` pick test files by a part of their path and leave the static checks out.
 *
 * The last line is `N passed, N failed`; each static check counts as one.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { Glob } from 'bun'
import { createReport, type Outcome } from './test-report.ts'
import { services, startServices, type ServiceName } from './services.ts'

const root = resolve(import.meta.dir, '..')
const results = join(root, 'dist', 'test-results')
/**
 * One more than there are cores, since a third of the time tests wait for something. Bun takes a file into a process of
 * its own from two workers on; with fewer, `process.exit` in a test ends the run.
 */
const workers = Math.min(4, availableParallelism() + 1)

interface TestFile {
  readonly path: string
  readonly needs: readonly ServiceName[]
}

interface Group {
  readonly name: string
  readonly files: readonly TestFile[]
  readonly timeoutMs: number
  readonly workers: number
}

const args = process.argv.slice(2)
const fast = args.includes('--fast')
const patterns = args.filter((arg) => !arg.startsWith('--'))
const seed = chooseSeed()
const report = createReport({ colour: process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '' })

rmSync(results, { recursive: true, force: true })
mkdirSync(results, { recursive: true })
if (patterns.length === 0) await runChecks()
await runTests(findTests().filter(({ path }) => patterns.length === 0 || patterns.some((part) => path.includes(part))))
writeFileSync(join(results, 'junit.xml'), report.junit())
process.exit(report.finish() ? 0 : 1)

// --- Static checks ----------------------------------------------------------------------------------------------------

async function runChecks(): Promise<void> {
  const bin = (path: string) => join('node_modules', path)
  const tsc = bin('typescript/bin/tsc')
  const projects = ['contract', 'server', 'ui', 'console', 'plugin', 'plugin/host', 'scripts'].filter((name) =>
    existsSync(join(root, name, 'tsconfig.json')),
  )
  const checks: [string, string[]][] = [
    ['format', [bin('oxfmt/bin/oxfmt'), '--check']],
    ['lint', [bin('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings']],
    ...projects.map((name): [string, string[]] => [`types of ${name}`, [tsc, '--noEmit', '-p', name]]),
    ['unused code', [bin('knip/bin/knip-bun.js'), '--no-progress', '--treat-config-hints-as-errors']],
    ['docs', ['scripts/docs.ts', '--check']],
  ]
  const waiting = [...checks]
  const runNext = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const [name, command] = check
      const startedAt = performance.now()
      const { code, output } = await run(command, process.env)
      const failures = code === 0 ? [] : [{ file: '', name, message: output }]
      report.add({
        name,
        passed: code === 0 ? 1 : 0,
        skipped: 0,
        failures,
        suites: '',
        ms: performance.now() - startedAt,
      })
    }
  }
  await Promise.all([runNext(), runNext()])
}

// --- Tests ------------------------------------------------------------------------------------------------------------

/** A test file says which services it needs by naming their variables. */
function findTests(): TestFile[] {
  const paths = [
    ...new Glob('{contract,server,ui,console,plugin,bench,examples,scripts}/**/*.test.{ts,tsx}').scanSync(root),
  ]
  return paths
    .filter((path) => !path.includes('node_modules'))
    .toSorted()
    .map((path) => {
      const source = readFileSync(join(root, path), 'utf8')
      const needs = (Object.keys(services) as ServiceName[]).filter((name) => source.includes(services[name].env))
      return { path, needs }
    })
}

async function runTests(files: readonly TestFile[]): Promise<void> {
  const groups: Group[] = [
    { name: 'unit', files: files.filter(({ needs }) => needs.length === 0), timeoutMs: 60_000, workers },
    {
      name: 'integration',
      files: files.filter(({ needs }) => needs.length > 0 && !needs.includes('chromium')),
      timeoutMs: 90_000,
      workers,
    },
    { name: 'browser', files: files.filter(({ needs }) => needs.includes('chromium')), timeoutMs: 120_000, workers: 2 },
  ]
  const wanted = fast ? groups.slice(0, 1) : groups
  const needed = [...new Set(wanted.flatMap((group) => group.files.flatMap(({ needs }) => needs)))]
  const running = await startServices(needed, (line) => console.log(line))
  const stopOn = (signal: NodeJS.Signals) => process.on(signal, () => void running.stop().then(() => process.exit(130)))
  stopOn('SIGINT')
  stopOn('SIGTERM')
  try {
    for (const group of wanted) await runGroup(group, running)
  } finally {
    await running.stop()
  }
}

async function runGroup(
  group: Group,
  { env, missing }: Pick<Awaited<ReturnType<typeof startServices>>, 'env' | 'missing'>,
) {
  const lacking = (file: TestFile) => file.needs.filter((name) => missing.has(name))
  const unable = group.files.filter((file) => lacking(file).length > 0)
  const able = group.files.filter((file) => lacking(file).length === 0)
  if (unable.length > 0) {
    const failures = unable.map((file) => ({
      file: file.path,
      name: file.path,
      message: lacking(file)
        .map((name) => missing.get(name) ?? '')
        .join('\n'),
    }))
    report.add({ name: `${group.name}, without a service`, passed: 0, skipped: 0, failures, suites: '', ms: 0 })
  }
  if (able.length > 0) report.add(await runBunTest({ ...group, files: able }, env))
}

async function runBunTest(group: Group, serviceEnv: Record<string, string>): Promise<Outcome> {
  const junit = join(results, `${group.name}.xml`)
  const startedAt = performance.now()
  const { code, output } = await run(
    [
      'test',
      `--parallel=${group.workers}`,
      `--timeout=${group.timeoutMs}`,
      '--only-failures',
      '--preload=./scripts/test-preload.ts',
      '--reporter=junit',
      `--reporter-outfile=${junit}`,
      ...group.files.map(({ path }) => `./${path}`),
    ],
    { ...cleanEnvironment(), CAIRN_TEST_SEED: seed, ...serviceEnv },
  )
  const xml = existsSync(junit) ? readFileSync(junit, 'utf8') : ''
  return report.read({ name: group.name, xml, code, output, ms: performance.now() - startedAt })
}

/** Tests see neither the caller's configuration nor a proxy, which Bun's fetch would use even for this machine. */
function cleanEnvironment(): Record<string, string | undefined> {
  const foreign = /^(CAIRN_(?!TEST_)|(https?|all|no)_proxy$)/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

/**
 * Where random input begins: the same in every run, so that a run says of this tree what the last one said of it.
 * `CAIRN_TEST_SEED=random npm test` looks elsewhere and tells where.
 */
function chooseSeed(): string {
  const wanted = process.env['CAIRN_TEST_SEED'] ?? '20261123'
  if (/^\d{1,9}$/.test(wanted)) return wanted
  const drawn = String(Math.floor(Math.random() * 1e9))
  console.log(`Random input begins with CAIRN_TEST_SEED=${drawn}`)
  return drawn
}

/** Runs Bun quietly on a script or test files and keeps what it says. */
async function run(command: readonly string[], env: Record<string, string | undefined>) {
  const child = Bun.spawn([process.execPath, '--no-env-file', ...command], {
    cwd: root,
    env: { ...env, NO_COLOR: '1', FORCE_COLOR: undefined },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    // Longer than any group takes on a slow machine; a run that hangs ends here.
    timeout: 25 * 60_000,
  })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, output: `${out}${err}`.trim() }
}
