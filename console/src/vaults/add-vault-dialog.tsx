/** Adds a folder on the server's machine as a vault. */
import { useState } from 'preact/hooks'
import { Button, Dialog, TextField, useToast } from '@cairn/ui'
import { addVault } from '../api/resources.ts'
import { useConsole } from '../shell/console-context.ts'

export function AddVaultDialog({ onClose }: { readonly onClose: () => void }) {
  const { vaultsWatch } = useConsole()
  const toast = useToast()
  const [path, setPath] = useState('')
  const [name, setName] = useState('')
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const add = async (event: Event) => {
    event.preventDefault()
    if (path.trim() === '') return setError('Give the path of a folder.')
    setBusy(true)
    const reply = await addVault(path.trim(), name.trim())
    setBusy(false)
    if (!reply.ok)
      return setError(reply.failure.message || [reply.failure.title, reply.failure.hint].filter(Boolean).join('. '))
    vaultsWatch.refresh()
    toast({ text: `${reply.value.name} is added and being indexed` })
    onClose()
  }
  return (
    <Dialog title="Add a vault" onClose={onClose}>
      <form class="form" onSubmit={(event) => void add(event)}>
        <TextField
          label="Folder"
          mono
          value={path}
          onInput={setPath}
          placeholder="/home/me/Notes"
          error={error}
          hint="Full path on the machine where the server runs."
        />
        <TextField
          label="Name"
          value={name}
          onInput={setName}
          maxLength={120}
          hint="Optional; the folder’s name if left empty."
        />
        <div class="form-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            Add vault
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
