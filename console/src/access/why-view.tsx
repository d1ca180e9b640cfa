/** Why something is allowed or not: the question as a form and in the address, and the answer beside it. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { isValidOn, resourceTypes, type ResourceType } from '@cairn/contract'
import { Button, Combobox, EmptyState, Select, Spinner } from '@cairn/ui'
import { useConsole } from '../shell/console-context.ts'
import { hrefOf } from '../shell/router.ts'
import { useStore } from '@cairn/ui/store'
import { ViewFailure } from '../shell/view-failure.tsx'
import { explain, listNotesAfter, listPrincipals } from './access-api.ts'
import { useAccess } from './access-context.ts'
import { optionsOf } from './give-dialog.tsx'
import { groupActions } from './matrix.ts'
import { useLoad } from './use-load.ts'
import { WhyAnswer } from './why-answer.tsx'
import { questionOf, readWhy, resourceOf, writeWhy, type WhyForm } from './why-params.ts'

export function WhyView({ params }: { readonly params: URLSearchParams }) {
  const { matrix } = useAccess()
  const { vaults } = useStore(useConsole().vaultsWatch.store)
  const asked = useMemo(
    () => ({ form: readWhy(params), question: questionOf(params, matrix.org) }),
    [params, matrix.org],
  )
  const [form, setForm] = useState(asked.form)
  useEffect(() => setForm(asked.form), [asked])
  const only = vaults?.length === 1 ? vaults[0]?.id : undefined
  const filled = form.vault === '' && only !== undefined ? { ...form, vault: only } : form
  const ask = useMemo(() => {
    const { question } = asked
    return question === null ? null : (signal: AbortSignal) => explain(question, signal)
  }, [asked])
  const { value, failure, reload } = useLoad(ask)
  const isWhole = resourceOf(filled, matrix.org) !== null
  const submit = (event: Event) => {
    event.preventDefault()
    const href = hrefOf('access', writeWhy(filled, matrix.org))
    if (href === location.hash) reload()
    else location.hash = href
  }
  return (
    <section class="section" aria-labelledby="why-title">
      <h2 id="why-title">Why, or why not</h2>
      <div class={ask === null ? 'models-route access-why' : 'models-route access-why is-asked'}>
        <form class="card form" noValidate onSubmit={submit}>
          <WhyFields form={filled} onChange={(part) => setForm((before) => ({ ...before, ...part }))} />
          <div class="form-actions">
            <Button kind="primary" type="submit" disabled={!isWhole}>
              Explain
            </Button>
          </div>
        </form>
        <div class="models-route-result" aria-live="polite">
          {failure ? <ViewFailure failure={failure} what="this explanation" onRetry={reload} /> : null}
          {value ? <WhyAnswer explanation={value} /> : null}
          {ask !== null && !value && !failure ? <Spinner label="Explaining" /> : null}
          {ask === null ? (
            <EmptyState icon="access" title="Ask about an action and a place">
              You see the decision, the statements behind it, and what would change it.
            </EmptyState>
          ) : null}
        </div>
      </div>
    </section>
  )
}

interface WhyFieldsProps {
  readonly form: WhyForm
  readonly onChange: (part: Partial<WhyForm>) => void
}

const kindWords: Readonly<Record<ResourceType, string>> = {
  note: 'A note',
  folder: 'A folder',
  vault: 'A vault',
  model: 'A model',
  cache: 'A cache',
  org: 'The whole server',
}

const askNames = () => listPrincipals()

function WhyFields({ form, onChange }: WhyFieldsProps) {
  const { matrix } = useAccess()
  const names = useLoad(askNames)
  const others = (names.value?.principals ?? []).filter(({ id }) => !id.startsWith('group:') && id !== matrix.reader)
  const actions = groupActions(matrix.actions.filter(({ on }) => on.includes(form.kind)))
  return (
    <>
      {others.length > 0 ? (
        <Combobox
          label="Who"
          value={form.subject}
          options={[{ value: '', text: 'You' }, ...optionsOf(others)]}
          onChange={(subject) => onChange({ subject })}
        />
      ) : null}
      <Select
        label="On"
        value={form.kind}
        options={resourceTypes.toReversed().map((value) => ({ value, text: kindWords[value] }))}
        onChange={(text) => onChange(changeKind(form, resourceTypes.find((type) => type === text) ?? form.kind))}
      />
      <PlaceFields form={form} onChange={onChange} />
      <Select
        label="Action"
        value={form.action}
        options={actions.flatMap((group) => group.actions.map(({ id }) => ({ value: id, text: id })))}
        onChange={(action) => onChange({ action })}
      />
      <Select
        label="Model"
        value={form.egress}
        options={[
          { value: '', text: 'Not said' },
          { value: 'local', text: 'On this machine' },
          { value: 'external', text: 'Outside' },
        ]}
        onChange={(text) => onChange({ egress: text === 'local' || text === 'external' ? text : '' })}
      />
    </>
  )
}

/** The action stays where it means something. */
function changeKind({ action }: WhyForm, kind: ResourceType): Partial<WhyForm> {
  const usual: Record<ResourceType, string> = {
    note: 'read',
    folder: 'read',
    vault: 'read',
    model: 'model.use',
    cache: 'cache.hit',
    org: 'policy.view',
  }
  return { kind, path: '', action: isValidOn(action, kind) ? action : usual[kind] }
}

function PlaceFields({ form, onChange }: WhyFieldsProps) {
  const { vaults } = useStore(useConsole().vaultsWatch.store)
  if (form.kind === 'org') return null
  if (form.kind === 'model' || form.kind === 'cache')
    return (
      <Combobox
        label={form.kind === 'model' ? 'Model name' : 'Namespace'}
        value={form.path}
        isFree
        placeholder={form.kind === 'model' ? 'provider/model' : 'answers'}
        options={[]}
        onChange={(path) => onChange({ path })}
      />
    )
  return (
    <>
      <Select
        label="Vault"
        value={form.vault}
        options={[
          { value: '', text: 'Pick one' },
          ...(vaults ?? []).map(({ id, name }) => ({ value: id, text: name })),
        ]}
        onChange={(vault) => onChange({ vault, path: '' })}
      />
      {form.kind === 'vault' ? null : <PathField form={form} onChange={onChange} />}
    </>
  )
}

/** Waits until typing pauses. */
const pauseMs = 150
const mostSuggestions = 20

function PathField({ form: { kind, vault, path }, onChange }: WhyFieldsProps) {
  const [found, setFound] = useState<readonly string[]>([])
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const suggest = useCallback(
    (text: string) => {
      if (timer.current !== null) clearTimeout(timer.current)
      if (vault === '') return
      timer.current = setTimeout(() => {
        void listNotesAfter(vault, text, mostSuggestions * 5).then((reply) => {
          if (reply.ok)
            setFound(
              suggestPaths(
                reply.value.notes.map(({ note }) => note),
                kind,
                text,
              ),
            )
        })
      }, pauseMs)
    },
    [vault, kind],
  )
  useEffect(() => suggest(path), [suggest])
  return (
    <Combobox
      label={kind === 'note' ? 'Note' : 'Folder'}
      value={path}
      isFree
      placeholder={kind === 'note' ? 'Handbook/Leave.md' : 'Handbook'}
      options={found.map((value) => ({ value, text: value }))}
      onType={suggest}
      onChange={(next) => onChange({ path: next })}
    />
  )
}

/** Paths that begin with what is typed, of notes or of the folders that they lie in. */
export function suggestPaths(notes: readonly string[], kind: ResourceType, text: string): readonly string[] {
  const paths =
    kind === 'note'
      ? notes
      : notes.flatMap((note) =>
          note
            .split('/')
            .slice(0, -1)
            .map((_, at, parts) => parts.slice(0, at + 1).join('/')),
        )
  return [...new Set(paths)].filter((each) => each.startsWith(text)).slice(0, mostSuggestions)
}
