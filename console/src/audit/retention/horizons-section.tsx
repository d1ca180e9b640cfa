/** Two horizons for each category: how long what names people can be read, and how long the entry itself is kept. */
import { useState } from 'preact/hooks'
import { auditCategoryTable, auditHorizonLimits, type AuditCategory, type AuditRetentionView } from '@cairn/contract'
import { Button, Dialog, ErrorState, Icon, TextField } from '@cairn/ui'
import { FormActions } from '../../access/add-dialogs.tsx'
import { errorText, useAction } from '../../access/use-action.ts'
import { changeRetention } from '../audit-api.ts'
import { categories } from '../filter.ts'
import { categoryWords } from '../words.ts'
import { months, readHorizons, type HorizonErrors } from './periods.ts'

type Kept = AuditRetentionView['categories']

export interface HorizonsProps {
  readonly kept: Kept
  readonly isOwner: boolean
  readonly onChanged: () => void
}

export function HorizonsSection({ kept, isOwner, onChanged }: HorizonsProps) {
  const [changing, setChanging] = useState<AuditCategory | null>(null)
  return (
    <section class="section" aria-labelledby="audit-horizons">
      <h2 id="audit-horizons">How long it is kept</h2>
      <p class="muted audit-note">
        First what names people is shredded, then the entry itself is pruned. Months, each from{' '}
        {auditHorizonLimits.least} to {auditHorizonLimits.most}.
      </p>
      <Horizons kept={kept} onChange={isOwner ? setChanging : null} />
      {changing === null ? null : (
        <HorizonDialog
          key={changing}
          category={changing}
          kept={kept}
          onChanged={onChanged}
          onClose={() => setChanging(null)}
        />
      )}
    </section>
  )
}

interface HorizonRowsProps {
  readonly kept: Kept
  /** Null where it may not be changed. */
  readonly onChange: ((category: AuditCategory) => void) | null
}

/** Narrow enough for a phone as it is: cards would make twelve screens of it. */
function Horizons({ kept, onChange }: HorizonRowsProps) {
  return (
    <div class="cairn-table-frame">
      <table class="audit-horizons">
        <caption class="cairn-hidden">Horizons</caption>
        <thead>
          <tr>
            <th scope="col">Category</th>
            <th scope="col">Names of people</th>
            <th scope="col">Entry</th>
            {onChange === null ? null : (
              <th scope="col">
                <span class="cairn-hidden">Change</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {categories.map((category) => (
            <tr key={category}>
              <th scope="row">
                <span class="audit-category">
                  <Icon name={categoryWords[category].icon} size={18} />
                  <span>
                    {categoryWords[category].title}
                    <span class="audit-category-about">{auditCategoryTable[category].description}</span>
                  </span>
                </span>
              </th>
              <td>
                <Horizon count={kept[category].personalMonths} usual={auditCategoryTable[category].personalMonths} />
              </td>
              <td>
                <Horizon count={kept[category].headerMonths} usual={auditCategoryTable[category].headerMonths} />
              </td>
              {onChange === null ? null : (
                <td>
                  <Button
                    small
                    kind="quiet"
                    icon="settings"
                    label={`Change ${categoryWords[category].title}`}
                    onClick={() => onChange(category)}
                  />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Horizon({ count, usual }: { readonly count: number | null; readonly usual: number | null }) {
  if (count === null) return <span class="muted">none</span>
  return (
    <>
      {months(count)}
      {count === usual ? null : <span class="audit-usual">default {usual}</span>}
    </>
  )
}

interface HorizonDialogProps extends Pick<HorizonsProps, 'kept' | 'onChanged'> {
  readonly category: AuditCategory
  readonly onClose: () => void
}

function HorizonDialog({ category, kept, onChanged, onClose }: HorizonDialogProps) {
  const { busy, error, run } = useAction()
  const before = kept[category]
  const usual = auditCategoryTable[category]
  const hasPersonal = usual.personalMonths !== null
  const [personal, setPersonal] = useState(String(before.personalMonths ?? ''))
  const [header, setHeader] = useState(String(before.headerMonths))
  const [errors, setErrors] = useState<HorizonErrors>({})
  const read = readHorizons({ personal, header }, hasPersonal)
  const isShorter =
    'horizons' in read &&
    ((read.horizons.personalMonths ?? 0) < (before.personalMonths ?? 0) ||
      read.horizons.headerMonths < before.headerMonths)
  const save = async (event: Event) => {
    event.preventDefault()
    if ('errors' in read) return setErrors(read.errors)
    setErrors({})
    if (!(await run(() => changeRetention({ [category]: read.horizons }), 'Kept as you said'))) return
    onClose()
    onChanged()
  }
  return (
    <Dialog title={`${categoryWords[category].title}: how long it is kept`} onClose={onClose}>
      <form class="form" noValidate onSubmit={(event) => void save(event)}>
        <p class="muted">{usual.description}</p>
        {hasPersonal ? (
          <TextField
            label="What names people, months"
            inputMode="numeric"
            maxLength={4}
            value={personal}
            hint={`Default: ${usual.personalMonths}.`}
            error={errors.personal}
            onInput={setPersonal}
          />
        ) : null}
        <TextField
          label="The entry itself, months"
          inputMode="numeric"
          maxLength={4}
          value={header}
          hint={`Default: ${usual.headerMonths}.`}
          error={errors.header}
          onInput={setHeader}
        />
        {isShorter ? (
          <p class="audit-caution">
            <Icon name="warning" size={18} />
            <span>This is shorter than before. What becomes due by it goes with the next run, within hours.</span>
          </p>
        ) : null}
        {error ? <ErrorState title={errorText(error)} /> : null}
        <FormActions busy={busy} action="Save" onClose={onClose} />
      </form>
    </Dialog>
  )
}
