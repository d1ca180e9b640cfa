/** The entries that let something go, read before the log is gone through: stubs come before the entries that allow them. */
import { z } from 'zod'
import { isInGoneSet, type GoneBlock } from '../gaps/gone-set.ts'
import { keyMark } from '../gaps/forget.ts'
import { parseHeader, type AuditHeader } from '../record/header.ts'
import type { LogFacts, LogSource, StoredBlock } from './source.ts'

export interface Authorisations {
  /** Null when the block may be gone. */
  checkGone(block: GoneBlock, goneBy: number | null, proof: string | null): 'UNAUTHORISED_GAP' | 'AUTH_SET' | null
  /** Whether that entry says that the key was destroyed. */
  isDestroyed(kind: 'subject' | 'period', ref: string, goneBy: number): boolean
  /** Whether any entry that is there says so. */
  wasDestroyed(kind: 'subject' | 'period', ref: string): boolean
  /**
   * Whether a key of a block that is there was destroyed by an entry that is pruned: what such a key sealed was removed
   * long before, so somebody has destroyed it without an entry.
   */
  isGoneWithoutTrace(block: Pick<StoredBlock, 'subject' | 'period'>): boolean
  /** Whether a key of the block was destroyed, so that it may be there and not open. */
  isShut(block: Pick<StoredBlock, 'subject' | 'period'>): boolean
  prune(seq: number): { readonly to: number; readonly root: Uint8Array } | null
}

const rootText = z.string().transform((text) => new Uint8Array(Buffer.from(text, 'base64url')))
const removedSchema = z.object({ count: z.int().min(1), root: rootText })
const destroyedSchema = z.object({ keys: z.array(z.string()) })
const prunedSchema = z.object({ to: z.int().min(0), root: rootText })

const destroying = { 'privacy.erased': 'subject', 'privacy.shredded': 'period' } as const

export async function createAuthorisations(source: LogSource, facts: LogFacts): Promise<Authorisations> {
  const removed = new Map<number, z.infer<typeof removedSchema>>()
  const pruned = new Map<number, z.infer<typeof prunedSchema>>()
  const destroyed = new Map<number, { kind: 'subject' | 'period'; keys: ReadonlySet<string> }>()
  for await (const { seq, header } of readAuthorising(source, facts)) {
    if (header.type === 'privacy.blocks-removed') keep(removed, seq, removedSchema.safeParse(header.pub).data)
    if (header.type === 'privacy.pruned') keep(pruned, seq, prunedSchema.safeParse(header.pub).data)
    if (header.type === 'privacy.erased' || header.type === 'privacy.shredded') {
      const keys = destroyedSchema.safeParse(header.pub).data?.keys
      keep(destroyed, seq, keys && { kind: destroying[header.type], keys: new Set(keys) })
    }
  }
  const everDestroyed = new Set(
    [...destroyed.values()].flatMap(({ kind, keys }) => [...keys].map((key) => `${kind} ${key}`)),
  )
  const goneBefore = new Set(
    facts.goneKeys.filter(({ goneBy }) => goneBy < facts.minIndex).map(({ kind, ref }) => `${kind} ${ref}`),
  )
  const gone = new Set(facts.goneKeys.map(({ kind, ref }) => `${kind} ${ref}`))
  return {
    isShut: ({ subject, period }) => gone.has(`subject ${subject}`) || gone.has(`period ${period}`),
    isGoneWithoutTrace: ({ subject, period }) =>
      goneBefore.has(`subject ${subject}`) || goneBefore.has(`period ${period}`),
    checkGone(block, goneBy, proof) {
      const allowed = goneBy === null || goneBy <= block.seq ? undefined : removed.get(goneBy)
      if (allowed === undefined || proof === null) return 'UNAUTHORISED_GAP'
      return isInGoneSet(block, proof, allowed) ? null : 'AUTH_SET'
    },
    isDestroyed(kind, ref, goneBy) {
      // What an entry said that is pruned itself was checked while it was there.
      if (goneBy < facts.minIndex) return true
      const said = destroyed.get(goneBy)
      return said?.kind === kind && said.keys.has(keyMark(ref))
    },
    wasDestroyed: (kind, ref) => everDestroyed.has(`${kind} ${keyMark(ref)}`),
    prune: (seq) => pruned.get(seq) ?? null,
  }
}

function keep<T>(map: Map<number, T>, seq: number, value: T | undefined): void {
  if (value !== undefined) map.set(seq, value)
}

const authorising: ReadonlySet<string> = new Set([
  'privacy.blocks-removed',
  'privacy.pruned',
  'privacy.erased',
  'privacy.shredded',
])

async function* readAuthorising(
  source: LogSource,
  { minIndex, size }: LogFacts,
): AsyncIterable<{ seq: number; header: AuditHeader }> {
  for await (const page of source.authorising(minIndex))
    for (const { seq, header } of page) {
      const parsed = parseHeader(header)
      if (seq < size && parsed !== null && authorising.has(parsed.type)) yield { seq, header: parsed }
    }
}
