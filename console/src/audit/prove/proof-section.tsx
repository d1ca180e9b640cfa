/** “Prove it”: that an entry stands in the log, verified by this browser, with the way up to the root and the file of it. */
import { useState } from 'preact/hooks'
import type { AuditEntryView } from '@cairn/contract'
import { Button } from '@cairn/ui'
import type { Failure } from '../../api/failure.ts'
import { formatCount, formatCounted } from '../../shell/clock.ts'
import { useConsole } from '../../shell/console-context.ts'
import { FailureState } from '../../shell/failure-state.tsx'
import { saveText } from '../../shell/save-file.ts'
import { getKey, getProof } from '../audit-api.ts'
import { useAudit } from '../audit-context.ts'
import { readSeen } from '../integrity/seen-here.ts'
import { Verdict } from '../verdict.tsx'
import { faultWords } from './proof-words.ts'
import { toBase64 } from './base64.ts'
import { verifyProof, type ProofVerdict, type ProvedWay } from './verify-proof.ts'

interface Proved {
  readonly verdict: ProofVerdict
  readonly file: string
}

export function ProofSection({ entry }: { readonly entry: AuditEntryView }) {
  const { deploymentId } = useConsole().session.server
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [proved, setProved] = useState<Proved | null>(null)
  const prove = async () => {
    setBusy(true)
    setFailure(null)
    setProved(null)
    const [proof, key] = await Promise.all([getProof(entry.seq), getKey()])
    if (proof.ok && key.ok) {
      const keys = { key: key.value, remembered: readSeen(deploymentId)?.key ?? null }
      setProved({ verdict: await verifyProof(entry, proof.value, keys), file: proof.value })
    } else setFailure(proof.ok ? (key.ok ? null : key.failure) : proof.failure)
    setBusy(false)
  }
  return (
    <section class="audit-part" aria-labelledby="audit-proof">
      <div class="section-head">
        <h3 id="audit-proof">Proof</h3>
        <Button small icon="check" busy={busy} onClick={() => void prove()}>
          {proved === null ? 'Prove it' : 'Prove it again'}
        </Button>
      </div>
      {failure ? <FailureState failure={failure} /> : null}
      <div role="status">{proved ? <Result seq={entry.seq} proved={proved} /> : null}</div>
      {proved === null && failure === null ? (
        <p class="muted audit-hint">
          <span>
            Your browser computes that this entry stands in the log, unchanged, and that the log has signed it.
          </span>
        </p>
      ) : null}
    </section>
  )
}

function Result({ seq, proved: { verdict, file } }: { readonly seq: number; readonly proved: Proved }) {
  return (
    <div class="audit-proof">
      <Says verdict={verdict} />
      {'way' in verdict ? <Way seq={seq} way={verdict.way} /> : null}
      <div class="access-actions">
        <Button small icon="download" onClick={() => saveText(`cairn-audit-${seq}.tlog-proof`, file)}>
          Download the proof
        </Button>
      </div>
    </div>
  )
}

function Says({ verdict }: { readonly verdict: ProofVerdict }) {
  const { hrefWith } = useAudit()
  if (verdict.kind === 'proved') {
    const { checkpoint, keyId } = verdict.way
    return (
      <Verdict tone="good" title="It stands in the log, unchanged">
        Its hash leads to the root of {formatCounted(checkpoint.size, 'entry', 'entries')}, which the log has signed
        with its key <code>{keyId}</code>. Compare that with the key that you keep.
      </Verdict>
    )
  }
  if (verdict.kind === 'failed') {
    const { title, text } = faultWords[verdict.fault]
    return (
      <Verdict tone="bad" title={title}>
        {text} <a href={hrefWith({}, { view: 'integrity' })}>To Integrity</a>
      </Verdict>
    )
  }
  if (verdict.kind === 'unsigned')
    return (
      <Verdict tone="open" title="The way is right; the signature could not be checked">
        This browser does not know Ed25519. Use a newer one, or check the downloaded proof with another program.
      </Verdict>
    )
  return (
    <Verdict tone="open" title="Your browser cannot verify here">
      It computes hashes only over HTTPS or on the server’s own machine. Open the console so, or check the downloaded
      proof with another program.
    </Verdict>
  )
}

function Way({ seq, way: { leaf, turns, checkpoint } }: { readonly seq: number; readonly way: ProvedWay }) {
  return (
    <ol class="audit-way" aria-label="From the entry up to the root">
      <li class="is-end">
        <span>Entry {formatCount(seq)}</span>
        <code>{toBase64(leaf)}</code>
      </li>
      {turns.map(({ side, beside }, at) => (
        <li key={at}>
          <span class="muted">with, on its {side}</span>
          <code class="muted">{toBase64(beside)}</code>
        </li>
      ))}
      <li class="is-end">
        <span>Root of {formatCount(checkpoint.size)}</span>
        <code>{toBase64(checkpoint.root)}</code>
      </li>
    </ol>
  )
}
