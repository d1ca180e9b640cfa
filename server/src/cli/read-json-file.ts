/** A file that somebody names on the command line, as what it has to be. */
import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { tryParseJson } from '../base/index.ts'
import { usageFailure } from './failure.ts'

/** Characters; nothing that people write by hand is larger. */
const mostLength = 16 * 1024 * 1024

/** `what`: a file of … Throws a usage failure that names the first wrong place. */
export async function readJsonFile<T>(path: string, schema: z.ZodType<T>, what: string): Promise<T> {
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    throw usageFailure(`The file cannot be read: ${thrown instanceof Error ? thrown.message : 'unknown'}.`)
  })
  if (text.length > mostLength) throw usageFailure('The file is larger than 16 MB.')
  const value = tryParseJson(text)
  if (value === null) throw usageFailure('The file is not JSON.')
  const { data, error } = schema.safeParse(value)
  if (error === undefined) return data
  const [issue] = error.issues
  throw usageFailure(`The file is no file of ${what}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
}
