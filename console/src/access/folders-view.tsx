/** What holds on a vault, folder, note or tag: who has which role there, from where, what is denied, and changing it. */
import type { ComponentChildren } from 'preact'
import { useCallback, useMemo, useState } from 'preact/hooks'
import type { Statements } from '@cairn/contract'
import { Badge, Button, Dialog, EmptyState, Icon, Spinner, TextField } from '@cairn/ui'
import { hrefOf } from '../shell/router.ts'
import { useMediaQuery } from '../shell/use-media-query.ts'
import { ViewFailure } from '../shell/view-failure.tsx'
import { getPolicy, getStatements, listPrincipals } from './access-api.ts'
import { AccessProvider, useAccess } from './access-context.ts'
import { BarrierDialog, RevokeDialog } from './change-dialogs.tsx'
import { GiveDialog } from './give-dialog.tsx'
import { nameScope, placeScope, sayDeny } from './names.ts'
import { ScopeTree } from './scope-tree.tsx'
import { GrantTable } from './grant-table.tsx'
import { useLoad } from './use-load.ts'
import { WhoMay } from './who-may.tsx'

type OpenDialog =
  | { readonly kind: 'give' | 'barrier' }
  | { readonly kind: 'revoke'; readonly grant: Statements['grants'][number] }
  | null

const askPolicy = () => getPolicy()

export function FoldersView({ params }: { readonly params: URLSearchParams }) {
  const { may } = useAccess()
  const scope = params.get('scope')
  const policy = useLoad(may('policy.view') ? askPolicy : null)
  const isPhone = useMediaQuery('(max-width: 899px)')
  const [isPicking, setPicking] = useState(false)
  const restricted = useMemo(
    () => new Set(policy.value?.document.barriers.map((barrier) => barrier.scope) ?? []),
    [policy.value],
  )
  const tags = useMemo(() => {
    const named = [...(policy.value?.document.grants ?? []), ...(policy.value?.document.denies ?? [])]
    return named.flatMap((each) => (each.scope.startsWith('tag:') ? [each.scope.slice(4)] : []))
  }, [policy.value])
  const choose = (next: string) => {
    setPicking(false)
    location.hash = hrefOf('access', { view: 'folders', scope: next })
  }
  const tree = <ScopeTree chosen={scope} onChoose={choose} restricted={restricted} tags={tags} />
  const find = may('policy.view') ? <FindTag onChoose={choose} /> : null
  return (
    <section class="access-folders" aria-label="Folders">
      {isPhone ? (
        <>
          <Button icon="folder" onClick={() => setPicking(true)}>
            {scope === null ? 'Choose a folder' : 'Choose another'}
          </Button>
          {isPicking ? (
            <Dialog title="Choose a folder" shape="sheet" onClose={() => setPicking(false)}>
              <div class="access-tree-sheet">
                {tree}
                {find}
              </div>
            </Dialog>
          ) : null}
        </>
      ) : (
        <div class="card access-tree-card">
          {tree}
          {find}
        </div>
      )}
      {scope === null ? (
        <EmptyState icon="folder" title="Choose a vault, folder or tag">
          You see who has a role there and why, and can change it.
        </EmptyState>
      ) : (
        <WithNames key={scope} scope={scope}>
          <ScopePanel scope={scope} onPolicyChanged={policy.reload} />
        </WithNames>
      )}
    </section>
  )
}

/** Tags are not listed by the server: those that statements name or that were seen are in the tree, others are typed. */
function FindTag({ onChoose }: { readonly onChoose: (scope: string) => void }) {
  const [tag, setTag] = useState('')
  const bare = tag.trim().replace(/^#/, '').normalize('NFC')
  return (
    <form
      class="access-inline access-find-tag"
      onSubmit={(event) => {
        event.preventDefault()
        if (bare !== '') onChoose(`tag:${bare}`)
      }}
    >
      <TextField label="Tag" hideLabel placeholder="Another tag" value={tag} maxLength={200} onInput={setTag} />
      <Button type="submit" label="Open tag" disabled={bare === ''}>
        Open
      </Button>
    </form>
  )
}

/** Who shares a place is told the names of everybody, there. */
function WithNames({ scope, children }: { readonly scope: string; readonly children: ComponentChildren }) {
  const access = useAccess()
  const ask = useCallback(() => listPrincipals(scope), [scope])
  const { value } = useLoad(ask)
  const own = useMemo(() => {
    const principals = new Map(value?.principals.map((each) => [each.id, each]) ?? access.names.principals)
    return { ...access, names: { ...access.names, principals } }
  }, [access, value])
  return <AccessProvider value={own}>{children}</AccessProvider>
}

function ScopePanel({ scope, onPolicyChanged }: { readonly scope: string; readonly onPolicyChanged: () => void }) {
  const { refresh } = useAccess()
  const ask = useCallback((signal: AbortSignal) => getStatements(scope, signal), [scope])
  const { value, failure, reload } = useLoad(ask)
  const [dialog, setDialog] = useState<OpenDialog>(null)
  const [changes, setChanges] = useState(0)
  const close = () => setDialog(null)
  const onChanged = () => {
    close()
    setChanges((count) => count + 1)
    reload()
    refresh()
    onPolicyChanged()
  }
  if (failure) return <ViewFailure failure={failure} what="this place" resource={scope} onRetry={reload} />
  if (value === null) return <Spinner label="Loading what holds here" />
  return (
    <div class="access-panel">
      <PanelHead statements={value} onOpen={setDialog} />
      <GrantTable
        statements={value}
        onRevoke={(grant) => setDialog({ kind: 'revoke', grant })}
        onGive={() => setDialog({ kind: 'give' })}
      />
      <Denies statements={value} />
      {scope.startsWith('tag:') ? null : <WhoMay scope={scope} changes={changes} />}
      {dialog?.kind === 'give' ? <GiveDialog statements={value} onChanged={onChanged} onClose={close} /> : null}
      {dialog?.kind === 'barrier' ? <BarrierDialog statements={value} onChanged={onChanged} onClose={close} /> : null}
      {dialog?.kind === 'revoke' ? <RevokeDialog grant={dialog.grant} onChanged={onChanged} onClose={close} /> : null}
    </div>
  )
}

interface PanelHeadProps {
  readonly statements: Statements
  readonly onOpen: (dialog: OpenDialog) => void
}

function PanelHead({ statements: { scope, barrier, may: here }, onOpen }: PanelHeadProps) {
  const { names, may } = useAccess()
  const canGive = may('user.assign') || here.includes('share')
  const canRestrict =
    /^(vault|folder):/.test(scope) && (here.includes('restrict') || (barrier && may('barrier.repair')))
  const place = placeScope(names, scope)
  const name = nameScope(names, scope)
  return (
    <>
      <header class="section-head">
        <div class="access-panel-title">
          <h2>
            {name} {barrier ? <Badge icon="lock">Restricted</Badge> : null}
          </h2>
          {place === name ? null : <p class="muted">{place}</p>}
        </div>
        <div class="spans">
          {canRestrict ? (
            <Button icon="lock" onClick={() => onOpen({ kind: 'barrier' })}>
              {barrier ? 'Open' : 'Restrict'}
            </Button>
          ) : null}
          {canGive ? (
            <Button kind="primary" icon="plus" onClick={() => onOpen({ kind: 'give' })}>
              Give a role
            </Button>
          ) : null}
        </div>
      </header>
      {barrier ? (
        <p class="access-banner">
          <Icon name="lock" size={16} />
          <span>What is given above stops here. Only roles given in here count. {barrier.note ?? ''}</span>
        </p>
      ) : null}
    </>
  )
}

function Denies({ statements: { denies } }: { readonly statements: Statements }) {
  const { names } = useAccess()
  if (denies.length === 0) return null
  return (
    <section class="section">
      <h3>Never allowed</h3>
      <ul class="access-list" aria-label="Denies">
        {denies.map((deny) => (
          <li key={deny.id}>
            <Icon name="stop" size={16} />
            <span class="access-grow">
              {sayDeny(names, deny)}.{deny.note ? <span class="muted access-sub">{deny.note}</span> : null}
            </span>
            {deny.isInherited ? <Badge>From {nameScope(names, deny.scope)}</Badge> : null}
          </li>
        ))}
      </ul>
    </section>
  )
}
