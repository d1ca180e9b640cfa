/** The life of one server process: start, say where it is, serve until told to stop, stop in good order. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openApp, type App, type AppOptions } from '../app.ts'
import { CairnError, errorFields, fail } from '../base/index.ts'
import { serverFileName, type Output, type ServerFile } from '../cli/index.ts'
import { formatSignInUrl } from '../http/index.ts'
import { writePrivateFile } from '../platform/index.ts'
import { printBanner, printIndexProgress } from './banner.ts'

export interface ServeOptions extends Omit<AppOptions, 'exampleVault' | 'consoleDirectory'> {
  readonly consoleDirectory: string
  readonly exampleVault: string
  readonly stdout: Output
  /** Aborted by the first signal to stop. */
  readonly stop: AbortSignal
}

/** What open work gets to finish after a signal. */
const graceMs = 5_000
const discoverMs = 1_500

/** Resolves with the exit code when the server has stopped. */
export async function serve(options: ServeOptions): Promise<number> {
  const { loaded, logger, stdout, stop } = options
  const { config } = loaded
  refuseOpenAddress(config.server.host)
  const app = await openApp(options)
  const file = join(config.data.directory, serverFileName)
  try {
    await findModels(app, config.models.discoverLocal, options)
    const { url } = listen(app, config.server)
    await writePrivateFile(
      file,
      `${JSON.stringify({ address: url, pid: process.pid, credential: app.localCredential.reveal() } satisfies ServerFile)}\n`,
    )
    await app.audit.record({
      type: 'server.started',
      actor: app.self.id,
      requestId: null,
      outcome: 'ok',
      fields: { version: options.version },
    })
    const { token } = await app.access.createSignInToken()
    const publicUrl = config.server.publicUrl ?? url
    await printBanner({ app, url: publicUrl, signInUrl: formatSignInUrl(publicUrl, token), stdout })
    const quiet = printIndexProgress(app.vaults, stdout)
    await aborted(stop)
    quiet()
    logger.info('stopping')
    await app.http.stop(graceMs)
    await app.audit
      .record({ type: 'server.stopped', actor: app.self.id, requestId: null, outcome: 'ok' })
      .catch((thrown: unknown) => logger.error('the stop could not be recorded', errorFields(thrown)))
    return 0
  } finally {
    await rm(file, { force: true })
    await app.close().catch((thrown: unknown) => logger.error('closing failed', errorFields(thrown)))
  }
}

/** Sign-in for teams and TLS come with the access module's own issue; until then nobody else may reach the server. */
function refuseOpenAddress(host: string): void {
  if (host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)) return
  fail('config.invalid', {
    message: `Cairn listens on loopback only for now, not on ${host}. Use 127.0.0.1, and a proxy or tunnel on this machine if others must reach it.`,
  })
}

function listen(app: App, { host, port }: { host: string; port: number }): { url: string } {
  try {
    return app.http.listen()
  } catch (thrown) {
    throw new CairnError('config.invalid', {
      message: `Port ${port} on ${host} cannot be used; another program may have it. Choose one with --port, or 0 for any free one.`,
      cause: thrown,
    })
  }
}

async function findModels(app: App, discover: boolean, { logger }: ServeOptions): Promise<void> {
  const signal = AbortSignal.timeout(discoverMs)
  const found = discover ? app.routing.discover(signal).then(() => undefined) : Promise.resolve()
  await Promise.allSettled([found, app.routing.refresh(signal)])
  for (const { provider, inFlight } of app.routing.load()) logger.debug('provider', { provider, inFlight })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  )
}
