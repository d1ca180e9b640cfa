/** `npm run bench -- NAME [--json FILE] [--check] [--quick]`: runs one benchmark and prints it beside its peers. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { Glob } from 'bun'
import type { Bench, BenchResult, BenchRow } from './bench.ts'

const root = resolve(import.meta.dir, '..')
const parts = new Set(['run', 'bench'])

interface Report extends BenchResult {
  readonly bench: string
  readonly commit: string
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly memoryGb: number
    readonly os: string
    readonly bun: string
  }
}

async function loadBenches(): Promise<Bench[]> {
  const names = [...new Glob('*.ts').scanSync(import.meta.dir)]
    .map((file) => file.slice(0, -3))
    .filter((name) => !parts.has(name) && !name.includes('.'))
  const modules = names
    .toSorted()
    .map((name) => import(join(import.meta.dir, `${name}.ts`)) as Promise<{ bench?: Bench }>)
  return (await Promise.all(modules)).flatMap(({ bench }) => (bench === undefined ? [] : [bench]))
}

interface Arguments {
  readonly name: string | undefined
  readonly json: string | undefined
  readonly check: boolean
  readonly quick: boolean
  readonly rest: readonly string[]
}

function parseArguments(argv: readonly string[]): Arguments {
  const words = [...argv]
  const name = /^[^-]/.test(words[0] ?? '') ? words.shift() : undefined
  const takeSwitch = (flag: string) => words.includes(flag) && words.splice(words.indexOf(flag), 1).length > 0
  const at = words.indexOf('--json')
  const json = at < 0 ? undefined : words.splice(at, 2)[1]
  return { name, json, check: takeSwitch('--check'), quick: takeSwitch('--quick'), rest: words }
}

/** Peers have a lock of their own; only benchmarks need them, so only benchmarks install them. */
function installPeers(): void {
  const lock = join(import.meta.dir, 'package-lock.json')
  const installed = join(import.meta.dir, 'node_modules/.package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  console.error('Installing the peers to compare with (npm ci in bench/) …')
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: import.meta.dir,
    encoding: 'utf8',
  })
  if (result.status === 0) return
  console.error(`npm could not install the peers:\n${result.stderr.trim()}`)
  process.exit(3)
}

function describeMachine(): Report['machine'] {
  const processors = cpus()
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 1_024 ** 3),
    os: `${process.platform} ${process.arch}`,
    bun: Bun.version,
  }
}

function readCommit(): string {
  const git = (args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout.trim()
  const changed = git(['status', '--porcelain']) === '' ? '' : '+'
  return `${git(['rev-parse', '--short=12', 'HEAD']) || 'none'}${changed}`
}

// --- Printing ---------------------------------------------------------------------------------------------------------

/** One line for each row, grouped by metric, with the ratio to Cairn’s value of the same metric. */
function renderRows(rows: readonly BenchRow[]): string[] {
  const cells = rows.map((row, index) => {
    const ours = rows.find(({ metric, subject }) => metric === row.metric && subject === 'cairn')
    const ratio =
      ours === undefined || ours === row || ours.value === 0 ? '' : `× ${formatNumber(row.value / ours.value)}`
    const repeated = rows[index - 1]?.metric === row.metric
    return [
      repeated ? '' : row.metric,
      row.subject,
      formatNumber(row.value),
      row.spread === null ? '' : `± ${formatNumber(row.spread)}`,
      row.unit,
      ratio,
    ]
  })
  return align([['metric', 'subject', 'value', '', 'unit', 'to cairn'], ...cells], [2, 3, 5])
}

function align(cells: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells.map((row) =>
    row
      .map((cell, column) =>
        right.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}

/** Four significant digits, with thousands set apart. */
function formatNumber(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 4 })
}

function print(report: Report): void {
  const { cpu, cores, memoryGb, os, bun } = report.machine
  console.log(`\n${report.bench} at ${report.commit}, ${cpu}, ${cores} cores, ${memoryGb} GB, ${os}, Bun ${bun}\n`)
  for (const line of renderRows(report.rows)) console.log(line)
  if (report.targets.length === 0) return
  console.log('')
  const rows = report.targets.map(({ metric, target, value, ok }) => [
    ok ? '✓' : '✗',
    metric,
    target,
    formatNumber(value),
  ])
  for (const line of align([['', 'target', '', 'value'], ...rows], [3])) console.log(line)
}

async function main(argv: readonly string[]): Promise<number> {
  const args = parseArguments(argv)
  const benches = await loadBenches()
  const bench = benches.find(({ name }) => name === args.name)
  if (bench === undefined) {
    const list = benches.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`).join('\n')
    console.error(
      `${args.name === undefined ? 'Name a benchmark' : `There is no benchmark “${args.name}”`}. There ${benches.length === 0 ? 'is none yet' : `are:\n${list}`}`,
    )
    return 2
  }
  if (bench.needsPeers) installPeers()
  const result = await bench.run({ quick: args.quick, args: args.rest, log: (line) => console.error(line) })
  const report: Report = {
    bench: bench.name,
    commit: readCommit(),
    machine: describeMachine(),
    rows: result.rows,
    targets: result.targets,
  }
  print(report)
  if (args.json !== undefined) {
    const path = resolve(process.env['INIT_CWD'] ?? root, args.json)
    writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`)
    console.error(`\nWrote ${path} (${(readFileSync(path).length / 1_024).toFixed(1)} kB)`)
  }
  return args.check && report.targets.some(({ ok }) => !ok) ? 1 : 0
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)))
