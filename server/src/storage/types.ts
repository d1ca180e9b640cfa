/** What modules store through: reads, and writes that are whole. The same on SQLite and PostgreSQL. */
import type { Row, SqlValue } from '../platform/index.ts'

export interface Statement {
  text: string
  params?: readonly SqlValue[]
  /** How many rows it must change; when it changes another number the whole write is rolled back. */
  expectChanges?: number
}

export interface WriteResult {
  /** Rows changed by each statement, in order. */
  changes: number[]
  /** Rows returned by each statement (`RETURNING`), in order. */
  rows: Row[][]
}

export interface Store {
  readonly dialect: 'sqlite' | 'postgres'
  read(text: string, params?: readonly SqlValue[]): Promise<Row[]>
  /**
   * Runs the statements in one transaction: all of them or none. Resolves when they are durable. An unmet
   * `expectChanges` resolves to null and changes nothing.
   */
  write(statements: readonly Statement[]): Promise<WriteResult | null>
  close(): Promise<void>
}

/**
 * One step of the schema. Texts use {int} (64-bit whole number), {real}, {blob} for types that the two engines name
 * differently; what they say differently altogether is given for each.
 */
export interface Migration {
  id: number
  name: string
  statements: readonly string[]
  /** Run after `statements`, on that engine only. */
  sqlite?: readonly string[]
  postgres?: readonly string[]
}

/** The tables of one module: their steps, in order. */
export interface Schema {
  scope: string
  migrations: readonly Migration[]
}
