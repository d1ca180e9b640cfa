/** Answers questions: finds the places of entries in the index, and reads what stands there in the log. */
import { fail } from '../../base/index.ts'
import type { SqlConnection } from '../../platform/index.ts'
import { readHead, type Head } from '../log/append.ts'
import { openEntry, openTexts, type OpenedEntry } from '../read/read-entries.ts'
import { parseHeader } from '../record/header.ts'
import type { ReadBlock } from '../verify/opener.ts'
import { readAt } from '../verify/source.ts'
import type { CursorPlace, Cursors } from './cursor.ts'
import { selectEntries, type Span } from './filter-sql.ts'
import type { IndexStore, OpenIndex } from './index-store.ts'
import { countEntries, mostGroups, namesOfVaults, toHex } from './summarize.ts'
import type {
  Answered,
  AuditFilter,
  AuditPage,
  AuditQuery,
  AuditSummary,
  FoundEntry,
  SummaryQuery,
  SummaryRow,
} from './types.ts'

export interface Answers {
  /** Throws `request.invalid` for a cursor or a size that are none, `server.busy` while an index is made anew. */
  query(query: AuditQuery): Promise<AuditPage>
  summarize(query: SummaryQuery): Promise<AuditSummary>
  find(seq: number): Promise<FoundEntry>
  /** Texts that an entry has, by field; of those that can be opened. */
  textsOf(seq: number): Promise<Readonly<Record<string, string>>>
}

export interface AnswerOptions {
  readonly log: SqlConnection
  readonly store: IndexStore
  readonly naming: Uint8Array
  readonly cursors: Cursors
  readonly openBlocks: (head: Head) => Promise<ReadBlock>
  /** Waits a bounded time until the index has what is before this place. */
  readonly catchUp: (size: number) => Promise<void>
}

const busyMs = 2_000

interface Aim {
  readonly wanted: number | null
  readonly head: number
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createAnswers({ log, store, naming, cursors, openBlocks, catchUp }: AnswerOptions): Answers {
  /** Of these places, in their order. */
  async function read(places: readonly number[]): Promise<OpenedEntry[]> {
    const opened = new Map<number, OpenedEntry>()
    const open = await openBlocks(await readHead(log, ''))
    for (const stored of await readAt(log, places)) {
      const header = parseHeader(stored.header)
      if (header !== null) opened.set(stored.seq, await openEntry(stored, header, open))
    }
    return places.flatMap((seq) => opened.get(seq) ?? [])
  }

  /** The size that was asked for, null for what the index has by now; and that of the log. */
  async function aim({ asOf, fresh }: { asOf?: number | undefined; fresh?: boolean | undefined }): Promise<Aim> {
    const { size } = await readHead(log, '')
    if (asOf !== undefined && asOf > size)
      fail('request.invalid', { param: 'asOf', message: `asOf: the log has ${size} entries.` })
    if (asOf !== undefined || fresh === true) await catchUp(asOf ?? size)
    return { wanted: asOf ?? (fresh === true ? size : null), head: size }
  }

  const answered = ({ wanted, head }: Aim, { upto }: OpenIndex['state']): Answered => {
    const size = Math.min(wanted ?? upto, upto)
    return { size, behind: Math.max(0, (wanted ?? head) - size) }
  }

  const select = ({ connection, refs }: OpenIndex, filter: AuditFilter, within: Span) =>
    selectEntries(filter, within, { index: connection, log, refs, naming })

  async function goOn(size: number): Promise<Aim> {
    await catchUp(size)
    return { wanted: size, head: size }
  }

  async function query(asked: AuditQuery): Promise<AuditPage> {
    const { filter, order, limit, cursor, asOf, after = -1 } = asked
    const place = cursor === undefined ? null : cursors.read(cursor, asked)
    if (place !== null && asOf !== undefined && asOf !== place.size)
      fail('request.invalid', { param: 'asOf', message: 'asOf: the cursor belongs to another size of the log.' })
    const aimed = place === null || place.size === null ? await aim(asked) : await goOn(place.size)
    const { places, size, behind } = await store.use(async (index) => {
      const { size: reached, behind: missing } = answered(aimed, index.state)
      // A page in the middle that leaves something out would never be noticed.
      if (missing > 0 && place !== null && aimed.wanted !== null)
        fail('server.busy', {
          retryAfterMs: busyMs,
          message: `The index of the log is being made anew; ${missing} entries are missing in it. Try again.`,
        })
      const within = spanOf(order, place, reached, after)
      const selection = await select(index, filter, within)
      if (selection === null) return { places: [], size: reached, behind: missing }
      const { from, where, params, seq } = selection
      const { rows } = await index.connection.run(
        `SELECT e.seq AS seq FROM ${from} WHERE ${where} ORDER BY ${seq} ${order === 'asc' ? 'ASC' : 'DESC'} LIMIT ${limit + 1}`,
        params,
      )
      return { places: rows.map((row) => Number(row['seq'])), size: reached, behind: missing }
    })
    const page = places.slice(0, limit)
    const through = places.length > limit ? (page.at(-1) ?? -1) : Math.max(size - 1, after)
    const isPinned = place?.isPinned ?? asOf !== undefined
    const next =
      places.length > limit
        ? { seq: page.at(-1) ?? -1, size, isPinned }
        : order === 'asc' && !isPinned
          ? { seq: size - 1, size: null, isPinned }
          : null
    return { entries: await read(page), next: next && cursors.write(next, { filter, order }), through, size, behind }
  }

  async function summarize(asked: SummaryQuery): Promise<AuditSummary> {
    const aimed = await aim(asked)
    const { filter, by, bucket, vaults } = asked
    const { counted, names, ...about } = await store.use(async (index) => {
      const known = answered(aimed, index.state)
      const selection = await select(index, filter, { from: 0, to: known.size })
      return {
        ...known,
        counted: selection === null ? [] : await countEntries(index.connection, selection, { by, bucket }),
        names: namesOfVaults(index.refs, vaults),
      }
    })
    const told = counted.slice(0, mostGroups)
    const actors = by.includes('actor') ? await findActors(told.map(({ last }) => last)) : new Map<number, string>()
    const rows = told.map(({ values, last, ...numbers }): SummaryRow => {
      let hidden = false
      const group = values.map((value, at) => {
        if (!(value instanceof Uint8Array)) return value
        if (by[at] === 'actor') return actors.get(last) ?? null
        const name = names.get(toHex(value)) ?? null
        hidden ||= name === null
        return name
      })
      return { group, hidden, ...numbers }
    })
    return { ...about, rows: mergeHidden(rows), truncated: counted.length > told.length }
  }

  async function findActors(places: readonly number[]): Promise<Map<number, string>> {
    const found = new Map<number, string>()
    for (let from = 0; from < places.length; from += 500)
      for (const { seq, actor } of await read(places.slice(from, from + 500))) if (actor !== null) found.set(seq, actor)
    return found
  }

  return {
    query,
    summarize,
    async find(seq) {
      const { size, minIndex } = await readHead(log, '')
      return { entry: (await read([seq]))[0] ?? null, size, minIndex }
    },
    async textsOf(seq) {
      const [stored] = await readAt(log, [seq])
      const header = stored && parseHeader(stored.header)
      return stored && header ? openTexts(stored, header, await openBlocks(await readHead(log, ''))) : {}
    },
  }
}

function spanOf(order: AuditQuery['order'], place: CursorPlace | null, size: number, after: number): Span {
  if (order === 'asc') return { from: Math.max(place?.seq ?? -1, after) + 1, to: size }
  return { from: after + 1, to: place === null ? size : Math.min(place.seq, size) }
}

/** All that may not be named is one group, or their number would tell how many there are. */
function mergeHidden(rows: readonly SummaryRow[]): SummaryRow[] {
  const merged = new Map<string, SummaryRow>()
  for (const row of rows) {
    const name = JSON.stringify([row.group, row.hidden, row.start])
    const known = merged.get(name)
    merged.set(
      name,
      known === undefined
        ? row
        : {
            ...known,
            count: known.count + row.count,
            tokensIn: known.tokensIn + row.tokensIn,
            tokensOut: known.tokensOut + row.tokensOut,
          },
    )
  }
  return [...merged.values()]
}
