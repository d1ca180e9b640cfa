/**
 * The program that is killed: `bun killed-log.ts FILE KILL_AT TWIN`. Does everything that a log does, in order, tells each
 * thing on its standard output once it is done, and kills itself before its KILL_ATth statement to the store. A twin is
 * broken on purpose, and must be found out: `early` tells before it is done, `loose` changes the log outside transactions.
 */
import { writeSync } from 'node:fs'
import type { SqlConnection, SqlSession } from '../../platform/index.ts'
import { openLogKit, someEvent } from './log-kit.ts'

const [file = '', killAt = '0', twin = ''] = process.argv.slice(2)
let statements = 0

function countDown(): void {
  if (++statements === Number(killAt)) process.kill(process.pid, 'SIGKILL')
}

function counted(session: SqlSession): SqlSession {
  return {
    run(text, params) {
      countDown()
      return session.run(text, params)
    },
  }
}

const wrap = (connection: SqlConnection): SqlConnection => ({
  ...connection,
  ...counted(connection),
  transaction: (work) =>
    twin === 'loose'
      ? work(counted(connection))
      : connection
          .transaction(async (session) => {
            const done = await work(counted(session))
            // The last moment before it is durable.
            countDown()
            return done
          })
          .finally(countDown),
})

const tell = (said: object) => writeSync(1, `${JSON.stringify(said)}\n`)
const kit = await openLogKit({ kind: 'sqlite', file, durability: 'full' }, undefined, wrap)
const { log, clock } = kit
clock.put('2026-05-02T08:00:00Z')

async function append(number: number): Promise<void> {
  if (twin === 'early') tell({ appended: (await log.head()).size, number })
  const seq = await log.append(someEvent(number, clock.now()))
  if (twin !== 'early') tell({ appended: seq, number })
}

const steps: readonly (() => Promise<object | null>)[] = [
  async () => {
    await Promise.all(Array.from({ length: 6 }, (_, at) => append(1_000 + at)))
    return null
  },
  async () => ({
    kept: await log.appendOnce('spool:1', [someEvent(1_010, clock.now()), someEvent(1_011, clock.now())]),
  }),
  async () => ({ signed: (await log.checkpoints.sign()).note }),
  async () => ({ held: (await log.holds.place(kit.by(), { person: 'person_3', reason: 'Case 1' })).id }),
  async () => ({
    erased: (await log.erase(kit.by(), ['person_1'], { reason: 'request', request: 'r1' }))?.seq ?? null,
  }),
  async () => ({ removed: await log.removeGone(kit.by()) }),
  async () => ({ retained: await log.retention.run(kit.by()) }),
  async () => {
    const held = (await log.holds.list()).map(({ id }) => id)
    for (const id of held) await log.holds.release(kit.by(), { id, reason: 'It is over' })
    return { released: held }
  },
  async () => ({ pruned: await log.prune(kit.by(), 256) }),
  async () => ({ changed: await log.retention.change(kit.by(), { auth: { personalMonths: 2, headerMonths: 24 } }) }),
  async () => {
    for (let number = 1_020; number < 1_024; number++) await append(number)
    return null
  },
  async () => ({ signed: (await log.checkpoints.sign()).note }),
]
for (const step of steps) {
  const said = await step()
  if (said !== null) tell(said)
}
tell({ done: statements })
await log.close()
