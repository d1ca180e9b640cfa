/**
 * The entry: takes everything from the process, hands it to the command line, exits with its code. A supervisor starts
 * the same program as its workers.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLogger, errorFields, systemClock, type Logger } from './base/index.ts'
import { runCli } from './cli/index.ts'
import { readEnvironment, type LoadedConfig } from './config/index.ts'
import { openParentChannel } from './platform/index.ts'
import { findModelServers, openLocal, runWorker, serve, workerArgument } from './run/index.ts'

const root = join(import.meta.dirname, '..', '..')
const { version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
  dependencies: { bun: string }
}
const env = readEnvironment()
const stop = new AbortController()
const parts = {
  version,
  consoleDirectory: join(root, 'dist', 'console'),
  exampleVault: join(root, 'examples', 'vault'),
}

// `cairn … | head`: a reader that has enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
const argv = process.argv.slice(2)
const channel = argv[0] === workerArgument ? openParentChannel() : null
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A terminal sends it to workers too; their supervisor tells them what to do.
    if (channel !== null && signal === 'SIGINT') return
    // The second signal means now.
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
  })
}

function openLog({ config }: LoadedConfig): Logger {
  const { level, format } = config.log
  const chosen = format === 'auto' ? (process.stderr.isTTY ? 'text' : 'json') : format
  const logger = createLogger({
    level,
    format: chosen,
    clock: systemClock,
    write: (line) => void process.stderr.write(line),
  })
  // A relay's client leaves all the time; what is rejected then is logged and never ends the server.
  process.on('unhandledRejection', (thrown) => logger.error('unhandled rejection', errorFields(thrown)))
  return logger
}

if (channel !== null) {
  process.exit(await runWorker({ ...parts, channel, openLog, stop: stop.signal }))
}

process.exit(
  await runCli({
    argv,
    env,
    cwd: process.cwd(),
    root,
    version,
    runtime: { bun: process.versions['bun'] ?? 'none', expectedBun: dependencies.bun },
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    clock: systemClock,
    fetch: (url, { isThisMachine = false, ...init }) =>
      fetch(url, { ...init, proxy: false, timeout: false, tls: { rejectUnauthorized: !isThisMachine } } as RequestInit),
    services: {
      runServer: (loaded) =>
        serve({ ...parts, loaded, logger: openLog(loaded), stdout: process.stdout, stop: stop.signal }),
      openLocal: (loaded) => openLocal({ ...parts, loaded, logger: openLog(loaded) }),
      findModelServers,
    },
  }),
)
