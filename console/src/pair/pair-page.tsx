/** Pairing a device: its code, what asks and for which vault, yes or no. A code in the link fills the field and is not sent. */
import { useState } from 'preact/hooks'
import type { DeviceShown } from '@cairn/contract'
import { Button, EmptyState, TextField } from '@cairn/ui'
import { sentenceOf } from '../api/failure.ts'
import { decideDevice, lookAtDevice } from '../api/identity.ts'
import { formatTimeOfDay } from '../shell/clock.ts'
import { Page } from '../shell/page.tsx'

type Step =
  | { readonly at: 'code' }
  | { readonly at: 'device'; readonly device: DeviceShown }
  | { readonly at: 'done'; readonly approved: boolean; readonly device: DeviceShown }

type Busy = 'look' | 'approve' | 'refuse' | null

export function PairPage({ params }: { readonly params: URLSearchParams }) {
  const [code, setCode] = useState(params.get('code')?.slice(0, 40) ?? '')
  const [step, setStep] = useState<Step>({ at: 'code' })
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState<Busy>(null)
  const look = async (event: Event) => {
    event.preventDefault()
    setBusy('look')
    const reply = await lookAtDevice(code)
    setBusy(null)
    if (!reply.ok) return setError(sentenceOf(reply.failure))
    setError(undefined)
    setStep({ at: 'device', device: reply.value })
  }
  const decide = async (device: DeviceShown, approve: boolean) => {
    setBusy(approve ? 'approve' : 'refuse')
    const reply = await decideDevice(code, approve)
    setBusy(null)
    if (!reply.ok) return setError(sentenceOf(reply.failure))
    setStep({ at: 'done', approved: approve, device })
  }
  const again = () => {
    setCode('')
    setError(undefined)
    setStep({ at: 'code' })
  }
  return (
    <Page title="Pair a device" intro="Approve only a device that is in front of you and shows this very code.">
      {step.at === 'code' ? (
        <form class="card pair-card form" onSubmit={(event) => void look(event)}>
          <TextField
            label="Code on the device"
            mono
            value={code}
            onInput={setCode}
            maxLength={40}
            error={error}
            placeholder="BCDFG-HJKLM"
          />
          <div class="form-actions">
            <Button kind="primary" type="submit" busy={busy === 'look'}>
              Continue
            </Button>
          </div>
        </form>
      ) : null}
      {step.at === 'device' ? (
        <DeviceCard
          code={code}
          device={step.device}
          error={error}
          busy={busy}
          onDecide={(approve) => void decide(step.device, approve)}
        />
      ) : null}
      {step.at === 'done' ? (
        <EmptyState
          icon={step.approved ? 'check' : 'close'}
          title={step.approved ? `${step.device.clientName} is paired` : `${step.device.clientName} was refused`}
          action={<Button onClick={again}>Pair another</Button>}
        >
          {step.approved ? 'It goes on by itself in a few seconds.' : 'It gets no key.'}
        </EmptyState>
      ) : null}
    </Page>
  )
}

interface DeviceCardProps {
  readonly code: string
  readonly device: DeviceShown
  readonly error: string | undefined
  readonly busy: Busy
  readonly onDecide: (approve: boolean) => void
}

function DeviceCard({ code, device, error, busy, onDecide }: DeviceCardProps) {
  return (
    <section class="card pair-card">
      <h2>Is this your device?</h2>
      <dl class="facts">
        <dt>Device</dt>
        <dd>{device.clientName}</dd>
        <dt>Vault</dt>
        <dd>{device.vault ?? 'All that you may use'}</dd>
        <dt>Code</dt>
        <dd>
          <code>{code.toUpperCase()}</code>, until {formatTimeOfDay(device.expiresAt)}
        </dd>
      </dl>
      <p class="muted">
        It gets a key of yours{device.vault === null ? '' : ', for this vault only'}, to ask, to read, and to send and
        delete notes of a vault that devices send. You can revoke it under API keys.
      </p>
      {error ? (
        <p class="cairn-field-error" role="alert">
          {error}
        </p>
      ) : null}
      <div class="form-actions">
        <Button busy={busy === 'refuse'} onClick={() => onDecide(false)}>
          Refuse
        </Button>
        <Button kind="primary" busy={busy === 'approve'} onClick={() => onDecide(true)}>
          Approve
        </Button>
      </div>
    </section>
  )
}
