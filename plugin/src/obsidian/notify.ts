/** A short message in a corner. */
import { Notice } from 'obsidian'

export function notify(message: string): void {
  const { messageEl } = new Notice(message)
  messageEl.addClass('cairn-notice')
}
