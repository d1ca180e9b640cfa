/**
 * The life of a server of several processes. The supervisor answers nothing itself: it holds the deployment, picks the
 * port, starts the workers that share it, replaces one that dies, adds their numbers up, and stops them.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { VaultInfo } from '@cairn/contract'
import { createLocalCredential, describePlace } from '../app.ts'
import { fail, systemClock } from '../base/index.ts'
import { serverFileName } from '../cli/index.ts'
import { foldFamilies, metricsTopic, type MetricFamily } from '../http/index.ts'
import { createHostLimits, limitsTopic } from '../metering/index.ts'
import { reservePort } from '../platform/index.ts'
import { holdDeployment } from '../storage/index.ts'
import { printBanner, printIndexProgress, type BannerContent, type ProgressSource } from './banner.ts'
import { createCrew, type Crew } from './crew.ts'
import { announceTopic, packConfig, vaultsTopic } from './messages.ts'
import type { ServeOptions } from './serve.ts'
import { aborted, addressForCommands, formatUrl, listenOrFail, writeServerFile } from './server-place.ts'

/** More than a worker needs for an orderly stop. */
const stopMs = 13_000
/** What a worker counted in its last moments before a kill is lost; what was shown to anybody never is. */
const rememberEveryMs = 2_000
const progressEveryMs = 1_000

const folds = {
  [metricsTopic]: {
    empty: [],
    fold: (earlier: unknown, last: unknown) => foldFamilies(earlier as MetricFamily[], last as MetricFamily[]),
  },
}

/** Resolves with the exit code when all have stopped. Throws why the first worker does not start. */
export async function supervise(options: ServeOptions): Promise<number> {
  const { loaded, logger } = options
  const { server, data } = loaded.config
  if (process.platform === 'win32')
    fail('config.invalid', { message: 'Windows cannot share a port between processes: leave --workers at 1 there.' })
  const taken = new AbortController()
  const hold = await holdDeployment({ ...describePlace(loaded), logger, onTaken: () => taken.abort() })
  try {
    const { port, release } = await listenOrFail(server, () => reservePort(server.host, server.port))
    const credential = createLocalCredential().reveal()
    const crew = openCrew(options, { port, credential, beginsRun: hold.isFirst })
    try {
      await crew.startFirst().finally(() => void release())
      await crew.startOthers()
      await writeServerFile(data.directory, { address: addressForCommands(server, port), credential })
      const signal = AbortSignal.any([options.stop, taken.signal])
      const quiet = await announce(options, crew, formatUrl(server, port))
      await Promise.race([aborted(signal), crew.lost]).finally(quiet)
      if (taken.signal.aborted) logger.error('another server has taken the database; this one stops')
      logger.info('stopping')
      return taken.signal.aborted ? 3 : 0
    } finally {
      await rm(join(data.directory, serverFileName), { force: true })
      await crew.stop(stopMs)
    }
  } finally {
    await hold.release()
  }
}

interface Place {
  readonly port: number
  readonly credential: string
  readonly beginsRun: boolean
}

function openCrew({ loaded, logger, exampleVault }: ServeOptions, { port, credential, beginsRun }: Place): Crew {
  const { config } = loaded
  return createCrew({
    size: config.server.workers,
    folds,
    owned: { [limitsTopic]: createHostLimits(systemClock) },
    clock: systemClock,
    logger,
    describe: (worker, found) => ({
      worker,
      port,
      localCredential: credential,
      beginsRun: beginsRun && found === null,
      // The first start may register it; a worker that is replaced later must not bring back what somebody removed.
      exampleVault: found === null ? exampleVault : null,
      loaded: packConfig(found === null ? loaded : withFound(loaded, found)),
    }),
  })
}

/** The others use the model servers that the first one found, so that all offer the same models. */
function withFound(loaded: ServeOptions['loaded'], found: ServeOptions['loaded']['config']['upstreams']) {
  const { config } = loaded
  return {
    ...loaded,
    config: {
      ...config,
      upstreams: [...config.upstreams, ...found],
      models: { ...config.models, discoverLocal: false },
    },
  }
}

/** Prints what a person needs, and follows indexing in the terminal; returns what ends that. */
async function announce({ loaded, stdout }: ServeOptions, { collector }: Crew, url: string): Promise<() => void> {
  const content = (await collector.askOne(announceTopic)) as BannerContent | undefined
  if (content) printBanner(loaded.config.server.publicUrl ?? url, content, stdout)
  const remembering = setInterval(() => void collector.collect(metricsTopic), rememberEveryMs)
  const vaults: ProgressSource = {
    list: async () => ((await collector.askOne(vaultsTopic)) ?? []) as VaultInfo[],
    subscribe(listener) {
      const timer = setInterval(listener, progressEveryMs)
      return () => clearInterval(timer)
    },
  }
  const quiet = printIndexProgress(vaults, stdout)
  return () => {
    clearInterval(remembering)
    quiet()
  }
}
