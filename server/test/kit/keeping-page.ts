/**
 * For browser tests and pictures of what keeps the audit log: the server of the audit page with receivers outside, of
 * which one is down, a witness that answers, a hold, and months that are over when they are asked for.
 */
import type { AuditHoldView } from '@cairn/contract'
import type { TestBrowser } from '../browser.ts'
import { until } from '../harness.ts'
import { openAuditRig, type AuditRig } from './audit-page.ts'
import { startWebhook, type Receiver } from './sink-receivers.ts'
import { take } from './team.ts'
import { startWitnessReceiver, type WitnessReceiver } from './witness-receiver.ts'

const dayMs = 86_400_000
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

export interface KeepingRig extends AuditRig {
  readonly receiver: Receiver
  readonly witness: WitnessReceiver
  /** Entries whose parts that name people are due: eight of notes, four of calls of models. */
  makeDue(): Promise<void>
  /** As the owner. */
  placeHold(hold: object): Promise<AuditHoldView>
}

/** The server itself lets go what is due when it is a minute old. */
const ownRunMs = 65_000

export async function openKeepingRig(browser: TestBrowser, days = 2): Promise<KeepingRig> {
  const [receiver, down, witness] = await Promise.all([startWebhook(), startWebhook(), startWitnessReceiver()])
  await down.kill()
  witness.answer = (last) => JSON.stringify(last === null ? {} : { checkpoint: last })
  const hook = ({ port }: Receiver) => ({ kind: 'webhook', url: `http://127.0.0.1:${port}/in`, secret })
  const rig = await openAuditRig(browser, days, {
    audit: {
      sinks: [
        { id: 'siem', ...hook(receiver), format: 'ocsf' },
        { id: 'archive-server', ...hook(down) },
      ],
      witnesses: [{ id: 'notary', url: witness.url, secret, every: 10 }],
    },
  })
  const opened = performance.now()
  const placeHold = (hold: object) => take<AuditHoldView>(rig.team.owner.send('/api/audit/holds', hold))
  let made = 0
  return {
    ...rig,
    receiver,
    witness,
    placeHold,
    async makeDue() {
      await until('the server has had its own run', () => performance.now() - opened > ownRunMs, ownRunMs + 1_000)
      // Another month each time: of one that went nothing new can be read.
      const back = (150 + made * 31) * dayMs
      made++
      const actor = rig.people.get('Ann Larsen')?.id ?? ''
      rig.pass(-back)
      for (let at = 0; at < 8; at++)
        await rig.record({ type: 'note.read', actor, fields: { vault: 'v', note: `${at}.md` } })
      for (let at = 0; at < 4; at++)
        await rig.record({
          type: 'chat.completed',
          actor,
          fields: { model: 'gpt-4o', provider: 'hosted', streamed: true },
        })
      rig.pass(back)
    },
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]()
      await Promise.all([receiver, down, witness].map((each) => each[Symbol.asyncDispose]()))
    },
  }
}
