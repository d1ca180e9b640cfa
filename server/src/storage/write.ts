/** Runs one write inside a transaction; shared by the writer thread and by direct stores. */
import type { SqlSession } from '../platform/index.ts'
import type { Statement, WriteResult } from './types.ts'

/** Ends a transaction whose `expectChanges` was not met. */
export class UnmetExpectation extends Error {}

export async function runStatements(session: SqlSession, statements: readonly Statement[]): Promise<WriteResult> {
  const result: WriteResult = { changes: [], rows: [] }
  for (const { text, params, expectChanges } of statements) {
    const { rows, changes } = await session.run(text, params)
    if (expectChanges !== undefined && changes !== expectChanges) throw new UnmetExpectation()
    result.changes.push(changes)
    result.rows.push(rows)
  }
  return result
}
