/**
 * `npm run bench -- record --provider ID --to FOLDER [--model M] [--embedding-model E]`: asks a provider of the
 * configuration in this folder a fixed small set of questions and writes down what went over the wire, without keys.
 * Costs what a few short answers cost.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { loadConfig, readEnvironment } from '../server/src/config/index.ts'
import type { Bench, BenchResult } from './bench.ts'
import { recordExchanges } from './record/exchanges.ts'

export const bench: Bench = {
  name: 'record',
  summary: 'Asks a configured provider a few questions and writes the exchanges down, without keys',
  needsPeers: false,
  async run({ args, log }) {
    const word = (flag: string) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined)
    const { config, secrets } = loadConfig({ env: readEnvironment(), flags: {}, directory: process.cwd() })
    const upstream = config.upstreams.find(({ id }) => id === word('--provider'))
    const folder = word('--to')
    if (!upstream || folder === undefined)
      throw new Error(
        `Say --provider (${config.upstreams.map(({ id }) => id).join(', ') || 'none is configured'}) and --to FOLDER.`,
      )
    const [first] = upstream.models
    const model = word('--model') ?? (typeof first === 'string' ? first : first?.id)
    if (model === undefined) throw new Error('The provider declares no models; say --model.')
    const target = resolve(folder)
    await mkdir(target, { recursive: true })
    const count = await recordExchanges({
      upstream,
      apiKey: secrets.upstreamKeys.get(upstream.id) ?? null,
      model,
      embeddingModel: word('--embedding-model') ?? null,
      write: (name, exchange) => writeFile(join(target, `${name}.json`), `${JSON.stringify(exchange, null, 2)}\n`),
      log,
    })
    return {
      rows: [{ metric: 'exchanges', unit: 'files', subject: upstream.id, value: count, spread: null }],
      targets: [],
    } satisfies BenchResult
  },
}
