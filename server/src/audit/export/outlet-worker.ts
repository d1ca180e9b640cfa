/** The thread of what goes out of the log: files, proofs, batches for receivers. A verification has one of its own. */
import { systemClock } from '../../base/index.ts'
import { serveWorker } from '../../platform/index.ts'
import type { LogPlace } from '../log/log-worker.ts'
import { openLog, type AuditLog } from '../log/log.ts'
import type { VerifyReport } from '../verify/verify.ts'
import { createOpenFiles, type OpenFiles } from './open-files.ts'
import { createProofs, type Proofs } from './proofs.ts'
import { createKeys } from './take-out.ts'
import { createSinkStore, type SinkStore } from '../sinks/sink-store.ts'
import { createWitnessStore, type WitnessStore } from '../witness/witness-store.ts'

export interface OutletPlace extends LogPlace {
  /** Of this program. */
  readonly version: string
}

interface Parts {
  readonly log: AuditLog
  readonly files: OpenFiles
  readonly proofs: Proofs
  readonly sinks: SinkStore
  readonly witnesses: WitnessStore
}

let parts: Parts | null = null

const progressEvery = 20_000

const { emit } = serveWorker({
  async open({ version, ...place }: OutletPlace) {
    const log = await openLog({ ...place, clock: systemClock })
    const { secrets } = place
    parts = {
      log,
      files: createOpenFiles(log, { secrets, version }),
      proofs: createProofs(log),
      sinks: createSinkStore(log.connection, {
        keys: createKeys(log.connection, secrets),
        version,
        origin: log.checkpoints.signer.verifier.name,
      }),
      witnesses: createWitnessStore(log.connection),
    }
  },
  begin: (...args: Parameters<OpenFiles['begin']>) => theParts().files.begin(...args),
  next: (id: string) => theParts().files.next(id),
  end: (id: string) => theParts().files.end(id),
  checkpoint: () => theParts().proofs.checkpoint(),
  key: () => theParts().proofs.key(),
  proof: (seq: number) => theParts().proofs.proof(seq),
  tile: (path: string) => theParts().proofs.tile(path),
  sink: (job: keyof SinkStore, of: never) => theParts().sinks[job](of),
  witness: (job: keyof WitnessStore, of: never) => theParts().witnesses[job](of),
  verify: (against: readonly string[]) => verify(theParts().log, against),
  async close() {
    await parts?.log.close()
    parts = null
  },
})

function theParts(): Parts {
  if (parts === null) throw new Error('the outlet is not open')
  return parts
}

const mostTries = 3

/**
 * What is erased or pruned while it reads would look like a gap that no entry explains; then it begins again.
 */
async function verify(log: AuditLog, against: readonly string[]): Promise<VerifyReport> {
  for (let tries = 1; ; tries++) {
    const { size: before } = await log.checkpoints.sign()
    let told = 0
    const report = await log.verify({
      against,
      onProgress(done, size) {
        if (done - told < progressEvery && done < size) return
        told = done
        emit('progress', { done, size })
      },
    })
    if (report.ok || tries === mostTries || !(await hasLetGo(log, before))) return report
  }
}

async function hasLetGo({ connection }: AuditLog, since: number): Promise<boolean> {
  const { rows } = await connection.run(
    `SELECT seq FROM audit_entries WHERE seq >= ? AND header LIKE '%"cat":"privacy"%' LIMIT 1`,
    [since],
  )
  return rows.length > 0
}
