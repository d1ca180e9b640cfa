/** The question “why” in the address, so that a link asks it, and as the server takes it. */
import { isValidOn, resourceTypes, type ResourceType } from '@cairn/contract'
import type { WhyQuestion } from './access-api.ts'
import { partsOf } from './names.ts'

export interface WhyForm {
  /** Empty: oneself. */
  readonly subject: string
  readonly action: string
  readonly kind: ResourceType
  readonly vault: string
  /** In the vault; the whole name of a model or cache. */
  readonly path: string
  readonly egress: '' | 'local' | 'external'
}

export function readWhy(params: URLSearchParams): WhyForm {
  const resource = params.get('resource') ?? ''
  const { kind, vault, path } = partsOf(resource)
  const egress = params.get('egress')
  const action = params.get('action') ?? ''
  return {
    subject: params.get('subject') ?? '',
    action: action === '' ? 'read' : action,
    kind: resourceTypes.find((type) => type === kind) ?? (action === '' ? 'note' : narrowest(action)),
    vault,
    path: kind === 'org' ? '' : path,
    egress: egress === 'local' || egress === 'external' ? egress : '',
  }
}

/** The narrowest thing that an action can be asked of, for a link that names the action alone. */
function narrowest(action: string): ResourceType {
  return resourceTypes.toReversed().find((type) => isValidOn(action, type) && type !== 'note') ?? 'org'
}

/** Null while it says nothing definite. `org` is the whole server. */
export function resourceOf({ kind, vault, path }: WhyForm, org: string): string | null {
  const name = path
    .trim()
    .replace(/^\/+|\/+$/g, '')
    .normalize('NFC')
  if (kind === 'org') return org
  if (kind === 'vault') return vault === '' ? null : `vault:${vault}`
  if (kind === 'model' || kind === 'cache') return name === '' ? null : `${kind}:${name}`
  return vault === '' || name === '' ? null : `${kind}:${vault}/${name}`
}

export function writeWhy(form: WhyForm, org: string): Record<string, string> {
  return {
    view: 'why',
    action: form.action,
    ...(form.subject && { subject: form.subject }),
    resource: resourceOf(form, org) ?? '',
    ...(form.egress && { egress: form.egress }),
  }
}

/** Null unless the address holds a whole question. */
export function questionOf(params: URLSearchParams, org: string): WhyQuestion | null {
  const action = params.get('action')
  if (action === null || action === '') return null
  const form = readWhy(params)
  const resource = resourceOf(form, org)
  if (resource === null) return null
  return {
    ...(form.subject && { subject: form.subject }),
    action,
    resource,
    ...(form.egress && { context: { 'model.egress': form.egress } }),
  }
}
