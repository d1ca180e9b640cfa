/** Custom commands: how they are typed, what they take, and what their prompts become. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  bindArguments,
  parseArguments,
  parseInvocation,
  parseTemplate,
  quoteArgument,
  renderTemplate,
  type ArgumentSpec,
  type VariableName,
} from '../../src/core/palette/index.ts'

const invoke = (text: string) => {
  const read = parseInvocation(text)
  if (!read.ok) throw new Error(read.error.message)
  return { ...read.invocation, named: Object.fromEntries(read.invocation.named) }
}

describe('what is typed', () => {
  const cases: [text: string, positional: string[], named: Record<string, string>][] = [
    ['sum short', ['short'], {}],
    ['sum "two words" \'and "more"\'', ['two words', 'and "more"'], {}],
    ['sum tone=kind Words="a b"', [], { tone: 'kind', words: 'a b' }],
    [String.raw`sum "say \"yes\" \\"`, ['say "yes" \\'], {}],
    ['sum ""  x', ['', 'x'], {}],
    ['sum 1+1=2 a=b=c', ['1+1=2'], { a: 'b=c' }],
    ['sum "key=value"', ['key=value'], {}],
    ['  sum  ', [], {}],
    ['sum C:\\notes it’s', ['C:\\notes', 'it’s'], {}],
  ]
  for (const [text, positional, named] of cases)
    test(`${text} has ${JSON.stringify(positional)} ${JSON.stringify(named)}`, () => {
      expect(invoke(text)).toEqual({ name: 'sum', positional, named })
    })

  const errors: [text: string, code: string, at: number][] = [
    ['', 'empty', 0],
    ['sum "open', 'open-quote', 4],
    ['sum tone="open', 'open-quote', 9],
    ['sum "a"b', 'after-quote', 7],
    ['sum a=1 A=2', 'twice', 8],
    [`sum ${'x '.repeat(40)}`, 'too-many', 68],
    ['x'.repeat(20_000), 'too-long', 10_000],
  ]
  for (const [text, code, at] of errors)
    test(`${text.slice(0, 20)} is refused: ${code} at ${at}`, () => {
      const read = parseInvocation(text)
      expect(read.ok ? null : { code: read.error.code, at: read.error.at }).toEqual({ code: code as never, at })
    })

  test('what is quoted is read back, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { maxLength: 8 }), (values) => {
        expect(invoke(['sum', ...values.map(quoteArgument)].join(' ')).positional).toEqual(values)
      }),
    )
  })

  test('anything is read or refused with a place in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const read = parseInvocation(text)
        if (!read.ok) expect(read.error.at).toBeLessThanOrEqual(text.length)
      }),
    )
  })
})

const specsOf = (stored: unknown): readonly ArgumentSpec[] => {
  const read = parseArguments(stored)
  if (!read.ok) throw new Error(read.problems.join(' '))
  return read.specs
}
const tone = { name: 'tone', kind: 'choice', choices: ['kind', 'strict'], default: 'kind' }
const topic = { name: 'topic', required: true }
const words = { name: 'words', kind: 'number' }

describe('what is taken', () => {
  const bind = (text: string) => {
    const { positional, named } = invoke(text)
    const bound = bindArguments(specsOf([topic, tone, words]), { positional, named: new Map(Object.entries(named)) })
    return bound.ok ? Object.fromEntries(bound.values) : bound.errors.map(({ message }) => message)
  }

  test('arguments fill in order what is not named, defaults the rest', () => {
    expect(bind('sum tides')).toEqual({ topic: 'tides', tone: 'kind' })
    expect(bind('sum topic=tides strict 50')).toEqual({ topic: 'tides', tone: 'strict', words: '50' })
    expect(bind('sum strict topic=tides')).toEqual({ topic: 'tides', tone: 'strict' })
  })

  test('everything that is wrong is said', () => {
    expect(bind('sum words=many tone=rude colour=red')).toEqual([
      '“topic” is missing. It is a text.',
      '“tone” is one of kind, strict.',
      '“words” is a number.',
      'There is no argument “colour”. It takes topic, tone, words.',
    ])
    expect(bind('sum a kind 3 d e')).toEqual([
      '2 too many. It takes topic, tone, words. Put quotes around text with spaces.',
    ])
    expect(bind('sum " "')).toEqual(['“topic” is missing. It is a text.'])
  })

  const broken: [stored: unknown, problem: string][] = [
    [7, '“arguments” is a list.'],
    [[{ name: 'Tone' }], 'arguments[0]: “name” has small letters, digits, - and _, and begins with a letter.'],
    [[{ name: 'a', kind: 'date' }], 'arguments[0]: “kind” is one of text, number, choice, note, folder.'],
    [
      [{ name: 'a', kind: 'choice' }],
      'arguments[0]: “choices” is a list of 1 to 100 texts, for the kind “choice” only.',
    ],
    [[{ name: 'a', kind: 'number', default: 'x' }], 'arguments[0]: “default” does not fit: “a” is a number.'],
    [
      [{ name: 'a', requird: true }],
      'arguments[0]: there is no “requird”; there are name, kind, description, choices, default, required.',
    ],
    [[{ name: 'a' }, { name: 'a' }], 'arguments[1]: another one is called “a”.'],
  ]
  for (const [stored, problem] of broken)
    test(problem, () => {
      expect(parseArguments(stored)).toEqual({ ok: false, problems: [problem] })
    })
})

const render = (source: string, values: Partial<Record<VariableName, string>>, args: string[] = []) => {
  const template = parseTemplate(source, args)
  if (!template.ok) throw new Error(template.errors.map(({ message }) => message).join(' '))
  return renderTemplate(template, new Map(Object.entries(values) as [VariableName, string][]))
}

describe('prompts', () => {
  test('variables, what stands for nothing, and braces as text', () => {
    const source = String.raw`Sum up {{ title }} in a {{arg.tone|friendly}} tone: {{selection}} \{{date}}`
    expect(render(source, { title: 'Tides', selection: 'Ebb.' }, ['tone'])).toEqual({
      ok: true,
      text: 'Sum up Tides in a friendly tone: Ebb. {{date}}',
    })
  })

  test('what may not be nothing is asked for', () => {
    expect(render('{{selection!}} {{arg.topic!}}', { selection: '' }, ['topic'])).toEqual({
      ok: false,
      missing: ['selection', 'arg.topic'],
      message: 'The prompt needs what is selected in the note and the argument “topic”.',
    })
  })

  const errors: [source: string, at: number, message: string][] = [
    ['a {{colour}}', 2, 'There is no variable “colour”. There are selection, note, title, date, clipboard, arg.tone.'],
    [
      '{{arg.size}}',
      0,
      'There is no variable “arg.size”. There are selection, note, title, date, clipboard, arg.tone.',
    ],
    ['x {{title', 2, 'These braces are not closed. Add }}, or write \\{{ for braces as text.'],
    ['{{}}', 0, 'Put the name of one variable between the braces.'],
    ['{{title date}}', 0, 'Put the name of one variable between the braces.'],
    [
      '{{constructor}}',
      0,
      'There is no variable “constructor”. There are selection, note, title, date, clipboard, arg.tone.',
    ],
  ]
  for (const [source, at, message] of errors)
    test(`${source} is refused`, () => {
      expect(parseTemplate(source, ['tone'])).toEqual({ ok: false, errors: [{ at, message }] })
    })

  test('it is known which variables a prompt reads, before any is read', () => {
    expect(parseTemplate('{{clipboard}} {{title}} {{clipboard|none}}', [])).toMatchObject({
      variables: ['clipboard', 'title'],
    })
  })

  test('no value is ever read as a template', () => {
    const value = fc.oneof(
      fc.constantFrom('{{clipboard}}', '}}{{note}}{{', '$1 $& $`', String.raw`\{{title}}`, '{{arg.x|{{note}}}}'),
      fc.string({ unit: 'binary', maxLength: 40 }),
    )
    fc.assert(
      fc.property(value, value, value, (note, selection, argument) => {
        const rendered = render(
          '<{{note}}|{{selection}}|{{arg.x}}|{{clipboard}}>',
          { note, selection, 'arg.x': argument, clipboard: 'SECRET' },
          ['x'],
        )
        expect(rendered).toEqual({ ok: true, text: `<${note}|${selection}|${argument}|SECRET>` })
        const quiet = render(
          '<{{note}}|{{selection}}|{{arg.x}}>',
          { note, selection, 'arg.x': argument, clipboard: 'SECRET' },
          ['x'],
        )
        expect(quiet.ok && quiet.text.includes('SECRET')).toBe(false)
      }),
    )
  })

  test('a prompt and what it becomes are bounded', () => {
    expect(parseTemplate('x'.repeat(200_000), []).ok).toBe(false)
    expect(parseTemplate('{{title}}'.repeat(201), []).ok).toBe(false)
    expect(render('{{note}}{{note}}', { note: 'x'.repeat(1_500_000) }).ok).toBe(false)
    const startedMs = performance.now()
    parseTemplate('{{'.repeat(50_000), [])
    parseTemplate(`{{${' '.repeat(99_000)}`, [])
    parseTemplate(`{{a${' '.repeat(90_000)}b}}`, [])
    expect(performance.now() - startedMs).toBeLessThan(1_000)
  })
})
