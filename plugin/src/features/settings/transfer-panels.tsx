/** Import and export of settings: what an import would change is shown before it is done. */
import { useState } from 'preact/hooks'
import type { VNode } from 'preact'
import { Button, TextArea } from '@cairn/ui'
import type { Settings } from '../../core/settings/settings-store.ts'
import { specOf } from '../../core/settings/setting-table.ts'
import { mostImportChars, planImport } from '../../core/settings/transfer.ts'

interface ExportProps {
  readonly text: string
  readonly copy: (text: string) => Promise<boolean>
  readonly notify: (message: string) => void
  readonly close: () => void
}

export function exportPanel({ text, copy, notify, close }: ExportProps): VNode {
  const take = async () => {
    if (await copy(text)) {
      notify('Settings copied.')
      close()
    } else notify('The clipboard is not open to Cairn here. Select the text and copy it.')
  }
  return (
    <div class="cairn cairn-panel">
      <p class="cairn-muted">Without the key, the server’s address and what else belongs to this device.</p>
      <TextArea label="Settings" rows={10} mono value={text} onInput={() => undefined} />
      <div class="cairn-panel-foot">
        <Button kind="primary" icon="copy" onClick={() => void take()}>
          Copy
        </Button>
      </div>
    </div>
  )
}

interface ImportProps {
  readonly settings: Settings
  readonly notify: (message: string) => void
  readonly close: () => void
}

export function importPanel(props: ImportProps): VNode {
  return <ImportPanel {...props} />
}

function ImportPanel({ settings, notify, close }: ImportProps) {
  const [text, setText] = useState('')
  const plan = text.trim() === '' ? null : planImport(text, settings.values.get())
  const isUsable = plan !== null && typeof plan !== 'string'
  const apply = () => {
    if (!isUsable) return
    for (const { key, to } of plan.changes) settings.set(key, to)
    notify(`${plan.changes.length} settings changed.`)
    close()
  }
  return (
    <div class="cairn cairn-panel">
      <TextArea
        label="What “Export” gave you"
        rows={6}
        mono
        value={text}
        onInput={setText}
        maxLength={mostImportChars}
        error={typeof plan === 'string' ? plan : undefined}
      />
      {isUsable ? (
        <div class="cairn-import-plan" role="status">
          <p>{plan.changes.length === 0 ? 'Everything in it is set like this already.' : 'These change:'}</p>
          <ul>
            {plan.changes.map(({ key, from, to }) => (
              <li key={key}>
                <strong>{specOf(key).name}</strong>: {shown(from)} → {shown(to)}
              </li>
            ))}
            {plan.wrong.map(({ key, message }) => (
              <li key={key} class="is-wrong">
                <strong>{specOf(key).name}</strong> is left as it is: {message}
              </li>
            ))}
          </ul>
          {plan.ignored.length > 0 ? (
            <p class="cairn-muted">Not known to this version: {plan.ignored.join(', ').slice(0, 300)}</p>
          ) : null}
        </div>
      ) : null}
      <div class="cairn-panel-foot">
        <Button kind="primary" disabled={!isUsable || plan.changes.length === 0} onClick={apply}>
          Import
        </Button>
      </div>
    </div>
  )
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text === '' || text === '[]' || text === '{}' ? 'nothing' : text.slice(0, 120)
}
