/** Cairn's own hits in memory, in the same loops as the other libraries. */
import type { Namespace } from '../../server/src/cache/types.ts'
import type { OpenCairn } from './cairn.ts'
import { check, makePassage, passageKeys, randomKeys, tagsOf, type Passage } from './hits.ts'
import type { Contestant } from './rounds.ts'

const mask = randomKeys.length - 1
const neverLoaded = () => Promise.reject(new Error('a hit was a miss'))

export interface CairnHits {
  readonly sync: readonly Contestant[]
  readonly awaited: readonly Contestant[]
}

/** Throws in the middle of a run when the node loses its lease, since that would not be a hit. */
export async function cairnHits({ cache }: OpenCairn): Promise<CairnHits> {
  const plain = cache.namespace<Passage>('plain', { ttlMs: 3_600_000, tiers: ['memory'] })
  const tagged = cache.namespace<Passage>('tagged', { ttlMs: 3_600_000, tiers: ['memory'] })
  for (const key of passageKeys) {
    await plain.reuse(key, () => Promise.resolve(makePassage(key)))
    const scopes = tagsOf(key).map((tag) => `tag:${tag}`)
    await tagged.reuse(key, () => Promise.resolve(makePassage(key)), { scopes })
  }
  // A busy loop keeps the log from being heard; let it be heard first, as it is in a server between two requests.
  const prepare = async () => {
    while (!cache.stats().log.isLeased) await Bun.sleep(5)
    await Bun.sleep(2)
  }
  return {
    sync: [
      { name: 'cairn peek', prepare, run: peekPlain(plain) },
      { name: 'cairn peek, 5 tags', prepare, run: peekTagged(tagged) },
    ],
    awaited: [
      { name: 'cairn reuse', prepare, run: reusePlain(plain) },
      { name: 'cairn reuse, 5 tags', prepare, run: reuseTagged(tagged) },
    ],
  }
}

function peekPlain(space: Namespace<Passage>): Contestant['run'] {
  let at = 0
  return (calls) => {
    for (let call = 0; call < calls; call++) check(space.peek(randomKeys[(at = (at + 1) & mask)] ?? ''))
  }
}

function peekTagged(space: Namespace<Passage>): Contestant['run'] {
  let at = 0
  return (calls) => {
    for (let call = 0; call < calls; call++) check(space.peek(randomKeys[(at = (at + 1) & mask)] ?? ''))
  }
}

function reusePlain(space: Namespace<Passage>): Contestant['run'] {
  let at = 0
  return async (calls) => {
    for (let call = 0; call < calls; call++)
      check((await space.reuse(randomKeys[(at = (at + 1) & mask)] ?? '', neverLoaded)).value)
  }
}

function reuseTagged(space: Namespace<Passage>): Contestant['run'] {
  let at = 0
  return async (calls) => {
    for (let call = 0; call < calls; call++)
      check((await space.reuse(randomKeys[(at = (at + 1) & mask)] ?? '', neverLoaded)).value)
  }
}
