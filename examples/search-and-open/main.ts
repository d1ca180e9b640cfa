/** Searches the notes, opens the best note, and prints the passage that was found in it. */
import { env } from 'node:process'

const url = env['CAIRN_URL'] ?? 'http://127.0.0.1:8484'
const headers = { authorization: `Bearer ${env['CAIRN_KEY'] ?? ''}`, 'content-type': 'application/json' }

interface Found {
  vault: string
  note: string
  heading: string
  start: number
  end: number
}

// #region search
const query = { query: 'firmware keys path:Engineering', limit: 3 }
const search = await fetch(`${url}/v1/search`, { method: 'POST', headers, body: JSON.stringify(query) })
if (!search.ok) throw new Error(await search.text())
const { results } = (await search.json()) as { results: Found[] }
const [best] = results
if (best === undefined) throw new Error('nothing was found')
// #endregion

// #region open
const path = best.note.split('/').map(encodeURIComponent).join('/')
const opened = await fetch(`${url}/api/vaults/${best.vault}/notes/${path}`, { headers })
if (!opened.ok) throw new Error(await opened.text())
const { text, tags, label } = (await opened.json()) as { text: string; tags: string[]; label: string }
const passage = text.slice(best.start, best.end)
// #endregion

console.log(`${best.note} › ${best.heading} (${label}; ${tags.join(', ')})`)
console.log(passage.split('\n')[0])
