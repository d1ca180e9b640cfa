/** Whether the log is what it was: verifying it, what it commits itself to, who else remembers it, and comparing. */
import { Spinner } from '@cairn/ui'
import { useLoad } from '../../access/use-load.ts'
import { useConsole } from '../../shell/console-context.ts'
import { ViewFailure } from '../../shell/view-failure.tsx'
import { listWitnesses } from '../audit-api.ts'
import { CheckpointSection } from './checkpoint-section.tsx'
import { CompareSection } from './compare-section.tsx'
import { useSeenHere } from './use-seen-here.ts'
import { VerifySection } from './verify-section.tsx'
import { Alarms, WitnessesSection } from './witnesses-section.tsx'

export function IntegrityView() {
  const { deploymentId } = useConsole().session.server
  const here = useSeenHere(deploymentId)
  const witnesses = useLoad(listWitnesses)
  const failure = witnesses.failure ?? here.failure
  const reload = () => {
    witnesses.reload()
    here.reload()
  }
  if (failure?.status === 403) return <ViewFailure failure={failure} what="the audit log" onRetry={reload} />
  return (
    <div class="audit-sections">
      {failure ? <ViewFailure failure={failure} what="the audit log" onRetry={reload} /> : null}
      {witnesses.value ? <Alarms list={witnesses.value} before={here.value?.before ?? null} /> : null}
      <VerifySection />
      {here.value ? (
        <CheckpointSection here={here.value} />
      ) : here.failure ? null : (
        <Spinner label="Loading the checkpoint" />
      )}
      {witnesses.value ? <WitnessesSection list={witnesses.value} before={here.value?.before ?? null} /> : null}
      <CompareSection onCompared={witnesses.reload} />
    </div>
  )
}
