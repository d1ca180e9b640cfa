/**
 * The keys of blocks: one for each person, and one for each category and month, made at random when first needed and
 * stored wrapped under a key of the keyring. Destroying one is what forgetting means; a destroyed key keeps its row, so
 * that none is ever made again under its name. What a row holds is sealed together with its kind, name and ref: whoever can
 * write into the table but has no keyring can neither give one person’s key to another nor declare one destroyed.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { createId, fail } from '../../base/index.ts'
import { openSecret, sealSecret, type SqlSession } from '../../platform/index.ts'
import { extractKey, keyBytes } from './blocks.ts'

const keyKinds = ['subject', 'period'] as const
export type KeyKind = (typeof keyKinds)[number]

/** What of the keyring the log needs; 32 bytes each. */
export interface AuditSecrets {
  /** Wraps the keys of blocks. */
  readonly wrapping: Uint8Array
  /** Turns ids of people into the names of their keys, which outlive them. */
  readonly naming: Uint8Array
  /** Signs checkpoints. */
  readonly signing: Uint8Array
}

export interface BookKey {
  /** What blocks are marked with: at random for a person. */
  readonly ref: string
  /** Null once it is destroyed. */
  readonly key: Uint8Array | null
}

/** Blocks of nobody: their key is no secret, and that of the period protects them. */
export const nobody: BookKey = { ref: '-', key: new Uint8Array(keyBytes) }

/** A row of `audit_keys`. */
export interface StoredKey {
  readonly kind: KeyKind
  readonly name: string
  readonly ref: string
  /** Null once it is destroyed. */
  readonly wrapped: string | null
  /** Number of the entry that destroyed it. */
  readonly goneBy: number | null
  readonly goneSeal: string | null
}

const placeOf = ({ kind, name, ref }: Pick<StoredKey, 'kind' | 'name' | 'ref'>) => ['audit', kind, name, ref]
const gonePlaceOf = (row: Pick<StoredKey, 'kind' | 'name' | 'ref'>) => [...placeOf(row), 'destroyed']

/** What a row keeps in place of a destroyed key. */
export function sealGone(wrapping: Uint8Array, row: Pick<StoredKey, 'kind' | 'name' | 'ref'>, goneBy: number): string {
  return sealSecret(wrapping, gonePlaceOf(row), String(goneBy))
}

/** The key of a row, null where it was destroyed; undefined for a row that is not as the log left it. */
export function openStoredKey(wrapping: Uint8Array, row: StoredKey): Uint8Array | null | undefined {
  const { wrapped, goneBy, goneSeal } = row
  if (wrapped !== null && goneBy === null) {
    const opened = openSecret(wrapping, placeOf(row), wrapped)
    return opened === null ? undefined : Buffer.from(opened, 'base64')
  }
  const isGone = wrapped === null && goneBy !== null && goneSeal !== null
  return isGone && openSecret(wrapping, gonePlaceOf(row), goneSeal) === String(goneBy) ? null : undefined
}

export const keyColumns = 'kind, name, ref, wrapped, gone_by, gone_seal'

export function readStoredKey(row: Record<string, unknown>): StoredKey {
  const textOf = (column: string) => (typeof row[column] === 'string' ? row[column] : null)
  return {
    kind: row['kind'] === 'subject' ? 'subject' : 'period',
    name: String(row['name']),
    ref: String(row['ref']),
    wrapped: textOf('wrapped'),
    goneBy: row['gone_by'] === null ? null : Number(row['gone_by']),
    goneSeal: textOf('gone_seal'),
  }
}

/** Rows that a query asks for at once. */
const rowsAtOnce = 500

export interface KeyBook {
  /** Known keys count while this stays the same; see `audit_head.keys_epoch`. */
  follow(epoch: number): void
  subject(principalId: string): BookKey | undefined
  period(name: string): BookKey | undefined
  /** Reads those that are not known, and makes those that never were. */
  load(session: SqlSession, wanted: Wanted): Promise<void>
  /** Reads, but makes none: of blocks that are there. By ref for people. */
  findByRef(session: SqlSession, kind: KeyKind, refs: readonly string[]): Promise<void>
  byRef(kind: KeyKind, ref: string): BookKey | undefined
  /** Of a person in a period; null when either key is destroyed. */
  extracted(subject: BookKey, period: BookKey): Uint8Array | null
  /** The name that the key of a person has. */
  nameOf(principalId: string): string
}

export interface Wanted {
  readonly subjects: Iterable<string>
  readonly periods: Iterable<string>
}

export interface KeyBookOptions {
  /** All that is known is dropped before more than that are. */
  readonly mostKnown?: number
  /** A row that is not as the log left it counts as a key that is gone, for who reports such rows itself. */
  readonly passesDamaged?: boolean
}

/** Throws `storage.failed` where it meets a row that is not as the log left it. */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createKeyBook(
  { wrapping, naming }: Pick<AuditSecrets, 'wrapping' | 'naming'>,
  { mostKnown = 20_000, passesDamaged = false }: KeyBookOptions = {},
): KeyBook {
  let epoch = 0
  const byName: Record<KeyKind, Map<string, BookKey>> = { subject: new Map(), period: new Map() }
  const byRefs: Record<KeyKind, Map<string, BookKey>> = { subject: new Map(), period: new Map() }
  const extracts = new Map<string, Uint8Array>()
  const names = new Map<string, string>()

  function forget(): void {
    for (const known of [byName.subject, byName.period, byRefs.subject, byRefs.period, extracts, names]) known.clear()
  }

  function learn(kind: KeyKind, row: Record<string, unknown>): void {
    const stored = readStoredKey(row)
    const { name, ref } = stored
    const opened = openStoredKey(wrapping, stored)
    if (opened === undefined && !passesDamaged)
      fail('storage.failed', {
        message:
          'A key of the audit log does not open with this keyring, or its row was changed by somebody else. Restore the keyring of this deployment, then run `npx cairn audit verify`.',
      })
    const key: BookKey = { ref, key: opened ?? null }
    byName[kind].set(name, key)
    byRefs[kind].set(ref, key)
  }

  async function read(session: SqlSession, kind: KeyKind, column: 'name' | 'ref', values: readonly string[]) {
    for (let from = 0; from < values.length; from += rowsAtOnce) {
      const asked = values.slice(from, from + rowsAtOnce)
      const marks = asked.map(() => '?').join(', ')
      const { rows } = await session.run(
        `SELECT ${keyColumns} FROM audit_keys WHERE kind = ? AND ${column} IN (${marks})`,
        [kind, ...asked],
      )
      for (const row of rows) learn(kind, row)
    }
  }

  /** Before anything is read and never in between: whoever asked for several has all of them. */
  function makeRoom(counts: Readonly<Record<KeyKind, number>>): void {
    if (keyKinds.some((kind) => byName[kind].size + counts[kind] > mostKnown)) forget()
  }

  async function loadAll(session: SqlSession, kind: KeyKind, wanted: readonly string[]): Promise<void> {
    const isUnknown = (name: string) => !byName[kind].has(name)
    await read(session, kind, 'name', wanted.filter(isUnknown))
    const missing = wanted.filter(isUnknown)
    for (const name of missing) {
      const ref = kind === 'period' ? name : createId('subject')
      const wrapped = sealSecret(wrapping, placeOf({ kind, name, ref }), randomBytes(keyBytes).toString('base64'))
      await session.run(
        'INSERT INTO audit_keys (kind, name, ref, wrapped) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        [kind, name, ref, wrapped],
      )
    }
    // Another process may have been faster with the same one.
    await read(session, kind, 'name', missing)
  }

  const book: KeyBook = {
    follow(current) {
      if (current !== epoch) forget()
      epoch = current
    },
    subject: (principalId) => byName.subject.get(book.nameOf(principalId)),
    period: (name) => byName.period.get(name),
    async load(session, { subjects, periods }) {
      const people = [...new Set(subjects)].map(book.nameOf)
      const periodNames = [...new Set(periods)]
      makeRoom({
        subject: people.filter((name) => !byName.subject.has(name)).length,
        period: periodNames.filter((name) => !byName.period.has(name)).length,
      })
      await loadAll(session, 'subject', people)
      await loadAll(session, 'period', periodNames)
    },
    findByRef(session, kind, refs) {
      const listUnknown = () => [...new Set(refs)].filter((ref) => ref !== nobody.ref && !byRefs[kind].has(ref))
      makeRoom({ subject: 0, period: 0, [kind]: listUnknown().length })
      return read(session, kind, 'ref', listUnknown())
    },
    byRef: (kind, ref) => (kind === 'subject' && ref === nobody.ref ? nobody : byRefs[kind].get(ref)),
    extracted(subject, period) {
      if (subject.key === null || period.key === null) return null
      const name = `${subject.ref} ${period.ref}`
      const known = extracts.get(name)
      if (known !== undefined) return known
      if (extracts.size >= mostKnown) extracts.clear()
      const made = extractKey(subject.key, period.key)
      extracts.set(name, made)
      return made
    },
    nameOf(principalId) {
      const known = names.get(principalId)
      if (known !== undefined) return known
      const name = createHmac('sha256', naming).update(principalId).digest('base64url')
      names.set(principalId, name)
      return name
    },
  }
  return book
}
