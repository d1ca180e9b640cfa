/** Writes that wait: bounded, in order, only the newest of each name. */
import type { NameHash } from './place.ts'
import { recordBytes } from './record.ts'

export interface Ticket {
  readonly name: string
  readonly hash: NameHash
  readonly sealed: Uint8Array
  /** Stands for this write among those of its name. */
  readonly owner: object
  /** The write is done, or will not be. */
  readonly settle: () => void
}

export interface Outbox {
  /** A place in the order for a write that is still being sealed; null when there is no room for so many bytes. */
  reserve(name: string, bytes: number): Reservation | null
  /** Whatever waits under this name is not to be written. */
  cancel(name: string): void
  cancelAll(): void
  /** The next writes, at most so many bytes as records; writes that were overtaken are settled and left out. */
  take(mostBytes: number): Ticket[]
  /** Whether this write was neither cancelled nor overtaken until now. */
  isWanted(ticket: Ticket): boolean
  settle(ticket: Ticket): void
  isEmpty(): boolean
}

export interface Reservation {
  readonly send: (hash: NameHash, sealed: Uint8Array) => Promise<void>
  readonly drop: () => void
}

const mostWaitingBytes = 16 * 1_024 * 1_024
/** Putting one entry into the index takes about 6 µs of the thread; between batches others have their turn. */
const mostTickets = 64

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createOutbox(): Outbox {
  /** The newest write of each name, by the object that stands for it. */
  const newest = new Map<string, object>()
  let queue: Ticket[] = []
  let waitingBytes = 0

  const isWanted = (ticket: Ticket): boolean => newest.get(ticket.name) === ticket.owner
  const settle = (ticket: Ticket): void => {
    waitingBytes -= ticket.sealed.length
    if (isWanted(ticket)) newest.delete(ticket.name)
    ticket.settle()
  }
  return {
    reserve(name, bytes) {
      if (waitingBytes + bytes > mostWaitingBytes) return null
      const owner = {}
      newest.set(name, owner)
      waitingBytes += bytes
      return {
        send(hash, sealed) {
          waitingBytes += sealed.length - bytes
          return new Promise((resolve) => {
            queue.push({ name, hash, sealed, owner, settle: resolve })
          })
        },
        drop() {
          waitingBytes -= bytes
          if (newest.get(name) === owner) newest.delete(name)
        },
      }
    },
    cancel: (name) => void newest.delete(name),
    cancelAll: () => newest.clear(),
    take(mostBytes) {
      const batch: Ticket[] = []
      let bytes = 0
      let taken = 0
      for (const ticket of queue) {
        const size = recordBytes(ticket.sealed.length)
        if (batch.length >= mostTickets || (batch.length > 0 && bytes + size > mostBytes)) break
        taken++
        if (!isWanted(ticket)) settle(ticket)
        else {
          batch.push(ticket)
          bytes += size
        }
      }
      queue = queue.slice(taken)
      return batch
    },
    isWanted,
    settle,
    isEmpty: () => queue.length === 0,
  }
}
