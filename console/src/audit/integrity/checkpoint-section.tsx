/** What the log commits itself to before others: its newest checkpoint and its key, to be kept elsewhere. */
import { Button } from '@cairn/ui'
import { CopyButton } from '../../shell/copy-button.tsx'
import { formatCount } from '../../shell/clock.ts'
import { saveText } from '../../shell/save-file.ts'
import { toBase64 } from '../prove/base64.ts'
import type { SeenHere } from './use-seen-here.ts'

export function CheckpointSection({ here: { note, checkpoint, key } }: { readonly here: SeenHere }) {
  return (
    <section class="section" aria-labelledby="audit-checkpoint">
      <div class="section-head">
        <h2 id="audit-checkpoint">Newest checkpoint</h2>
        <div class="access-actions">
          <Button
            small
            icon="download"
            onClick={() => saveText(`cairn-audit-${checkpoint?.size ?? 0}.checkpoint`, note)}
          >
            Checkpoint
          </Button>
          <Button small icon="download" onClick={() => saveText('cairn-audit.key', key)}>
            Key
          </Button>
        </div>
      </div>
      <p class="muted audit-note">Keep both in another place. Whoever has them can hold this log to its word.</p>
      {checkpoint === null ? null : (
        <dl class="facts">
          <dt>Entries</dt>
          <dd>{formatCount(checkpoint.size)}</dd>
          <dt>Root</dt>
          <dd class="audit-request">
            <code>{toBase64(checkpoint.root)}</code>
            <CopyButton text={toBase64(checkpoint.root)} what="Root" />
          </dd>
          <dt>Log</dt>
          <dd>
            <code>{checkpoint.origin}</code>
          </dd>
          <dt>Key</dt>
          <dd class="audit-request">
            <code>{key.trim()}</code>
            <CopyButton text={key.trim()} what="Key" />
          </dd>
        </dl>
      )}
    </section>
  )
}
