/** The thread that appends: it alone waits for the disk of the log. Signs a checkpoint at most a second after an entry. */
import { errorFields, systemClock, type CairnError } from '../../base/index.ts'
import { serveWorker, watchFile } from '../../platform/index.ts'
import type { AuditSecrets } from '../record/key-book.ts'
import type { AuditEvent } from '../record/prepare.ts'
import type { StoreLocation } from '../../storage/index.ts'
import { openLog, type AuditLog, type ByWhom } from './log.ts'

export interface LogPlace {
  readonly location: StoreLocation
  readonly origin: string
  readonly secrets: AuditSecrets
}

/** How an append ended. */
export type AppendEnd =
  | { readonly seq: number }
  | { readonly failed: { readonly code: CairnError['code']; readonly message: string; readonly internal: string } }

export interface SignedEvent {
  readonly size: number
  readonly note: string
  readonly at: number
}

/** When the newest checkpoint was signed that stood when the thread began; milliseconds since 1970. */
export interface OpenedEvent {
  readonly signedBefore: number | null
}

const signAfterMs = 500

let log: AuditLog | null = null
let signing: ReturnType<typeof setTimeout> | null = null

const { emit } = serveWorker({
  async open({ location, origin, secrets }: LogPlace) {
    const checkPlace = location.kind === 'sqlite' ? watchFile(location.file) : undefined
    log = await openLog({ location, origin, secrets, clock: systemClock, ...(checkPlace ? { checkPlace } : {}) })
    emit('opened', { signedBefore: (await log.checkpoints.newest())?.at ?? null } satisfies OpenedEvent)
    // What was not signed any more before it stopped, and for those who ask before anything happens.
    signSoon()
    const { verifier } = log.checkpoints.signer
    return { verifier: verifier.text, size: (await log.head()).size }
  },
  append: (events: readonly AuditEvent[]): Promise<AppendEnd[]> => {
    const { append } = theLog()
    signSoon()
    return Promise.all(
      events.map((event) =>
        append(event).then(
          (seq) => ({ seq }),
          ({ code, message, internal }: CairnError) => ({ failed: { code, message, internal: internal ?? '' } }),
        ),
      ),
    )
  },
  appendOnce: (mark: string, events: readonly AuditEvent[]) => {
    signSoon()
    return theLog().appendOnce(mark, events)
  },
  sign,
  erase: (...args: Parameters<AuditLog['erase']>) => theLog().erase(...args),
  removeGone: (...args: Parameters<AuditLog['removeGone']>) => theLog().removeGone(...args),
  listHolds: () => theLog().holds.list(),
  placeHold: (...args: Parameters<AuditLog['holds']['place']>) => theLog().holds.place(...args),
  releaseHold: (...args: Parameters<AuditLog['holds']['release']>) => theLog().holds.release(...args),
  policy: () => theLog().retention.policy(),
  changePolicy: (...args: Parameters<AuditLog['retention']['change']>) => theLog().retention.change(...args),
  levels: () => theLog().levels.read(),
  changeLevels: (...args: Parameters<AuditLog['levels']['change']>) => theLog().levels.change(...args),
  plan: (at: number) => theLog().retention.plan(at),
  retain: (by: ByWhom) => theLog().retention.run(by),
  async close() {
    if (signing) clearTimeout(signing)
    signing = null
    // What cannot be signed now is signed at the next start.
    await sign().catch(() => undefined)
    await log?.close()
    log = null
  },
})

function theLog(): AuditLog {
  if (log === null) throw new Error('the log is not open')
  return log
}

function signSoon(): void {
  signing ??= setTimeout(() => {
    signing = null
    sign().catch((thrown: unknown) => emit('problem', { doing: 'sign', ...errorFields(thrown) }))
  }, signAfterMs)
}

async function sign(): Promise<SignedEvent> {
  const signed = await theLog().checkpoints.sign()
  emit('signed', signed)
  return signed
}
