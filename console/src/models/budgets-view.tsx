/** Budgets and limits: what is spent and held of each, when it starts again, and setting them. */
import type { ComponentChild } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { BudgetState, KeyInfo, ModelsReply } from '@cairn/contract'
import { Button, ConfirmDialog, EmptyState, ErrorState, Spinner, useToast } from '@cairn/ui'
import { sentenceOf } from '../api/failure.ts'
import { listBudgets, listKeys, setBudgets } from '../api/resources.ts'
import { useLive } from '../shell/use-live.ts'
import { BudgetCard, nameSubject } from './budget-card.tsx'
import { BudgetDialog } from './budget-dialog.tsx'
import { isSameSubject, ruleOf } from './budget-form.ts'
import { ViewFailure } from '../shell/view-failure.tsx'

const refreshMs = 4_000
const pageSize = 100

type OpenDialog = { readonly kind: 'add' } | { readonly kind: 'change' | 'remove'; readonly rule: BudgetState } | null

/** `reply`: names of models and providers to pick from; null while they are loading. */
export function BudgetsView({ reply }: { readonly reply: ModelsReply | null }) {
  const { value, failure, refresh } = useLive(listBudgets, refreshMs)
  const keys = useKeys()
  const [dialog, setDialog] = useState<OpenDialog>(null)
  if (failure?.status === 403) return <ViewFailure failure={failure} what="budgets" onRetry={refresh} />
  const add = (
    <Button kind="primary" icon="plus" onClick={() => setDialog({ kind: 'add' })}>
      Add budget
    </Button>
  )
  const shared = {
    keys,
    onClose: () => setDialog(null),
    onDone: () => {
      setDialog(null)
      refresh()
    },
  }
  return (
    <section class="section" aria-labelledby="budgets-title">
      <div class="section-head">
        <h2 id="budgets-title">Budgets</h2>
        {value?.rules.length ? add : null}
      </div>
      {failure ? <ViewFailure failure={failure} what="budgets" onRetry={refresh} /> : null}
      {value ? (
        <Rules rules={value.rules} keys={keys} add={add} onOpen={setDialog} />
      ) : failure ? null : (
        <Spinner label="Loading budgets" />
      )}
      {dialog?.kind === 'add' ? <BudgetDialog {...shared} rule={null} reply={reply} /> : null}
      {dialog?.kind === 'change' ? <BudgetDialog {...shared} rule={dialog.rule} reply={reply} /> : null}
      {dialog?.kind === 'remove' ? <RemoveDialog {...shared} rule={dialog.rule} /> : null}
    </section>
  )
}

/** Names of keys, as far as they may be seen. */
function useKeys(): readonly KeyInfo[] {
  const [keys, setKeys] = useState<readonly KeyInfo[]>([])
  useEffect(() => {
    void listKeys().then((reply) => {
      if (reply.ok) setKeys(reply.value.keys)
    })
  }, [])
  return keys
}

interface RulesProps {
  readonly rules: readonly BudgetState[]
  readonly keys: readonly KeyInfo[]
  readonly add: ComponentChild
  readonly onOpen: (dialog: OpenDialog) => void
}

function Rules({ rules, keys, add, onOpen }: RulesProps) {
  const [most, setMost] = useState(pageSize)
  if (rules.length === 0)
    return (
      <EmptyState icon="models" title="No budget yet" action={add}>
        Without one nothing is limited. Set what may be spent in a day or month, or how much may be asked in a minute,
        by everybody, a person, a key, a model or a provider.
      </EmptyState>
    )
  return (
    <>
      <ul class="models-cards">
        {rules.slice(0, most).map((rule) => (
          <BudgetCard
            key={`${rule.subject.kind} ${rule.subject.id}`}
            rule={rule}
            keys={keys}
            onChange={() => onOpen({ kind: 'change', rule })}
            onRemove={() => onOpen({ kind: 'remove', rule })}
          />
        ))}
      </ul>
      {rules.length > most ? <Button onClick={() => setMost(most + pageSize)}>Show more</Button> : null}
    </>
  )
}

interface RemoveDialogProps {
  readonly rule: BudgetState
  readonly keys: readonly KeyInfo[]
  readonly onDone: () => void
  readonly onClose: () => void
}

function RemoveDialog({ rule, keys, onDone, onClose }: RemoveDialogProps) {
  const toast = useToast()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const name = nameSubject(rule.subject, keys)
  const remove = async () => {
    setBusy(true)
    // Read anew, so that what somebody else set meanwhile stays.
    const present = await listBudgets()
    const reply = present.ok
      ? await setBudgets(present.value.rules.filter((each) => !isSameSubject(each.subject, rule.subject)).map(ruleOf))
      : present
    setBusy(false)
    if (!reply.ok) return setError(sentenceOf(reply.failure))
    toast({ text: `The budget of ${name} is removed` })
    onDone()
  }
  return (
    <ConfirmDialog
      title={`Remove the budget of ${name}?`}
      action="Remove"
      busy={busy}
      onConfirm={() => void remove()}
      onClose={onClose}
    >
      <p>It is no longer limited by this rule. What was spent stays on record.</p>
      {error ? <ErrorState title={error} /> : null}
    </ConfirmDialog>
  )
}
