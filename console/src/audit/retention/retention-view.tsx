/** How long the log keeps what, what is due now, and what a legal hold keeps. Owners change it; who audits reads it. */
import { Spinner } from '@cairn/ui'
import { useLoad } from '../../access/use-load.ts'
import { useConsole } from '../../shell/console-context.ts'
import { ViewFailure } from '../../shell/view-failure.tsx'
import { getRetention, listHolds } from '../audit-api.ts'
import { HoldsSection } from './holds-section.tsx'
import { HorizonsSection } from './horizons-section.tsx'
import { PlanSection } from './plan-section.tsx'

export function RetentionView() {
  const isOwner = useConsole().session.can.includes('org.configure')
  const retention = useLoad(getRetention)
  const holds = useLoad(listHolds)
  const failure = retention.failure ?? holds.failure
  const reload = () => {
    retention.reload()
    holds.reload()
  }
  if (failure?.status === 403) return <ViewFailure failure={failure} what="retention" onRetry={reload} />
  return (
    <div class="audit-sections">
      {failure ? <ViewFailure failure={failure} what="retention" onRetry={reload} /> : null}
      {retention.value ? (
        <>
          <PlanSection plan={retention.value.plan} isOwner={isOwner} onChanged={reload} />
          <HorizonsSection kept={retention.value.categories} isOwner={isOwner} onChanged={retention.reload} />
        </>
      ) : retention.failure ? null : (
        <Spinner label="Loading retention" />
      )}
      {holds.value ? <HoldsSection holds={holds.value.holds} isOwner={isOwner} onChanged={reload} /> : null}
    </div>
  )
}
