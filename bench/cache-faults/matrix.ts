/** Plays every row on every subject. Each subject has a Redis of its own, so that they can be played side by side. */
import { openProxy, type Proxy } from '../cache/proxy.ts'
import { startRedis, type RedisServer } from '../cache/redis-server.ts'
import { scenarios, type Finding, type Stage } from './scenarios.ts'
import { rowIds, type FaultNode, type RowId, type Subject } from './subject.ts'

export type Verdict = 'ok' | 'STALE' | 'FALSE SUCCESS' | 'n/a'

export interface Cell {
  readonly row: RowId
  readonly subject: string
  readonly verdict: Verdict
  /** What was served, or why the row does not apply. */
  readonly detail: string
}

export interface MatrixOptions {
  readonly reconnectMs: number
  readonly log: (line: string) => void
}

export async function playMatrix(subjects: readonly Subject[], options: MatrixOptions): Promise<Cell[]> {
  const columns = await Promise.all(subjects.map((subject) => playColumn(subject, options)))
  return rowIds.flatMap((row) => columns.flatMap((cells) => cells.filter((cell) => cell.row === row)))
}

async function playColumn(subject: Subject, options: MatrixOptions): Promise<Cell[]> {
  const redis = await startRedis()
  const cells: Cell[] = []
  try {
    for (const row of rowIds) {
      const cell = await playCell(row, subject, redis, options)
      options.log(`${row}  ${subject.name}: ${cell.verdict} (${cell.detail})`)
      cells.push(cell)
    }
  } finally {
    await redis.stop()
  }
  return cells
}

async function playCell(row: RowId, subject: Subject, redis: RedisServer, options: MatrixOptions): Promise<Cell> {
  const reason = subject.lacks[row]
  if (reason !== undefined) return { row, subject: subject.name, verdict: 'n/a', detail: reason }
  await redis.send('FLUSHALL')
  const opened: { node: FaultNode; proxy: Proxy }[] = []
  const stage: Stage = {
    subject,
    redis,
    reconnectMs: options.reconnectMs,
    settle: () => Bun.sleep(subject.settleMs),
    async open(name, { ttlMs = 600_000, skewMs = 0 } = {}) {
      const proxy = await openProxy(redis.port)
      const node = await subject.openNode({ name: `${row}-${name}`, redisUrl: proxy.url, ttlMs, skewMs })
      const closeable = { node: closedOnce(node), proxy }
      opened.push(closeable)
      return closeable
    },
  }
  try {
    const finding = await scenarios[row].play(stage)
    return { row, subject: subject.name, verdict: verdictOf(finding), detail: finding.detail }
  } finally {
    await Promise.allSettled(opened.map(({ node }) => node.close()))
    await Promise.allSettled(opened.map(({ proxy }) => proxy.close()))
  }
}

function closedOnce(node: FaultNode): FaultNode {
  let closing: Promise<void> | null = null
  return { ...node, close: () => (closing ??= node.close()) }
}

function verdictOf({ isFalseSuccess, isStale }: Finding): Verdict {
  if (isFalseSuccess) return 'FALSE SUCCESS'
  return isStale ? 'STALE' : 'ok'
}
