/**
 * The life of one server: start, say where it is, serve until told to stop, stop in good order. With more than one
 * worker that is the work of a supervisor.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openApp, type AppOptions } from '../app.ts'
import { errorFields } from '../base/index.ts'
import { serverFileName, type Output } from '../cli/index.ts'
import { describeBanner, printBanner, printIndexProgress } from './banner.ts'
import { findModels } from './find-models.ts'
import { refuseOpenAddress, requireOwnerAccount } from './open-address.ts'
import { recordStart, recordStop } from './record-life.ts'
import { aborted, addressForCommands, listenOrFail, writeServerFile } from './server-place.ts'
import { supervise } from './supervise.ts'

export interface ServeOptions extends Omit<AppOptions, 'exampleVault' | 'consoleDirectory' | 'worker' | 'onTaken'> {
  readonly consoleDirectory: string
  readonly exampleVault: string
  readonly stdout: Output
  /** Aborted by the first signal to stop. */
  readonly stop: AbortSignal
}

/** What open work gets to finish after a signal. */
const graceMs = 5_000

/** Resolves with the exit code when the server has stopped. */
export async function serve(options: ServeOptions): Promise<number> {
  const { server } = options.loaded.config
  refuseOpenAddress(server)
  return server.workers > 1 ? supervise(options) : serveAlone(options)
}

async function serveAlone(options: ServeOptions): Promise<number> {
  const { loaded, logger, stdout, stop } = options
  const { config } = loaded
  const taken = new AbortController()
  const app = await openApp({ ...options, onTaken: () => taken.abort() })
  try {
    await findModels(app, config.models.discoverLocal, logger)
    await requireOwnerAccount(app, config.server)
    const { url, port } = await listenOrFail(config.server, () => app.http.listen())
    const address = addressForCommands(config.server, port)
    await writeServerFile(config.data.directory, { address, credential: app.localCredential.reveal() })
    await recordStart(app, options.version)
    printBanner(config.server.publicUrl ?? url, await describeBanner(app), stdout)
    const quiet = printIndexProgress(app.vaults, stdout)
    await aborted(AbortSignal.any([stop, taken.signal]))
    quiet()
    if (taken.signal.aborted) logger.error('another server has taken the database; this one stops')
    logger.info('stopping')
    await app.http.stop(graceMs)
    await recordStop(app, logger)
    return taken.signal.aborted ? 3 : 0
  } finally {
    await rm(join(config.data.directory, serverFileName), { force: true })
    await app.close().catch((thrown: unknown) => logger.error('closing failed', errorFields(thrown)))
  }
}
