/** Reads the audit log of a server that is running or was, as its owner would: with its files and its keyring. */
import { join } from 'node:path'
import { openAuditLog, type OpenedEntry } from '../../src/audit/index.ts'
import { systemClock } from '../../src/base/index.ts'
import { openKeyring } from '../../src/platform/index.ts'

/** All entries, in order. */
export async function readAuditLog(dataDirectory: string, keyring: string): Promise<OpenedEntry[]> {
  const log = await openAuditLog({
    location: { kind: 'sqlite', file: join(dataDirectory, 'audit.db'), durability: 'full' },
    openKeyring: (id, purposes) => openKeyring(keyring, id, purposes),
    clock: systemClock,
  })
  const entries: OpenedEntry[] = []
  for (let from = 0; ; from = (entries.at(-1)?.seq ?? 0) + 1) {
    const page = await log.entries({ from, to: Number.MAX_SAFE_INTEGER })
    if (page.length === 0) break
    entries.push(...page)
  }
  await log.close()
  return entries
}
