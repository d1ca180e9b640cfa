/** A thread that reads an SQLite file, so that a long look at usage keeps nobody waiting. */
import { openSqlite, serveWorker, type Row, type SqlConnection, type SqlValue } from '../platform/index.ts'

let opening: Promise<SqlConnection> | null = null

serveWorker({
  async read(file: string, text: string, params: readonly SqlValue[]): Promise<Row[]> {
    opening ??= openSqlite({ file, readOnly: true }).catch((thrown: unknown) => {
      opening = null
      throw thrown
    })
    return (await (await opening).run(text, params)).rows
  },
  async close() {
    await (await opening)?.close()
    opening = null
  },
})
