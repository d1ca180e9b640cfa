import fc from 'fast-check'
import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { canonicalJson, type JsonValue } from '../tree/canonical-json.ts'
import { parseHeader, writeHeader, type AuditHeader } from './header.ts'

/** The same shape, as a schema: what `parseHeader` looks at by hand. */
const headerSchema = z.strictObject({
  v: z.literal(1),
  seq: z.int().min(0),
  t: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/),
  cat: z.string(),
  type: z.string(),
  out: z.enum(['ok', 'failed', 'refused']),
  n: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  pub: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
  b: z.record(z.string(), z.string().regex(/^[A-Za-z0-9_-]{43}$/)),
})

const header: AuditHeader = {
  v: 1,
  seq: 7,
  t: '2026-11-23T12:20Z',
  cat: 'auth',
  type: 'auth.signed-in',
  out: 'ok',
  n: 'n'.repeat(22),
  pub: { method: 'link', count: 2, isFirst: true, from: null, keys: ['a', 'b'] },
  b: { actor: 'b'.repeat(43) },
}

describe('a header', () => {
  test('is read as it was written', () => {
    expect(parseHeader(writeHeader(header))).toEqual(header)
  })

  test('with a member that is missing, foreign, or of another kind is not read', () => {
    const names = [...Object.keys(header), 'x', '__proto__']
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom<unknown>(
        '2026-1-23T12:20Z',
        `${header.t}\n`,
        `${header.n}=`,
        -1,
        1.5,
        2 ** 53,
        'maybe',
        undefined,
      ),
      fc.constantFrom<unknown>({ a: {} }, { a: [1] }, { a: ['x'] }, { actor: 'short' }, { actor: 1 }, []),
    )
    fc.assert(
      fc.property(fc.constantFrom(...names), value, (name, changed) => {
        const { [name as keyof AuditHeader]: _, ...rest } = header
        const spoiled = JSON.parse(
          canonicalJson((changed === undefined ? rest : { ...rest, [name]: changed }) as unknown as JsonValue),
        ) as JsonValue
        const expected = headerSchema.safeParse(spoiled)
        expect(parseHeader(canonicalJson(spoiled)) !== null).toBe(expected.success)
      }),
      { numRuns: 2_000 },
    )
  })
})
