/** What a person picked to purge, as the scope that the server takes. */

export const purgeTargets = ['everything', 'kind', 'vault', 'note', 'model', 'scope'] as const

export type PurgeTarget = (typeof purgeTargets)[number]

export interface PurgeChoice {
  readonly target: PurgeTarget
  /** The picked one of each list, and what was typed. */
  readonly kind: string
  readonly vault: string
  readonly note: string
  readonly model: string
  readonly scope: string
}

export type PurgeScope = { readonly ok: true; readonly scope: string } | { readonly ok: false; readonly error: string }

export function readPurgeScope({ target, kind, vault, note, model, scope }: PurgeChoice): PurgeScope {
  const path = note.trim().replace(/^\/+/, '')
  switch (target) {
    case 'everything':
      return { ok: true, scope: '*' }
    case 'kind':
      return kind === '' ? missing('Pick a kind.') : { ok: true, scope: `ns:${kind}` }
    case 'vault':
      return vault === '' ? missing('Pick a vault.') : { ok: true, scope: `vault:${vault}` }
    case 'note':
      if (vault === '') return missing('Pick a vault.')
      return path === '' ? missing('Give the note’s path in the vault.') : { ok: true, scope: `note:${vault}/${path}` }
    case 'model':
      return model === '' ? missing('Pick a model.') : { ok: true, scope: `model:${model}` }
    case 'scope':
      return scope.trim() === '' ? missing('Give a scope.') : { ok: true, scope: scope.trim() }
  }
}

function missing(error: string): PurgeScope {
  return { ok: false, error }
}
