/** The small zod of the bundle reads what zod reads: over every schema of the contract that the plugin loads, and over each of its words. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { z } from 'zod'
import { smallZod } from '../../scripts/build-plugin.ts'
import { z as small } from '../zod/index.ts'
import { fitting } from './zod-inputs.ts'

interface Reads {
  safeParse(input: unknown): { success: boolean; data?: unknown }
}

const root = resolve(import.meta.dirname, '../..')
const folder = await mkdtemp(join(tmpdir(), 'cairn-zod-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

function expectSame(ours: Reads, theirs: Reads, input: unknown): boolean {
  const [read, wanted] = [ours.safeParse(input), theirs.safeParse(input)]
  expect(read.success).toBe(wanted.success)
  if (wanted.success) expect(read.data).toStrictEqual(wanted.data)
  return wanted.success
}

const schemas = await schemasOfBundle()

describe('the schemas of the bundle', () => {
  test('are some', () => {
    expect(schemas.length).toBeGreaterThan(20)
    expect(schemas.map(([name]) => name)).toContain('askReplySchema')
  })

  test.each(schemas)('%s', (_name, mine, theirs) => {
    let taken = 0
    fc.assert(
      fc.property(fc.oneof(fitting(theirs), fitting(theirs, true)), (input) => {
        if (expectSame(mine, theirs, input)) taken += 1
      }),
      { numRuns: 150 },
    )
    // Inputs that never fit would prove nothing.
    expect(taken).toBeGreaterThan(0)
  })
})

describe('its words', () => {
  const words = (of: typeof z): Record<string, z.ZodType> => {
    const plain = of.object({ a: of.string().max(3), b: of.int().min(-1).optional() })
    return {
      'object, extended and less one': plain.extend({ c: of.boolean() }).omit({ a: true }),
      'strict object': of.strictObject({ a: of.string(), b: of.unknown(), c: of.null().optional() }),
      'loose object': of.looseObject({ a: of.number().nullish() }),
      'object with defaults': of.object({
        a: of.int().default(3),
        b: of.array(of.string()).default([]),
        c: of.string().catch('x'),
      }),
      record: of.record(of.string().max(2), of.unknown()),
      'record of words': of.record(of.enum(['a', 'b']), of.int()),
      'partial record of words': of.partialRecord(of.enum(['a', 'b']), of.int()),
      union: of.union([plain, of.string().trim().min(1), of.literal(7), of.literal(['p', 'q'])]),
      array: of.array(of.number().nonnegative()).min(1).max(3),
      length: of.string().array().length(2),
      positive: of.number().positive().int(),
      url: of.url({ protocol: /^https?$/ }).max(30),
      regex: of.string().regex(/^[a-c]+$/),
      refined: of.array(of.int()).refine((numbers) => new Set(numbers).size === numbers.length),
      'refined by hand': of.string().superRefine((text, context) => {
        if (text.includes('b')) context.addIssue('no b')
      }),
      coerced: of.object({ a: of.coerce.number().int().max(9).optional() }),
    }
  }
  const mine = words(small as unknown as typeof z)
  test.each(Object.entries(words(z)))('%s', (name, theirs) => {
    let taken = 0
    fc.assert(
      fc.property(fc.oneof(fitting(theirs), fc.anything({ maxDepth: 2 })), (input) => {
        if (expectSame(mine[name] as Reads, theirs, input)) taken += 1
      }),
      { numRuns: 400 },
    )
    expect(taken).toBeGreaterThan(0)
  })

  test('what does not fit is thrown by parse', () => {
    expect(() => small.string().parse(1)).toThrow()
    expect(small.string().parse('a')).toBe('a')
  })

  test('a prototype is nobody’s key', () => {
    const hostile: unknown = JSON.parse('{"__proto__":{"polluted":1},"a":1}')
    for (const schema of [small.looseObject({ a: small.int() }), small.record(small.string(), small.unknown())])
      expect(Object.getPrototypeOf(schema.parse(hostile))).toBe(Object.prototype)
  })
})

/** Name, as the bundle has it, as zod has it. */
async function schemasOfBundle(): Promise<[string, Reads, z.ZodType][]> {
  const paths = await contractModules()
  const entry = join(folder, 'entry.ts')
  await writeFile(entry, paths.map((path, at) => `export * as m${at} from ${JSON.stringify(path)}`).join('\n'))
  await Bun.build({ entrypoints: [entry], outdir: join(folder, 'out'), plugins: [smallZod(root)] })
  const ours = (await import(join(folder, 'out/entry.js'))) as Record<string, Record<string, Reads>>
  const found: [string, Reads, z.ZodType][] = []
  for (const [at, path] of paths.entries())
    for (const [name, value] of Object.entries((await import(path)) as Record<string, unknown>))
      if (value instanceof z.ZodType) found.push([name, ours[`m${at}`]?.[name] as Reads, value])
  return found
}

/** The modules of the contract that stand in the plugin's bundle. */
async function contractModules(): Promise<string[]> {
  const seen = new Set<string>()
  await Bun.build({
    entrypoints: [join(root, 'plugin/src/main.ts')],
    target: 'browser',
    external: ['obsidian', '@codemirror/*'],
    plugins: [
      {
        name: 'look',
        setup: (build) =>
          void build.onLoad({ filter: /contract\/src\/[\w-]+\.ts$/ }, async ({ path }) => {
            seen.add(path)
            return { contents: await Bun.file(path).text(), loader: 'ts' }
          }),
      },
    ],
  })
  return [...seen].filter((path) => !path.endsWith('/index.ts') && !path.endsWith('/tables.ts')).toSorted()
}
