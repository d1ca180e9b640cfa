/** What is in force of one note, each against what the note says or where it is. */
import { Badge } from '@cairn/ui'
import { listFacts, type HeldNote } from './held.ts'

export function HeldFacts({ held }: { readonly held: HeldNote }) {
  return (
    <dl class="access-held-facts">
      {listFacts(held).map(({ kind, what, inForce, now }, number) => (
        <div key={number}>
          <dt>{what}</dt>
          <dd>
            {kind === 'place' ? <span>{inForce}</span> : <Badge tone="accent">{inForce}</Badge>}
            {now === '' ? null : <span class="muted">{now}</span>}
          </dd>
        </div>
      ))}
    </dl>
  )
}
