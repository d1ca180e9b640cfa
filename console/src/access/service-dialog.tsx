/** One service account: its keys, suspending and removing it. */
import { useCallback, useState } from 'preact/hooks'
import type { KeyInfo, UserInfo } from '@cairn/contract'
import { Badge, Button, Dialog, ErrorState, Icon, Select, Spinner, TextField } from '@cairn/ui'
import { revokeKey } from '../api/resources.ts'
import { daysOf, keyLifetimes, usualLifetime } from '../keys/lifetimes.ts'
import { formatDate, now } from '../shell/clock.ts'
import { changeUser, createServiceKey, listKeysOf, removeUser } from './access-api.ts'
import { useAccess } from './access-context.ts'
import { Secret, type AddDialogProps } from './add-dialogs.tsx'
import { RemoveDialog } from './remove-dialog.tsx'
import { errorText, useAction } from './use-action.ts'
import { useLoad } from './use-load.ts'

export interface ServiceDialogProps extends AddDialogProps {
  readonly service: UserInfo
}

export function ServiceDialog({ service, onChanged, onClose }: ServiceDialogProps) {
  const { may } = useAccess()
  const { busy, error, run } = useAction()
  const [isRemoving, setRemoving] = useState(false)
  const isActive = service.status === 'active'
  const turn = async () => {
    const status = isActive ? 'suspended' : 'active'
    const done = `${service.name} is ${isActive ? 'suspended' : 'back'}`
    if (await run(() => changeUser(service.id, { status }), done)) onChanged()
  }
  if (isRemoving)
    return (
      <RemoveDialog
        name={service.name}
        remove={() => removeUser(service.id)}
        onRemoved={() => {
          onChanged()
          onClose()
        }}
        onClose={() => setRemoving(false)}
      >
        Programs that use its keys are refused at once. This cannot be undone.
      </RemoveDialog>
    )
  return (
    <Dialog
      title={service.name}
      onClose={onClose}
      footer={
        <>
          <Button busy={busy} onClick={() => void turn()}>
            {isActive ? 'Suspend' : 'Resume'}
          </Button>
          <Button icon="trash" onClick={() => setRemoving(true)}>
            Remove
          </Button>
        </>
      }
    >
      {error ? <ErrorState title={errorText(error)} /> : null}
      {may('key.list') ? <Keys service={service} /> : null}
    </Dialog>
  )
}

function Keys({ service }: { readonly service: UserInfo }) {
  const { may } = useAccess()
  const ask = useCallback(() => listKeysOf(service.id), [service.id])
  const { value, failure, reload } = useLoad(ask)
  const { run, error } = useAction()
  const revoke = async ({ id, name }: KeyInfo) => {
    if (await run(() => revokeKey(id), `${name} is revoked`)) reload()
  }
  if (failure) return <ErrorState title={errorText(failure)} onRetry={reload} />
  if (!value) return <Spinner label="Loading keys" />
  const isLive = ({ revokedAt, expiresAt }: KeyInfo) => revokedAt === null && (expiresAt === null || expiresAt > now())
  return (
    <>
      {error ? <ErrorState title={errorText(error)} /> : null}
      {may('org.configure') ? (
        <NewKey service={service} onMade={reload} />
      ) : (
        <p class="cairn-field-hint">
          An owner makes keys here. Without being one, make a key that says what it may do, with the API.
        </p>
      )}
      {value.keys.length === 0 ? (
        <p class="muted">It has no key yet.</p>
      ) : (
        <ul class="access-list" aria-label="Keys">
          {value.keys.map((key) => (
            <li key={key.id}>
              <Icon name="key" size={18} />
              <span class="access-grow">
                {key.name} <span class="path">{key.prefix}…</span>
                <span class="muted access-sub">
                  {key.expiresAt === null ? 'Never expires' : `Until ${formatDate(key.expiresAt)}`}
                </span>
              </span>
              {isLive(key) ? (
                may('key.revoke') ? (
                  <Button small label={`Revoke ${key.name}`} onClick={() => void revoke(key)}>
                    Revoke
                  </Button>
                ) : null
              ) : (
                <Badge>{key.revokedAt === null ? 'Expired' : 'Revoked'}</Badge>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function NewKey({ service, onMade }: { readonly service: UserInfo; readonly onMade: () => void }) {
  const { busy, error, run } = useAction()
  const [name, setName] = useState('')
  const [lifetime, setLifetime] = useState<string>(usualLifetime)
  const [key, setKey] = useState<string | null>(null)
  const create = async (event: Event) => {
    event.preventDefault()
    const made = await run(() => createServiceKey(service.id, name.trim(), daysOf(lifetime)))
    if (!made) return
    setKey(made.value.key)
    setName('')
    onMade()
  }
  return (
    <>
      {key === null ? null : (
        <div class="access-once" role="status">
          <p>Copy the new key now. It cannot be shown again.</p>
          <Secret text={key} what="Key" />
        </div>
      )}
      <form class="access-inline" noValidate onSubmit={(event) => void create(event)}>
        <TextField
          label="New key"
          placeholder="Where it is used"
          value={name}
          maxLength={120}
          error={errorText(error) || undefined}
          onInput={setName}
        />
        <Select label="Expires" value={lifetime} options={keyLifetimes} onChange={setLifetime} />
        <Button type="submit" busy={busy}>
          Create
        </Button>
      </form>
    </>
  )
}
