/** What the log keeps of the use of notes and models, as somebody set it. */
import type { AuditLevels } from '@cairn/contract'
import { auditLevelLimits } from '@cairn/contract/tables'
import type { SqlSession } from '../../platform/index.ts'
import { appendOwn, type Forgetting } from '../gaps/own-entry.ts'
import { requireSteering, sealSteering } from '../gaps/steering.ts'

export const usualLevels: AuditLevels = { rules: [], keepDays: auditLevelLimits.keepDays.usual }

export async function readLevels(session: SqlSession): Promise<AuditLevels> {
  const [row] = (await session.run('SELECT rules, keep_days FROM audit_levels WHERE one = 1')).rows
  if (row === undefined) return usualLevels
  return { rules: JSON.parse(String(row['rules'])) as AuditLevels['rules'], keepDays: Number(row['keep_days']) }
}

/** With an entry that says what is kept of what, and why. */
export async function writeLevels(
  { sequencer, wrapping, by }: Forgetting,
  { rules, keepDays }: AuditLevels,
): Promise<AuditLevels> {
  return sequencer.exclusively(async (session, head, book) => {
    await requireSteering(session, wrapping)
    const seq = await appendOwn(session, head, book, {
      ...by,
      type: 'levels.changed',
      outcome: 'ok',
      fields: {
        // Without places and providers: a folder’s name can name somebody.
        levels: rules.map(({ categories, level }) => `${categories?.join('+') ?? 'all'}: ${level}`),
        keepDays,
        purposes: rules.flatMap(({ purpose }) => purpose ?? []),
      },
    })
    await session.run(
      `INSERT INTO audit_levels (one, rules, keep_days, changed_by) VALUES (1, ?, ?, ?)
        ON CONFLICT (one) DO UPDATE SET rules = excluded.rules, keep_days = excluded.keep_days,
          changed_by = excluded.changed_by`,
      [JSON.stringify(rules), keepDays, seq],
    )
    await sealSteering(session, wrapping, seq)
    return { rules, keepDays }
  })
}

const everyMs = 1_000

export interface KnownLevels {
  /** As they were a second ago, at the latest for who asks all the time; it waits for nothing. */
  now(): AuditLevels
  learn(levels: AuditLevels): void
}

/** Another process may change them. Where they cannot be read they stay as they were. */
export function followLevels(read: () => Promise<AuditLevels>, monotonic: () => number): KnownLevels {
  let known = usualLevels
  let [readAt, isReading] = [Number.NEGATIVE_INFINITY, false]

  function refresh(): void {
    isReading = true
    read()
      .then((levels) => (known = levels))
      .catch(() => undefined)
      .finally(() => {
        isReading = false
        readAt = monotonic()
      })
  }

  return {
    now() {
      if (!isReading && monotonic() - readAt >= everyMs) refresh()
      return known
    },
    learn: (levels) => void (known = levels),
  }
}
