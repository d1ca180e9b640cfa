/**
 * Model providers that were added in the console, in the database. Each has a row; a counter says whether anything
 * changed since it was last asked for, so that every process can follow with one short read.
 *
 * API keys are sealed under a key of the keyring, which no copy of the database has. A sealed key belongs to one
 * provider at one origin: in another row, or after the address in the row was changed by somebody who can write the
 * database, it does not open, and so cannot be sent to an address that it was not given for.
 */
import { providerSettingsSchema, type ProviderSettings, type ProviderWrite } from '@cairn/contract'
import { fail, invariant, Secret, tryParseJson, type Clock, type Logger } from '../base/index.ts'
import type { Keyring } from '../platform/index.ts'
import type { Schema, Statement, Store } from '../storage/index.ts'

export const providersSchema: Schema = {
  scope: 'providers',
  migrations: [
    {
      id: 1,
      name: 'stored providers',
      statements: [
        `CREATE TABLE providers_stored (
          id TEXT PRIMARY KEY, settings TEXT NOT NULL, sealed_key TEXT, revision {int} NOT NULL,
          created_at {int} NOT NULL, updated_at {int} NOT NULL)`,
        'CREATE TABLE providers_version (one {int} PRIMARY KEY, version {int} NOT NULL)',
        'INSERT INTO providers_version (one, version) VALUES (1, 0)',
      ],
    },
  ],
}

export interface StoredProvider {
  readonly id: string
  readonly settings: ProviderSettings
  /** Null when it has none, or when it cannot be opened with this keyring. */
  readonly apiKey: Secret | null
}

export interface ProviderChange {
  readonly isNew: boolean
  /** Names of the fields that differ now, `apiKey` among them; never their values. */
  readonly changes: readonly string[]
}

export interface ProviderStore {
  /** Grows with every change by any process of the deployment. */
  version(): Promise<number>
  /** In the order in which they were added. A row that cannot be read is left out and told in the log. */
  list(): Promise<StoredProvider[]>
  find(id: string): Promise<StoredProvider | null>
  /**
   * Durable before it resolves. Throws `request.invalid` when the stored key would go on to another origin, or when
   * there are too many providers.
   */
  put(id: string, write: ProviderWrite): Promise<ProviderChange>
  /** False when there is none with this id. */
  remove(id: string): Promise<boolean>
}

export interface ProviderStoreOptions {
  readonly store: Store
  readonly seal: Pick<Keyring, 'sealSecret' | 'openSecret'>
  readonly clock: Clock
  readonly logger: Logger
}

export const mostStoredProviders = 100
/** Two people who change the same provider at the same moment: the later one goes by what the earlier one left. */
const mostTries = 5

interface StoredRow {
  readonly id: string
  /** Null when this version cannot read them. */
  readonly settings: ProviderSettings | null
  readonly sealedKey: string | null
  readonly revision: number
}

const grow: Statement = { text: 'UPDATE providers_version SET version = version + 1 WHERE one = 1' }
const columns = 'SELECT id, settings, sealed_key, revision FROM providers_stored'

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createProviderStore({ store, seal, clock, logger }: ProviderStoreOptions): ProviderStore {
  function open({ id, settings, sealedKey }: StoredRow): StoredProvider | null {
    if (settings === null) {
      logger.error('a stored provider cannot be read by this version and is left out', { provider: id })
      return null
    }
    const key = sealedKey === null ? null : seal.openSecret('provider-keys', aboutKey(id, settings), sealedKey)
    if (sealedKey !== null && key === null)
      logger.error('the API key of a provider cannot be opened; give it again', { provider: id })
    return { id, settings, apiKey: key === null ? null : new Secret(key) }
  }

  async function findRow(id: string): Promise<StoredRow | null> {
    const [row] = await store.read(`${columns} WHERE id = ?`, [id])
    return row ? parseRow(row) : null
  }

  async function tryPut(id: string, { apiKey, ...settings }: ProviderWrite): Promise<ProviderChange | null> {
    const known = await findRow(id)
    const isElsewhere = known?.settings == null || originOf(known.settings) !== originOf(settings)
    if (known?.sealedKey != null && apiKey === undefined && isElsewhere)
      fail('request.invalid', {
        param: 'apiKey',
        message:
          'The stored API key is for another address. Give “apiKey” for the new one, or null to go without a key.',
      })
    const sealedKey =
      apiKey === undefined
        ? (known?.sealedKey ?? null)
        : apiKey === null
          ? null
          : seal.sealSecret('provider-keys', aboutKey(id, settings), apiKey)
    const change: ProviderChange = {
      isNew: known === null,
      changes: [
        ...changedFields(known?.settings ?? null, settings),
        ...(isKeyChanged(known, apiKey) ? ['apiKey'] : []),
      ],
    }
    if (known !== null && change.changes.length === 0) return change
    const done = await store.write([writeRow(id, { known, settings, sealedKey, now: clock.now() }), grow])
    return done === null ? null : change
  }

  async function refuseTooMany(id: string): Promise<void> {
    const [row] = await store.read('SELECT COUNT(*) AS others FROM providers_stored WHERE id <> ?', [id])
    if (Number(row?.['others'] ?? 0) >= mostStoredProviders)
      fail('request.invalid', { message: `There are ${mostStoredProviders} providers already; remove one first.` })
  }

  return {
    async version() {
      const [row] = await store.read('SELECT version FROM providers_version WHERE one = 1')
      return Number(row?.['version'] ?? 0)
    },
    async list() {
      const rows = await store.read(`${columns} ORDER BY created_at, id`)
      return rows.flatMap((row) => open(parseRow(row)) ?? [])
    },
    async find(id) {
      const row = await findRow(id)
      return row && open(row)
    },
    async put(id, write) {
      await refuseTooMany(id)
      for (let tries = 0; tries < mostTries; tries++) {
        const change = await tryPut(id, write)
        if (change !== null) return change
      }
      return fail('server.busy', { message: 'Others are changing this provider at the same time. Try again.' })
    },
    async remove(id) {
      const gone = { text: 'DELETE FROM providers_stored WHERE id = ?', params: [id], expectChanges: 1 }
      return (await store.write([gone, grow])) !== null
    },
  }
}

/** Null from the store means that somebody was faster. */
function writeRow(
  id: string,
  row: { known: StoredRow | null; settings: ProviderSettings; sealedKey: string | null; now: number },
): Statement {
  const { known, sealedKey, now } = row
  const settings = JSON.stringify(row.settings)
  if (known === null)
    return {
      // Later than every other, also within a millisecond and after a clock was set back: the order is that of adding.
      // (SQLite wants a WHERE between a SELECT and ON CONFLICT.)
      text: `INSERT INTO providers_stored (id, settings, sealed_key, revision, created_at, updated_at)
        SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), 1,
          CASE WHEN CAST(? AS BIGINT) > COALESCE(MAX(created_at), 0) THEN CAST(? AS BIGINT)
            ELSE COALESCE(MAX(created_at), 0) + 1 END, CAST(? AS BIGINT)
          FROM providers_stored WHERE 1 = 1 ON CONFLICT DO NOTHING`,
      params: [id, settings, sealedKey, now, now, now],
      expectChanges: 1,
    }
  return {
    text: `UPDATE providers_stored SET settings = ?, sealed_key = ?, revision = revision + 1, updated_at = ?
      WHERE id = ? AND revision = ?`,
    params: [settings, sealedKey, now, id, known.revision],
    expectChanges: 1,
  }
}

function parseRow(row: Record<string, unknown>): StoredRow {
  const sealed = row['sealed_key']
  return {
    id: String(row['id']),
    settings: providerSettingsSchema.safeParse(tryParseJson(String(row['settings']))).data ?? null,
    sealedKey: typeof sealed === 'string' ? sealed : null,
    revision: Number(row['revision']),
  }
}

function aboutKey(id: string, settings: ProviderSettings): string[] {
  return [id, originOf(settings)]
}

function originOf({ baseUrl }: ProviderSettings): string {
  const { origin } = new URL(baseUrl)
  invariant(origin !== 'null', 'the address of a provider has an origin')
  return origin
}

/** A given key counts as changed, also when it is the same: whether it is, is nobody’s business. */
function isKeyChanged(known: StoredRow | null, apiKey: string | null | undefined): boolean {
  if (apiKey === undefined) return false
  return apiKey !== null || known?.sealedKey != null
}

function changedFields(before: ProviderSettings | null, after: ProviderSettings): string[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after)] as (keyof ProviderSettings)[])
  return [...names].filter((name) => JSON.stringify(before?.[name]) !== JSON.stringify(after[name])).sort()
}
