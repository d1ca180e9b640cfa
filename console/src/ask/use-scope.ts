/** Which vaults are asked and which model answers: from the link, else as last chosen on this device. */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import type { ModelInfo, VaultInfo } from '@cairn/contract'
import { listModels } from '../api/resources.ts'
import { readStored, writeStored } from '../shell/device-storage.ts'
import type { Scope } from '@cairn/ui/client'

/** The models that can answer. Without them the server's default is used and the page still works. */
export function useModels(reloadWith: unknown): readonly ModelInfo[] {
  const [models, setModels] = useState<readonly ModelInfo[]>([])
  useEffect(() => {
    void listModels().then((reply) => {
      if (reply.ok) setModels(nameApart(reply.value.models.filter((model) => model.kind !== 'embedding')))
    })
  }, [reloadWith])
  return models
}

/**
 * A model that several providers have is named with its provider: its own name alone could mean one outside of this
 * machine, while another is shown.
 */
export function nameApart(models: readonly ModelInfo[]): readonly ModelInfo[] {
  const counts = Map.groupBy(models, ({ id }) => id)
  return models.map((model) =>
    counts.get(model.id)?.length === 1 ? model : { ...model, id: `${model.provider}/${model.id}` },
  )
}

/** The chosen vault and model, as far as they still exist. */
export function useScope(
  params: URLSearchParams,
  vaults: readonly VaultInfo[] | null,
  models: readonly ModelInfo[],
): [Scope, (scope: Scope) => void] {
  const [chosen, setChosen] = useState<Scope>(() => ({
    vault: params.get('vault') ?? (readStored('cairn.vault') || null),
    model: params.get('model') ?? (readStored('cairn.model') || null),
  }))
  const set = useCallback((scope: Scope) => {
    writeStored('cairn.vault', scope.vault ?? '')
    writeStored('cairn.model', scope.model ?? '')
    setChosen(scope)
  }, [])
  const scope = useMemo(
    () => ({
      vault: vaults?.some(({ id }) => id === chosen.vault) ? chosen.vault : null,
      model: models.some(({ id }) => id === chosen.model) ? chosen.model : null,
    }),
    [chosen, vaults, models],
  )
  return [scope, set]
}
