/** The last answers of this device, gathered as the conversation goes on, in the device's storage. */
import { createStore } from '@cairn/ui/store'
import type { Conversation } from '@cairn/ui/client'
import { addAnswer, readAnswers, toAnswer, type RecentAnswer } from '../core/recent-answers.ts'
import type { AnswersPort } from '../core/ports.ts'
import type { Settings } from '../core/settings/settings-store.ts'
import type { DeviceStorage } from './device.ts'

const storedAs = 'cairn-recent-answers'

/** Where the settings keep nothing on the device, answers are remembered in memory only. */
export function createRecentAnswers(
  storage: DeviceStorage,
  settings: Settings,
  { turns }: Pick<Conversation, 'turns'>,
): AnswersPort {
  const keeps = () => settings.get('privacy.keepQuestions')
  const answers = createStore<readonly RecentAnswer[]>(readAnswers(keeps() ? storage.read(storedAs) : null))
  const change = (list: readonly RecentAnswer[]) => {
    answers.set(list)
    storage.write(storedAs, keeps() && list.length > 0 ? list : null)
  }
  let told: number | null = null
  turns.subscribe(() => {
    const last = turns.get().at(-1)
    const answer = last === undefined ? null : toAnswer(last)
    // A turn that is over changes no more, and its time tells it from every other.
    if (answer === null || last === undefined || last.tookMs === null || told === last.askedAt) return
    told = last.askedAt
    change(addAnswer(answers.get(), answer))
  })
  settings.values.subscribe(() => {
    if (!keeps() && storage.read(storedAs) !== null) storage.write(storedAs, null)
  })
  return { list: answers.get, subscribe: answers.subscribe, clear: () => change([]) }
}
