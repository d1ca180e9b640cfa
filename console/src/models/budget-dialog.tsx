/** Setting a budget: about whom or what, and its limits. The list is read anew before it is written. */
import { useState } from 'preact/hooks'
import type { BudgetRule, BudgetState, KeyInfo, ModelsReply } from '@cairn/contract'
import { Button, Dialog, ErrorState, Select, TextField, useToast } from '@cairn/ui'
import { sentenceOf, type Failure } from '../api/failure.ts'
import { listBudgets, setBudgets } from '../api/resources.ts'
import { useConsole } from '../shell/console-context.ts'
import { nameSubject, subjectKinds } from './budget-card.tsx'
import {
  budgetFieldOf,
  budgetFormOf,
  emptyBudget,
  hasLimit,
  isSameSubject,
  readBudget,
  ruleOf,
  type BudgetForm,
  type BudgetLimit,
} from './budget-form.ts'

export interface BudgetDialogProps {
  /** The one to change; null for a new one. */
  readonly rule: BudgetState | null
  readonly keys: readonly KeyInfo[]
  readonly reply: ModelsReply | null
  readonly onDone: () => void
  readonly onClose: () => void
}

interface FormError {
  readonly field: BudgetLimit | 'id' | null
  readonly text: string
}

export function BudgetDialog({ rule, keys, reply, onDone, onClose }: BudgetDialogProps) {
  const toast = useToast()
  const [form, setForm] = useState(rule ? budgetFormOf(rule) : emptyBudget)
  const [error, setError] = useState<FormError | null>(null)
  const [busy, setBusy] = useState(false)
  const save = async (event: Event) => {
    event.preventDefault()
    const wanted = readBudget(form)
    const problem = refuse(wanted)
    if (problem) return setError(problem)
    setBusy(true)
    const done = await store(wanted, rule === null)
    setBusy(false)
    if (done !== null) return setError(done)
    toast({ text: `The budget of ${nameSubject(wanted.subject, keys)} is set` })
    onDone()
  }
  const change = (part: Partial<BudgetForm>) => {
    setError(null)
    setForm((before) => ({ ...before, ...part }))
  }
  const title = rule === null ? 'Add a budget' : `Change the budget of ${nameSubject(rule.subject, keys)}`
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="form" noValidate onSubmit={(event) => void save(event)}>
        {error !== null && error.field === null ? <ErrorState title={error.text} /> : null}
        {rule === null ? (
          <SubjectFields
            form={form}
            error={error?.field === 'id' ? error.text : undefined}
            keys={keys}
            reply={reply}
            onChange={change}
          />
        ) : null}
        <LimitFields form={form} error={error} onChange={change} />
        <div class="form-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {rule === null ? 'Add budget' : 'Save'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function refuse(rule: BudgetRule): FormError | null {
  if (rule.subject.id === '') return { field: 'id', text: 'Say whose budget it is.' }
  return hasLimit(rule) ? null : { field: 'usdPerDay', text: 'Set at least one limit.' }
}

/** Gives what the server refuses; null when it is set. */
async function store(wanted: BudgetRule, isNew: boolean): Promise<FormError | null> {
  const present = await listBudgets()
  if (!present.ok) return { field: null, text: sentenceOf(present.failure) }
  const rules = present.value.rules.map(ruleOf)
  const known = rules.findIndex(({ subject }) => isSameSubject(subject, wanted.subject))
  if (isNew && known >= 0) return { field: 'id', text: 'There is a budget for this already; change that one.' }
  const index = known >= 0 ? known : rules.length
  const reply = await setBudgets(rules.toSpliced(index, 1, wanted))
  return reply.ok ? null : errorOf(reply.failure, index)
}

function errorOf(failure: Failure, index: number): FormError {
  return { field: budgetFieldOf(failure.param, index), text: sentenceOf(failure) }
}

interface SubjectFieldsProps {
  readonly form: BudgetForm
  readonly error: string | undefined
  readonly keys: readonly KeyInfo[]
  readonly reply: ModelsReply | null
  readonly onChange: (part: Partial<BudgetForm>) => void
}

/** Without teams, of which there are none yet. */
const kinds = ['all', 'user', 'key', 'model', 'provider'] as const
const mostSuggestions = 300

function SubjectFields({ form, error, keys, reply, onChange }: SubjectFieldsProps) {
  const { session } = useConsole()
  const suggestions: Partial<Record<BudgetForm['kind'], readonly string[]>> = {
    user: [session.principal.id],
    model: reply?.models.slice(0, mostSuggestions).map(({ provider, id }) => `${provider}/${id}`) ?? [],
  }
  return (
    <>
      <Select
        label="For"
        value={form.kind}
        options={kinds.map((value) => ({ value, text: subjectKinds[value] }))}
        error={form.kind === 'all' ? error : undefined}
        onChange={(value) => onChange({ kind: kinds.find((kind) => kind === value) ?? form.kind, id: '' })}
      />
      {form.kind === 'key' || form.kind === 'provider' ? (
        <Select
          label={subjectKinds[form.kind]}
          value={form.id}
          options={[{ value: '', text: 'Pick one' }, ...optionsOf(form.kind, keys, reply)]}
          error={error}
          onChange={(id) => onChange({ id })}
        />
      ) : null}
      {form.kind === 'user' || form.kind === 'model' ? (
        <TextField
          label={subjectKinds[form.kind]}
          value={form.id}
          placeholder={form.kind === 'model' ? 'provider/model' : 'Id of the person'}
          maxLength={300}
          suggestions={suggestions[form.kind] ?? []}
          mono
          error={error}
          onInput={(id) => onChange({ id })}
        />
      ) : null}
    </>
  )
}

function optionsOf(kind: 'key' | 'provider', keys: readonly KeyInfo[], reply: ModelsReply | null) {
  return kind === 'key'
    ? keys.filter(({ revokedAt }) => revokedAt === null).map(({ id, name }) => ({ value: id, text: name }))
    : (reply?.providers.map(({ id }) => ({ value: id, text: id })) ?? [])
}

interface LimitFieldsProps {
  readonly form: BudgetForm
  readonly error: FormError | null
  readonly onChange: (part: Partial<BudgetForm>) => void
}

const limitNames: Readonly<Record<BudgetLimit, string>> = {
  usdPerDay: 'US$ a day',
  usdPerMonth: 'US$ a month',
  requestsPerMinute: 'Requests/min',
  tokensPerMinute: 'Tokens/min',
}

function LimitFields({ form, error, onChange }: LimitFieldsProps) {
  const field = (limit: BudgetLimit) => (
    <TextField
      label={limitNames[limit]}
      value={form[limit]}
      placeholder="No limit"
      maxLength={15}
      inputMode={limit.startsWith('usd') ? 'decimal' : 'numeric'}
      error={error?.field === limit ? error.text : undefined}
      onInput={(text) => onChange({ [limit]: text })}
    />
  )
  return (
    <>
      <div class="models-pair">
        {field('usdPerDay')}
        {field('usdPerMonth')}
        {field('requestsPerMinute')}
        {field('tokensPerMinute')}
      </div>
      <p class="cairn-field-hint">Days and months begin at midnight UTC.</p>
    </>
  )
}
