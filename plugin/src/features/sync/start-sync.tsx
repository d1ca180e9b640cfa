/** Before sync is on: what would be sent, where it goes, and what stays here. Nothing is read for it. */
import { useId } from 'preact/hooks'
import { Button, Select } from '@cairn/ui'
import { useStore } from '@cairn/ui/store'
import type { CairnParts } from '../../core/ports.ts'
import { Fact } from './fact.tsx'
import { formatBytes } from './format.ts'

export function StartSync({ parts }: { readonly parts: CairnParts }) {
  const { sync, settings } = parts
  const state = useStore(parts.connection.state)
  useStore(settings.values)
  const heading = useId()
  const target = sync.target()
  const plan = sync.plan()
  const vaults = state.at === 'ready' ? state.vaults.filter(({ source }) => source === 'sync') : []
  return (
    <section class="cairn-sync-part" aria-labelledby={heading}>
      <h2 id={heading}>Send this vault to the server?</h2>
      <p>
        Then the server can answer from it although it has no folder of it. It is off, and nothing was sent. This is
        what would be:
      </p>
      <dl class="cairn-sync-facts">
        <Fact name="To">
          {target.ok ? `${target.vault}, at ${target.origin.replace(/^https?:\/\//, '')}` : 'not chosen yet'}
        </Fact>
        <Fact name="Text of">
          {plan.notes} {plan.notes === 1 ? 'note' : 'notes'}, {formatBytes(plan.bytes)}
        </Fact>
        <Fact name="Kept back">
          {plan.keptBack} by your excluded folders and tags, and whatever is no note: attachments, canvases, settings
        </Fact>
        <Fact name="Who sees it">whoever the server’s rules let read that vault</Fact>
        <Fact name="Later">each change, within seconds; what you exclude is deleted there at once</Fact>
      </dl>
      <details class="cairn-sync-folders">
        <summary>Notes by folder</summary>
        <ul>
          {plan.folders.map(([folder, notes]) => (
            <li key={folder}>
              <span>{folder === '' ? 'In no folder' : folder}</span>
              <span class="cairn-muted">{notes}</span>
            </li>
          ))}
        </ul>
      </details>
      {vaults.length > 0 ? (
        <Select
          label="Vault on the server that this vault is"
          value={
            vaults.some(({ id }) => id === settings.get('connection.vault')) ? settings.get('connection.vault') : ''
          }
          options={[
            { value: '', text: 'Choose a vault' },
            ...vaults.map(({ id, name, notes }) => ({ value: id, text: `${name} (${notes} notes)` })),
          ]}
          onChange={(id) => void settings.set('connection.vault', id)}
        />
      ) : null}
      {target.ok ? null : (
        <p class="cairn-sync-why">{state.at === 'ready' && vaults.length === 0 ? noVault : target.why}</p>
      )}
      <div class="cairn-sync-actions">
        <Button kind="primary" disabled={!target.ok || state.at !== 'ready'} onClick={() => sync.setOn(true)}>
          Turn on and send
        </Button>
        <Button onClick={parts.app.openSettings}>What is excluded</Button>
      </div>
    </section>
  )
}

const noVault =
  'The server has no vault that devices send yet. Whoever runs it makes one in the console: Vaults, Add a vault, sent by a device.'
