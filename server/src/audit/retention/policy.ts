/** How long the log keeps what: for each category two horizons, of what names people and of the entries themselves. */
import type { AuditCategory, AuditHorizons } from '@cairn/contract'
import { auditCategoryTable, auditHorizonLimits } from '@cairn/contract/tables'
import { fail } from '../../base/index.ts'
import type { SqlSession } from '../../platform/index.ts'
import { appendOwn, type Forgetting } from '../gaps/own-entry.ts'
import { findSteeringFault, requireSteering, sealSteering } from '../gaps/steering.ts'
import { isCategory } from '../record/header.ts'

export type RetentionPolicy = Readonly<Record<AuditCategory, AuditHorizons>>

/** What somebody set, and the defaults of the table for the rest. */
export async function readPolicy(session: SqlSession): Promise<RetentionPolicy> {
  const { rows } = await session.run('SELECT category, personal_months, header_months FROM audit_retention')
  const set = rows.flatMap((row): [AuditCategory, AuditHorizons][] => {
    const category = String(row['category'])
    const personal = row['personal_months']
    const horizons = {
      personalMonths: personal === null ? null : Number(personal),
      headerMonths: Number(row['header_months']),
    }
    return isCategory(category) ? [[category, horizons]] : []
  })
  const defaults = Object.entries(auditCategoryTable).map(
    ([category, { personalMonths, headerMonths }]) => [category, { personalMonths, headerMonths }] as const,
  )
  return Object.fromEntries([...defaults, ...set]) as RetentionPolicy
}

export interface PolicyChange {
  /** Takes horizons, levels and holds as they stand, although they are not as the log left them. */
  readonly asTheyStand?: boolean
}

/**
 * Sets horizons, with an entry that says which. Throws `request.invalid` where what names people would outlive the entry,
 * or a number is out of bounds.
 */
export async function writePolicy(
  { sequencer, wrapping, by }: Forgetting,
  changes: Partial<RetentionPolicy>,
  { asTheyStand = false }: PolicyChange = {},
): Promise<RetentionPolicy> {
  return sequencer.exclusively(async (session, head, book) => {
    const fault = asTheyStand ? await findSteeringFault(session, wrapping) : null
    if (!asTheyStand) await requireSteering(session, wrapping)
    const before = await readPolicy(session)
    const changed = (Object.entries(changes) as [AuditCategory, AuditHorizons][]).filter(
      ([category, { personalMonths, headerMonths }]) =>
        before[category].personalMonths !== personalMonths || before[category].headerMonths !== headerMonths,
    )
    for (const [category, horizons] of changed) requireHorizons(category, horizons)
    if (changed.length === 0 && fault === null) return before
    const taken = fault === null ? [] : [`taken as they stand: ${fault}`]
    const set = changed.map(([category, { personalMonths, headerMonths }]) => {
      const { personalMonths: personal, headerMonths: header } = before[category]
      return `${category} ${personal ?? 'none'}/${header} to ${personalMonths ?? 'none'}/${headerMonths}`
    })
    const event = {
      ...by,
      type: 'retention.changed' as const,
      outcome: 'ok' as const,
      fields: { categories: [...taken, ...set] },
    }
    const seq = await appendOwn(session, head, book, event)
    for (const [category, { personalMonths, headerMonths }] of changed)
      await session.run(
        `INSERT INTO audit_retention (category, personal_months, header_months, changed_by) VALUES (?, ?, ?, ?)
          ON CONFLICT (category) DO UPDATE SET personal_months = excluded.personal_months,
            header_months = excluded.header_months, changed_by = excluded.changed_by`,
        [category, personalMonths, headerMonths, seq],
      )
    await sealSteering(session, wrapping, seq)
    return readPolicy(session)
  })
}

function requireHorizons(category: AuditCategory, { personalMonths, headerMonths }: AuditHorizons): void {
  const refuse = (message: string) => fail('request.invalid', { param: category, message: `${category}: ${message}` })
  const { least, most } = auditHorizonLimits
  const isIn = (months: number) => Number.isInteger(months) && months >= least && months <= most
  if (!isIn(headerMonths) || (personalMonths !== null && !isIn(personalMonths)))
    refuse(`months are whole numbers from ${least} to ${most}.`)
  if (personalMonths === null && auditCategoryTable[category].personalMonths !== null)
    refuse('entries of this category name people; say for how many months.')
  if (personalMonths !== null && personalMonths > headerMonths)
    refuse('what names people cannot be kept longer than the entry.')
}
