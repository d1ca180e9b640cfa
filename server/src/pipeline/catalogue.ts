/** The models that could answer, as part of a key; and one of them, as what an entry depends on. */
import { sha256 } from '../base/index.ts'
import type { Deployment } from '../routing/index.ts'

/**
 * A hash of the usable deployments in their order. It changes when one comes or goes, may no longer be used by this
 * caller or for these notes, leaves the machine where it did not, or has another address behind the same name.
 */
export function catalogueVersion(deployments: readonly Deployment[]): string {
  return sha256(
    JSON.stringify(
      deployments.map(({ provider, model, egress }) => [
        provider.id,
        provider.dialect,
        provider.url,
        provider.region,
        model,
        egress,
      ]),
    ),
  )
}

/** `model:ID` of what answered, under both names that it can be asked by. */
export function scopesOfModel({ provider, model }: Deployment): string[] {
  return [`model:${model}`, `model:${provider.id}/${model}`]
}
