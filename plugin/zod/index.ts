/**
 * What `import { z } from 'zod'` is in the plugin's bundle: as much of zod as the plugin's schemas use, and of its answer
 * only whether an input fits and what is read from it. zod itself takes 95 kB of a bundle that may have 300, its small
 * build 42, this 3. The sources are checked against the types of zod; what is missing here fails when the bundle is loaded,
 * and `plugin/test/zod.test.ts` asks that every schema of the bundle reads the same from the same input in both.
 */

/** The answer of a reader for what does not fit. */
const no = Symbol('no')
type Reader = (input: unknown) => unknown
type Shape = Record<string, Schema>
type Parsed = { success: true; data: unknown } | { success: false }
interface Context {
  addIssue(): void
}

/** Whether a key may be absent: never, with nothing in its place, or with what the schema puts there. */
type Absence = 'never' | 'nothing' | 'substituted'

class Schema {
  readonly read: Reader
  readonly absence: Absence
  readonly shape: Shape
  readonly options: readonly unknown[]
  readonly rest: Rest

  constructor(
    read: Reader,
    absence: Absence = 'never',
    shape: Shape = {},
    options: readonly unknown[] = [],
    rest: Rest = 'dropped',
  ) {
    this.read = read
    this.absence = absence
    this.shape = shape
    this.options = options
    this.rest = rest
  }

  safeParse(input: unknown): Parsed {
    const data = this.read(input)
    return data === no ? { success: false } : { success: true, data }
  }

  parse(input: unknown): unknown {
    const data = this.read(input)
    if (data === no) throw new Error('The value has another shape.')
    return data
  }

  // Another schema in place of this one.
  optional(): Schema {
    return new Schema((input) => (input === undefined ? undefined : this.read(input)), 'nothing')
  }
  nullable(): Schema {
    return new Schema((input) => (input === null ? null : this.read(input)), this.absence)
  }
  nullish(): Schema {
    return this.nullable().optional()
  }
  default(value: unknown): Schema {
    return new Schema((input) => (input === undefined ? copied(value) : this.read(input)), 'substituted')
  }
  catch(value: unknown): Schema {
    return new Schema((input) => {
      const data = this.read(input)
      return data === no ? copied(value) : data
    }, 'substituted')
  }
  array(): Schema {
    return z.array(this)
  }

  // What must hold as well.
  refine(holds: (value: never) => unknown): Schema {
    return this.#then((value) => (holds(value as never) ? value : no))
  }
  superRefine(look: (value: never, context: Context) => void): Schema {
    return this.refine((value) => {
      let holds = true
      look(value, { addIssue: () => void (holds = false) })
      return holds
    })
  }
  min(least: number): Schema {
    return this.refine((value) => sizeOf(value) >= least)
  }
  max(most: number): Schema {
    return this.refine((value) => sizeOf(value) <= most)
  }
  length(exact: number): Schema {
    return this.refine((value) => sizeOf(value) === exact)
  }
  int(): Schema {
    return this.refine(Number.isSafeInteger)
  }
  positive(): Schema {
    return this.refine((value) => value > 0)
  }
  nonnegative(): Schema {
    return this.min(0)
  }
  regex(pattern: RegExp): Schema {
    return this.refine((value: string) => value.search(pattern) !== -1)
  }
  trim(): Schema {
    return this.#then((value) => (value as string).trim())
  }

  // Objects with other keys.
  extend(shape: Shape): Schema {
    return objectOf({ ...this.shape, ...shape }, this.rest)
  }
  omit(keys: Record<string, true>): Schema {
    return objectOf(Object.fromEntries(Object.entries(this.shape).filter(([key]) => !(key in keys))), this.rest)
  }

  #then(next: Reader): Schema {
    const read: Reader = (input) => {
      const data = this.read(input)
      return data === no ? no : next(data)
    }
    return new Schema(read, this.absence, this.shape, this.options, this.rest)
  }
}

type Rest = 'dropped' | 'kept' | 'refused'

const sizeOf = (value: number | string | unknown[]): number => (typeof value === 'number' ? value : value.length)

/** A default is nobody's to change. */
const copied = (value: unknown): unknown =>
  typeof value === 'function' ? value() : Array.isArray(value) ? [...value] : isPlain(value) ? { ...value } : value

const isPlain = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const when = (fits: (input: unknown) => boolean): Schema => new Schema((input) => (fits(input) ? input : no))

function objectOf(shape: Shape, rest: Rest): Schema {
  const keys = Object.keys(shape)
  const read: Reader = (input) => {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return no
    const from = input as Record<string, unknown>
    const data: Record<string, unknown> = {}
    for (const key of keys) {
      const schema = shape[key] as Schema
      const isPresent = key in from
      if (!isPresent && schema.absence !== 'substituted') {
        if (schema.absence === 'never') return no
        continue
      }
      const value = schema.read(from[key])
      if (value === no) return no
      if (value !== undefined || isPresent) data[key] = value
    }
    if (rest !== 'dropped')
      for (const key in from) {
        if (keys.includes(key) || key === '__proto__') continue
        if (rest === 'refused') return no
        data[key] = from[key]
      }
    return data
  }
  return new Schema(read, 'never', shape, [], rest)
}

function recordOf(keySchema: Schema, valueSchema: Schema, all: readonly unknown[]): Schema {
  return new Schema((input) => {
    if (!isPlain(input)) return no
    if (!all.every((key) => (key as string) in input)) return no
    const data: Record<string, unknown> = {}
    for (const key of Object.keys(input)) {
      if (key === '__proto__' && all.length === 0) continue
      const name = keySchema.read(key)
      const value = valueSchema.read(input[key])
      if (name === no || value === no) return no
      data[name as string] = value
    }
    return data
  })
}

const number = () => when(Number.isFinite)

export const z = {
  string: () => when((input) => typeof input === 'string'),
  number,
  int: () => when(Number.isSafeInteger),
  boolean: () => when((input) => typeof input === 'boolean'),
  null: () => when((input) => input === null),
  unknown: () => new Schema((input) => input),
  url: ({ protocol }: { protocol?: RegExp } = {}) =>
    new Schema((input) => {
      if (typeof input !== 'string') return no
      const text = input.trim()
      // As zod: `http:example.com` is an address to browsers, and none to people.
      if (protocol?.source === '^https?$' && !/^https?:\/\//i.test(text)) return no
      if (!URL.canParse(text)) return no
      if (protocol?.test(new URL(text).protocol.slice(0, -1)) === false) return no
      return text.replace(/[\t\n\r]/g, '')
    }),
  coerce: {
    number: () =>
      new Schema((input) => {
        const value = Number(input)
        return Number.isFinite(value) ? value : no
      }),
  },
  literal: (value: unknown) => {
    const options: readonly unknown[] = Array.isArray(value) ? value : [value]
    return new Schema((input) => (options.includes(input) ? input : no), 'never', {}, options)
  },
  enum: (words: readonly string[]) =>
    new Schema((input) => (words.includes(input as string) ? input : no), 'never', {}, words),
  array: (element: Schema) =>
    new Schema((input) => {
      if (!Array.isArray(input)) return no
      const data = input.map(element.read)
      return data.includes(no) ? no : data
    }),
  object: (shape: Shape) => objectOf(shape, 'dropped'),
  strictObject: (shape: Shape) => objectOf(shape, 'refused'),
  looseObject: (shape: Shape) => objectOf(shape, 'kept'),
  record: (key: Schema, value: Schema) => recordOf(key, value, key.options),
  partialRecord: (key: Schema, value: Schema) => recordOf(key, value, []),
  union: (choices: readonly Schema[]) =>
    new Schema((input) => {
      for (const choice of choices) {
        const data = choice.read(input)
        if (data !== no) return data
      }
      return no
    }),
}
