/** The policy as a whole: findings, proposals that wait, denies, roles and separations as a form or as JSON, its history. */
import { useCallback, useMemo, useState } from 'preact/hooks'
import type { Finding, PolicyDocument, PolicyView as Policy } from '@cairn/contract'
import { Button, Icon, Spinner } from '@cairn/ui'
import { formatCounted, formatDateTime } from '../shell/clock.ts'
import { hrefOf } from '../shell/router.ts'
import { ViewFailure } from '../shell/view-failure.tsx'
import { getPolicy, listProposals } from './access-api.ts'
import { useAccess } from './access-context.ts'
import { History } from './history.tsx'
import { humanise, nameAuthor } from './names.ts'
import { diffPolicies } from './policy-diff.ts'
import { PolicyForm } from './policy-form.tsx'
import { PolicyJson } from './policy-json.tsx'
import { Proposals } from './proposals.tsx'
import { SaveDialog } from './save-dialog.tsx'
import { useLoad } from './use-load.ts'

const askPolicy = () => getPolicy()
const askProposals = () => listProposals()

export function PolicyView({ params }: { readonly params: URLSearchParams }) {
  const { refresh } = useAccess()
  const policy = useLoad(askPolicy)
  const proposals = useLoad(askProposals)
  const onChanged = useCallback(() => {
    policy.reload()
    proposals.reload()
    refresh()
  }, [policy.reload, proposals.reload, refresh])
  if (policy.failure) return <ViewFailure failure={policy.failure} what="the policy" onRetry={policy.reload} />
  if (!policy.value) return <Spinner label="Loading the policy" />
  return (
    <>
      <Findings findings={policy.value.findings} />
      <Proposals proposals={proposals.value?.proposals ?? []} current={policy.value} onChanged={onChanged} />
      <Editor
        key={policy.value.seq}
        policy={policy.value}
        isJson={params.get('as') === 'json'}
        startWith={params.get('edit')}
        onChanged={onChanged}
      />
      <History current={policy.value} onChanged={onChanged} />
    </>
  )
}

function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  const { names } = useAccess()
  if (findings.length === 0) return null
  return (
    <section class="section" aria-labelledby="findings-title">
      <h2 id="findings-title">To look at</h2>
      <ul class="access-findings">
        {findings.map(({ kind, about, message }) => (
          <li key={`${kind} ${about} ${message}`}>
            <Icon name="warning" size={18} />
            <span>{sayFinding(humanise(names, about), humanise(names, message))}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function sayFinding(about: string, message: string): string {
  return message.startsWith('Holds') ? `${about}: ${message.charAt(0).toLowerCase()}${message.slice(1)}` : message
}

interface EditorProps {
  readonly policy: Policy
  readonly isJson: boolean
  readonly startWith: string | null
  readonly onChanged: () => void
}

function Editor({ policy, isJson, startWith, onChanged }: EditorProps) {
  const { names, may } = useAccess()
  const [draft, setDraft] = useState<PolicyDocument>(policy.document)
  const [isSaving, setSaving] = useState(false)
  const changes = useMemo(() => diffPolicies(names, policy.document, draft), [names, policy.document, draft])
  const canChange = may('policy.propose')
  return (
    <section class="section" aria-labelledby="policy-title">
      <header class="section-head">
        <div class="access-panel-title">
          <h2 id="policy-title">Rules for everybody</h2>
          <p class="muted">
            Revision {policy.seq}, {formatDateTime(policy.at)}, {nameAuthor(names, policy.author)}
          </p>
        </div>
        <nav class="spans" aria-label="Shown as">
          {(['form', 'json'] as const).map((as) => (
            <a
              key={as}
              class="cairn-button is-small is-quiet"
              aria-current={(as === 'json') === isJson ? 'true' : undefined}
              href={hrefOf('access', { view: 'policy', ...(as === 'json' && { as }) })}
            >
              {as === 'json' ? 'JSON' : 'Form'}
            </a>
          ))}
        </nav>
      </header>
      {isJson ? (
        <PolicyJson document={draft} canChange={canChange} onChange={setDraft} />
      ) : (
        <PolicyForm document={draft} canChange={canChange} startWith={startWith} onChange={setDraft} />
      )}
      {changes.length > 0 ? (
        <div class="access-unsaved" role="status">
          <span class="access-grow">{formatCounted(changes.length, 'change')} not saved yet</span>
          <Button onClick={() => setDraft(policy.document)}>Discard</Button>
          <Button kind="primary" onClick={() => setSaving(true)}>
            Check and save
          </Button>
        </div>
      ) : null}
      {isSaving ? (
        <SaveDialog policy={policy} draft={draft} onChanged={onChanged} onClose={() => setSaving(false)} />
      ) : null}
    </section>
  )
}
