/**
 * Verifies an audit log with nothing but its files and this page of code: `node verify.mjs FOLDER [KEY]`. FOLDER is an
 * archive of the log that was unpacked; KEY is the log's verifier key as you know it from elsewhere, or else the one in
 * the archive. Exit code 0: every entry is in the tree that the checkpoint signs. 1: not so. 2: FOLDER is no archive.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder, knownKey] = process.argv.slice(2)
const read = (name) => readFileSync(join(folder, name))
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest()
const fail = (problem) => {
  console.log(`NOT OK: ${problem}`)
  process.exit(1)
}

// The checkpoint is a signed note (C2SP): a text, an empty line, and a line for each signature.
function openCheckpoint(note, key) {
  // Base 64 has the same plus that separates the three.
  const [name, id, ...rest] = key.trim().split('+')
  const encoded = rest.join('+')
  const publicKey = Buffer.from(encoded, 'base64').subarray(1)
  const end = note.indexOf('\n\n') + 1
  const [origin, size, root] = note.slice(0, end).split('\n')
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey])
  const isSigned = note
    .slice(end + 1)
    .split('\n')
    .filter((line) => line.startsWith(`\u2014 ${name} `))
    .map((line) => Buffer.from(line.split(' ').at(-1), 'base64'))
    .some(
      (bytes) =>
        bytes.subarray(0, 4).toString('hex') === id &&
        verify(
          null,
          Buffer.from(note.slice(0, end)),
          createPublicKey({ key: der, format: 'der', type: 'spki' }),
          bytes.subarray(4),
        ),
    )
  if (!isSigned) fail('the checkpoint is not signed with this key')
  return { origin, size: Number(size), root }
}

// A number in the path of a tile: 1234067 is x001/x234/067.
const numberPath = (index) => {
  const parts = String(index)
    .padStart(Math.ceil(String(index).length / 3) * 3, '0')
    .match(/\d{3}/g)
  return parts.map((part, at) => (at < parts.length - 1 ? `x${part}` : part)).join('/')
}

function* entriesOf(bundle) {
  for (let at = 0; at < bundle.length;) {
    const length = bundle.readUInt16BE(at)
    yield bundle.subarray(at + 2, at + 2 + length)
    at += 2 + length
  }
}

// The tree of RFC 6962: roots of perfect subtrees, from the largest; two of one size become one.
function createTree(hashes, sizes) {
  const add = (hash, size) => {
    hashes.push(hash)
    sizes.push(size)
    while (sizes.length > 1 && sizes.at(-1) === sizes.at(-2)) {
      const right = hashes.pop()
      sizes.push(sizes.pop() + sizes.pop())
      hashes.push(sha256(Buffer.of(1), hashes.pop(), right))
    }
  }
  const root = () => hashes.reduceRight((right, left) => sha256(Buffer.of(1), left, right))
  return { add, root }
}

let facts
try {
  facts = JSON.parse(read('facts.json'))
} catch {
  console.log('This folder holds no archive of an audit log.')
  process.exit(2)
}
const checkpoint = openCheckpoint(read('checkpoint').toString(), knownKey ?? read('key').toString())

// Of entries that were pruned, the roots of perfect subtrees are left.
const kept = facts.prunes.find(({ upto }) => upto === facts.minIndex)?.frontier ?? ''
const keptHashes = Buffer.from(kept, 'base64')
const hashes = Array.from({ length: keptHashes.length / 32 }, (_, at) => keptHashes.subarray(at * 32, at * 32 + 32))
const sizes = []
for (let left = facts.minIndex; left > 0; left -= sizes.at(-1)) sizes.push(2 ** Math.floor(Math.log2(left)))
const tree = createTree(hashes, sizes)

let next = facts.minIndex
while (next < checkpoint.size) {
  const width = Math.min(256, checkpoint.size - next)
  const name = numberPath(next / 256) + (width < 256 ? `.p/${width}` : '')
  const leaves = read(`tile/0/${name}`)
  for (const [at, entry] of [...entriesOf(read(`tile/entries/${name}`))].entries()) {
    const leaf = sha256(Buffer.of(0), entry)
    if (!leaf.equals(leaves.subarray(at * 32, at * 32 + 32))) fail(`entry ${next + at} is not the one in its tile`)
    if (JSON.parse(entry).seq !== next + at) fail(`entry ${next + at} says that it is another`)
    tree.add(leaf, 1)
  }
  next += width
}
if (tree.root().toString('base64') !== checkpoint.root) fail('the entries do not make the root that is signed')
console.log(`OK: ${checkpoint.size - facts.minIndex} of ${checkpoint.size} entries of ${checkpoint.origin}`)
