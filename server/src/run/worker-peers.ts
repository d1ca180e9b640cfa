/** A worker's way to the other processes of its host: through the supervisor that started them all. */
import { CairnError, createAnswers, withDeadline, type HostPeers } from '../base/index.ts'
import type { ParentChannel } from '../platform/index.ts'
import type { FromWorker, ToWorker } from './messages.ts'

/** Longer than the supervisor waits for the slowest of the others. */
const collectMs = 3_000
/** The supervisor has little else to do; a caller waits for this answer. */
const ownerMs = 1_000

export function createWorkerPeers(channel: ParentChannel): HostPeers {
  const own = createAnswers()
  const waiting = new Map<number, (answers: readonly unknown[]) => void>()
  const asking = new Map<number, { resolve: (answer: unknown) => void; reject: (reason: Error) => void }>()
  const send = (message: FromWorker) => channel.send(message)
  let nextId = 1

  channel.onMessage((received) => {
    const message = received as ToWorker
    if (message.kind === 'collected') waiting.get(message.id)?.(message.answers)
    else if (message.kind === 'owned') {
      const asked = asking.get(message.id)
      if (message.isKnown) asked?.resolve(message.answer)
      else asked?.reject(new CairnError('internal.error', { internal: 'the supervisor does not keep that' }))
    } else if (message.kind === 'ask')
      void own.read(message.topic).then((answers) => send({ kind: 'answer', id: message.id, answers }))
  })

  return {
    answer: own.add,
    async askOwner(topic, question) {
      const id = nextId++
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      asking.set(id, { resolve, reject })
      send({ kind: 'own', id, topic, question })
      try {
        return await withDeadline(promise, ownerMs, 'internal.error', { internal: 'the supervisor does not answer' })
      } finally {
        asking.delete(id)
      }
    },
    collect(topic) {
      const id = nextId++
      const { promise, resolve } = Promise.withResolvers<readonly unknown[]>()
      const timer = setTimeout(() => void own.read(topic).then(resolve), collectMs)
      waiting.set(id, resolve)
      send({ kind: 'collect', id, topic })
      return promise.finally(() => {
        clearTimeout(timer)
        waiting.delete(id)
      })
    },
  }
}
