/**
 * Promises of the proof in the browser: every true proof is good, whatever is changed in one is found, and a browser that
 * cannot check says so. The proofs are made by the server’s own code, which the verifier shares nothing with.
 */
import { describe, expect, test } from 'bun:test'
import type { AuditEntryView } from '@cairn/contract'
import fc from 'fast-check'
import { writeCheckpoint } from '../../server/src/audit/tree/checkpoint.ts'
import { appendLeaf, emptyFrontier, leafHash, proveInclusion, rootOf } from '../../server/src/audit/tree/merkle.ts'
import { createNoteSigner } from '../../server/src/audit/tree/signed-note.ts'
import { writeProof } from '../../server/src/audit/tree/tlog-proof.ts'
import { faultWords } from '../src/audit/prove/proof-words.ts'
import { readCheckpoint, readVerifierKey } from '../src/audit/prove/signed-note.ts'
import { verifyProof, type ProofFault, type ProofVerdict } from '../src/audit/prove/verify-proof.ts'

const signer = createNoteSigner('cairn.example/audit/1', new Uint8Array(32).fill(7))
const key = `${signer.verifier.text}\n`
const given = { key, remembered: null }
const at = Date.UTC(2026, 10, 23, 12, 20, 31)

const shownAt = (seq: number): AuditEntryView => ({
  seq,
  at,
  category: 'content',
  type: 'note.read',
  outcome: 'ok',
  actor: 'person_ann',
  fields: { vault: 'vault_1', note: null, results: seq },
  hidden: true,
  context: {},
  blocks: { actor: 'open' },
})

const headerAt = (seq: number) =>
  JSON.stringify({
    b: { actor: 'A'.repeat(43) },
    cat: 'content',
    n: 'B'.repeat(22),
    out: 'ok',
    pub: { results: seq },
    seq,
    t: '2026-11-23T12:20Z',
    type: 'note.read',
    v: 1,
  })

/** The proof of an entry in a log of so many, as the server writes it. */
async function prove(index: number, size: number): Promise<string> {
  const subtrees = new Map<string, Uint8Array>()
  let frontier = emptyFrontier
  for (let seq = 0; seq < size; seq++)
    frontier = appendLeaf(frontier, leafHash(headerAt(seq)), (level, place, hash) =>
      subtrees.set(`${level} ${place}`, hash),
    )
  const read = ({ level, index: place }: { level: number; index: number }) =>
    subtrees.get(`${level} ${place}`) ?? new Uint8Array()
  return writeProof({
    index,
    hashes: await proveInclusion(index, size, read),
    checkpoint: writeCheckpoint({ origin: signer.verifier.name, size, root: rootOf(frontier) }, [signer]),
    extra: new TextEncoder().encode(headerAt(index)),
  })
}

const said = (verdict: ProofVerdict) => (verdict.kind === 'failed' ? verdict.fault : verdict.kind)

describe('a proof', () => {
  test('of every entry of every small log is good, and its way is as long as the tree is high at most', async () => {
    for (const size of [1, 2, 3, 4, 5, 7, 8, 9, 31, 33])
      for (let index = 0; index < size; index++) {
        const verdict = await verifyProof(shownAt(index), await prove(index, size), given)
        expect([size, index, said(verdict)]).toEqual([size, index, 'proved'])
        if (verdict.kind === 'proved') {
          expect(verdict.way.turns.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)))
          expect(verdict.way.checkpoint.size).toBe(size)
        }
      }
  })

  test('in which any sign is another is never good', async () => {
    const proof = await prove(11, 29)
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: proof.length - 1 }), fc.constantFrom(...'AQgw059+/=\n x'), async (place, sign) => {
        fc.pre(proof[place] !== sign)
        const verdict = await verifyProof(shownAt(11), proof.slice(0, place) + sign + proof.slice(place + 1), given)
        expect(verdict.kind).toBe('failed')
      }),
      { numRuns: 600, seed: 20261123 },
    )
  })

  test('says what is wrong by its name', async () => {
    const proof = await prove(4, 9)
    const [head = '', ...rest] = proof.split('\n\n')
    const lines = head.split('\n')
    const keyOf = (name: string, seed: number) => createNoteSigner(name, new Uint8Array(32).fill(seed)).verifier.text
    const withLines = (changed: string[]) => [changed.join('\n'), ...rest].join('\n\n')
    const another = Buffer.from(headerAt(4).replace('"ok"', '"failed"')).toString('base64')
    const cases: [ProofFault, AuditEntryView, string, string][] = [
      ['unreadable', shownAt(4), 'no proof\n\nat all\n', key],
      ['elsewhere', shownAt(5), proof, key],
      ['differs', { ...shownAt(4), outcome: 'failed' }, proof, key],
      ['differs', { ...shownAt(4), at: at + 60_000 }, proof, key],
      ['differs', { ...shownAt(4), fields: { results: 5 } }, proof, key],
      ['path', { ...shownAt(4), outcome: 'failed' }, withLines(lines.with(1, `extra ${another}`)), key],
      ['path', shownAt(4), withLines(lines.slice(0, -1)), key],
      ['path', shownAt(4), withLines([...lines, lines.at(-1) ?? '']), key],
      ['origin', shownAt(4), proof, keyOf('cairn.example/audit/2', 7)],
      ['signature', shownAt(4), proof, keyOf(signer.verifier.name, 8)],
      ['key', shownAt(4), proof, key.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
    ]
    for (const [fault, shown, text, of] of cases)
      expect(said(await verifyProof(shown, text, { key: of, remembered: null }))).toBe(fault)
    const other = { key, remembered: keyOf(signer.verifier.name, 9) }
    expect(said(await verifyProof(shownAt(4), proof, other))).toBe('other-key')
    expect(said(await verifyProof(shownAt(4), proof, { key, remembered: key }))).toBe('proved')
    expect(Object.keys(faultWords).toSorted()).toEqual(
      [...new Set(['other-key', ...cases.map(([fault]) => fault)])].toSorted(),
    )
  })

  test('is not called good by a browser that knows no Ed25519, or may not hash', async () => {
    const proof = await prove(0, 6)
    const { subtle } = crypto
    const lacking = (name: 'importKey' | null) =>
      Object.defineProperty(crypto, 'subtle', {
        configurable: true,
        value:
          name === null
            ? undefined
            : { digest: subtle.digest.bind(subtle), importKey: () => Promise.reject(new Error('not supported')) },
      })
    try {
      lacking('importKey')
      expect(said(await verifyProof(shownAt(0), proof, given))).toBe('unsigned')
      lacking(null)
      expect(said(await verifyProof(shownAt(0), proof, given))).toBe('unable')
    } finally {
      Object.defineProperty(crypto, 'subtle', { configurable: true, value: subtle })
    }
    expect(said(await verifyProof(shownAt(0), proof, given))).toBe('proved')
  })
})

test('checkpoints and keys are read as the server writes them, and nothing else is', async () => {
  const note = writeCheckpoint({ origin: signer.verifier.name, size: 3, root: leafHash('x') }, [signer])
  expect(readCheckpoint(note)).toMatchObject({ origin: signer.verifier.name, size: 3 })
  for (const wrong of [note.slice(0, -1), note.replace('\n3\n', '\n03\n'), note.replace('\u2014', '-'), '', 'none'])
    expect(readCheckpoint(wrong)).toBeNull()
  const read = await readVerifierKey(key)
  expect(read?.name).toBe(signer.verifier.name)
  expect(await readVerifierKey(key.replace('cairn', 'other'))).toBeNull()
})
