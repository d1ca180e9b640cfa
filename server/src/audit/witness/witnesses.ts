/**
 * Witnesses: a file outside the data, and every client that tells which checkpoint it saw last. When one has seen another
 * log than this one, an alarm is raised: in the log of the server, in its health, in its metrics, and as an entry.
 */
import { errorFields, type Logger } from '../../base/index.ts'
import type { SignedCheckpoint } from '../log/checkpoints.ts'
import type { AuditEntry, Recorder } from '../types.ts'
import type { Comparison } from './compare.ts'
import type { WitnessFile } from './witness-file.ts'

export interface Witnesses {
  /** Compares the file with the log. Rejects with `storage.failed`, and with the system’s error when it cannot be read. */
  start(): Promise<void>
  signed(checkpoint: SignedCheckpoint): void
  /** What a client has seen. */
  report(note: string): Promise<Comparison>
  /** Null while everybody has seen this log. */
  alarm(): string | null
}

export interface WitnessesOptions {
  readonly compare: (note: string) => Promise<Comparison>
  readonly record: Recorder['record']
  readonly file: WitnessFile | null
  readonly logger: Logger
}

/** One that tells the same again and again makes no more entries. */
const mostAlarms = 100

export function createWitnesses({ compare, record, file, logger }: WitnessesOptions): Witnesses {
  const raised = new Map<string, string>()

  async function judge(witness: 'file' | 'client', note: string): Promise<Comparison> {
    const comparison = await compare(note)
    const { verdict, seen, size } = comparison
    const isForeign = verdict === 'unknown' && witness === 'file'
    if (verdict !== 'fork' && verdict !== 'rollback' && !isForeign) return comparison
    // What was cut off today is another log tomorrow: it is one alarm.
    const name = `${witness} ${seen}`
    if (raised.has(name) || raised.size >= mostAlarms) return comparison
    raised.set(name, describe(witness, comparison))
    logger.error('a witness has seen another audit log', { witness, verdict, seen, size })
    const entry: AuditEntry = {
      type: 'audit.fork',
      actor: 'server',
      requestId: null,
      outcome: 'failed',
      fields: { witness, verdict, size: seen },
    }
    await record(entry).catch((thrown: unknown) =>
      logger.error('an alarm about the audit log could not be recorded', errorFields(thrown)),
    )
    return comparison
  }

  return {
    async start() {
      const note = file === null ? null : await file.last()
      if (note !== null) await judge('file', note)
    },
    signed(checkpoint) {
      file
        ?.tell(checkpoint)
        .catch((thrown: unknown) => logger.error('the witness file cannot be written', errorFields(thrown)))
    },
    report: (note) => judge('client', note),
    alarm: () => raised.values().next().value ?? null,
  }
}

function describe(witness: 'file' | 'client', { verdict, seen, size }: Comparison): string {
  const who = witness === 'file' ? 'The witness file' : 'A client'
  if (verdict === 'rollback')
    return `${who} has seen ${seen} entries of the audit log, and there are ${size}. Entries were cut off, or an old copy was restored.`
  if (verdict === 'unknown') return `${who} holds a checkpoint that this audit log has not signed.`
  return `${who} has seen another audit log: the first ${seen} entries are not those that were there.`
}
