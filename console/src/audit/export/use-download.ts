/** One export at a time: begun, followed, cancelled, and handed to the browser when it is whole. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { AuditExportFormat } from '@cairn/contract'
import type { Failure } from '../../api/failure.ts'
import { saveFile } from '../../shell/save-file.ts'
import { runDownload, type DownloadProgress } from './download.ts'

export type DownloadState =
  | { readonly at: 'idle' | 'cancelled' }
  | { readonly at: 'running'; readonly progress: DownloadProgress }
  | { readonly at: 'failed'; readonly failure: Failure }
  | { readonly at: 'done'; readonly name: string; readonly bytes: number; readonly requestId: string | null }

export interface Download {
  readonly state: DownloadState
  readonly start: (what: {
    readonly format: AuditExportFormat
    readonly query: Readonly<Record<string, string>>
  }) => void
  readonly cancel: () => void
}

export function useDownload(): Download {
  const [state, setState] = useState<DownloadState>({ at: 'idle' })
  const run = useRef<AbortController | null>(null)
  useEffect(() => () => run.current?.abort(), [])
  return {
    state,
    start(what) {
      run.current?.abort()
      const { signal } = (run.current = new AbortController())
      setState({ at: 'running', progress: { bytes: 0, entries: null } })
      const onProgress = (progress: DownloadProgress) => setState({ at: 'running', progress })
      void runDownload({ ...what, onProgress, signal }).then((reply) => {
        if (reply === null || signal.aborted) return
        if (!reply.ok) return setState({ at: 'failed', failure: reply.failure })
        const { name, file, bytes, requestId } = reply.value
        saveFile(name, file)
        setState({ at: 'done', name, bytes, requestId })
      })
    },
    cancel() {
      run.current?.abort()
      setState({ at: 'cancelled' })
    },
  }
}
