/**
 * A supervisor with three workers, all this program, that take from one limit as fast as they can for about a second.
 * `together` asks the supervisor, `apart` lets each worker count for itself. Prints what they were granted in all.
 */
import { writeSync } from 'node:fs'
import { createLonePeers, silentLogger, sleep, systemClock } from '../../base/index.ts'
import { openParentChannel } from '../../platform/index.ts'
import { createCrew, workerArgument } from '../../run/crew.ts'
import type { WorkerStart } from '../../run/messages.ts'
import { createWorkerPeers } from '../../run/worker-peers.ts'
import { createHostLimits, limitsTopic } from '../index.ts'
import { createLimitOwner } from '../limits/owners.ts'

export const limit = 600
export const takeMs = 1_500
const workers = 3
const grantedTopic = 'granted'

const [, , first = '', second = ''] = process.argv
if (import.meta.main) await (first === workerArgument ? beWorker() : beSupervisor(first || second))

async function beSupervisor(mode: string): Promise<void> {
  const crew = createCrew({
    size: workers,
    describe: () => ({ mode }) as unknown as WorkerStart,
    folds: {},
    owned: { [limitsTopic]: createHostLimits(systemClock) },
    clock: systemClock,
    logger: silentLogger,
  })
  await crew.startFirst()
  await crew.startOthers()
  await sleep(takeMs + 500)
  const granted = (await crew.collector.collect(grantedTopic)) as { granted: number; ms: number }[]
  await crew.stop(5_000)
  writeSync(1, `${JSON.stringify(granted)}\n`)
  process.exit(0)
}

async function beWorker(): Promise<void> {
  const channel = openParentChannel()
  if (channel === null) throw new Error('this program was not started by itself')
  const peers = createWorkerPeers(channel)
  const { promise: started, resolve } = Promise.withResolvers<string>()
  channel.onMessage((message) => {
    const { kind, start } = message as { kind: string; start: { mode: string } }
    if (kind === 'start') resolve(start.mode)
    if (kind === 'stop') process.exit(0)
  })
  const mode = await started
  const { askOwner } = mode === 'together' ? peers : createLonePeers()
  const owner = createLimitOwner({
    clock: systemClock,
    logger: silentLogger,
    deploymentId: 'test',
    redis: null,
    askOwner,
    workers,
  })
  const count = { granted: 0, ms: 0 }
  peers.answer(grantedTopic, () => count)
  channel.send({ kind: 'ready', found: [] })
  const began = systemClock.monotonic()
  while (count.ms < takeMs) {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => owner.take([{ key: 'all:* r', limit, amount: 1 }])),
    )
    count.granted += outcomes.filter(({ refused }) => refused === null).length
    count.ms = systemClock.monotonic() - began
    await sleep(1)
  }
}
