/** `cairn search`: ranked passages with the searched words marked. */
import { searchModeSchema, type SearchMode, type SearchResult } from '@cairn/contract'
import { chooseVault } from '../choose-vault.ts'
import { exitCodes, usageFailure } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { takeNumber } from '../take-number.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { cut, padStart, widthOf, wrap } from '../terminal/width.ts'
import type { CommandSpec } from '../types.ts'

export const search: CommandSpec = {
  name: 'search',
  group: 'Ask and find',
  summary: 'Find passages by words and meaning, best first.',
  args: [{ name: 'QUERY', many: true }],
  flags: [
    { name: '--vault', value: 'NAME', summary: 'Search only this vault, by name or id; default: all you may use.' },
    { name: '--mode', value: 'MODE', summary: `One of ${searchModeSchema.options.join(', ')}; default hybrid.` },
    { name: '--limit', value: 'N', summary: 'At most this many results, 1 to 100; default 10.' },
    jsonFlag,
  ],
  example: 'cairn search "parental leave" --limit 5',
  answersNo: 'nothing found',
  run: async ({ args, flags, json, print, style, withStore }) => {
    const limit = takeNumber(flags, '--limit', { min: 1, max: 100 }) ?? 10
    const mode = takeMode(flags.value('--mode'))
    const query = (args['QUERY'] ?? []).join(' ')
    const reply = await withStore(async (store) => {
      const vault = await chooseVault(store, flags.value('--vault'))
      return store.search({
        query,
        limit,
        ...(mode === undefined ? {} : { mode }),
        ...(vault === undefined ? {} : { vault: vault.id }),
      })
    })
    if (json) print(JSON.stringify(reply, null, 2))
    else if (reply.results.length === 0) print('Nothing found.')
    else for (const line of renderResults(reply.results, query, style)) print(line)
    return reply.results.length > 0 ? exitCodes.done : exitCodes.no
  },
}

function takeMode(text: string | undefined): SearchMode | undefined {
  if (text === undefined) return undefined
  const mode = searchModeSchema.safeParse(text)
  if (mode.success) return mode.data
  throw usageFailure(`--mode takes ${searchModeSchema.options.join(', ')}, not “${text}”.`)
}

function renderResults(results: readonly SearchResult[], query: string, style: Style): string[] {
  const columns = style.textColumns
  const rankWidth = String(results.length).length
  const indent = ' '.repeat(rankWidth + 2)
  const isSought = createMatcher(query)
  return results.flatMap((result, index) => {
    const score = result.score.toFixed(2)
    const path = harmlessLine(result.note)
    const place = Math.max(0, columns - indent.length - widthOf(path) - score.length - 2)
    const heading = result.heading === '' ? '' : cut(` › ${harmlessLine(result.heading)}`, place)
    const title = `${style.bold(path)}${style.dim(heading)}`
    const plainWidth = widthOf(path) + widthOf(heading)
    const room = columns - indent.length - plainWidth
    const right = columns === Infinity ? `  ${score}` : room > score.length + 1 ? padStart(score, room) : ''
    const snippet = wrap(harmlessLine(result.snippet), columns - indent.length).slice(0, 3)
    const head = `${style.accent(padStart(String(index + 1), rankWidth))}  ${title}${style.dim(right)}`
    return [...(index > 0 ? [''] : []), head, ...snippet.map((line) => indent + markWords(line, isSought, style))]
  })
}

/**
 * Marks what the query’s words share a beginning with, for people to see why a passage is here; the ranking itself
 * stems words and knows nothing of this.
 */
function createMatcher(query: string): (word: string) => boolean {
  const words =
    query
      .replace(/\b(tag|path|before|after):\S+/g, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  const stems = words
    .filter((word) => word.length > 2 || /\P{ASCII}/u.test(word))
    .map((word) => (word.length > 5 ? word.slice(0, -2) : word))
  return (word) => stems.some((stem) => word.toLowerCase().startsWith(stem))
}

function markWords(text: string, isSought: (word: string) => boolean, style: Style): string {
  return text.replace(/[\p{L}\p{N}]+/gu, (word) => (isSought(word) ? style.mark(word) : word))
}
