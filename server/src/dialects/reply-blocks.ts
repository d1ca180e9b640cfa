/**
 * Puts what a chat model says into blocks that follow each other, as the other dialects want them: one is begun, grows
 * and is ended before the next. A chat stream may mix them, since each piece of a tool call names the call it belongs
 * to. So the front block goes out as it grows, and what comes for blocks behind it waits until the front one is over:
 * text and thinking are over when something else comes, a call when its arguments are a whole JSON object, and all of
 * them at the end. Nothing is ever put into a block that has been ended.
 */
import { fail } from '../base/index.ts'
import { scanObject, startScan, type ObjectScan } from './object-scan.ts'

export interface SaidBlock {
  readonly kind: 'text' | 'thinking' | 'refusal' | 'redacted'
  text(): string
  /** Of thinking: what its maker knows it by again; empty when it told nothing. */
  signature(): string
}

export interface CallBlock {
  readonly kind: 'call'
  readonly id: string
  readonly name: string
  /** The arguments as the model wrote them. */
  text(): string
}

export type Block = SaidBlock | CallBlock

/** Told what happens, in order; `index` counts the blocks. */
export interface BlockListener {
  opened(block: Block, index: number): void
  grew(block: Block, index: number, text: string): void
  closed(block: Block, index: number): void
}

export interface CallPiece {
  readonly index: number | null
  readonly id: string
  readonly name: string
  readonly args: string
}

export interface BlockWriter {
  say(kind: SaidBlock['kind'], text: string): void
  sign(signature: string): void
  call(piece: CallPiece): void
  /** Ends all blocks and gives them. Throws `upstream.malformed` for a call without a name. */
  end(): readonly Block[]
  /** Those begun so far. */
  begun(): readonly Block[]
}

/** As much as a provider’s reply may hold. */
const maxChars = 67_108_864
const maxBlocks = 10_000

interface Draft {
  readonly kind: Block['kind']
  readonly parts: string[]
  /** What came and was not told yet. */
  unsent: string
  signature: string
  /** Of a call. */
  readonly index: number | null
  /** The id on the wire, and the one that the client sees: that may not be empty, nor the same for two calls. */
  wireId: string
  id: string
  name: string
  isEnded: boolean
  readonly scan: ObjectScan
  block: Block | null
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createBlocks(listener: BlockListener, newCallId: (count: number) => string): BlockWriter {
  const drafts: Draft[] = []
  const ids = new Set<string>()
  let front = 0
  let chars = 0
  let isEnding = false

  function add(kind: Draft['kind'], index: number | null = null): Draft {
    if (drafts.length >= maxBlocks) fail('upstream.malformed', { internal: `more than ${maxBlocks} blocks in a reply` })
    const texts = { unsent: '', signature: '', wireId: '', id: '', name: '' }
    const draft: Draft = { kind, parts: [], ...texts, index, isEnded: false, scan: startScan(), block: null }
    drafts.push(draft)
    return draft
  }

  function grow(draft: Draft, text: string): void {
    chars += text.length
    if (chars > maxChars) fail('upstream.malformed', { internal: `a reply of more than ${maxChars} characters` })
    if (draft.kind === 'call') scanObject(draft.scan, text)
    if (draft.isEnded) return growEnded(draft, text)
    draft.parts.push(text)
    draft.unsent += text
    advance()
  }

  function advance(): void {
    for (let draft = drafts[front]; draft !== undefined; draft = drafts[front]) {
      const mayOpen = draft.block !== null || draft.kind !== 'call' || draft.name !== '' || isEnding
      if (!mayOpen) return
      const block = draft.block ?? open(draft)
      if (draft.unsent !== '') {
        const text = draft.unsent
        draft.unsent = ''
        listener.grew(block, front, text)
      }
      const isLast = front === drafts.length - 1
      const isOver = isEnding || (!isLast && (draft.kind !== 'call' || draft.scan.state === 'whole'))
      if (!isOver) return
      draft.isEnded = true
      listener.closed(block, front)
      front += 1
    }
  }

  function open(draft: Draft): Block {
    if (draft.kind === 'call') {
      if (draft.name === '') fail('upstream.malformed', { internal: 'a tool call without a name' })
      draft.id = draft.wireId === '' || ids.has(draft.wireId) ? newCallId(front) : draft.wireId
      ids.add(draft.id)
    }
    draft.block = blockOf(draft)
    listener.opened(draft.block, front)
    return draft.block
  }

  return {
    say(kind, text) {
      const last = drafts.at(-1)
      const isNew = last?.kind !== kind || kind === 'redacted' || (kind === 'thinking' && last.signature !== '')
      if (text !== '') grow(isNew ? add(kind) : last, text)
    },
    sign(signature) {
      const last = drafts.at(-1)
      const draft = last?.kind === 'thinking' ? last : add('thinking')
      draft.signature = signature
      advance()
    },
    call(piece) {
      const draft = findCall(drafts, piece) ?? add('call', piece.index)
      if (draft.name === '') draft.name = piece.name
      if (draft.wireId === '') draft.wireId = piece.id
      grow(draft, piece.args)
    },
    end() {
      isEnding = true
      advance()
      return blocksOf(drafts)
    },
    begun: () => blocksOf(drafts),
  }
}

/** Spaces may follow a whole object; anything else would make the call another one than the client has seen. */
function growEnded(draft: Draft, text: string): void {
  if (text.trim() !== '') fail('upstream.malformed', { internal: 'arguments of a tool call go on behind their end' })
  draft.parts.push(text)
}

/**
 * The call that a piece belongs to. Some servers give every call the index 0 or none; then a new id begins a new call,
 * and where there are no ids, a name behind whole arguments does.
 */
function findCall(drafts: readonly Draft[], { index, id, name, args }: CallPiece): Draft | undefined {
  const last = drafts.findLast((draft) => draft.kind === 'call' && (index === null || draft.index === index))
  if (last === undefined) return undefined
  if (id === '') return name !== '' && args !== '' && last.scan.state === 'whole' ? undefined : last
  if (last.wireId === '' || last.wireId === id) return last
  return index === null ? drafts.findLast((draft) => draft.kind === 'call' && draft.wireId === id) : undefined
}

function blockOf(draft: Draft): Block {
  const text = () => draft.parts.join('')
  if (draft.kind === 'call') return { kind: draft.kind, id: draft.id, name: draft.name, text }
  return { kind: draft.kind, text, signature: () => draft.signature }
}

function blocksOf(drafts: readonly Draft[]): readonly Block[] {
  return drafts.flatMap(({ block }) => (block === null ? [] : [block]))
}
