/** Looks at the processes of a running server, and asks a server of several processes so that each of them is met. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { SearchResult } from '@cairn/contract'
import { until, type RunningServer } from '../harness.ts'

/** Process ids of the children, oldest first. */
export function listChildren(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.trim().split(' ').filter(Boolean).map(Number)
  } catch {
    const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    return (stdout ?? '').trim().split('\n').filter(Boolean).map(Number)
  }
}

/** Also a process that has ended and was not reaped by its parent is there. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A new connection, so that any of the processes may take it. */
export const fresh = { keepalive: false } as RequestInit

/** Each of three processes is missed by so many connections with a chance below 1 in 10,000. */
export const enough = 24

export async function readMetrics(server: RunningServer): Promise<Map<string, number>> {
  const text = await (await server.call('/metrics', fresh)).text()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

export async function readMetric(server: RunningServer, name: string): Promise<number> {
  return (await readMetrics(server)).get(name) ?? 0
}

/** Sum over all labels of a family. */
export async function sumMetric(server: RunningServer, family: string): Promise<number> {
  const found = [...(await readMetrics(server))].filter(([name]) => name === family || name.startsWith(`${family}{`))
  return found.reduce((sum, [, value]) => sum + value, 0)
}

export async function findNotes(server: RunningServer, query: string): Promise<string[]> {
  const reply = await server.post('/v1/search', { query, mode: 'keyword' }, fresh)
  const { results } = (await reply.json()) as { results: SearchResult[] }
  return results.map(({ note }) => note).sort()
}

/** Waits until every process of the server finds exactly these notes. One of them may be killed meanwhile. */
export async function untilFound(server: RunningServer, query: string, notes: readonly string[]): Promise<void> {
  await until(
    `every process finds ${notes.join(', ') || 'nothing'} for ${query}`,
    async () => {
      for (let asked = 0; asked < enough; asked++)
        if (JSON.stringify(await findNotes(server, query).catch(() => null)) !== JSON.stringify(notes)) return false
      return true
    },
    20_000,
  )
}
