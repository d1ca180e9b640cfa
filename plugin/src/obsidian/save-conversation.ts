/** Writes the conversation, or a part of it, into the vault as a note. */
import type { Turn } from '@cairn/ui/client'
import type { Cairn } from './open-cairn.ts'
import { newId } from './time.ts'

export async function saveConversation(cairn: Cairn, turns?: readonly Turn[]): Promise<void> {
  const { settings, conversation, notes, app, now } = cairn
  const { writeConversation } = await import('../core/ask/conversation-note.ts')
  const note = writeConversation(turns ?? conversation.turns.get(), {
    id: newId(),
    savedAt: now(),
    isNeutralised: settings.get('privacy.neutralise'),
  })
  if (note === null) return app.notify('There is no answer to save yet.')
  try {
    app.notify(`Saved as ${await notes.create(settings.get('answers.conversationFolder'), note.title, note.text)}.`)
  } catch (thrown) {
    app.notify(`The note could not be made: ${thrown instanceof Error ? thrown.message : 'the vault refused it'}.`)
  }
}
