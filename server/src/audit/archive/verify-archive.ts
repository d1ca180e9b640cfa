/** Verifies an archive from its bytes alone: no server, no store, no key but the public one. */
import { tryParseJson } from '../../base/index.ts'
import { opensCommitment } from '../record/blocks.ts'
import { leafHash } from '../tree/merkle.ts'
import { parseCheckpoint } from '../tree/checkpoint.ts'
import { parseVerifier } from '../tree/signed-note.ts'
import { parseTilePath, readBundle, tileWidth } from '../tree/tiles.ts'
import type { LogFacts, LogSource, StoredBlock, StoredEntry } from '../verify/source.ts'
import { verifyLog, type OpenBlock, type VerifyReport } from '../verify/verify.ts'
import { archiveBlockSchema, archiveFactsSchema, factsFile, gapsPath } from './format.ts'
import { readTar } from './tar.ts'

export interface ArchiveVerification {
  /** From the beginning, each time it is called. */
  readonly open: () => AsyncIterable<Uint8Array>
  /** A verifier key that is known from elsewhere; without it the archive’s own is used, and vouches for nothing. */
  readonly key?: string
  /** Checkpoints that were seen elsewhere. */
  readonly against?: readonly string[]
}

/** Throws `TypeError` for what is no archive, or a key that is none. */
export async function verifyArchive({ open, key, against = [] }: ArchiveVerification): Promise<VerifyReport> {
  const head = await readFront(open)
  const verifier = parseVerifier((key ?? head.key).trim())
  if (verifier === null) throw new TypeError('the key is no verifier key')
  const contents = new Map<string, Extract<ReturnType<typeof archiveBlockSchema.parse>, { salt: string }>>()
  const openBlock: OpenBlock = async ({ seq, header }, { name }) => {
    const opened = contents.get(`${seq} ${name}`)
    if (opened === undefined) return 'sealed'
    const commitment = Buffer.from(header.b[name] ?? '', 'base64url')
    const isIt = opensCommitment(
      name,
      { salt: Buffer.from(opened.salt, 'base64'), content: opened.content },
      commitment,
    )
    return isIt ? 'full' : 'COMMITMENT'
  }
  return verifyLog({
    source: createArchivedLog(open, head.facts, contents),
    verifiers: [verifier],
    against,
    open: openBlock,
    mayBeSealed: true,
  })
}

async function readFront(open: ArchiveVerification['open']): Promise<{ key: string; facts: LogFacts }> {
  let [checkpoint, key] = ['', '']
  for await (const { name, content } of readTar(open())) {
    const text = Buffer.from(content).toString('utf8')
    if (name === 'checkpoint') checkpoint = text
    if (name === 'key') key = text
    if (name === factsFile) {
      const facts = parseFacts(text)
      if (parseCheckpoint(checkpoint)?.size !== facts.size) break
      // The one that the archive is of is checked like those that the log has kept.
      return { key, facts: { ...facts, checkpoints: [...facts.checkpoints, checkpoint] } }
    }
  }
  throw new TypeError('this is no archive of the audit log: its first files are checkpoint, key and facts.json')
}

function parseFacts(text: string): LogFacts {
  const { data } = archiveFactsSchema.safeParse(tryParseJson(text))
  if (data === undefined) throw new TypeError('facts.json of the archive cannot be read')
  const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))
  return {
    ...data,
    frontier: bytes(data.frontier),
    prunes: data.prunes.map((each) => ({ ...each, frontier: bytes(each.frontier) })),
    // A key itself is never in an archive.
    liveKeys: [],
    storedKeys: [],
  }
}

function createArchivedLog(
  open: ArchiveVerification['open'],
  facts: LogFacts,
  contents: Map<string, { seq: number; name: string; salt: string; content: string }>,
): LogSource {
  async function* pages(): AsyncIterable<StoredEntry[]> {
    let bundle: { from: number; headers: string[] } | null = null
    for await (const { name, content } of readTar(open())) {
      const path = parseTilePath(name)
      if (path?.level === 'entries') {
        const headers = readBundle(content)?.map((bytes) => Buffer.from(bytes).toString('utf8'))
        if (headers === undefined || headers.length !== path.width) throw new TypeError(`${name} is cut short`)
        bundle = { from: path.index * tileWidth, headers }
      } else if (bundle !== null && name === gapsPath(bundle.from / tileWidth)) {
        contents.clear()
        yield joinBlocks(bundle, content, contents)
        bundle = null
      }
    }
  }

  return {
    facts: async () => facts,
    async *entries(from) {
      for await (const page of pages()) {
        const wanted = page.filter(({ seq }) => seq >= from)
        if (wanted.length > 0) yield wanted
      }
    },
    async *authorising(from) {
      for await (const page of pages())
        yield page.filter(({ seq, header }) => seq >= from && header.includes('"cat":"privacy"'))
    },
  }
}

function joinBlocks(
  { from, headers }: { from: number; headers: readonly string[] },
  content: Uint8Array,
  contents: Map<string, { seq: number; name: string; salt: string; content: string }>,
): StoredEntry[] {
  const bySeq = new Map<number, StoredBlock[]>()
  const lines = Buffer.from(content).toString('utf8').split('\n')
  for (const line of lines.slice(0, -1)) {
    const { data: block } = archiveBlockSchema.safeParse(tryParseJson(line))
    if (block === undefined) throw new TypeError(`${gapsPath(from / tileWidth)} cannot be read`)
    if ('salt' in block) contents.set(`${block.seq} ${block.name}`, block)
    const isGone = 'goneBy' in block
    const stored: StoredBlock = {
      name: block.name,
      subject: null,
      period: null,
      sealed: isGone ? null : new Uint8Array(),
      goneBy: isGone ? block.goneBy : null,
      goneProof: isGone ? block.goneProof : null,
    }
    bySeq.set(block.seq, [...(bySeq.get(block.seq) ?? []), stored])
  }
  return headers.map((header, at) => ({
    seq: from + at,
    header,
    leaf: leafHash(header),
    blocks: bySeq.get(from + at) ?? [],
  }))
}
