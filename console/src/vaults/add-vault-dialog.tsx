/** Adds a folder on the server's machine as a vault, or one that a device will send. */
import { useState } from 'preact/hooks'
import { Button, Dialog, Select, TextField, useToast } from '@cairn/ui'
import { addSentVault, addVault } from '../api/resources.ts'
import { useConsole } from '../shell/console-context.ts'

interface Wanted {
  readonly source: 'folder' | 'sync'
  readonly path: string
  readonly name: string
}

export function AddVaultDialog({ onClose }: { readonly onClose: () => void }) {
  const [wanted, setWanted] = useState<Wanted>({ source: 'folder', path: '', name: '' })
  const { add, busy, error } = useAdding(wanted, onClose)
  const isFolder = wanted.source === 'folder'
  return (
    <Dialog title="Add a vault" onClose={onClose}>
      <form class="form" onSubmit={(event) => void add(event)}>
        <Select
          label="Where its notes are"
          value={wanted.source}
          options={[
            { value: 'folder', text: 'In a folder on the server’s machine' },
            { value: 'sync', text: 'On a device, which sends them' },
          ]}
          onChange={(value) => setWanted({ ...wanted, source: value === 'sync' ? 'sync' : 'folder' })}
        />
        {isFolder ? (
          <TextField
            label="Folder"
            mono
            value={wanted.path}
            onInput={(path) => setWanted({ ...wanted, path })}
            placeholder="/home/me/Notes"
            error={error}
            hint="Full path on the machine where the server runs."
          />
        ) : null}
        <TextField
          label="Name"
          value={wanted.name}
          onInput={(name) => setWanted({ ...wanted, name })}
          maxLength={120}
          error={isFolder ? undefined : error}
          hint={
            isFolder
              ? 'Optional; the folder’s name if left empty.'
              : 'Then turn on vault sync in Obsidian, in the settings of Cairn.'
          }
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

function useAdding({ source, path, name }: Wanted, onClose: () => void) {
  const { vaultsWatch } = useConsole()
  const toast = useToast()
  const [failed, setFailed] = useState<{ source: Wanted['source']; words: string }>()
  const [busy, setBusy] = useState(false)
  const fail = (words: string) => setFailed({ source, words })
  const add = async (event: Event) => {
    event.preventDefault()
    if (source === 'folder' && path.trim() === '') return fail('Give the path of a folder.')
    if (source === 'sync' && name.trim() === '') return fail('Give the vault a name.')
    setBusy(true)
    const reply = await (source === 'folder' ? addVault(path.trim(), name.trim()) : addSentVault(name.trim()))
    setBusy(false)
    if (!reply.ok)
      return fail(reply.failure.message || [reply.failure.title, reply.failure.hint].filter(Boolean).join('. '))
    vaultsWatch.refresh()
    toast({ text: `${reply.value.name} is added and ${source === 'folder' ? 'being indexed' : 'waits for a device'}` })
    onClose()
  }
  // What was said of a folder is not said of a name.
  return { add, busy, error: failed?.source === source ? failed.words : undefined }
}
