/** One rewriting as it goes: asked, streaming, there, stopped or failed. Words are gathered and shown once a frame. */
import type { Label } from '@cairn/contract'
import type { Failure } from '@cairn/ui/client'
import { createStore, type Store } from '@cairn/ui/store'
import type { ChatMessage } from './rewrite-request.ts'

export interface ChatCall {
  readonly model: string
  readonly label: Label
  readonly messages: readonly ChatMessage[]
}

export interface ChatEnd {
  readonly failure: Failure | null
  /** True when the model stopped because it may write no more. */
  readonly isCut: boolean
  /** Who wrote it, as the server tells. */
  readonly by: string
}

export interface RewriteState {
  /** `idle` until something is asked; `waiting` until the first word. */
  readonly at: 'idle' | 'waiting' | 'streaming' | 'done' | 'stopped' | 'failed'
  readonly text: string
  readonly end: ChatEnd | null
}

export interface Rewriting {
  readonly state: Store<RewriteState>
  readonly run: (call: ChatCall) => void
  /** What has come stays. */
  readonly stop: () => void
}

export interface RewritingParts {
  readonly chat: (call: ChatCall, signal: AbortSignal, onText: (text: string) => void) => Promise<ChatEnd>
  readonly nextFrame: (run: () => void) => void
}

export function createRewriting({ chat, nextFrame }: RewritingParts): Rewriting {
  const state = createStore<RewriteState>({ at: 'idle', text: '', end: null })
  let running = new AbortController()
  return {
    state,
    run(call) {
      running.abort()
      const mine = new AbortController()
      running = mine
      let [text, isPlanned] = ['', false]
      const show = () => {
        isPlanned = false
        if (running === mine && !mine.signal.aborted) state.set({ at: 'streaming', text, end: null })
      }
      state.set({ at: 'waiting', text: '', end: null })
      void chat(call, mine.signal, (more) => {
        text += more
        if (!isPlanned) nextFrame(show)
        isPlanned = true
      }).then((end) => {
        if (running !== mine || mine.signal.aborted) return
        // Later frames have nothing to show any more.
        running = new AbortController()
        state.set({ at: end.failure === null ? 'done' : 'failed', text, end })
      })
    },
    stop() {
      running.abort()
      state.set((now) => (now.at === 'waiting' || now.at === 'streaming' ? { ...now, at: 'stopped' } : now))
    },
  }
}
