/** Asks which deployments a request would be tried at, in which order, and why others are not. Sends nothing. */
import { env } from 'node:process'

const url = env['CAIRN_URL'] ?? 'http://127.0.0.1:8484'
const headers = { authorization: `Bearer ${env['CAIRN_KEY'] ?? ''}`, 'content-type': 'application/json' }

interface Explanation {
  strategy: string
  attempts: { provider: string; model: string; role: string; why: string }[]
  rejected: { provider: string; model: string; rule: string; reason: string }[]
}

// #region explain
async function explain(request: object): Promise<Explanation> {
  const body = JSON.stringify(request)
  const response = await fetch(`${url}/api/routing/explain`, { method: 'POST', headers, body })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as Explanation
}

for (const label of ['internal', 'confidential']) {
  const { attempts, rejected } = await explain({ model: 'best', kind: 'ask', label })
  const [first] = attempts
  console.log(`${label} notes: ${first?.provider}/${first?.model} is tried first`)
  for (const { provider, model, rule, reason } of rejected.filter((each) => each.rule === 'clearance'))
    console.log(`  not ${provider}/${model} (${rule}): ${reason}`)
}
// #endregion
