/** Orders candidates into attempts: what is cleared for the notes, in the configured order. Pure. */
import { labelRank, type Label } from '@cairn/contract'
import type { Candidates, Deployment, Plan } from './types.ts'

/** More would make a caller wait through a long row of failures. */
const mostAttempts = 8

export function planAttempts({ deployments }: Candidates, label: Label): Plan {
  const attempts: Deployment[] = []
  const rejected: { deployment: Deployment; reason: string }[] = []
  for (const deployment of deployments) {
    if (labelRank(deployment.clearance) < labelRank(label)) {
      rejected.push({ deployment, reason: `cleared for ${deployment.clearance}, the notes are ${label}` })
    } else if (attempts.length >= mostAttempts) {
      rejected.push({ deployment, reason: `${mostAttempts} others are tried before` })
    } else {
      attempts.push(deployment)
    }
  }
  return { attempts, rejected }
}
