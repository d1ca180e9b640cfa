/**
 * Verifies a log, from what anybody outside may hold up to what only its owner can open: signatures of checkpoints, the
 * tree over every entry, that every gap is authorised by a later entry, and, with keys, that what stands in the blocks is
 * what the entries committed to. Reads the log once, in order, with memory for one page.
 */
import { parseHeader, periodOf, type AuditHeader } from '../record/header.ts'
import type { StoredKey } from '../record/key-book.ts'
import { parseCheckpoint } from '../tree/checkpoint.ts'
import {
  appendLeaf,
  frontierLength,
  hashBytes,
  isSame,
  leafHash,
  rootOf,
  type Frontier,
  type Hash,
} from '../tree/merkle.ts'
import { verifyNote, type NoteVerifier } from '../tree/signed-note.ts'
import { joinHashes, splitHashes } from '../tree/tiles.ts'
import { createAuthorisations, type Authorisations } from './authorisations.ts'
import type { LogFacts, LogSource, StoredBlock, StoredEntry } from './source.ts'

/** What is wrong, by a code that stays the same. */
export const verifyCodes = {
  SIG: 'A checkpoint is not signed by the log’s key.',
  ROOT: 'The entries do not make the root that a checkpoint or the head has.',
  ROLLBACK: 'The log ends before a checkpoint that it has signed, or that somebody else has seen.',
  FORK: 'A checkpoint that somebody else has seen is of another log.',
  SEQ: 'An entry is missing, twice, or in another place than it says.',
  LEAF_MISMATCH: 'An entry is not the one that was hashed.',
  COMMITMENT: 'A block is not the one that its entry committed to.',
  CIPHERTEXT: 'A block does not open with its key.',
  UNAUTHORISED_GAP: 'A block or a key is gone, and no entry says why.',
  AUTH_SET: 'A block is gone that is not among those that its entry let go.',
  STEERING: 'Horizons, levels or holds are not as the newest entry about them left them.',
  KEY_ROW: 'A key is not kept as the log left it: under another name, or destroyed by somebody else.',
  NOT_ERASED: 'A key is there that an entry says was destroyed.',
  HEAD_MISSING_NO_PRUNE_RECORD: 'Entries are missing at the front, and no entry says they were pruned.',
  PRUNE_ROOT: 'What is left of pruned entries is not what the entry about it says.',
  PRUNE_UNCORROBORATED: 'No checkpoint after the pruned entries vouches for them.',
} as const

export type VerifyCode = keyof typeof verifyCodes

export interface VerifyError {
  readonly code: VerifyCode
  /** Place of the entry; null for what concerns no single one. */
  readonly seq: number | null
  readonly detail: string
}

export interface VerifyReport {
  readonly ok: boolean
  readonly origin: string
  readonly size: number
  readonly minIndex: number
  /** Of the tree that was computed; base 64. */
  readonly root: string
  readonly entries: number
  readonly checkpoints: number
  readonly blocks: { readonly full: number; readonly sealed: number; readonly gone: number; readonly held: number }
  /** The first of them, in the order of finding. */
  readonly errors: readonly VerifyError[]
  readonly errorCount: number
}

/** What opens blocks; without it they count as `sealed`. */
export type OpenBlock = (
  entry: { readonly seq: number; readonly header: AuditHeader },
  block: StoredBlock,
) => BlockState | Promise<BlockState>

export type BlockState = 'full' | 'held' | 'sealed' | 'COMMITMENT' | 'CIPHERTEXT'

export interface VerifyOptions {
  readonly source: LogSource
  /** Keys that the log has signed with. */
  readonly verifiers: readonly NoteVerifier[]
  /** Checkpoints that others have seen. */
  readonly against?: readonly string[]
  readonly open?: OpenBlock
  /** Whether a stored key is as the log left it; left out by who cannot open it. */
  readonly isKeyWhole?: (key: StoredKey) => boolean
  /** What is wrong with the rows that decide what the log keeps; null when nothing. */
  readonly steeringFault?: string | null
  /** `open` has not all keys: a block that it does not open is no finding. */
  readonly mayBeSealed?: boolean
  readonly onProgress?: (done: number, size: number) => void
}

const mostErrors = 100

export async function verifyLog(options: VerifyOptions): Promise<VerifyReport> {
  const { source, verifiers, against = [], onProgress } = options
  const facts = await source.facts()
  const findings = createFindings()
  const authorisations = await createAuthorisations(source, facts)
  const roots = checkNotes(facts, verifiers, against, findings)
  const start = checkPrunes(facts, authorisations, findings)
  checkKeys(facts, authorisations, findings)
  for (const key of options.isKeyWhole ? facts.storedKeys : [])
    if (options.isKeyWhole?.(key) === false) findings.add('KEY_ROW', key.goneBy, `a key of a ${key.kind}`)
  if (typeof options.steeringFault === 'string') findings.add('STEERING', null, options.steeringFault)
  let frontier: Frontier = start
  const blocks = { full: 0, sealed: 0, gone: 0, held: 0 }
  checkRoots(roots, frontier, findings)
  for await (const page of source.entries(facts.minIndex)) {
    for (const entry of page) {
      if (entry.seq >= facts.size) break
      const hash = leafHash(entry.header)
      const header = checkEntry(entry, hash, frontier.size, findings)
      frontier = appendLeaf(frontier, hash)
      checkRoots(roots, frontier, findings)
      const waits = header && checkBlocks({ entry, header, options, authorisations, blocks, findings })
      if (waits !== null) await waits
    }
    onProgress?.(Math.min(frontier.size, facts.size), facts.size)
  }
  checkEnd(facts, frontier, roots, findings)
  return {
    ok: findings.count() === 0,
    origin: facts.origin,
    size: frontier.size,
    minIndex: facts.minIndex,
    root: Buffer.from(rootOf(frontier)).toString('base64'),
    entries: frontier.size - start.size,
    checkpoints: facts.checkpoints.length,
    blocks,
    errors: findings.list,
    errorCount: findings.count(),
  }
}

interface Findings {
  readonly list: VerifyError[]
  readonly add: (code: VerifyCode, seq: number | null, detail: string) => void
  readonly count: () => number
}

function createFindings(): Findings {
  const list: VerifyError[] = []
  let count = 0
  return {
    list,
    add(code, seq, detail) {
      count++
      if (list.length < mostErrors) list.push({ code, seq, detail })
    },
    count: () => count,
  }
}

interface ExpectedRoot {
  readonly size: number
  readonly root: Hash
  /** `own`, or seen by somebody else. */
  readonly of: 'own' | 'other'
}

/** By size, what each checkpoint says. */
function checkNotes(
  { origin, checkpoints, minIndex }: LogFacts,
  verifiers: readonly NoteVerifier[],
  against: readonly string[],
  findings: Findings,
): Map<number, ExpectedRoot[]> {
  const expected: ExpectedRoot[] = []
  for (const [of, notes] of [
    ['own', checkpoints],
    ['other', against],
  ] as const)
    for (const note of notes) {
      const parsed = parseCheckpoint(note)
      const signed = parsed === null ? null : verifyNote(parsed.note, verifiers)
      if (parsed === null || signed === null || signed.length === 0)
        findings.add('SIG', null, `a checkpoint${parsed === null ? '' : ` of size ${parsed.size}`} is not signed`)
      else if (parsed.origin !== origin)
        findings.add('FORK', null, `a checkpoint is of the log “${parsed.origin.slice(0, 80)}”`)
      // Of a tree that is pruned away nothing can be told any more.
      else if (parsed.size >= minIndex) expected.push({ size: parsed.size, root: parsed.root, of })
    }
  return Map.groupBy(expected, ({ size }) => size)
}

function checkRoots(roots: Map<number, ExpectedRoot[]>, frontier: Frontier, findings: Findings): void {
  const expected = roots.get(frontier.size)
  if (expected === undefined) return
  const root = rootOf(frontier)
  for (const each of expected)
    if (!isSame(each.root, root))
      findings.add(each.of === 'own' ? 'ROOT' : 'FORK', null, `the root at size ${frontier.size} is another`)
  roots.delete(frontier.size)
}

function checkPrunes(facts: LogFacts, authorisations: Authorisations, findings: Findings): Frontier {
  const none: Frontier = { size: 0, hashes: [] }
  if (facts.minIndex === 0) return none
  const prune = facts.prunes.find(({ upto }) => upto === facts.minIndex)
  if (prune === undefined) {
    findings.add('HEAD_MISSING_NO_PRUNE_RECORD', null, `entries before ${facts.minIndex} are missing`)
    return unknownFrontier(facts.minIndex)
  }
  const isWhole = prune.frontier.length === frontierLength(prune.upto) * hashBytes
  const frontier = isWhole ? { size: prune.upto, hashes: splitHashes(prune.frontier) } : unknownFrontier(prune.upto)
  const said = authorisations.prune(prune.goneBy)
  if (said === null || prune.goneBy < prune.upto || said.to !== prune.upto)
    findings.add(
      'HEAD_MISSING_NO_PRUNE_RECORD',
      prune.goneBy,
      `no entry says that those before ${prune.upto} were pruned`,
    )
  else if (!isSame(said.root, rootOf(frontier)))
    findings.add('PRUNE_ROOT', prune.goneBy, 'the root of the pruned entries is another')
  const isVouched = facts.checkpoints.some((note) => (parseCheckpoint(note)?.size ?? -1) >= prune.upto)
  if (!isVouched) findings.add('PRUNE_UNCORROBORATED', prune.goneBy, 'there is no checkpoint after the pruned entries')
  return frontier
}

/** What was before is not known: no root comes out right after it, and the rest can be looked at. */
function unknownFrontier(size: number): Frontier {
  return { size, hashes: Array.from({ length: frontierLength(size) }, () => new Uint8Array(hashBytes)) }
}

/** Every destroyed key has its entry, and no key is there whose entry says it was destroyed. */
function checkKeys({ goneKeys, liveKeys }: LogFacts, authorisations: Authorisations, findings: Findings): void {
  for (const { kind, ref, goneBy } of goneKeys)
    if (!authorisations.isDestroyed(kind, ref, goneBy))
      findings.add('UNAUTHORISED_GAP', goneBy, `no entry says that a key of a ${kind} was destroyed`)
  for (const { kind, ref } of liveKeys)
    if (authorisations.wasDestroyed(kind, ref)) findings.add('NOT_ERASED', null, `a key of a ${kind} is back`)
}

function checkEntry(
  { seq, header, leaf }: StoredEntry,
  hash: Hash,
  expected: number,
  findings: Findings,
): AuditHeader | null {
  if (seq !== expected) findings.add('SEQ', seq, `the entry at ${expected} is missing`)
  const parsed = parseHeader(header)
  if (parsed === null) findings.add('LEAF_MISMATCH', seq, 'the entry cannot be read')
  else if (parsed.seq !== seq) findings.add('SEQ', seq, `the entry says it is ${parsed.seq}`)
  if (!isSame(hash, leaf)) findings.add('LEAF_MISMATCH', seq, 'the entry is not the one that was hashed')
  return parsed
}

interface BlockCheck {
  readonly entry: StoredEntry
  readonly header: AuditHeader
  readonly options: VerifyOptions
  readonly authorisations: Authorisations
  readonly blocks: { full: number; sealed: number; gone: number; held: number }
  readonly findings: Findings
}

/** Each block that the entry commits to is there, or gone with leave; and no other is there. Null when nothing was waited for. */
function checkBlocks(check: BlockCheck): Promise<unknown> | null {
  const { entry, header, findings } = check
  for (const name of Object.keys(header.b))
    if (!entry.blocks.some((block) => block.name === name))
      findings.add('UNAUTHORISED_GAP', entry.seq, `the block “${name.slice(0, 40)}” is missing`)
  const waits: Promise<void>[] = []
  for (const block of entry.blocks) {
    const state = judgeBlock(check, block)
    if (state instanceof Promise) waits.push(state.then((known) => countBlock(check, block, known)))
    else if (state !== null) countBlock(check, block, state)
  }
  return waits.length === 0 ? null : Promise.all(waits)
}

/** Null for one that its keys have nothing to say of. */
function judgeBlock(
  { entry: { seq }, header, options, authorisations, blocks, findings }: BlockCheck,
  block: StoredBlock,
): BlockState | Promise<BlockState> | null {
  const { name, sealed, goneBy, goneProof, period } = block
  const called = `the block “${name.slice(0, 40)}”`
  if (!Object.hasOwn(header.b, name)) findings.add('COMMITMENT', seq, `the entry has no commitment to ${called}`)
  else if (sealed === null) {
    const why = authorisations.checkGone({ seq, name }, goneBy, goneProof)
    if (why === null) blocks.gone++
    else findings.add(why, seq, `${called} is gone`)
  } else if (authorisations.isGoneWithoutTrace(block))
    findings.add('UNAUTHORISED_GAP', seq, `${called} cannot be opened, and no entry that is there says why`)
  else if (period !== null && period !== periodOf(header))
    findings.add('COMMITMENT', seq, `${called} is kept under another time`)
  else return options.open?.({ seq, header }, block) ?? 'sealed'
  return null
}

function countBlock(
  { entry: { seq }, options, authorisations, blocks, findings }: BlockCheck,
  block: StoredBlock,
  state: BlockState,
): void {
  const called = `the block “${block.name.slice(0, 40)}”`
  if (state === 'COMMITMENT' || state === 'CIPHERTEXT') findings.add(state, seq, called)
  else if (state === 'sealed' && options.open && options.mayBeSealed !== true && !authorisations.isShut(block))
    findings.add('UNAUTHORISED_GAP', seq, `the key of ${called} is missing`)
  else blocks[state]++
}

function checkEnd(facts: LogFacts, frontier: Frontier, roots: Map<number, ExpectedRoot[]>, findings: Findings): void {
  if (frontier.size < facts.size)
    findings.add('SEQ', frontier.size, `entries from ${frontier.size} to ${facts.size - 1} are missing`)
  else if (!isSame(joinHashes(frontier.hashes), facts.frontier)) findings.add('ROOT', null, 'the head has another root')
  for (const [size] of roots)
    if (size > facts.size)
      findings.add('ROLLBACK', null, `a checkpoint is of ${size} entries, the log has ${facts.size}`)
}
