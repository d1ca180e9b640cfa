/** Of which time, and with which bounds. What is typed counts when it is whole. */
import { useState } from 'preact/hooks'
import { auditReportParameters, type AuditReportParameter } from '@cairn/contract'
import { Button, DateTimeField, Select, TextField } from '@cairn/ui'
import { formatCount, now } from '../../shell/clock.ts'
import { readLocal, writeLocal } from '../local-time.ts'
import { rangeIds, ranges, spanOf, type RangeId } from '../ranges.ts'
import { specOf, usualReportRange, type ReportAsk } from './report-ask.ts'

export interface ControlsProps {
  readonly ask: ReportAsk
  readonly onAsk: (ask: ReportAsk) => void
}

const ownRange = 'own'

export function ReportControls({ ask, onAsk }: ControlsProps) {
  const { id, range, asOf } = ask
  const { hasPeriod, parameters } = specOf(id)
  const chooseTime = (value: string) => {
    if (value !== ownRange) return onAsk({ ...ask, range: value as RangeId, own: { from: null, to: null } })
    const { from } = spanOf(range ?? usualReportRange, now())
    onAsk({ ...ask, range: null, own: { from: from ?? 0, to: now() } })
  }
  return (
    <div class="report-controls">
      {hasPeriod ? (
        <Select
          label="Time"
          value={range ?? ownRange}
          options={[
            ...rangeIds.map((value) => ({ value, text: ranges[value].title })),
            { value: ownRange, text: 'From … to …' },
          ]}
          onChange={chooseTime}
        />
      ) : null}
      {hasPeriod && range === null ? <OwnTime key={`${ask.own.from} ${ask.own.to}`} ask={ask} onAsk={onAsk} /> : null}
      {parameters.map((name) => (
        <ParameterField key={`${name} ${ask.values[name] ?? ''}`} name={name} ask={ask} onAsk={onAsk} />
      ))}
      {asOf === null ? null : (
        <Button icon="close" onClick={() => onAsk({ ...ask, asOf: null })}>
          As of {formatCount(asOf)} entries
        </Button>
      )}
    </div>
  )
}

function OwnTime({ ask, onAsk }: ControlsProps) {
  const [from, setFrom] = useState(writeLocal(ask.own.from))
  const [to, setTo] = useState(writeLocal(ask.own.to))
  const own = { from: readLocal(from), to: readLocal(to) }
  const isTurned = own.from !== null && own.to !== null && own.from >= own.to
  return (
    <form
      class="report-own"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isTurned) onAsk({ ...ask, range: own.from === null && own.to === null ? 'all' : null, own })
      }}
    >
      <DateTimeField label="From" value={from} onInput={setFrom} />
      <DateTimeField
        label="To"
        value={to}
        onInput={setTo}
        error={isTurned ? 'Must be later than “From”.' : undefined}
      />
      <Button type="submit" disabled={isTurned}>
        Show this time
      </Button>
    </form>
  )
}

interface ParameterProps extends ControlsProps {
  readonly name: AuditReportParameter
}

function ParameterField({ name, ask, onAsk }: ParameterProps) {
  const { title, description, unit, least, most, usual } = auditReportParameters[name]
  const known = ask.values[name] ?? usual
  const [text, setText] = useState(String(known))
  const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN
  const isRight = value >= least && value <= most
  return (
    <form
      class="report-parameter"
      onSubmit={(event) => {
        event.preventDefault()
        if (isRight && value !== known) onAsk({ ...ask, values: { ...ask.values, [name]: value } })
      }}
    >
      <TextField
        label={`${title}, ${unit}`}
        hint={description}
        value={text}
        inputMode="numeric"
        maxLength={9}
        error={isRight ? undefined : `From ${formatCount(least)} to ${formatCount(most)}.`}
        onInput={setText}
      />
      {isRight && value !== known ? <Button type="submit">Use it</Button> : null}
    </form>
  )
}
