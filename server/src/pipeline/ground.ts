/** Finds what a question is answered from: the passages that the asker's notes offer, and how sensitive they are. */
import { highestLabel, type AskRequest, type Label } from '@cairn/contract'
import type { Access } from '../access/index.ts'
import { bothFilters, fail } from '../base/index.ts'
import type { Passage, Vaults } from '../vaults/index.ts'
import { findContext } from './follow-up.ts'
import { labelOfHistory, type LabelSigner } from './labels.ts'
import type { PipelineCaches } from './caches.ts'
import { leastExposed, promptFilter } from './note-gate.ts'
import type { Candidates } from '../routing/index.ts'
import { scopeFilter } from './scope-filter.ts'
import { readPositions, type SourcePositions } from './sources.ts'
import type { Call } from './types.ts'

export interface Grounded {
  question: string
  /** Words of the conversation that a follow-up leans on. */
  context: string | undefined
  /** Best first: enough for the built-in answerer to choose from. */
  candidates: readonly Passage[]
  /** The best of them, which a language model is given. */
  passages: readonly Passage[]
  /** The highest label of what would be sent: passages and conversation. */
  label: Label
  vaults: readonly string[]
  /** How far the index had come that the passages are from. */
  positions: SourcePositions
}

export interface GroundServices {
  access: Pick<Access, 'filter' | 'seesVault'>
  vaults: Vaults
  signer: LabelSigner
  caches: Pick<PipelineCaches, 'log'>
  settings: { passages: number }
}

/** The built-in answerer chooses its sentences from so many passages: nine in ten right notes are among forty. */
const candidatePassages = 40

/** Ids of the vaults to ask: the named one, else all that the caller may know of. Throws `vault.not-found`. */
export async function selectVaults(
  { principal }: Call,
  asked: string | undefined,
  { access, vaults }: Pick<GroundServices, 'access' | 'vaults'>,
): Promise<string[]> {
  const seen = (await vaults.list()).filter(({ id }) => access.seesVault(principal, id))
  if (asked === undefined) return seen.map(({ id }) => id)
  const found = seen.find(({ id }) => id === asked) ?? seen.find(({ name }) => name === asked)
  return found
    ? [found.id]
    : fail('vault.not-found', {
        message: 'There is no such vault. `GET /api/vaults` lists those there are.',
        param: 'vault',
      })
}

export async function ground(
  call: Call,
  request: AskRequest,
  asked: Candidates,
  { access, vaults, signer, caches, settings }: GroundServices,
): Promise<Grounded> {
  const ids = await selectVaults(call, request.vault, { access, vaults })
  const exposed = leastExposed(asked)
  const positions = await readPositions(ids, { vaults, caches }, call.signal)
  const scope = scopeFilter(request.scope)
  const context = findContext(request.question, request.history)
  const candidates = await vaults.retrieve(
    {
      query: request.question,
      ...(context === undefined ? {} : { context }),
      syntax: 'plain',
      mode: 'hybrid',
      forPrompt: true,
      vaults: ids.map((id) => ({ id, filter: bothFilters(promptFilter(access, call.principal, id, exposed), scope) })),
      limit: candidatePassages,
    },
    call.signal,
  )
  const passages = candidates.slice(0, settings.passages)
  const conversation = labelOfHistory(request.history ?? [], call.principal.id, signer)
  const label = passages.reduce<Label>((highest, passage) => highestLabel(highest, passage.label), conversation)
  return { question: request.question, context, candidates, passages, label, vaults: ids, positions }
}
