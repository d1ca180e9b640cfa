/** Asks the notes one question, and prints the answer with the place it comes from. */
import { env } from 'node:process'

const url = env['CAIRN_URL'] ?? 'http://127.0.0.1:8484'
const key = env['CAIRN_KEY'] ?? ''

interface Reply {
  outcome: 'answered' | 'not-found' | 'refused'
  answer: string
  confidence: number | null
  citations: { n: number; note: string; heading: string; quote: string }[]
  receipt: { model: string; egress: 'local' | 'external' | 'none' }
}

// #region ask
const response = await fetch(`${url}/v1/ask`, {
  method: 'POST',
  headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  body: JSON.stringify({ question: 'How often does a Tern return to the bench?', limit: 1, model: 'extractive' }),
})
if (!response.ok) throw new Error(await response.text())
const { outcome, answer, citations, receipt } = (await response.json()) as Reply
// #endregion

console.log(`${outcome} by ${receipt.model}, egress ${receipt.egress}`)
console.log(answer)
for (const { n, note, heading } of citations) console.log(`[${n}] ${note} › ${heading}`)
