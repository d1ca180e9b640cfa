/**
 * What the processes of one host tell each other. A server may run as several processes on one port; what it shows as
 * its own (its numbers, that a vault was added) is that of all of them.
 */
export interface HostPeers {
  /**
   * What each process of this host answers on a topic, this one included. One that does not answer in about a second
   * is left out. Never rejects.
   */
  collect(topic: string): Promise<readonly unknown[]>
  /** What this process answers; must survive a structured clone. One answer for each topic, given once. */
  answer(topic: string, read: () => unknown): void
  /**
   * Asks the one process of this host that keeps what all share: the supervisor. Rejects when it does not answer in
   * about a second. Null for a process that is alone, which keeps everything itself.
   */
  readonly askOwner: ((topic: string, question: unknown) => Promise<unknown>) | null
}

/** The peers of a process that is alone. */
export function createLonePeers(): HostPeers {
  const answers = createAnswers()
  return {
    answer: answers.add,
    collect: async (topic) => answers.read(topic),
    askOwner: null,
  }
}

/** The answers of one process; a topic it does not know, and one it fails on, has none. */
export function createAnswers() {
  const readers = new Map<string, () => unknown>()
  return {
    add(topic: string, read: () => unknown): void {
      readers.set(topic, read)
    },
    async read(topic: string): Promise<unknown[]> {
      const read = readers.get(topic)
      if (!read) return []
      try {
        return [await read()]
      } catch {
        return []
      }
    },
  }
}
