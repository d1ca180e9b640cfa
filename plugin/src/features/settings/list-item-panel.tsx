/** A new element of a list of the settings, such as a folder that is to be left out. */
import { useState } from 'preact/hooks'
import type { VNode } from 'preact'
import { Button, TextField } from '@cairn/ui'
import { checkItem } from '../../core/settings/check-value.ts'
import type { Settings } from '../../core/settings/settings-store.ts'
import { specOf, type SettingKey } from '../../core/settings/setting-table.ts'

interface ListItemProps {
  readonly settings: Settings
  readonly key: SettingKey
  readonly suggestions: readonly string[]
  readonly close: () => void
}

export function listItemPanel({ key, ...props }: ListItemProps): VNode {
  return <ListItemPanel of={key} {...props} />
}

function ListItemPanel({ of, settings, suggestions, close }: Omit<ListItemProps, 'key'> & { readonly of: SettingKey }) {
  const [text, setText] = useState('')
  const [error, setError] = useState<string>()
  const spec = specOf(of)
  if (spec.kind !== 'list') return null
  const add = (event: Event) => {
    event.preventDefault()
    const item = spec.check === 'folder' ? text.trim().replace(/\/+$/, '') : text.trim()
    const list = settings.get(of) as readonly string[]
    const complaint =
      checkItem(spec, item) ??
      (list.includes(item) ? 'This is in the list already.' : settings.set(of, [...list, item]))
    if (complaint === null) close()
    else setError(complaint)
  }
  return (
    <form class="cairn cairn-panel" onSubmit={add}>
      <TextField
        label={spec.check === 'folder' ? 'Folder' : 'Tag'}
        value={text}
        suggestions={suggestions}
        onInput={(value) => {
          setText(value)
          setError(undefined)
        }}
        placeholder={spec.check === 'folder' ? 'Private/Letters' : '#private'}
        maxLength={spec.mostChars}
        error={error}
      />
      <div class="cairn-panel-foot">
        <Button kind="primary" type="submit">
          Add
        </Button>
      </div>
    </form>
  )
}
