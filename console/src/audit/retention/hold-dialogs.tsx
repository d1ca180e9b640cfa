/** Placing a legal hold, and ending one; both with the reason, which the log keeps. */
import { useMemo, useState } from 'preact/hooks'
import type { AuditHoldView } from '@cairn/contract'
import { Button, Combobox, Dialog, ErrorState, Icon, Select, TextArea, TextField } from '@cairn/ui'
import { FormActions } from '../../access/add-dialogs.tsx'
import { errorText, useAction } from '../../access/use-action.ts'
import { placeHold, releaseHold } from '../audit-api.ts'
import { useAudit } from '../audit-context.ts'
import { categories } from '../filter.ts'
import { categoryWords } from '../words.ts'
import { checkHold, emptyHold, type HoldErrors, type HoldForm } from './periods.ts'

const longestReason = 1_000

export interface PlaceHoldProps {
  readonly onPlaced: () => void
  readonly onClose: () => void
}

export function PlaceHoldDialog({ onPlaced, onClose }: PlaceHoldProps) {
  const { busy, error, run } = useAction()
  const [form, setForm] = useState<HoldForm>(emptyHold)
  const [errors, setErrors] = useState<HoldErrors>({})
  const put = (change: Partial<HoldForm>) => setForm((before) => ({ ...before, ...change }))
  const place = async (event: Event) => {
    event.preventDefault()
    const found = checkHold(form)
    setErrors(found)
    if (Object.keys(found).length > 0) return
    const { reason, ...scope } = form
    const given = Object.fromEntries(Object.entries(scope).filter(([, text]) => text !== ''))
    if (!(await run(() => placeHold({ ...given, reason: reason.trim() }), 'The hold is placed'))) return
    onClose()
    onPlaced()
  }
  return (
    <Dialog title="Place a legal hold" onClose={onClose}>
      <form class="form" noValidate onSubmit={(event) => void place(event)}>
        <p class="muted">
          It keeps what fits all of this readable. What retention or an erasure has taken already stays gone.
        </p>
        <Scope form={form} errors={errors} put={put} />
        <TextArea
          label="Why"
          rows={3}
          maxLength={longestReason}
          value={form.reason}
          placeholder="The case, and who asked for it"
          error={errors.reason}
          onInput={(reason) => put({ reason })}
        />
        {error ? <ErrorState title={errorText(error)} /> : null}
        <FormActions busy={busy} action="Place the hold" onClose={onClose} />
      </form>
    </Dialog>
  )
}

interface ScopeProps {
  readonly form: HoldForm
  readonly errors: HoldErrors
  readonly put: (change: Partial<HoldForm>) => void
}

function Scope({ form, errors, put }: ScopeProps) {
  const { names } = useAudit()
  const people = useMemo(
    () => [
      { value: '', text: 'Anybody' },
      ...[...names.principals.values()]
        .filter(({ id }) => !id.startsWith('group:'))
        .map(({ id, name }) => ({ value: id.slice(id.indexOf(':') + 1), text: name })),
    ],
    [names],
  )
  return (
    <>
      <Combobox
        label="Person"
        value={form.person}
        placeholder="Anybody"
        options={people}
        error={errors.person}
        onChange={(person) => put({ person })}
      />
      <Select
        label="Category"
        value={form.category}
        options={[
          { value: '', text: 'Any' },
          ...categories.map((value) => ({ value: value as string, text: categoryWords[value].title })),
        ]}
        error={errors.category}
        onChange={(category) => put({ category })}
      />
      <div class="audit-months">
        <TextField
          label="From month"
          value={form.from}
          placeholder="2026-05"
          maxLength={7}
          error={errors.from}
          onInput={(from) => put({ from: from.trim() })}
        />
        <TextField
          label="To month"
          value={form.to}
          placeholder="2026-07"
          maxLength={7}
          error={errors.to}
          onInput={(to) => put({ to: to.trim() })}
        />
      </div>
    </>
  )
}

export interface ReleaseHoldProps {
  readonly hold: AuditHoldView
  readonly scope: string
  readonly onReleased: () => void
  readonly onClose: () => void
}

export function ReleaseHoldDialog({ hold: { id, reason: placedFor }, scope, onReleased, onClose }: ReleaseHoldProps) {
  const { busy, error, run } = useAction()
  const [reason, setReason] = useState('')
  const [wrong, setWrong] = useState<string>()
  const release = async (event: Event) => {
    event.preventDefault()
    if (reason.trim().length < 3) return setWrong('Say why; the log keeps it.')
    if (!(await run(() => releaseHold(id, reason.trim()), 'The hold is released'))) return
    onClose()
    onReleased()
  }
  return (
    <Dialog title="Release this hold?" onClose={onClose}>
      <form class="form" noValidate onSubmit={(event) => void release(event)}>
        <p>
          <strong>{scope}</strong>
          {placedFor === null ? '' : `: ${placedFor}`}
        </p>
        <p class="audit-caution">
          <Icon name="warning" size={18} />
          <span>
            What only this hold keeps can be read no more at once, also in copies. A backup from before has its keys.
          </span>
        </p>
        <TextArea
          label="Why it is needed no more"
          rows={3}
          maxLength={longestReason}
          value={reason}
          error={wrong}
          onInput={setReason}
        />
        {error ? <ErrorState title={errorText(error)} /> : null}
        <div class="form-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" type="submit" busy={busy}>
            Release
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
