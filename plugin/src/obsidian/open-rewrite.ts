/** Opens the panel that rewrites the selection of a note, unless the note may not be sent. */
import { getAllTags, MarkdownView, type App, type Editor, type MarkdownFileInfo, type TFile } from 'obsidian'
import type { Label } from '@cairn/contract'
import type { Reply } from '@cairn/ui/client'
import { higherLabel, judgeNote } from '../core/inline/note-label.ts'
import { rewriteLimits } from '../core/inline/rewrite-request.ts'
import type { ChatCall, ChatEnd } from '../core/inline/rewriting.ts'
import type { Place, RewriteTarget } from '../core/inline/target.ts'
import type { Cairn } from './open-cairn.ts'
import { PanelModal } from './panel-modal.ts'

interface Edited {
  readonly editor: Editor
  readonly info: MarkdownView | MarkdownFileInfo
}

export function openRewrite(app: App, cairn: Cairn, edited: Edited): void {
  const { settings, app: shown } = cairn
  const { file } = edited.info
  const passage = edited.editor.getSelection()
  if (file === null || passage.trim() === '') return shown.notify('Select the words to rewrite first.')
  if (passage.length > rewriteLimits.passageChars)
    return shown.notify(
      `Select less: ${rewriteLimits.passageChars.toLocaleString()} characters at most are rewritten at once.`,
    )
  const cache = app.metadataCache.getFileCache(file)
  const judged = judgeNote(
    { folders: settings.get('privacy.excludedFolders'), tags: settings.get('privacy.excludedTags') },
    { path: file.path, text: edited.editor.getValue(), tags: cache === null ? [] : (getAllTags(cache) ?? []) },
  )
  if ('refusal' in judged) return shown.notify(judged.refusal)
  const target = createTarget(edited, { file, ownLabel: judged.label, serverLabel: () => askLabel(cairn, file.path) })
  let stop = () => {}
  new PanelModal(app, {
    title: 'Rewrite the selection',
    isWide: true,
    onClose: () => stop(),
    content: async (close) => {
      const [{ rewritePanel }, { createRewriting }] = await Promise.all([
        import('../features/inline/rewrite-panel.tsx'),
        import('../core/inline/rewriting.ts'),
      ])
      const rewriting = createRewriting({
        chat: (call, signal, onText) => chat(cairn, call, { signal, onText }),
        nextFrame: (run) => void window.requestAnimationFrame(run),
      })
      stop = rewriting.stop
      return rewritePanel({ parts: cairn, target, rewriting, close })
    },
  }).open()
}

async function chat(
  { transport, settings }: Cairn,
  call: ChatCall,
  { signal, onText }: { signal: AbortSignal; onText: (text: string) => void },
): Promise<ChatEnd> {
  const { streamChat } = await import('../transport/chat-stream.ts')
  const firstByteMs = settings.get('connection.timeoutSeconds') * 1_000
  return streamChat(transport, call, { signal, firstByteMs, onText })
}

/** Which of the server's vaults this one is may not be known; then all that have a note of that path count. */
async function askLabel({ connection, settings, notes, transport }: Cairn, path: string): Promise<Reply<Label | null>> {
  const { readNoteLabel } = await import('../transport/server-calls.ts')
  const state = connection.state.get()
  const all = state.at === 'ready' ? state.vaults : []
  const own = settings.get('connection.vault')
  const named = all.filter(({ id, name }) => (own === '' ? name === notes.vaultName : id === own))
  const replies = await Promise.all(
    (named.length > 0 ? named : all).map(({ id }) => readNoteLabel(transport, id, path)),
  )
  const failed = replies.find(({ ok }) => !ok)
  if (failed !== undefined) return failed
  const told = replies.flatMap((reply) => (reply.ok && reply.value !== null ? [reply.value] : []))
  return { ok: true, value: told.length === 0 ? null : told.reduce(higherLabel) }
}

function createTarget(
  { editor, info }: Edited,
  { file, ...more }: Pick<RewriteTarget, 'ownLabel' | 'serverLabel'> & { readonly file: TFile },
): RewriteTarget {
  const from = editor.posToOffset(editor.getCursor('from'))
  const passage = editor.getSelection()
  const find = (): { start: number; text: string } | Exclude<Place, object> => {
    const isOpen = info.file === file && (!(info instanceof MarkdownView) || info.containerEl.isConnected)
    if (!isOpen) return 'closed'
    const text = editor.getValue()
    if (text.startsWith(passage, from)) return { start: from, text }
    // Something above it was changed: the words still stand there, if they stand there once.
    const only = text.indexOf(passage)
    return only >= 0 && !text.includes(passage, only + 1) ? { start: only, text } : 'changed'
  }
  return {
    ...more,
    passage,
    place() {
      const found = find()
      if (typeof found === 'string') return found
      return { before: found.text.slice(0, found.start), after: found.text.slice(found.start + passage.length) }
    },
    replace(text) {
      const found = find()
      if (typeof found === 'string') return false
      const at = (offset: number) => editor.offsetToPos(offset)
      editor.transaction({ changes: [{ from: at(found.start), to: at(found.start + passage.length), text }] })
      editor.setSelection(at(found.start), at(found.start + text.length))
      return true
    },
  }
}
