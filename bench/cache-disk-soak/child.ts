/** One process of the soak: `SUBJECT DIRECTORY MAXBYTES SEED FIRST STEP SETS DELETES` or `lmdb-reader DIRECTORY MAXBYTES`. */
import { createLogger, systemClock } from '../../server/src/base/index.ts'
import { openDiskTier } from '../../server/src/cache/disk/disk-tier.ts'
import { churn, createTestSealer, type ChurnCounts } from '../../server/src/cache/testing/disk-churn.ts'
import { openLmdbCandidate, readForLong } from './lmdb-candidate.ts'

const [subject = '', directory = '', ...numbers] = process.argv.slice(2)
const [maxBytes = 0, seed = 0, first = 0, step = 1, sets = 0, deletes = 0] = numbers.map(Number)
const sealer = createTestSealer()
const write = (line: string): void => void process.stderr.write(line)
const logger = createLogger({ level: 'warn', format: 'text', clock: systemClock, write })

if (subject === 'lmdb-reader') await readForLong(directory, maxBytes, 2_000)
const tier =
  subject === 'lmdb'
    ? await openLmdbCandidate(directory, maxBytes, sealer)
    : await openDiskTier({ directory, maxBytes, sealer, clock: systemClock, logger })
let saidAt = 0
const onProgress = (counts: ChurnCounts): void => {
  if (performance.now() - saidAt < 250) return
  saidAt = performance.now()
  process.stdout.write(`${JSON.stringify(counts)}\n`)
}
const counts = await churn(tier, { seed, first, step, sets, deletes, onProgress })
await tier.close()
process.stdout.write(`${JSON.stringify({ ...counts, isDone: true })}\n`)
