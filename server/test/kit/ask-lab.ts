/**
 * What the tests of cached questions share: three notes, an upstream with models to name, and one server’s worth of
 * vaults and cache that is put back before each test, since opening one takes a second.
 */
import type { AskReply } from '@cairn/contract'
import { everyPath, someNotes, type NoteFilter } from '../../src/base/index.ts'
import { ann, bob, openAskRig, type AskRig, type AskRigOptions } from './ask-rig.ts'
import { upstreamOf } from './gateway-rig.ts'
import { startUpstream, type Upstream } from './upstream.ts'

export const notes = {
  'Tide.md': 'Spring tides at the pier reach 3.4 metres above chart datum.\n',
  'Boat.md': 'The boat stays in the harbour above 22 knots of wind.\n',
  'Pier/Secret.md': '---\ntags: [secret]\n---\nSpring tides at the pier flood the hidden limpet store.\n',
}
export const question = 'How high do spring tides reach at the pier?'
/** Everything but what is tagged `secret`. */
export const withoutSecrets: NoteFilter = someNotes({ allow: everyPath, denyTags: ['secret'] })

/** All that the tests name; a test says which of them can be used in it. */
const models = [
  'test-chat',
  'test-chat!chunkDelayMs=5',
  'test-chat!chunkDelayMs=20',
  'test-chat!chunks=120,chunkDelayMs=40',
  'test-chat!chunkDelayMs=20,breakAfter=5',
  'test-chat!chunkDelayMs=20,errorAfter=5',
  'test-chat!chunkDelayMs=20,garbageAfter=5',
  'test-chat!status=503,headDelayMs=50',
  'echo',
]
const dear = { id: 'dear', inputUsdPerMTok: 1_000, outputUsdPerMTok: 2_000 }

export interface AskLab extends AsyncDisposable {
  readonly upstream: Upstream
  /** With the notes as above, an empty cache, and of the models those that are named and the built-in one. */
  withRig(
    run: (rig: AskRig) => Promise<void>,
    options?: { usable?: readonly string[] } & Partial<AskRigOptions>,
  ): Promise<void>
  /** How many upstream calls it makes. */
  callsOf(run: () => Promise<unknown>): Promise<number>
}

export async function openAskLab(): Promise<AskLab> {
  const upstream = await startUpstream()
  const usual = { notes, upstreams: [upstreamOf('lab', upstream.url, [...models, dear] as string[])] }
  const shared = await openAskRig(usual)
  return {
    upstream,
    async withRig(run, { usable = [], ...options } = {}) {
      const isOwn = Object.keys(options).length > 0
      const rig = isOwn ? await openAskRig({ ...usual, ...options }) : shared
      try {
        await rig.restore(notes)
        const isUnusable = ({ model }: { model: string }) => model !== 'extractive' && !usable.includes(model)
        for (const { id } of [ann, bob]) rig.unusable.set(id, isUnusable)
        await run(rig)
      } finally {
        if (isOwn) await rig[Symbol.asyncDispose]()
      }
    },
    async callsOf(run) {
      const before = upstream.requests.length
      await run()
      return upstream.requests.length - before
    },
    async [Symbol.asyncDispose]() {
      await shared[Symbol.asyncDispose]()
      await upstream.close()
    },
  }
}

export const statusOf = ({ receipt }: Pick<AskReply, 'receipt'>) => receipt.cache.status

/** What an answer says, without what is each reply’s own. */
export const essence = ({ outcome, answer, citations, related, confidence, receipt }: Partial<AskReply>) => ({
  outcome,
  answer,
  citations,
  related,
  confidence,
  sources: receipt?.sources,
  label: receipt?.label,
  model: receipt?.model,
  tokens: receipt?.tokens,
})
