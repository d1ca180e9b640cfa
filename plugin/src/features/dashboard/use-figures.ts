/** The figures of the server, asked for again every minute while the dashboard is seen. */
import { useCallback, useRef } from 'preact/hooks'
import type { UsageSpan } from '@cairn/ui/figures'
import { useLive, type Live } from '@cairn/ui/use-live'
import { readFigures, type FigureName, type Figures } from '../../core/dashboard/figures.ts'
import type { CairnParts } from '../../core/ports.ts'

/** Sums by hour change slowly, and each look is on record. */
const refreshMs = 60_000

export function useFigures(
  { server, now }: CairnParts,
  { span, isOn }: { readonly span: UsageSpan; readonly isOn: boolean },
): Live<Figures> {
  const refused = useRef(new Set<FigureName>())
  const live = useLive(
    useCallback(
      async (signal: AbortSignal) =>
        readFigures(await server.figures(), { span, now: now(), refused: refused.current, signal }),
      [span],
    ),
    { everyMs: refreshMs, isSeen: isOn, now },
  )
  const refresh = () => {
    // Who was given a right meanwhile sees what it opens.
    refused.current.clear()
    live.refresh()
  }
  return { ...live, refresh }
}
