/** Pairing: the code to type, where to type it, and how it ended. */
import { useEffect, useState } from 'preact/hooks'
import type { VNode } from 'preact'
import { Button, Spinner } from '@cairn/ui'
import { useStore } from '@cairn/ui/store'
import type { Pairing, PairingState } from '../../core/connection/pairing.ts'

export interface PairPanelProps {
  readonly begin: () => Pairing
  readonly copy: (text: string) => Promise<boolean>
  readonly close: () => void
  readonly now: () => number
}

export function pairPanel(props: PairPanelProps): VNode {
  return <PairPanel {...props} />
}

function PairPanel({ begin, copy, close, now }: PairPanelProps) {
  const [pairing, setPairing] = useState(begin)
  const state = useStore(pairing.state)
  const again = (
    <Button kind="primary" onClick={() => setPairing(begin())}>
      Show a new code
    </Button>
  )
  switch (state.at) {
    case 'beginning':
      return (
        <div class="cairn cairn-panel">
          <Spinner label="Asking the server for a code" />
        </div>
      )
    case 'showing':
      return <Showing state={state} copy={copy} now={now} />
    case 'paired':
      return (
        <Ending title="This device is paired" text="Its key is kept in this device’s secret storage, and nowhere else.">
          <Button kind="primary" onClick={close}>
            Done
          </Button>
        </Ending>
      )
    case 'refused':
      return (
        <Ending title="Not approved" text="Whoever looked at the code refused this device.">
          {again}
        </Ending>
      )
    case 'expired':
      return (
        <Ending title="The code has expired" text="A code is good for five minutes.">
          {again}
        </Ending>
      )
    case 'failed':
      return (
        <Ending title={state.failure.title} text={state.failure.message || (state.failure.hint ?? '')}>
          {again}
        </Ending>
      )
  }
}

interface ShowingProps extends Pick<PairPanelProps, 'copy' | 'now'> {
  readonly state: Extract<PairingState, { at: 'showing' }>
}

function Showing({ state, copy, now }: ShowingProps) {
  return (
    <div class="cairn cairn-panel">
      <ol class="cairn-steps">
        <li>
          Open{' '}
          <a href={state.link} target="_blank" rel="noopener noreferrer">
            {state.address.replace(/^https?:\/\//, '')}
          </a>{' '}
          in a browser where you are signed in.
        </li>
        <li>Compare the code, and approve this device.</li>
      </ol>
      <output class="cairn-code" aria-label={`Code ${Array.from(state.userCode).join(' ')}`}>
        {state.userCode}
      </output>
      <p class="cairn-muted" role="status">
        {state.trouble === null ? (
          <Remaining until={state.expiresAt} now={now} />
        ) : (
          `${state.trouble.title}; still trying.`
        )}
      </p>
      <div class="cairn-panel-foot">
        <Button icon="copy" onClick={() => void copy(state.userCode)}>
          Copy code
        </Button>
        <a class="cairn-button is-primary" href={state.link} target="_blank" rel="noopener noreferrer">
          Open console
        </a>
      </div>
    </div>
  )
}

function Ending({ title, text, children }: { title: string; text: string; children: VNode }) {
  return (
    <div class="cairn cairn-panel" role="status">
      <p class="cairn-panel-title">{title}</p>
      <p class="cairn-muted">{text}</p>
      <div class="cairn-panel-foot">{children}</div>
    </div>
  )
}

function Remaining({ until, now }: { readonly until: number; readonly now: () => number }) {
  const [leftMs, setLeftMs] = useState(until - now())
  useEffect(() => {
    const timer = window.setInterval(() => setLeftMs(until - now()), 1_000)
    return () => window.clearInterval(timer)
  }, [until])
  const seconds = Math.max(0, Math.round(leftMs / 1_000))
  return (
    <>
      Waiting for your yes, {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, '0')} left
    </>
  )
}
