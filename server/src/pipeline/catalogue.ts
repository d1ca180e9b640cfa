/** The models that could answer, as part of a key; and one of them, as what an entry depends on. */
import type { Deployment } from '../routing/index.ts'

/**
 * The usable deployments in their order, as text. It changes when one comes or goes, may no longer be used by this
 * caller or for these notes, leaves the machine where it did not, or has another address behind the same name.
 */
export function catalogueVersion(deployments: readonly Deployment[]): string {
  return deployments.map(identityOf).join('\n')
}

const identities = new WeakMap<Deployment, string>()

/** Written once for each: every request has them in its key. */
function identityOf(deployment: Deployment): string {
  const known = identities.get(deployment)
  if (known !== undefined) return known
  const { provider, model, egress } = deployment
  const text = JSON.stringify([provider.id, provider.dialect, provider.url, provider.region, model, egress])
  identities.set(deployment, text)
  return text
}

/** `model:ID` of what answered, under both names that it can be asked by. */
export function scopesOfModel({ provider, model }: Deployment): string[] {
  return [`model:${model}`, `model:${provider.id}/${model}`]
}
