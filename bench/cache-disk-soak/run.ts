/** `bun bench/cache-disk-soak/run.ts [segments|lmdb] [--keys N] [--mib N] [--seconds N] [--damage ROUNDS [--heads]] [--reader]` */
import { parseArgs } from 'node:util'
import { runDamageSoak, runDiskSoak } from './soak.ts'

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    keys: { type: 'string', default: '1000000' },
    mib: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '600' },
    damage: { type: 'string', default: '0' },
    deletes: { type: 'string', default: '0.3' },
    kill: { type: 'string', default: '3000' },
    seed: { type: 'string', default: '1' },
    reader: { type: 'boolean', default: false },
    heads: { type: 'boolean', default: false },
  },
})
const subject = positionals[0] === 'lmdb' ? 'lmdb' : 'segments'
const log = (line: string) => console.error(line)
const seed = Number(values.seed)
const result =
  Number(values.damage) > 0
    ? await runDamageSoak({ subject, rounds: Number(values.damage), flips: 20, isHeadsOnly: values.heads, seed, log })
    : await runDiskSoak({
        subject,
        processes: 3,
        maxBytes: Number(values.mib) * 1_024 * 1_024,
        keys: Number(values.keys),
        deletes: Number(values.deletes),
        killEveryMs: Number(values.kill),
        longReader: values.reader,
        seed,
        mostSeconds: Number(values.seconds),
        log,
      })
console.log(JSON.stringify({ subject, seed, ...result }, null, 2))
