/** Reading rows of the store, whose numbers and texts come as `unknown`. */

export type StoredRow = Readonly<Record<string, unknown>>

export function toNumber(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value)
}

export function toText(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
