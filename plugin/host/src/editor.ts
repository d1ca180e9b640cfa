/** Obsidian's editor interface over CodeMirror 6, which the real app runs on too. */
import { history, historyKeymap, defaultKeymap, redo, undo } from '@codemirror/commands'
import { EditorSelection, EditorState, StateField, type Extension } from '@codemirror/state'
import { EditorView, keymap } from '@codemirror/view'

export interface EditorPosition {
  line: number
  ch: number
}

export interface EditorRange {
  from: EditorPosition
  to: EditorPosition
}

export interface EditorChange {
  text: string
  from: EditorPosition
  to?: EditorPosition
}

export class Editor {
  readonly cm: EditorView

  constructor(parent: HTMLElement, extensions: readonly Extension[], onChange: () => void) {
    this.cm = new EditorView({
      parent,
      state: EditorState.create({
        extensions: [
          history(),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': 'Note', spellcheck: 'false' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) onChange()
          }),
          ...extensions,
        ],
      }),
    })
  }

  getValue(): string {
    return this.cm.state.doc.toString()
  }

  setValue(content: string): void {
    this.cm.dispatch({ changes: { from: 0, to: this.cm.state.doc.length, insert: content } })
  }

  getLine(line: number): string {
    return this.cm.state.doc.line(line + 1).text
  }

  lineCount(): number {
    return this.cm.state.doc.lines
  }

  lastLine(): number {
    return this.cm.state.doc.lines - 1
  }

  getSelection(): string {
    const { from, to } = this.cm.state.selection.main
    return this.cm.state.sliceDoc(from, to)
  }

  somethingSelected(): boolean {
    return !this.cm.state.selection.main.empty
  }

  getRange(from: EditorPosition, to: EditorPosition): string {
    return this.cm.state.sliceDoc(this.posToOffset(from), this.posToOffset(to))
  }

  replaceSelection(replacement: string): void {
    this.cm.dispatch(this.cm.state.replaceSelection(replacement))
  }

  replaceRange(replacement: string, from: EditorPosition, to: EditorPosition = from): void {
    this.cm.dispatch({ changes: { from: this.posToOffset(from), to: this.posToOffset(to), insert: replacement } })
  }

  getCursor(side: 'from' | 'to' | 'head' | 'anchor' = 'head'): EditorPosition {
    return this.offsetToPos(this.cm.state.selection.main[side])
  }

  setCursor(position: EditorPosition | number, ch = 0): void {
    const at = typeof position === 'number' ? { line: position, ch } : position
    this.cm.dispatch({ selection: EditorSelection.cursor(this.posToOffset(at)) })
  }

  setSelection(anchor: EditorPosition, head: EditorPosition = anchor): void {
    this.cm.dispatch({ selection: EditorSelection.range(this.posToOffset(anchor), this.posToOffset(head)) })
  }

  transaction({ changes = [] }: { changes?: EditorChange[] }): void {
    this.cm.dispatch({
      changes: changes.map(({ text, from, to = from }) => ({
        from: this.posToOffset(from),
        to: this.posToOffset(to),
        insert: text,
      })),
    })
  }

  focus(): void {
    this.cm.focus()
  }

  blur(): void {
    this.cm.contentDOM.blur()
  }

  hasFocus(): boolean {
    return this.cm.hasFocus
  }

  scrollIntoView({ from, to }: EditorRange, center = false): void {
    const range = EditorSelection.range(this.posToOffset(from), this.posToOffset(to))
    this.cm.dispatch({ effects: EditorView.scrollIntoView(range, { y: center ? 'center' : 'nearest' }) })
  }

  undo(): void {
    undo(this.cm)
  }

  redo(): void {
    redo(this.cm)
  }

  posToOffset({ line, ch }: EditorPosition): number {
    const { doc } = this.cm.state
    const at = doc.line(Math.min(doc.lines, Math.max(1, line + 1)))
    return Math.min(at.to, at.from + Math.max(0, ch))
  }

  offsetToPos(offset: number): EditorPosition {
    const { doc } = this.cm.state
    const line = doc.lineAt(Math.min(doc.length, Math.max(0, offset)))
    return { line: line.number - 1, ch: Math.min(doc.length, offset) - line.from }
  }

  wordAt(position: EditorPosition): EditorRange | null {
    const found = this.cm.state.wordAt(this.posToOffset(position))
    return found === null ? null : { from: this.offsetToPos(found.from), to: this.offsetToPos(found.to) }
  }
}

/** Which note an editor shows; extensions of plugins read it. */
export const editorInfoField = StateField.define<unknown>({ create: () => null, update: (value) => value })

/** Obsidian's live preview; this host always shows the source. */
export const editorLivePreviewField = StateField.define<boolean>({ create: () => false, update: (value) => value })
