/**
 * One measured process: the shipped vaults module with its threads over a folder. Prints JSON lines. Run by `speed.ts`
 * so that its memory is its own.
 */
import { appendFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLogger, sleep, systemClock } from '../../server/src/base/index.ts'
import { deploymentSchema, openStore, type StoreLocation } from '../../server/src/storage/index.ts'
import { indexSchema, openVaults, vaultsSchema } from '../../server/src/vaults/index.ts'
import { readFileSync } from 'node:fs'

const [vaultFolder, dataFolder, queriesFile] = process.argv.slice(2) as [string, string, string | undefined]

const say = (line: object) => console.log(JSON.stringify(line))
const rssMb = () => process.memoryUsage.rss() / 1_048_576
let peakMb = 0
const sampler = setInterval(() => (peakMb = Math.max(peakMb, rssMb())), 50)

const started = performance.now()
const stateLocation: StoreLocation = { kind: 'sqlite', file: join(dataFolder, 'state.db'), durability: 'full' }
const indexLocation: StoreLocation = { kind: 'sqlite', file: join(dataFolder, 'index.db'), durability: 'normal' }
const store = await openStore({ location: stateLocation, schemas: [deploymentSchema, vaultsSchema] }, silentLogger)
const indexStore = await openStore({ location: indexLocation, schemas: [indexSchema] }, silentLogger)
const vaults = await openVaults({
  store,
  indexStore,
  indexLocation,
  clock: systemClock,
  logger: silentLogger,
  only: [{ path: vaultFolder }],
})
const vault = async () => (await vaults.list())[0] as Awaited<ReturnType<typeof vaults.list>>[number]
const id = (await vault()).id
let answerableMs: number | null = null
for (;;) {
  const { index, notes } = await vault()
  if (answerableMs === null && notes > 0) answerableMs = performance.now() - started
  if (index.state === 'ready') break
  await sleep(20)
}
say({
  readyMs: performance.now() - started,
  answerableMs,
  peakMb,
  rssMb: rssMb(),
  ...(({ notes, passages }) => ({ notes, passages }))(await vault()),
})

if (queriesFile) {
  const queries = JSON.parse(readFileSync(queriesFile, 'utf8')) as string[]
  const filter = { kind: 'all' } as const
  const search = (query: string) =>
    vaults.search(
      { query, syntax: 'query', mode: 'hybrid', forPrompt: false, vaults: [{ id, filter }], limit: 10 },
      new AbortController().signal,
    )
  for (const query of queries.slice(0, 100)) await search(query)
  const times: number[] = []
  for (const query of queries) {
    const from = performance.now()
    await search(query)
    times.push(performance.now() - from)
  }
  say({ searchMs: times })

  const edits: number[] = []
  const files = (await readdir(vaultFolder, { recursive: true })).filter((name) => name.endsWith('.md')).toSorted()
  for (let edit = 0; edit < 20; edit++) {
    const before = (await vault()).index.version
    await appendFile(
      join(vaultFolder, files[(edit * 487) % files.length] as string),
      `\n\nEdited ${edit}: the zebrafinch lands at ${edit} o'clock.\n`,
    )
    const from = performance.now()
    while ((await vault()).index.version === before && performance.now() - from < 10_000) await sleep(1)
    edits.push(performance.now() - from)
  }
  say({ editMs: edits })
}
clearInterval(sampler)
await vaults.close()
process.exit(0)
