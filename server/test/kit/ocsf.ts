/** The published JSON Schemas of OCSF 1.8.0, as a check of one event. */
import { Ajv } from 'ajv'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Schemas {
  readonly definitions: object
  readonly classes: Readonly<Record<string, object>>
}

const file = join(import.meta.dirname, '../__fixtures__/ocsf-1.8.0/schemas.json')

/** What is wrong with it, in the words of the validator; nothing when it is valid. */
export function createOcsfCheck(): (event: Readonly<Record<string, unknown>>) => string[] {
  const { definitions, classes } = JSON.parse(readFileSync(file, 'utf8')) as Schemas
  // The schemas say some things twice over, which strict mode would complain about.
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false })
  const checks = new Map(
    Object.entries(classes).map(([uid, schema]) => [uid, ajv.compile({ ...schema, definitions })] as const),
  )
  return (event) => {
    const check = checks.get(String(event['class_uid']))
    if (check === undefined) return [`there is no schema of the class ${String(event['class_uid'])}`]
    check(event)
    return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)
  }
}
