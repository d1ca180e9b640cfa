/** The tree, its proofs, notes and files, against their definitions and against values of others. */
import { describe, expect, test } from 'bun:test'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { canonicalJson, parseCanonicalJson, type JsonValue } from './canonical-json.ts'
import { parseCheckpoint, writeCheckpoint } from './checkpoint.ts'
import {
  appendLeaf,
  emptyFrontier,
  emptyRoot,
  leafHash,
  nodeHash,
  proveConsistency,
  proveInclusion,
  readFrontier,
  rootOf,
  verifyConsistency,
  verifyInclusion,
  type Hash,
  type ReadSubtree,
} from './merkle.ts'
import { hashOf } from './hash-of.ts'
import { createNoteSigner, formatNote, parseNote, parseVerifier, signNote, verifyNote } from './signed-note.ts'
import {
  bundlePath,
  foldTile,
  joinHashes,
  mostEntryBytes,
  parseTilePath,
  readBundle,
  splitHashes,
  tilePath,
  tilesOf,
  tileWidth,
  writeBundle,
} from './tiles.ts'
import { followProof, parseProof, writeProof } from './tlog-proof.ts'

const hex = (hash: Hash) => Buffer.from(hash).toString('hex')
const sha256 = (...parts: (Uint8Array | string)[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

/** The definition of RFC 6962, section 2.1, word by word: slow, and without any of our ways to be fast. */
function definedRoot(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return leaves[0] as Hash
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha256(Uint8Array.of(1), definedRoot(leaves.slice(0, k)), definedRoot(leaves.slice(k)))
}

const leavesOf = (count: number) => Array.from({ length: count }, (_, at) => leafHash(`entry ${at}`))
const readFrom =
  (leaves: readonly Hash[]): ReadSubtree =>
  ({ level, index }) =>
    definedRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))

describe('canonical JSON', () => {
  test('is what another implementation of RFC 8785 writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(canonicalJson(value as JsonValue)).toBe(canonicalize(value) ?? '')
      }),
      { numRuns: 2_000 },
    )
  })

  test('orders names by code units, as the example of the RFC has them, and writes numbers as ECMAScript does', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6']
    const object = Object.fromEntries(names.map((name, at) => [name, at]))
    const ordered = Object.keys(JSON.parse(canonicalJson(object)) as object)
    // `1` is an index to the parser, and comes first there anyway.
    expect(canonicalJson(object).match(/"(?:[^"\\]|\\.)*":/g)).toHaveLength(names.length)
    expect(canonicalJson(object).indexOf('\u{1f600}')).toBeLessThan(canonicalJson(object).indexOf('\ufb33'))
    expect(ordered).toContain('\r')
    expect(canonicalJson([1e21, 1e-7, -0, 333333333.3333333, 4.5])).toBe('[1e+21,1e-7,0,333333333.3333333,4.5]')
  })

  test('does not write what has no canonical form', () => {
    const deep = Array.from({ length: 70 }).reduce<JsonValue>((inner) => [inner], null)
    for (const value of [NaN, Infinity, '\ud800', { '\udc00': 1 }, 10n, Symbol('x'), () => 1, deep])
      expect(() => canonicalJson(value as JsonValue)).toThrow(TypeError)
  })

  test('is read only from a text that is exactly it', () => {
    const isCanonical = (text: string) => {
      try {
        return canonicalize(JSON.parse(text)) === text
      } catch {
        return false
      }
    }
    const spoil = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => text.replace(',', ', '),
      (text) => text.replace('e', '\\u0065'),
      (text) => text.replace('}', ',"z":1}'),
      (text) => text.replace('{', '{"":0,'),
      (text) => text.replace('1', '1.0'),
      (text) => text.replace('"', '"\\ud83d'),
      (text) => text.replace('"', '"\\ud83d\\ude00'),
      (text) => text.replace('"', '"\\\\ud'),
      (text) => text.slice(0, -1),
    )
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.dictionary(fc.constantFrom('10', '9', '1', 'e', 'é', ''), fc.jsonValue({ maxDepth: 2 })),
    )
    fc.assert(
      fc.property(value, spoil, fc.boolean(), (drawn, change, isOrdered) => {
        const text = change(isOrdered ? canonicalJson(drawn as JsonValue) : JSON.stringify(drawn))
        const read = parseCanonicalJson(text)
        expect(read !== undefined).toBe(isCanonical(text))
        if (read !== undefined) expect(read).toEqual(JSON.parse(text) as JsonValue)
      }),
      { numRuns: 3_000 },
    )
    expect(parseCanonicalJson('{"a":1,"a":1}')).toBeUndefined()
    expect(parseCanonicalJson('['.repeat(70) + ']'.repeat(70))).toBeUndefined()
  })
})

test('a hash of parts is that of all of them together, whatever their length', () => {
  const part = fc.oneof(fc.string({ unit: 'binary', maxLength: 2_000 }), fc.uint8Array({ maxLength: 3_000 }))
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const whole = createHash('sha256')
      for (const each of parts) whole.update(each)
      expect(Buffer.from(hashOf(...parts)).equals(whole.digest())).toBe(true)
    }),
    { numRuns: 500 },
  )
})

describe('the tree', () => {
  test('has the roots of the logs of Certificate Transparency', () => {
    // The eight leaves that implementations of RFC 6962 test with, and the roots of their trees.
    const data = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
    const leaves = data.map((each) => leafHash(Buffer.from(each, 'hex')))
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]
    let frontier = emptyFrontier
    for (const [at, leaf] of leaves.entries()) {
      frontier = appendLeaf(frontier, leaf)
      expect(hex(rootOf(frontier))).toBe(roots[at] ?? '')
    }
    expect(hex(emptyRoot())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })

  test('grown leaf by leaf or read at a size, has the root of the definition', async () => {
    let frontier = emptyFrontier
    const leaves = leavesOf(600)
    for (const [at, leaf] of leaves.entries()) {
      frontier = appendLeaf(frontier, leaf)
      if (at % 37 !== 0) continue
      const root = hex(definedRoot(leaves.slice(0, at + 1)))
      expect(hex(rootOf(frontier))).toBe(root)
      expect(hex(rootOf(await readFrontier(at + 1, readFrom(leaves))))).toBe(root)
    }
  })

  test('proves any leaf in any tree, and nothing that is bent passes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 80 }), fc.nat(), fc.nat(), async (size, pick, bend) => {
        const leaves = leavesOf(size)
        const index = pick % size
        const proof = await proveInclusion(index, size, readFrom(leaves))
        const [root, leaf] = [definedRoot(leaves), leaves[index] as Hash]
        const claim = { index, size, leaf, root, proof }
        expect(verifyInclusion(claim)).toBe(true)
        const bent = proof.map((hash, at) => (at === bend % proof.length ? nodeHash(hash, hash) : hash))
        if (proof.length > 0) expect(verifyInclusion({ ...claim, proof: bent })).toBe(false)
        expect(verifyInclusion({ ...claim, proof: [...proof, root] })).toBe(false)
        if (proof.length > 0) expect(verifyInclusion({ ...claim, proof: proof.slice(1) })).toBe(false)
        expect(verifyInclusion({ ...claim, leaf: leafHash('another') })).toBe(false)
        if (size > 1) expect(verifyInclusion({ ...claim, index: (index + 1) % size })).toBe(false)
        expect(verifyInclusion({ ...claim, index: size })).toBe(false)
      }),
    )
  })

  test('proves that a later tree begins with an earlier one, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 80 }), fc.nat(), fc.nat(), async (size, pick, change) => {
        const leaves = leavesOf(size)
        const earlier = 1 + (pick % size)
        const proof = await proveConsistency(earlier, size, readFrom(leaves))
        const [earlierRoot, root] = [definedRoot(leaves.slice(0, earlier)), definedRoot(leaves)]
        expect(verifyConsistency({ earlier, size, earlierRoot, root, proof })).toBe(true)
        const other = leaves.map((leaf, at) => (at === change % earlier ? leafHash('changed') : leaf))
        const forged = await proveConsistency(earlier, size, readFrom(other))
        const claim = { earlier, size, earlierRoot, root: definedRoot(other) }
        expect(verifyConsistency({ ...claim, proof: forged })).toBe(false)
        expect(verifyConsistency({ ...claim, proof })).toBe(false)
        if (earlier < size) expect(verifyConsistency({ earlier, size, earlierRoot: root, root, proof })).toBe(false)
      }),
    )
  })
})

describe('tiles', () => {
  test('cover a tree once, have the names of C2SP, and fold to its root', () => {
    for (const size of [1, 255, 256, 257, 70_000]) {
      const lowest = tilesOf(size).filter(({ level }) => level === 0)
      expect(lowest.reduce((sum, { width }) => sum + width, 0)).toBe(size)
    }
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067')
    expect(tilePath({ level: 1, index: 0, width: 3 })).toBe('tile/1/000.p/3')
    expect(bundlePath({ index: 5, width: 256 })).toBe('tile/entries/005')
    const leaves = leavesOf(tileWidth)
    expect(hex(foldTile(joinHashes(leaves), 0, tileWidth))).toBe(hex(definedRoot(leaves)))
    expect(splitHashes(joinHashes(leaves))).toEqual(leaves)
  })

  test('a path is read back as what it was written of, and no other is', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 6 }),
        fc.nat({ max: 2 ** 31 - 1 }),
        fc.integer({ min: 1, max: 256 }),
        (level, index, width) => {
          expect(parseTilePath(tilePath({ level, index, width }))).toEqual({ level, index, width })
          expect(parseTilePath(bundlePath({ index, width }))).toEqual({ level: 'entries', index, width })
        },
      ),
    )
    for (const path of [
      '',
      'tile/0/0',
      'tile/00/000',
      'tile/0/1234',
      'tile/0/x000/001',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/64/000',
      'tile/0/../000',
      'tile/0/000/',
      'tile/-1/000',
    ])
      expect([path, parseTilePath(path)]).toEqual([path, null])
  })

  test('entries of a bundle come back as they were, and a bundle that was cut does not', () => {
    const entries = ['', 'a', 'x'.repeat(mostEntryBytes)].map((text) => new TextEncoder().encode(text))
    const bundle = writeBundle(entries)
    expect(readBundle(bundle)).toEqual(entries)
    expect(readBundle(bundle.slice(0, -1))).toBeNull()
    expect(readBundle(Uint8Array.of(0))).toBeNull()
    expect(() => writeBundle([new Uint8Array(mostEntryBytes + 1)])).toThrow()
  })
})

describe('notes, checkpoints, proofs', () => {
  const seed = new Uint8Array(32).fill(5)
  const signer = createNoteSigner('cairn/audit/deployment_1', seed)
  const root = definedRoot(leavesOf(7))
  const note = writeCheckpoint({ origin: 'cairn/audit/deployment_1', size: 7, root }, [signer])

  test('a checkpoint is read back, and its signature holds for its key and text alone', () => {
    const read = parseCheckpoint(note)
    expect(read).toMatchObject({ origin: 'cairn/audit/deployment_1', size: 7 })
    const verifier = parseVerifier(signer.verifier.text)
    expect(verifier?.keyId).toBe(signer.verifier.keyId)
    const verify = (text: string, by = verifier) => {
      const parsed = parseNote(text)
      return parsed === null || by === null ? null : verifyNote(parsed, [by])
    }
    expect(verify(note)).toHaveLength(1)
    expect(verify(note.replace('\n7\n', '\n8\n'))).toBeNull()
    expect(verify(note, createNoteSigner('cairn/audit/deployment_1', new Uint8Array(32).fill(6)).verifier)).toEqual([])
    const [text, signature] = note.split('\n\n')
    expect(parseNote(`${text}\n${signature}`)).toBeNull()
    expect(parseNote(note.trimEnd())).toBeNull()
    expect(parseNote('')).toBeNull()
    expect(parseNote(note.replace('deployment_1\n', 'deployment_1\u0000\n'))).toBeNull()
  })

  test('others may sign too, unknown ones are passed over, and a second signature of one key adds nothing', () => {
    const witness = createNoteSigner('witness.example', new Uint8Array(32).fill(8))
    const parsed = parseNote(note)
    if (parsed === null) throw new Error('the note is one')
    const both = signNote(parsed, [witness])
    expect(verifyNote(both, [signer.verifier])).toHaveLength(1)
    expect(verifyNote(both, [signer.verifier, witness.verifier])).toHaveLength(2)
    expect(parseNote(formatNote(both))).toEqual(both)
  })

  test('a size or root that is none is no checkpoint', () => {
    for (const [from, to] of [
      ['\n7\n', '\n07\n'],
      ['\n7\n', '\n-7\n'],
      ['\n7\n', '\n9007199254740993\n'],
      [Buffer.from(root).toString('base64'), Buffer.from(root.slice(1)).toString('base64')],
    ] as const)
      expect(parseCheckpoint(note.replace(from, to))).toBeNull()
  })

  test('a proof in a file leads to the checkpoint, and to none when anything in it is another', async () => {
    const leaves = leavesOf(7)
    const hashes = await proveInclusion(3, 7, readFrom(leaves))
    const text = writeProof({ index: 3, hashes, checkpoint: note, extra: new TextEncoder().encode('{}') })
    const proof = parseProof(text)
    if (proof === null) throw new Error('the proof is one')
    expect(proof).toMatchObject({ index: 3, checkpoint: note })
    expect(followProof(proof, leaves[3] as Hash)?.size).toBe(7)
    expect(followProof(proof, leaves[4] as Hash)).toBeNull()
    expect(followProof({ ...proof, index: 4 }, leaves[3] as Hash)).toBeNull()
    for (const bent of [
      text.replace('@v1', '@v2'),
      text.replace('index 3', 'index 03'),
      text.replace('extra ', 'extra'),
      'c2sp',
    ])
      expect(parseProof(bent)).toBeNull()
  })
})
