/** Horizons, months and holds in words, and what of a form is wrong before it is sent. */
import { auditHorizonLimits, type AuditHorizons, type AuditRetentionView } from '@cairn/contract'
import { formatCount, formatCounted, formatDate, formatMonth } from '../../shell/clock.ts'
import { categories } from '../filter.ts'
import { nameCategory } from '../words.ts'

export const months = (count: number): string => formatCounted(count, 'month')

/** “Sign-in, November 2026” of `auth/2026-11`; kept texts go by the day: “Kept texts, 24 Nov 2026” of `capture/2026-11-24`. */
export function namePeriod(period: string): string {
  const [category = '', time = ''] = period.split('/')
  const isDay = /^\d{4}-\d\d-\d\d$/.test(time)
  const said = isDay ? formatDate(Date.parse(`${time}T12:00Z`)) : /^\d{4}-\d\d$/.test(time) ? formatMonth(time) : time
  return `${nameCategory(category)}, ${said}`
}

/** Sums over the months that are due. */
export function countDue({ periods, prune }: AuditRetentionView['plan']): {
  readonly blocks: number
  readonly held: number
  readonly entries: number
} {
  return {
    blocks: periods.reduce((sum, { blocks }) => sum + blocks, 0),
    held: periods.reduce((sum, { held }) => sum + held, 0),
    entries: prune === null ? 0 : prune.to - prune.from,
  }
}

/** Why no entry after those goes. */
export const waitWords: Readonly<Record<AuditRetentionView['plan']['waitsFor'], string>> = {
  horizon: 'The next entry is not old enough: entries go from the front, so one that is kept keeps those after it.',
  hold: 'A legal hold keeps the next entry, and with it those after it.',
  tile: 'Entries go 256 at a time; those that are left are fewer, or no checkpoint after them is signed yet.',
}

export interface HorizonForm {
  readonly personal: string
  readonly header: string
}

export interface HorizonErrors {
  readonly personal?: string
  readonly header?: string
}

const { least, most } = auditHorizonLimits

/** What was typed, where it is a horizon; what is wrong with it otherwise. `hasPersonal`: entries of it name people. */
export function readHorizons(
  { personal, header }: HorizonForm,
  hasPersonal: boolean,
): { readonly horizons: AuditHorizons } | { readonly errors: HorizonErrors } {
  const bounds = `Whole months from ${least} to ${most}.`
  const read = (text: string) => (/^\d{1,4}$/.test(text.trim()) ? Number(text.trim()) : Number.NaN)
  const isIn = (count: number) => count >= least && count <= most
  const [people, entries] = [hasPersonal ? read(personal) : null, read(header)]
  const errors: HorizonErrors = {
    ...(people !== null && !isIn(people) && { personal: bounds }),
    ...(!isIn(entries) && { header: bounds }),
  }
  if (Object.keys(errors).length > 0) return { errors }
  if (people !== null && people > entries) return { errors: { personal: 'Not longer than the entry itself.' } }
  return { horizons: { personalMonths: people, headerMonths: entries } }
}

export interface HoldForm {
  readonly person: string
  readonly category: string
  readonly from: string
  readonly to: string
  readonly reason: string
}

export type HoldErrors = Readonly<Partial<Record<keyof HoldForm, string>>>

export const emptyHold: HoldForm = { person: '', category: '', from: '', to: '', reason: '' }

/** Fields that are wrong; none for a hold that can be placed. */
export function checkHold({ person, category, from, to, reason }: HoldForm): HoldErrors {
  const isMonth = (text: string) => /^\d{4}-(?:0[1-9]|1[0-2])$/.test(text)
  const wrongMonth = 'A month, such as 2026-11.'
  const isNothing = [person, category, from, to].every((text) => text === '')
  return {
    ...(isNothing && { person: 'Say what is held: a person, a category, or months.' }),
    ...(category !== '' && !categories.some((each) => each === category) && { category: 'There is no such category.' }),
    ...(from !== '' && !isMonth(from) && { from: wrongMonth }),
    ...(to !== '' && !isMonth(to) && { to: wrongMonth }),
    ...(isMonth(from) && isMonth(to) && from > to && { to: 'Not before “From”.' }),
    ...(reason.trim().length < 3 && { reason: 'Say why; the log keeps it.' }),
  }
}

/** “Notes, from May 2026 to July 2026”. */
export function sayScope(
  who: string | null,
  {
    category,
    from,
    to,
  }: { readonly category: string | null; readonly from: string | null; readonly to: string | null },
): string {
  const time =
    from !== null && from === to
      ? `in ${formatMonth(from)}`
      : [from === null ? '' : `from ${formatMonth(from)}`, to === null ? '' : `to ${formatMonth(to)}`]
          .filter((part) => part !== '')
          .join(' ')
  const parts = [who, category === null ? null : nameCategory(category), time === '' ? null : time]
  return parts.filter((part) => part !== null).join(', ')
}

export const entriesOf = (count: number): string => formatCounted(count, 'entry', 'entries')
/** Places of entries: the last is the one before `to`. */
export const sayRange = ({ from, to }: { readonly from: number; readonly to: number }): string =>
  `${formatCount(from)} to ${formatCount(to - 1)}`
