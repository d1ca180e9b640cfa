/** Asks the notes with a configured model, and prints what was sent where. */
import { env } from 'node:process'

const url = env['CAIRN_URL'] ?? 'http://127.0.0.1:8484'
const headers = { authorization: `Bearer ${env['CAIRN_KEY'] ?? ''}`, 'content-type': 'application/json' }

interface DryRun {
  label: string
  plan: { provider: string; model: string; egress: string }[]
  rejected: { provider: string; model: string; reason: string }[]
}

interface Reply {
  answer: string
  receipt: { provider: string; model: string; egress: string; attempts: { outcome: string }[] }
}

async function ask<T>(more: object): Promise<T> {
  const body = JSON.stringify({ question: 'What marks the trail?', model: 'test/echo', ...more })
  const response = await fetch(`${url}/v1/ask`, { method: 'POST', headers, body })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as T
}

// #region dry-run
const { plan } = await ask<DryRun>({ dryRun: true })
for (const { provider, model, egress } of plan) console.log(`would ask ${model} at ${provider}, egress ${egress}`)
// #endregion

const { answer, receipt } = await ask<Reply>({})
console.log(`${receipt.model} at ${receipt.provider} says: ${answer}`)
console.log(`attempts: ${receipt.attempts.map(({ outcome }) => outcome).join(', ')}`)
