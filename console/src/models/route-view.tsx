/** Explains a route: which deployments would be tried in which order and why, and which are left out by which rule. */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import { capabilityNames, labels, type ModelsReply, type RouteExplanation } from '@cairn/contract'
import { Button, Checkbox, FieldGroup, Select, Spinner, TextField } from '@cairn/ui'
import { sentenceOf, type Failure } from '../api/failure.ts'
import { explainRoute } from '../api/resources.ts'
import { hrefOf } from '../shell/router.ts'
import { RouteResult } from './route-result.tsx'
import { readRoute, requestOf, writeRoute, type RouteForm } from './route-params.ts'
import { ViewFailure } from '../shell/view-failure.tsx'
import { capabilityNames as capabilityWords, labelNames } from './words.ts'

export interface RouteViewProps {
  readonly params: URLSearchParams
  /** For suggestions; null while it is loading. */
  readonly reply: ModelsReply | null
}

/** Names offered while typing a model. */
const mostSuggestions = 300

export function RouteView({ params, reply }: RouteViewProps) {
  const asked = useMemo(() => readRoute(params), [params])
  const [form, setForm] = useState(asked)
  useEffect(() => setForm(asked), [asked])
  const { state, ask } = useExplanation(asked)
  const submit = (event: Event) => {
    event.preventDefault()
    const href = hrefOf('models', writeRoute(form))
    if (href === location.hash) ask()
    else location.hash = href
  }
  const failure = state.at === 'failed' ? state.failure : null
  return (
    <section class="section" aria-labelledby="route-title">
      <h2 id="route-title">Explain a route</h2>
      <div class="models-route">
        <form class="card form" noValidate onSubmit={submit}>
          <RouteFields
            form={form}
            names={namesOf(reply)}
            failure={failure}
            onChange={(part) => setForm((before) => ({ ...before, ...part }))}
          />
          <div class="form-actions">
            <Button kind="primary" type="submit" busy={state.at === 'asking'}>
              Explain
            </Button>
          </div>
        </form>
        <div class="models-route-result" aria-live="polite">
          <Outcome state={state} onRetry={ask} />
        </div>
      </div>
    </section>
  )
}

function Outcome({ state, onRetry }: { readonly state: ExplanationState; readonly onRetry: () => void }) {
  switch (state.at) {
    case 'asking':
      return <Spinner label="Explaining" />
    case 'failed':
      return fieldOfFailure(state.failure) === null ? (
        <ViewFailure failure={state.failure} what="routes" onRetry={onRetry} />
      ) : null
    case 'explained':
      return <RouteResult explanation={state.explanation} />
  }
}

type ExplanationState =
  | { readonly at: 'asking' }
  | { readonly at: 'failed'; readonly failure: Failure }
  | { readonly at: 'explained'; readonly explanation: RouteExplanation }

/** Asked once for each question, not again and again: chance decides between equals, and the order would jump. */
function useExplanation(asked: RouteForm) {
  const [state, setState] = useState<ExplanationState>({ at: 'asking' })
  const [turn, setTurn] = useState(0)
  const ask = useCallback(() => setTurn((count) => count + 1), [])
  useEffect(() => {
    const run = new AbortController()
    setState({ at: 'asking' })
    void explainRoute(requestOf(asked), run.signal).then((reply) => {
      if (run.signal.aborted) return
      setState(reply.ok ? { at: 'explained', explanation: reply.value } : { at: 'failed', failure: reply.failure })
    })
    return () => run.abort()
  }, [asked, turn])
  return { state, ask }
}

function namesOf(reply: ModelsReply | null): readonly string[] {
  if (reply === null) return []
  const models = reply.models.slice(0, mostSuggestions)
  const names = [
    ...reply.virtual.map(({ id }) => id),
    ...models.map(({ id }) => id),
    ...models.map(({ provider, id }) => `${provider}/${id}`),
  ]
  return [...new Set(names)].slice(0, mostSuggestions)
}

const formFields = ['model', 'inputTokens', 'outputTokens'] as const

function fieldOfFailure({ param }: Failure): (typeof formFields)[number] | null {
  return formFields.find((name) => name === param) ?? null
}

interface RouteFieldsProps {
  readonly form: RouteForm
  readonly names: readonly string[]
  readonly failure: Failure | null
  readonly onChange: (part: Partial<RouteForm>) => void
}

const kindNames = [
  { value: 'ask', text: 'Question to the notes' },
  { value: 'chat', text: 'Chat' },
  { value: 'embedding', text: 'Embeddings' },
] as const

function RouteFields({ form, names, failure, onChange }: RouteFieldsProps) {
  const errorAt = (field: (typeof formFields)[number]) =>
    failure !== null && fieldOfFailure(failure) === field ? sentenceOf(failure) : undefined
  return (
    <>
      <TextField
        label="Model"
        value={form.model}
        placeholder="The default"
        maxLength={200}
        suggestions={names}
        error={errorAt('model')}
        onInput={(model) => onChange({ model })}
      />
      <Select
        label="Kind"
        value={form.kind}
        options={kindNames}
        onChange={(value) => onChange({ kind: kindNames.find((kind) => kind.value === value)?.value ?? form.kind })}
      />
      <Select
        label="Notes in it"
        value={form.label}
        options={labels.map((value) => ({ value, text: labelNames[value] }))}
        onChange={(value) => onChange({ label: labels.find((label) => label === value) ?? form.label })}
      />
      <div class="models-pair">
        <TextField
          label="Tokens in"
          value={form.inputTokens}
          maxLength={9}
          inputMode="numeric"
          error={errorAt('inputTokens')}
          onInput={(inputTokens) => onChange({ inputTokens })}
        />
        <TextField
          label="Tokens out"
          value={form.outputTokens}
          maxLength={9}
          inputMode="numeric"
          error={errorAt('outputTokens')}
          onInput={(outputTokens) => onChange({ outputTokens })}
        />
      </div>
      <FieldGroup label="It needs">
        {capabilityNames.map((name) => (
          <Checkbox
            key={name}
            label={capabilityWords[name]}
            checked={form.needs.includes(name)}
            onChange={(checked) =>
              onChange({ needs: checked ? [...form.needs, name] : form.needs.filter((other) => other !== name) })
            }
          />
        ))}
      </FieldGroup>
    </>
  )
}
