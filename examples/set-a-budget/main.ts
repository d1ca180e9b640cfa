/** Sets a budget for a model, sees that a call that does not fit is refused before it costs, and takes it away again. */
import { env } from 'node:process'

const url = env['CAIRN_URL'] ?? 'http://127.0.0.1:8484'
const headers = { authorization: `Bearer ${env['CAIRN_KEY'] ?? ''}`, 'content-type': 'application/json' }

async function send(method: string, path: string, body: object): Promise<Response> {
  return fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) })
}

const chat = { model: 'hosted/hosted-chat', messages: [{ role: 'user', content: 'Name a stone.' }] }

// #region budget
const subject = { kind: 'model', id: 'hosted/hosted-chat' }
await send('PUT', '/api/budgets', { rules: [{ subject, usdPerDay: 0.0001 }] })
const refused = await send('POST', '/v1/chat/completions', chat)
const { error } = (await refused.json()) as { error: { code: string } }
console.log(`with 0.01 cents a day: ${refused.status} ${error.code}`)
// #endregion

await send('PUT', '/api/budgets', { rules: [{ subject, usdPerDay: 1 }] })
const answered = await send('POST', '/v1/chat/completions', chat)
console.log(`with one dollar a day: ${answered.status}, cost ${answered.headers.get('x-cairn-cost-usd')} USD`)
await send('PUT', '/api/budgets', { rules: [] })
