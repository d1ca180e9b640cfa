/**
 * What every script of package.json runs: `node scripts/bootstrap.mjs NAME ARGS…`. Plain JavaScript, so that it works
 * on a fresh clone before anything is installed; the real work is in prepare.mjs, loaded once Node is known to be new
 * enough to read it.
 */
const major = Number(process.versions.node.split('.')[0])
if (major < 18) {
  console.error(`Cairn needs Node 18 or newer to set itself up; this is Node ${process.versions.node}.`)
  process.exit(2)
}

const { exists, prepare, runBun, stopOnFailure } = await import('./prepare.mjs')

/** What each script runs, which packages it needs, and whether the console has to be built before it. */
const scripts = {
  start: { run: ['server/src/main.ts'], packages: 'production', console: true },
  test: { run: ['scripts/test.ts'], packages: 'all', console: true },
  check: { run: ['scripts/test.ts', '--fast'], packages: 'all', console: false },
  build: { run: ['scripts/build.ts'], packages: 'all', console: false },
  bench: { run: ['bench/run.ts'], packages: 'all', console: false },
  docs: { run: ['scripts/docs.ts'], packages: 'all', console: false },
  screenshots: { run: ['scripts/screenshots.ts'], packages: 'all', console: true },
  'plugin:install': { run: ['scripts/plugin-install.ts'], packages: 'all', console: false },
  release: { run: ['scripts/release.ts'], packages: 'all', console: false },
}

const [name, ...args] = process.argv.slice(2)
const script = Object.hasOwn(scripts, name ?? '') ? scripts[name] : undefined
if (script === undefined) {
  console.error(`Usage: node scripts/bootstrap.mjs ${Object.keys(scripts).join('|')} [ARGS]`)
  process.exit(2)
}

if (name !== 'start' && !exists(script.run[0])) {
  console.error(`npm run ${name} is not part of this version: there is no ${script.run[0]}.`)
  process.exit(2)
}

// npm takes options that stand before `--` for itself; a vault named there would be ignored without a word.
for (const option of ['vault', 'data', 'workers', 'public_url']) {
  if (name === 'start' && process.env[`npm_config_${option}`] !== undefined) {
    console.error(
      `npm kept --${option.replace('_', '-')} for itself. Put two dashes before it: npm start -- --vault DIR`,
    )
    process.exit(2)
  }
}

await stopOnFailure(() => prepare({ packages: script.packages, console: script.console }))
// Whoever calls npm stands in INIT_CWD, while npm runs scripts in the repository's root.
const from = process.env.INIT_CWD ?? process.cwd()
await runBun(name === 'start' ? [...script.run, '--cwd', from, 'serve', ...args] : [...script.run, ...args])
