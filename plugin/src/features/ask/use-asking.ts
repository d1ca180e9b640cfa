/** The draft, whom it is asked of, and what sending it means: at once, after a yes, or when the server is back. */
import { useEffect, useState } from 'preact/hooks'
import type { AskScope, ModelInfo } from '@cairn/contract'
import type { Scope } from '@cairn/ui/client'
import { useStore } from '@cairn/ui/store'
import type { CairnParts } from '../../core/ports.ts'

export interface Asking {
  readonly draft: string
  readonly setDraft: (draft: string) => void
  readonly scope: Scope
  readonly setScope: (scope: Scope) => void
  readonly models: readonly ModelInfo[]
  /** The one that will answer; undefined while the server has not told. */
  readonly model: ModelInfo | undefined
  readonly send: () => void
  /** Asks something else than what stands in the box, which stays. */
  readonly ask: (question: string) => void
  readonly startOver: () => void
}

export interface Draft {
  readonly text: string
  /** Raised with each new one. */
  readonly at: number
  /** The notes that it is asked of; without it they stay as they were. */
  readonly only?: AskScope | null
  /** Sends itself, as soon as it is known which model would answer. */
  readonly isSent?: boolean
}

export function useAsking(parts: CairnParts, given: Draft): Asking {
  const { connection, conversation, settings, server, queue, app } = parts
  const state = useStore(connection.state)
  const [draft, setDraft] = useState(given.text)
  const [scope, setScope] = useState<Scope>(() => ({ ...scopeOf(parts), only: given.only }))
  const [isDue, setDue] = useState(false)
  const [allowed, setAllowed] = useState(false)
  const isReady = state.at === 'ready'
  useEffect(() => {
    setDraft(given.text)
    if (given.only) setScope((now) => ({ ...now, only: given.only }))
    setDue(given.isSent === true)
  }, [given.at])
  const { models, isTold } = useModels(server, isReady)
  const model = models.find(({ id }) => id === scope.model) ?? models.find(({ isDefault }) => isDefault)
  // What waited while the server was away is asked when it is back, one after the other.
  const waiting = useStore({ get: queue.list, subscribe: queue.subscribe })
  const turns = useStore(conversation.turns)
  const isBusy = turns.at(-1)?.status === 'asking' || turns.at(-1)?.status === 'streaming'
  useEffect(() => {
    const [first] = waiting
    if (!isReady || isBusy || first === undefined) return
    queue.remove(first.id)
    conversation.ask(first.question, { vault: first.vault, model: first.model, only: first.only })
  }, [isReady, isBusy, waiting])

  /** `taken` is called when the question is on its way. */
  const ask = async (question: string, taken: () => void) => {
    if (question === '' || isBusy) return
    if (!isReady) {
      const complaint = queue.add({ question, ...scope })
      if (complaint === null) taken()
      else app.notify(complaint)
      return
    }
    const mustAsk = model?.egress === 'external' && !allowed && settings.get('privacy.askBeforeExternal')
    if (mustAsk && !(await allowsExternal(parts, model))) return
    if (mustAsk) setAllowed(true)
    taken()
    conversation.ask(question, scope)
  }
  const send = () => void ask(draft.trim(), () => setDraft(''))
  useEffect(() => {
    // Whether the person must be asked first depends on the model. Where nobody tells, the question stays in the box.
    if (!isDue || (isReady && !isTold)) return
    setDue(false)
    if (isBusy) app.notify('An answer is still being written. The question waits in the box.')
    else if (!isReady || model !== undefined) send()
  }, [isDue, isReady, isTold])
  return {
    draft,
    setDraft,
    scope,
    setScope: (changed) => {
      setScope(changed)
      setAllowed(false)
    },
    models,
    model,
    send,
    ask: (question) => void ask(question, () => {}),
    startOver: () => {
      conversation.clear()
      setAllowed(false)
      setScope(scopeOf(parts))
    },
  }
}

/** `isTold`: the server has said which there are, or that it does not. */
function useModels(server: CairnParts['server'], isReady: boolean) {
  const [models, setModels] = useState<readonly ModelInfo[]>([])
  const [isTold, setTold] = useState(false)
  useEffect(() => {
    if (!isReady) return
    void server.models().then((reply) => {
      if (reply.ok) setModels(reply.value)
      setTold(true)
    })
  }, [isReady])
  return { models, isTold }
}

function scopeOf({ settings }: CairnParts): Scope {
  return { vault: settings.get('connection.vault') || null, model: settings.get('answers.model') || null }
}

function allowsExternal({ app }: CairnParts, { id, provider }: ModelInfo): Promise<boolean> {
  return app.confirm({
    title: 'Send passages to another machine?',
    text: `The question and the passages found for it go to ${provider}, which runs ${id} outside of your server’s machine. You are asked once in a conversation.`,
    yes: 'Send',
  })
}
