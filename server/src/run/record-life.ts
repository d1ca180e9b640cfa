/** The server's own entries in the audit log: that it started, and that it stopped in good order. */
import type { App } from '../app.ts'
import { errorFields, type Logger } from '../base/index.ts'

export async function recordStart({ audit, self }: App, version: string): Promise<void> {
  await audit.record({ type: 'server.started', actor: self.id, requestId: null, outcome: 'ok', fields: { version } })
}

/** A stop goes on when it cannot be recorded. */
export async function recordStop({ audit, self }: App, logger: Logger): Promise<void> {
  await audit
    .record({ type: 'server.stopped', actor: self.id, requestId: null, outcome: 'ok' })
    .catch((thrown: unknown) => logger.error('the stop could not be recorded', errorFields(thrown)))
}
