/** Reads fields of a request that came from outside, and refuses by their path those that cannot be carried. */
import { fail, isRecord } from '../../base/index.ts'

export type Fields = Readonly<Record<string, unknown>>

/** Ends the request because of one of its fields. */
export function refuse(param: string, message: string): never {
  fail('request.invalid', { param, message })
}

export function readRecord(value: unknown, path: string): Fields {
  return isRecord(value) ? value : refuse(path, `“${path}” must be an object.`)
}

export function readList(value: unknown, path: string): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : refuse(path, `“${path}” must be a list.`)
}

export function readText(value: unknown, path: string): string {
  return typeof value === 'string' ? value : refuse(path, `“${path}” must be a text.`)
}

/** A finite number; undefined for what is left out or null. */
export function findNumber(value: unknown, path: string): number | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'number' && Number.isFinite(value) ? value : refuse(path, `“${path}” must be a number.`)
}

export function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

/** The record under that name, or an empty one. */
export function findRecord(fields: Fields, name: string): Fields {
  const value = fields[name]
  return isRecord(value) ? value : {}
}

/** Deeper than any tool or schema is written; the packages go through a request by recursion. */
const maxDepth = 100

/** Ends the request when an object lies deeper in it than that. */
export function refuseDeep(body: Fields): void {
  let level: object[] = [body]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) refuse('', `The request is nested deeper than ${maxDepth} levels.`)
    const next: object[] = []
    for (const value of level) for (const each of objectsIn(value)) next.push(each)
    level = next
  }
}

function objectsIn(value: object): object[] {
  return (Object.values(value) as unknown[]).filter((each) => typeof each === 'object' && each !== null)
}
