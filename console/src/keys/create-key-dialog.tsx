/** Creates an API key and shows it this once, ready to copy. */
import { useState } from 'preact/hooks'
import { Button, Dialog, Select, TextField } from '@cairn/ui'
import { createKey } from '../api/resources.ts'
import { CopyButton } from '../shell/copy-button.tsx'
import { daysOf, keyLifetimes, usualLifetime } from './lifetimes.ts'

export interface CreateKeyDialogProps {
  readonly onCreated: () => void
  readonly onClose: () => void
}

export function CreateKeyDialog({ onCreated, onClose }: CreateKeyDialogProps) {
  const [created, setCreated] = useState<string | null>(null)
  if (created !== null) return <CreatedKey value={created} onClose={onClose} />
  return (
    <CreateKeyForm
      onClose={onClose}
      onCreated={(key) => {
        setCreated(key)
        onCreated()
      }}
    />
  )
}

function CreateKeyForm({
  onCreated,
  onClose,
}: {
  readonly onCreated: (key: string) => void
  readonly onClose: () => void
}) {
  const [name, setName] = useState('')
  const [lifetime, setLifetime] = useState<string>(usualLifetime)
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const create = async (event: Event) => {
    event.preventDefault()
    if (name.trim() === '') return setError('Give the key a name.')
    setBusy(true)
    const reply = await createKey(name.trim(), daysOf(lifetime))
    setBusy(false)
    if (reply.ok) onCreated(reply.value.key)
    else setError(reply.failure.message || reply.failure.title)
  }
  return (
    <Dialog title="Create an API key" onClose={onClose}>
      <form class="form" onSubmit={(event) => void create(event)}>
        <TextField
          label="Name"
          value={name}
          onInput={setName}
          maxLength={120}
          placeholder="Obsidian on my laptop"
          error={error}
        />
        <Select label="Expires after" value={lifetime} options={keyLifetimes} onChange={setLifetime} />
        <div class="form-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            Create key
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function CreatedKey({ value, onClose }: { readonly value: string; readonly onClose: () => void }) {
  return (
    <Dialog
      title="Your new key"
      onClose={onClose}
      footer={
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <p>Copy it now. It is stored as a hash only and cannot be shown again.</p>
      <div class="secret">
        <code>{value}</code>
        <CopyButton text={value} what="Key" />
      </div>
      <dl class="facts">
        <dt>Base address</dt>
        <dd>
          <code>{location.origin}/v1</code>
        </dd>
        <dt>Header</dt>
        <dd>
          <code>Authorization: Bearer …</code>
        </dd>
      </dl>
    </Dialog>
  )
}
