/**
 * The life of one of several server processes: told by its supervisor what to serve, it serves until it is told to
 * stop, or until the supervisor is gone.
 */
import type { Config } from '@cairn/contract'
import { openApp, type App } from '../app.ts'
import { errorFields, Secret, toCairnError, type Logger } from '../base/index.ts'
import type { LoadedConfig } from '../config/index.ts'
import type { ParentChannel } from '../platform/index.ts'
import { describeBanner } from './banner.ts'
import { findModels } from './find-models.ts'
import {
  announceTopic,
  unpackConfig,
  vaultsTopic,
  type FromWorker,
  type ToWorker,
  type WorkerStart,
} from './messages.ts'
import { requireOwnerAccount } from './open-address.ts'
import { recordStart, recordStop } from './record-life.ts'
import { createWorkerPeers } from './worker-peers.ts'

export interface WorkerOptions {
  readonly channel: ParentChannel
  readonly version: string
  readonly consoleDirectory: string
  readonly openLog: (loaded: LoadedConfig) => Logger
  /** Aborted by a signal to this process alone. */
  readonly stop: AbortSignal
}

/** What open work gets to finish: after a stop, and after the supervisor has died, whose successor may wait. */
const graceMs = 5_000
const orphanGraceMs = 500
/** However a stop goes, it ends. */
const mostMs = 12_000
/** The supervisor kills a worker that could not start once it has heard why. */
const lastWordsMs = 2_000

/** Resolves with the exit code when this process has stopped. */
export async function runWorker(options: WorkerOptions): Promise<number> {
  const { channel } = options
  const send = (message: FromWorker) => channel.send(message)
  const orders = listen(channel, options.stop)
  const start = await orders.start
  const loaded = unpackConfig(start.loaded)
  const logger = tagWorker(options.openLog(loaded), start.worker)
  let app: App
  let found: Config['upstreams']
  try {
    const peers = createWorkerPeers(channel)
    app = await openApp({
      ...options,
      ...start,
      loaded,
      logger,
      worker: { ...start, peers, localCredential: new Secret(start.localCredential) },
    })
    peers.answer(vaultsTopic, () => app.vaults.list())
    peers.answer(announceTopic, () => recordStart(app, options.version).then(() => describeBanner(app)))
    found = await findModels(app, loaded.config.models.discoverLocal, logger)
    await requireOwnerAccount(app, loaded.config.server)
    app.http.listen()
  } catch (thrown) {
    const { code, message, internal } = toCairnError(thrown)
    if (code === 'internal.error') logger.error('this process does not start', errorFields(thrown))
    send({ kind: 'failed', code, message: code === 'internal.error' ? (internal ?? message) : message })
    await new Promise((done) => setTimeout(done, lastWordsMs))
    return 3
  }
  orders.serving()
  send({ kind: 'ready', found })
  const { isOrphan } = await orders.end
  const watchdog = setTimeout(() => process.exit(1), mostMs)
  await app.http.stop(isOrphan ? orphanGraceMs : graceMs)
  if (orders.records()) await recordStop(app, logger)
  await app.close().catch((thrown: unknown) => logger.error('closing failed', errorFields(thrown)))
  clearTimeout(watchdog)
  return isOrphan ? 1 : 0
}

function listen(channel: ParentChannel, signal: AbortSignal) {
  const { promise: start, resolve: begin } = Promise.withResolvers<WorkerStart>()
  const { promise: end, resolve: finish } = Promise.withResolvers<{ isOrphan: boolean }>()
  let records = false
  let isServing = false
  channel.onMessage((received) => {
    const message = received as ToWorker
    if (message.kind === 'start') begin(message.start)
    else if (message.kind === 'stop') {
      records = message.records
      finish({ isOrphan: false })
    }
  })
  channel.onGone(() => {
    // One that has not started yet has nothing to finish.
    if (!isServing) process.exit(1)
    finish({ isOrphan: true })
  })
  signal.addEventListener('abort', () => finish({ isOrphan: false }), { once: true })
  return { start, end, records: () => records, serving: () => void (isServing = true) }
}

/** So that a line of the log says which process wrote it. */
function tagWorker(logger: Logger, worker: number): Logger {
  return {
    debug: (message, fields) => logger.debug(message, { worker, ...fields }),
    info: (message, fields) => logger.info(message, { worker, ...fields }),
    warn: (message, fields) => logger.warn(message, { worker, ...fields }),
    error: (message, fields) => logger.error(message, { worker, ...fields }),
  }
}
