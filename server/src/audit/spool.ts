/**
 * Events that could not go into the log and need not stop what they tell of: kept in a file, each line encrypted, and
 * appended when the log is back; where even that fails, in memory. What is lost is counted, and the log is told.
 */
import { join } from 'node:path'
import type { CairnError, Logger } from '../base/index.ts'
import { createId, errorFields } from '../base/index.ts'
import { listFiles, openLineFile, openSecret, readLines, removeFile, sealSecret, setAside } from '../platform/index.ts'
import { z } from 'zod'
import { auditEventTable, type AuditEventType } from '@cairn/contract'
import type { AuditEvent } from './record/prepare.ts'

export interface Spool {
  /** Never rejects. False when the event is lost. */
  keep(event: AuditEvent): Promise<boolean>
  /** Appends what is kept. Rejects when the log is not back, and keeps all then. Gives how many were appended. */
  drain(appendOnce: (mark: string, events: readonly AuditEvent[]) => Promise<number>): Promise<number>
  /** Events that wait, as far as this process knows. */
  waiting(): number
  /** Takes the number of those that were lost since it was last taken. */
  takeLost(): number
}

export interface SpoolOptions {
  /** Each process has a file of its own in it. */
  readonly folder: string
  readonly key: Uint8Array
  readonly logger: Logger
  /** This process appends what those before it have left; to be said while no other works. */
  readonly takesOthers: boolean
}

const ending = '.spool'
/** Of a file that is being appended: its events are older than those of the file it was. */
const drainingEnding = `.draining${ending}`
const mostBytes = 64 * 1024 * 1024
const mostInMemory = 10_000
const eventsAtOnce = 500

const valueSchema = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])
const eventSchema = z.object({
  type: z.string().refine((type): type is AuditEventType => Object.hasOwn(auditEventTable, type)),
  actor: z.string(),
  outcome: z.enum(['ok', 'failed', 'refused']),
  at: z.number(),
  fields: z.record(z.string(), valueSchema),
  context: z.record(z.string(), valueSchema),
})

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createSpool({ folder, key, logger, takesOthers }: SpoolOptions): Spool {
  const path = join(folder, `${createId('spool')}${ending}`)
  const file = openLineFile(path)
  let others = takesOthers
  const about = ['audit', 'spool']
  let memory: AuditEvent[] = []
  let [waiting, lost] = [0, 0]
  let last: Promise<unknown> = Promise.resolve()

  async function writeDown(event: AuditEvent): Promise<boolean> {
    try {
      if ((await file.size()) > mostBytes) throw new Error('the spool is full')
      await file.append(sealSecret(key, about, JSON.stringify(event)))
    } catch (thrown) {
      if (memory.length >= mostInMemory) {
        lost++
        return false
      }
      if (memory.length === 0) logger.error('audit events are kept in memory only', errorFields(thrown))
      memory.push(event)
    }
    waiting++
    return true
  }

  function parse(line: string): AuditEvent | null {
    const text = openSecret(key, about, line)
    if (text === null) return null
    return (eventSchema.safeParse(JSON.parse(text)).data ?? null) as AuditEvent | null
  }

  async function drainFile(aside: string, append: Parameters<Spool['drain']>[0]): Promise<number> {
    const lines = await readLines(aside)
    const name = lines[0]?.slice(0, 40) ?? ''
    let done = 0
    for (let from = 0; from < lines.length; from += eventsAtOnce) {
      const events = lines.slice(from, from + eventsAtOnce).map(parse)
      const whole = events.filter((event) => event !== null)
      lost += events.length - whole.length
      // The first line has a random nonce: its beginning names the file for good, whoever goes on with it.
      done += await append(`spool:${name}:${from}`, whole)
    }
    await removeFile(aside)
    return done
  }

  return {
    keep(event) {
      const next = last.then(() => writeDown(event))
      last = next.catch(() => undefined)
      return next
    },
    async drain(append) {
      const aside = `${path}${drainingEnding}`
      let done = 0
      if (others)
        for (const left of (await listFiles(folder, ending)).toSorted(drainingFirst))
          if (left !== path) done += await drainFile(left, append)
      others = false
      // What was set aside before and not come to the end of.
      done += await drainFile(aside, append)
      const next = last.then(() => setAside(path, aside))
      last = next.catch(() => undefined)
      if (await next) done += await drainFile(aside, append)
      for (; memory.length > 0; memory = memory.slice(eventsAtOnce))
        done += await append(`memory:${createId('spool')}`, memory.slice(0, eventsAtOnce))
      waiting = 0
      return done
    },
    waiting: () => waiting,
    takeLost() {
      const taken = lost
      lost = 0
      return taken
    },
  }
}

function drainingFirst(one: string, other: string): number {
  return Number(other.endsWith(drainingEnding)) - Number(one.endsWith(drainingEnding))
}

/** Whether the log itself failed, and not what was given to it. */
export function isLogFailure({ code }: Pick<CairnError, 'code'>): boolean {
  return code === 'storage.failed' || code === 'server.busy' || code === 'internal.error'
}
