/** What the panel knows and does: whom to ask, with which words, and whether that is allowed. */
import { useEffect, useState } from 'preact/hooks'
import type { Label, ModelInfo } from '@cairn/contract'
import { useStore } from '@cairn/ui/store'
import { higherLabel, rankOf } from '../../core/inline/note-label.ts'
import { writeMessages, type ChatMessage } from '../../core/inline/rewrite-request.ts'
import type { RewriteState, Rewriting } from '../../core/inline/rewriting.ts'
import type { RewriteTarget } from '../../core/inline/target.ts'
import type { CairnParts } from '../../core/ports.ts'

export interface RewriteProps {
  readonly parts: CairnParts
  readonly target: RewriteTarget
  readonly rewriting: Rewriting
  readonly close: () => void
}

/** What the server told about this note and the models that may see it. */
export interface Known {
  readonly label: Label
  readonly models: readonly ModelInfo[]
  /** Models that write and are not cleared for the note. */
  readonly uncleared: number
}

export interface Rewrite {
  /** Null until the server has told; a sentence when it does not. */
  readonly known: Known | string | null
  readonly state: RewriteState
  readonly instruction: string
  readonly setInstruction: (text: string) => void
  readonly model: ModelInfo | undefined
  readonly setModel: (id: string) => void
  /** Exactly what would be sent, or was. */
  readonly messages: readonly ChatMessage[]
  readonly send: () => void
}

export function useRewrite({ parts, target, rewriting }: RewriteProps): Rewrite {
  const isReady = useStore(parts.connection.state).at === 'ready'
  const state = useStore(rewriting.state)
  const [instruction, setInstruction] = useState('')
  const [known, setKnown] = useState<Known | string | null>(null)
  const [chosen, setChosen] = useState(parts.settings.get('answers.model'))
  const [allowed, setAllowed] = useState('')
  useEffect(() => {
    if (!isReady) return
    setKnown(null)
    void learn(parts, target).then(setKnown)
  }, [isReady])
  const models = known === null || typeof known === 'string' ? [] : known.models
  const model = models.find(({ id }) => id === chosen) ?? models.find(({ isDefault }) => isDefault) ?? models[0]
  const messages = writeMessages(instruction, target.passage)
  const send = async () => {
    if (!isReady || model === undefined || known === null || typeof known === 'string') return
    if (instruction.trim() === '' || isUnderWay(state)) return
    const mustAsk =
      model.egress === 'external' && allowed !== model.id && parts.settings.get('privacy.askBeforeExternal')
    if (mustAsk && !(await allowsExternal(parts, model))) return
    setAllowed(model.id)
    rewriting.run({ model: model.id, label: known.label, messages })
  }
  return {
    known,
    state,
    instruction,
    setInstruction,
    model,
    setModel: setChosen,
    messages,
    send: () => void send(),
  }
}

export function isUnderWay({ at }: RewriteState): boolean {
  return at === 'waiting' || at === 'streaming'
}

async function learn({ server }: CairnParts, target: RewriteTarget): Promise<Known | string> {
  const [models, told] = await Promise.all([server.models(), target.serverLabel()])
  if (!told.ok) return `The server does not say how sensitive this note is. ${told.failure.title}.`
  if (!models.ok) return `The server does not say which models it has. ${models.failure.title}.`
  const label = told.value === null ? target.ownLabel : higherLabel(target.ownLabel, told.value)
  // Those of this machine first: they are offered before any other.
  const writing = models.value
    .filter(({ builtIn }) => !builtIn)
    .toSorted((a, b) => Number(a.egress === 'external') - Number(b.egress === 'external'))
  const cleared = writing.filter(({ clearance }) => rankOf(clearance) >= rankOf(label))
  return { label, models: cleared, uncleared: writing.length - cleared.length }
}

function allowsExternal({ app }: CairnParts, { id, provider }: ModelInfo): Promise<boolean> {
  return app.confirm({
    title: 'Send the selection to another machine?',
    text: `The instruction and the selected words go to ${provider}, which runs ${id} outside of your server’s machine.`,
    yes: 'Send',
  })
}
