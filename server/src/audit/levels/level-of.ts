/** Which level an entry has: the first rule that fits. */
import { auditEventTable, auditLevelCategories } from '@cairn/contract/tables'
import type { AuditEventType, AuditLevelRule, AuditLevels } from '@cairn/contract'
import { modeOf } from '../record/mode.ts'
import { parseNotes } from '../record/note-names.ts'
import type { AuditFieldValue } from '../record/prepare.ts'

export interface LevelledEntry {
  readonly type: AuditEventType
  readonly fields: Readonly<Record<string, AuditFieldValue>>
}

/** `metadata` for what is no use of notes and models, whatever the rules say. */
export function ruleOf({ rules }: AuditLevels, { type, fields }: LevelledEntry): AuditLevelRule {
  const { category } = auditEventTable[type]
  const levelled = auditLevelCategories.find((each) => each === category)
  const found = levelled && rules.find((rule) => fits(rule, levelled, fields))
  return found ?? metadata
}

const metadata: AuditLevelRule = { level: 'metadata' }

/** What must be on record before it happens is on record at any level. */
export function isSilenced(levels: AuditLevels, entry: LevelledEntry): boolean {
  return levels.rules.length > 0 && modeOf(entry.type) !== 'strict' && ruleOf(levels, entry).level === 'none'
}

function fits(
  { categories, vault, folder, provider }: AuditLevelRule,
  category: (typeof auditLevelCategories)[number],
  fields: LevelledEntry['fields'],
): boolean {
  if (categories && !categories.includes(category)) return false
  if (provider !== undefined && fields['provider'] !== provider) return false
  if (vault === undefined) return true
  return folder === undefined ? vaultsOf(fields).includes(vault) : isIn(notesOf(fields), `${vault}/${folder}`)
}

function vaultsOf({ vault, vaults }: LevelledEntry['fields']): readonly AuditFieldValue[] {
  return [...(Array.isArray(vaults) ? (vaults as readonly string[]) : []), ...(vault === undefined ? [] : [vault])]
}

/** As `VAULT/PATH`. */
function notesOf({ vault, note, notes }: LevelledEntry['fields']): readonly string[] {
  const listed = parseNotes(notes).map(({ vault: of, path }) => `${of}/${path}`)
  return typeof vault === 'string' && typeof note === 'string' ? [...listed, `${vault}/${note}`] : listed
}

function isIn(notes: readonly string[], folder: string): boolean {
  const inside = `${folder.normalize('NFC').replace(/\/+$/, '')}/`
  return notes.some((note) => note.startsWith(inside))
}
