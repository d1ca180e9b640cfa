/** Inputs for a schema, by its own definition: mostly what fits, with a part put wrong, left out or added here and there. */
import fc from 'fast-check'
import { z } from 'zod'

const anything = fc.anything({ maxDepth: 1, withNullPrototype: false })

/** Texts in the forms that the contract asks for. */
const texts = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    'a',
    'notes/a.md',
    'http://127.0.0.1:8400',
    'https://a.example/b',
    '2026-11-23T10:00:00.000Z',
  ),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 16, maxLength: 64 }),
  fc.string({ unit: fc.constantFrom(...'abc-'.split('')), minLength: 1, maxLength: 12 }),
)
const addresses = fc.constantFrom(
  'http:example.com',
  'http:/a.example',
  ' https://a.example\n/b ',
  'HTTP://A.example',
  'ftp://a.example',
  'https://',
  'a.example',
  '',
)
const numbers = fc.oneof(fc.integer({ min: -2, max: 5_000 }), fc.double(), fc.constantFrom(0, 1, 0.5, 1e15, -1))

/** Mostly of the form that it must have, where there is one. */
function text({ _zod: { bag } }: z.ZodString): fc.Arbitrary<string> {
  const usual = fc.oneof(texts, fc.string({ maxLength: 9 }))
  const forms = [...((bag.patterns ?? []) as Iterable<RegExp>)].filter(({ source }) => !/\\p\{|\(\?/.test(source))
  const matching = forms.map((form) => fc.stringMatching(form))
  return matching.length === 0
    ? usual
    : fc.oneof({ weight: 8, arbitrary: fc.oneof(...matching) }, { weight: 1, arbitrary: usual })
}

/** `isClean`: nothing is put wrong on purpose, for schemas of so many fields that something otherwise always is. */
export function fitting(schema: z.ZodType, isClean = false): fc.Arbitrary<unknown> {
  if (isClean) return exact(schema, true)
  return fc.oneof({ weight: 60, arbitrary: exact(schema, false) }, { weight: 1, arbitrary: anything })
}

function exact(schema: z.ZodType, isClean: boolean): fc.Arbitrary<unknown> {
  const inner = (of: unknown) => fitting(of as z.ZodType, isClean)
  if (schema instanceof z.ZodObject) return object(schema.shape as Record<string, z.ZodType>, isClean)
  if (schema instanceof z.ZodArray) return fc.array(inner(schema.element), { maxLength: 3 })
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.options.map(inner))
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options)
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values)
  if (schema instanceof z.ZodNullable) return fc.option(inner(schema.unwrap()))
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodCatch)
    return fc.option(inner(schema.unwrap()), { nil: undefined })
  if (schema instanceof z.ZodRecord)
    return fc.dictionary(key(schema.keyType as z.ZodType), inner(schema.valueType), { maxKeys: 3 })
  if (schema instanceof z.ZodNumber) return isClean ? within(schema) : fc.oneof(numbers, bounds(schema))
  if (schema instanceof z.ZodBoolean) return fc.boolean()
  if (schema instanceof z.ZodNull) return fc.constant(null)
  if (schema instanceof z.ZodURL)
    return fc.oneof({ weight: 5, arbitrary: fc.webUrl() }, { weight: 1, arbitrary: addresses })
  if (schema instanceof z.ZodString) return text(schema)
  return anything
}

const key = (schema: z.ZodType) =>
  fc.oneof(
    exact(schema, false).filter((each) => typeof each === 'string'),
    fc.constantFrom('zz', '__proto__', '0'),
  ) as fc.Arbitrary<string>

function within({ minValue, maxValue }: z.ZodNumber): fc.Arbitrary<number> {
  const least = Math.max(Math.ceil(minValue ?? 0), -1_000_000)
  return fc.integer({ min: least, max: Math.max(least, Math.min(Math.floor(maxValue ?? 5_000), 1_000_000)) })
}

/** The very edges, and one beyond. */
function bounds({ minValue, maxValue }: z.ZodNumber): fc.Arbitrary<number> {
  const edges = [minValue, maxValue].filter((each) => each !== null && Number.isFinite(each)) as number[]
  return edges.length === 0
    ? numbers
    : fc.constantFrom(...edges, ...edges.map((edge) => edge + 1), ...edges.map((edge) => edge - 1))
}

function object(shape: Record<string, z.ZodType>, isClean: boolean): fc.Arbitrary<unknown> {
  const parts: Record<string, fc.Arbitrary<unknown>> = {}
  for (const [name, schema] of Object.entries(shape)) parts[name] = fitting(schema, isClean)
  const whole = fc.record(parts)
  if (isClean) return whole
  return fc.oneof(
    { weight: 8, arbitrary: whole },
    { weight: 2, arbitrary: fc.record(parts, { requiredKeys: [] }) },
    { weight: 1, arbitrary: whole.map((each) => ({ ...each, another: 1 })) },
  )
}
