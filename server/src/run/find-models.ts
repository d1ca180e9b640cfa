/** Which models there are at the start: those of local servers that are found, and those that providers list. */
import type { Config } from '@cairn/contract'
import type { App } from '../app.ts'
import type { Logger } from '../base/index.ts'

const discoverMs = 1_500

/** The local servers that were found and are used now. */
export async function findModels(app: App, discover: boolean, logger: Logger): Promise<Config['upstreams']> {
  const signal = AbortSignal.timeout(discoverMs)
  const looking = discover
    ? app.routing.discover(signal).then(
        ({ found }) => found,
        () => [],
      )
    : Promise.resolve([])
  const [found] = await Promise.all([looking, app.routing.refresh(signal).catch(() => [])])
  for (const { provider, inFlight } of app.routing.load()) logger.debug('provider', { provider, inFlight })
  return found.map((upstream) => ({ ...upstream, models: [...upstream.models] })) as Config['upstreams']
}
