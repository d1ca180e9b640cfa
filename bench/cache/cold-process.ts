/** One process of a stampede: opens the cache, waits for the word, and asks 100 times at once for the same cold key. */
import { openers } from './openers.ts'

const [subject = '', url = ''] = process.argv.slice(2)
const open = openers[subject]
if (open === undefined) throw new Error(`there is no cache “${subject}”`)

const cache = await open(url)
const counter = new Bun.RedisClient(url)
await counter.connect()

const load = async () => {
  await counter.send('INCR', ['source-calls'])
  await Bun.sleep(200)
  return 42
}

async function stampede(): Promise<void> {
  const answers = await Promise.all(Array.from({ length: 100 }, () => cache.get('cold', load)))
  if (answers.some((answer) => answer !== 42)) throw new Error(`${cache.name} answered wrongly`)
  process.stdout.write('done\n')
}

process.stdout.write('ready\n')
for await (const line of console) {
  if (line !== 'go') break
  await stampede()
}
await cache.close()
process.exit()
