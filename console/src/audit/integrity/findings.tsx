/** What a verification found, by its kind: what it means, what to do, and the first of the entries. */
import { useState } from 'preact/hooks'
import type { AuditVerifyReport } from '@cairn/contract'
import { Button } from '@cairn/ui'
import { formatCount, formatCounted } from '../../shell/clock.ts'
import { useAudit } from '../audit-context.ts'
import { explainFinding } from './finding-words.ts'

type Found = AuditVerifyReport['errors'][number]

export function Findings({ report: { errors, errorCount } }: { readonly report: AuditVerifyReport }) {
  const kinds = [...Map.groupBy(errors, ({ code }) => code)]
  return (
    <>
      <ul class="audit-findings" aria-label="Findings">
        {kinds.map(([code, found]) => (
          <Kind key={code} code={code} found={found} />
        ))}
      </ul>
      {errorCount > errors.length ? (
        <p class="audit-note muted">
          These are the first {formatCount(errors.length)}; there are {formatCount(errorCount)}.
        </p>
      ) : null}
    </>
  )
}

const fewest = 5

function Kind({ code, found }: { readonly code: string; readonly found: readonly Found[] }) {
  const [isWhole, setIsWhole] = useState(false)
  const { title, means, advice } = explainFinding(code)
  const shown = isWhole ? found : found.slice(0, fewest)
  return (
    <li>
      <h3>
        {title} <code class="muted">{code}</code>
      </h3>
      <p>
        {means} {advice}
      </p>
      <ul>
        {shown.map(({ seq, detail }, at) => (
          <li key={at}>
            {seq === null ? null : <Place seq={seq} />}
            <span>{detail}</span>
          </li>
        ))}
      </ul>
      {found.length > fewest && !isWhole ? (
        <Button small kind="quiet" onClick={() => setIsWhole(true)}>
          Show all {formatCounted(found.length, 'finding')}
        </Button>
      ) : null}
    </li>
  )
}

function Place({ seq }: { readonly seq: number }) {
  const { hrefWith } = useAudit()
  return <a href={hrefWith({}, { entry: seq })}>Entry {formatCount(seq)}</a>
}
