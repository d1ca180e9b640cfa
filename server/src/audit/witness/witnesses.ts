/**
 * Witnesses: a file outside the data, receivers that are told checkpoints, and every client that tells which one it saw
 * last. When one has seen another log than this one, an alarm is raised: in the log of the server, in its health, in its
 * metrics, and as an entry.
 */
import type { AuditWitnessList, AuditWitnessState } from '@cairn/contract'
import { errorFields, type Clock, type Logger } from '../../base/index.ts'
import type { SignedCheckpoint } from '../log/checkpoints.ts'
import type { AuditEntry, Recorder } from '../types.ts'
import type { Comparison } from './compare.ts'
import type { WitnessFile } from './witness-file.ts'

export interface Witnesses {
  /** Compares the file with the log. Rejects with `storage.failed`, and with the system’s error when it cannot be read. */
  start(): Promise<void>
  signed(checkpoint: SignedCheckpoint): void
  /** The file gets the newest. */
  close(): Promise<void>
  /** What somebody else has seen. */
  report(note: string, witness: 'client' | 'webhook'): Promise<Comparison>
  /** Null while everybody has seen this log. */
  alarm(): string | null
  alarms(): AuditWitnessList['alarms']
  /** Of the file and of clients; `size` is that of the log. */
  states(size: number): AuditWitnessState[]
}

type Kind = 'file' | 'client' | 'webhook'

export interface WitnessesOptions {
  readonly compare: (note: string) => Promise<Comparison>
  readonly record: Recorder['record']
  readonly file: WitnessFile | null
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
}

/** One that tells the same again and again makes no more entries. */
const mostAlarms = 100

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createWitnesses({ compare, record, file, clock, logger }: WitnessesOptions): Witnesses {
  const raised = new Map<string, AuditWitnessList['alarms'][number]>()
  let seenByClients: AuditWitnessState['seen'] = null
  let fileFails: { since: number; attempts: number; code: string } | null = null
  /** Once the file has been compared and fits: what it holds against another log must not be covered up by that. */
  let mayTell = false
  let newest: SignedCheckpoint | null = null

  async function judge(witness: Kind, note: string): Promise<Comparison> {
    const comparison = await compare(note)
    const { verdict, seen, size } = comparison
    const at = clock.now()
    // What is no checkpoint of this log tells nothing: a client that begins has none.
    if (witness === 'client' && verdict !== 'unknown') seenByClients = { size: seen, verdict, at }
    const isForeign = verdict === 'unknown' && witness !== 'client'
    if (verdict !== 'fork' && verdict !== 'rollback' && !isForeign) return comparison
    // What was cut off today is another log tomorrow: it is one alarm.
    const name = `${witness} ${seen}`
    if (raised.has(name) || raised.size >= mostAlarms) return comparison
    raised.set(name, { witness, verdict, seen, at, message: describe(witness, comparison) })
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

  function tellFile(checkpoint: SignedCheckpoint): void {
    file?.tell(checkpoint).then(
      (isTold) => {
        if (isTold) fileFails = null
      },
      (thrown: unknown) => {
        const { code = 'storage.failed' } = thrown as { code?: string }
        fileFails = { since: fileFails?.since ?? clock.now(), attempts: (fileFails?.attempts ?? 0) + 1, code }
        logger.error('the witness file cannot be written', errorFields(thrown))
      },
    )
  }

  return {
    async start() {
      const note = file === null ? null : await file.last()
      const verdict = note === null ? 'fits' : (await judge('file', note)).verdict
      mayTell = verdict === 'fits' || verdict === 'pruned'
      if (mayTell && newest !== null) tellFile(newest)
    },
    signed(checkpoint) {
      if (mayTell) tellFile(checkpoint)
      newest = checkpoint
    },
    async close() {
      if (mayTell && newest !== null) await file?.tell(newest, 'at-once').catch(() => undefined)
    },
    report: (note, witness) => judge(witness, note),
    alarm: () => raised.values().next().value?.message ?? null,
    alarms: () => [...raised.values()],
    states(size) {
      const told = file?.told() ?? null
      const common = { id: null, seen: null, failingSince: null, attempts: 0, lastError: null }
      const clients = { ...common, kind: 'clients', state: 'ok', told: null, lag: null } as const
      const ofFile: AuditWitnessState[] =
        file === null
          ? []
          : [
              {
                ...common,
                kind: 'file',
                state: fileFails === null ? 'ok' : 'failing',
                told,
                lag: told === null ? null : Math.max(0, size - told.size),
                failingSince: fileFails?.since ?? null,
                attempts: fileFails?.attempts ?? 0,
                lastError: fileFails?.code ?? null,
              },
            ]
      return [...ofFile, { ...clients, seen: seenByClients }]
    },
  }
}

const names: Readonly<Record<Kind, string>> = {
  file: 'The witness file',
  client: 'A client',
  webhook: 'A witness outside',
}

function describe(witness: Kind, comparison: Comparison): string {
  const what = describeVerdict(names[witness], comparison)
  if (witness !== 'file') return what
  return `${what} The file stays as it is. If you put a backup back yourself, move the file away and start again.`
}

function describeVerdict(who: string, { verdict, seen, size }: Comparison): string {
  if (verdict === 'rollback')
    return `${who} has seen ${seen} entries of the audit log, and there are ${size}. Entries were cut off, or an old copy was restored.`
  if (verdict === 'unknown') return `${who} holds a checkpoint that this audit log has not signed.`
  return `${who} has seen another audit log: the first ${seen} entries are not those that were there.`
}
