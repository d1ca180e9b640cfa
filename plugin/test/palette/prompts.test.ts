/** Promises of custom commands as notes, of what the palette lists and says, and of what it remembers. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import {
  bindGiven,
  checkArgument,
  createMemory,
  fillPrompt,
  findAsked,
  findTyped,
  gatherEntries,
  isBroken,
  listEntries,
  mostFound,
  mostRows,
  needsOf,
  noFrecency,
  parseCustomCommand,
  previewOf,
  recordUse,
  slugOf,
  writeArguments,
  type AppCommand,
  type CustomCommand,
} from '../../src/core/palette/index.ts'

const folder = 'Cairn/Commands'
const read = (text: string, path = `${folder}/Explain to.md`) => parseCustomCommand({ path, folder, text }, parse)

function commandOf(text: string, path?: string): CustomCommand {
  const command = read(text, path)
  if (isBroken(command)) throw new Error(command.problems.join(' '))
  return command
}

function problemsOf(text: string): readonly string[] {
  const command = read(text)
  return isBroken(command) ? command.problems : []
}

const explain = `---
description: Explains the selection.
aliases: [ELI5]
tags: [prompt]
arguments:
  - { name: whom, required: true }
  - { name: length, kind: choice, choices: [short, long], default: short }
---
Explain to {{arg.whom}}, {{arg.length}}:

{{selection!}}
`

describe('a note of the folder', () => {
  test('is a command: its text the prompt, its properties the rest', () => {
    const command = commandOf(explain, `${folder}/Work/Explain to.md`)
    expect(command).toMatchObject({
      id: 'prompt:Work/Explain to',
      name: 'Explain to',
      description: 'Explains the selection.',
      aliases: ['ELI5'],
      sends: true,
    })
    expect(command.specs.map(({ name }) => name)).toEqual(['whom', 'length'])
    expect(needsOf(command)).toEqual(['selection'])
  })

  test('without properties is one too; those with no value count as not there', () => {
    expect(commandOf('Sum up {{title}}').name).toBe('Explain to')
    expect(commandOf('---\nname:\ndescription:\naliases:\n---\nSum up').name).toBe('Explain to')
    expect(commandOf('---\n---\nSum up').specs).toEqual([])
    expect(commandOf('---\r\nname: Sum\r\nsend: false\r\naliases: tl;dr\r\n---\r\nSum up')).toMatchObject({
      name: 'Sum',
      sends: false,
      aliases: ['tl;dr'],
    })
  })

  const broken: [text: string, problem: string][] = [
    ['', 'The note has no text yet: its text is the prompt.'],
    ['---\nname: [\n---\nx', 'The properties cannot be read.'],
    ['---\n- a\n---\nx', 'The properties are not names with values.'],
    ['---\nname: 7\n---\nx', '“name” is a text of at most 80 characters.'],
    ['---\nsend: maybe\n---\nx', '“send” is true or false.'],
    ['---\naliases: [1]\n---\nx', '“aliases” is a list of at most 16 texts.'],
    ['---\narguments: [{ name: a, kind: date }]\n---\nx', 'arguments[0]: “kind” is one of'],
    ['---\nname: a\n---\n\nfirst\nSay {{what}}', 'Line 6: There is no variable “what”.'],
    ['Say {{title', 'Line 1: These braces are not closed.'],
  ]
  for (const [text, problem] of broken)
    test(`${JSON.stringify(text.slice(0, 40))} is none yet, and says why`, () => {
      expect(problemsOf(text).join('\n')).toContain(problem)
    })

  test('whatever is in it is a command or has problems that are named', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 80 }), (front, body) => {
        const command = read(`---\n${front}\n---\n${body}`)
        if (isBroken(command)) expect(command.problems.length).toBeGreaterThan(0)
        else expect(command.name.length).toBeGreaterThan(0)
      }),
    )
  })
})

describe('filling a prompt', () => {
  const command = commandOf(explain)

  test('puts values in as they are, whatever they hold', () => {
    const bound = bindGiven(command, new Map([['whom', '{{selection}} $& {{arg.length}}']]))
    expect(bound.ok).toBe(true)
    if (!bound.ok) return
    const filled = fillPrompt(command, bound.values, new Map([['selection', '{{clipboard}}']]))
    expect(filled).toEqual({
      ok: true,
      text: 'Explain to {{selection}} $& {{arg.length}}, short:\n\n{{clipboard}}',
    })
  })

  test('says what it cannot do without', () => {
    expect(bindGiven(command, new Map())).toMatchObject({ ok: false, errors: [{ name: 'whom' }] })
    const bound = bindGiven(command, new Map([['whom', 'me']]))
    expect(bound.ok ? fillPrompt(command, bound.values, new Map()) : null).toMatchObject({
      ok: false,
      message: 'The prompt needs what is selected in the note.',
    })
  })

  test('one argument is checked as it is typed; an empty one is its default', () => {
    const [whom, length] = command.specs
    if (whom === undefined || length === undefined) throw new Error('two arguments')
    expect(checkArgument(whom, '')).toBe('“whom” is missing. It is a text.')
    expect(checkArgument(whom, 'me')).toBeNull()
    expect(checkArgument(length, '')).toBeNull()
    expect(checkArgument(length, 'tall')).toBe('“length” is one of short, long.')
  })
})

describe('a command typed with its arguments', () => {
  const command = commandOf(explain)
  const typed = (text: string) => {
    const found = findTyped(text, [command])
    return found === null ? null : { given: Object.fromEntries(found.given), problem: found.problem }
  }

  test('is known by its name with dashes, and needs a space after it', () => {
    expect(slugOf('Explain to')).toBe('explain-to')
    expect(slugOf(' Élan "x" ')).toBe('elan-x-')
    expect(typed('explain-to')).toBeNull()
    expect(typed('explain me')).toBeNull()
    expect(typed('EXPLAIN-TO me')).toEqual({ given: { whom: 'me' }, problem: null })
    expect(typed('explain-to "an aunt" length=long')).toEqual({
      given: { whom: 'an aunt', length: 'long' },
      problem: null,
    })
  })

  test('says what is wrong with them, and asks for what is missing', () => {
    expect(typed('explain-to me length=tall')?.problem).toBe('“length” is one of short, long.')
    expect(typed('explain-to "me')?.problem).toContain('not closed')
    expect(typed('explain-to me colour=red')?.problem).toContain('no argument “colour”')
    expect(typed('explain-to ')).toEqual({ given: {}, problem: null })
    const names = (given: Record<string, string>) =>
      findAsked(command, new Map(Object.entries(given))).map(({ name }) => name)
    expect(names({})).toEqual(['whom', 'length'])
    expect(names({ length: 'long' })).toEqual(['whom'])
    expect(names({ whom: 'me' })).toEqual([])
  })

  test('what was given is written so that it is read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), (whom) => {
        expect(typed(`explain-to ${writeArguments(new Map([['whom', whom]]))}`)?.given).toEqual({ whom })
      }),
    )
  })
})

const app = (id: string, title: string): AppCommand => ({ kind: 'command', id, title, icon: null, chord: null })

describe('the list', () => {
  const command = commandOf(explain)
  const entries = gatherEntries({
    commands: [
      app('b', 'Bold'),
      { ...app('cairn:prompt:Explain to', 'Cairn: Explain to'), chord: 'Mod+E' },
      app('a', 'Accent'),
    ],
    custom: [command, { path: 'p', name: 'Broken', problems: ['Why'] }],
    questions: ['Who explains the budget?'],
  })
  const list = listEntries(entries)
  const titles = (query: string, habits = noFrecency) => list.find(query, habits, 0).map(({ entry }) => entry.title)

  test('has a custom command once, with the keys that Obsidian knows of', () => {
    expect(entries.filter(({ title }) => title.includes('Explain'))).toMatchObject([{ kind: 'prompt', chord: 'Mod+E' }])
  })

  test('begins with what is used most, then prompts and questions, then the rest by name', () => {
    expect(titles('')).toEqual(['Explain to', 'Who explains the budget?', 'Broken', 'Accent', 'Bold'])
    const habits = recordUse(noFrecency, 'd', 'b', 0)
    expect(titles(' ', habits)[0]).toBe('Bold')
    expect(list.find('', habits, 0)[0]?.isRecent).toBe(true)
  })

  test('finds titles, other names and questions, and puts habits first among equals', () => {
    expect(titles('explain')).toEqual(['Explain to', 'Who explains the budget?'])
    expect(list.find('eli5', noFrecency, 0)[0]?.alias?.text).toBe('ELI5')
    const twins = listEntries([app('x', 'Twin one'), app('y', 'Twin two')])
    const used = recordUse(noFrecency, 'd', 'y', 0)
    expect(twins.find('twin', noFrecency, 0)[0]?.entry.id).toBe('x')
    expect(twins.find('twin', used, 0)[0]?.entry.id).toBe('y')
  })

  test('puts what is typed with arguments first, once', () => {
    const rows = list.find('explain-to me', noFrecency, 0)
    expect(rows[0]?.typed?.given.get('whom')).toBe('me')
    expect(rows.filter(({ entry }) => entry.kind === 'prompt')).toHaveLength(1)
  })

  test('never has more rows than are made', () => {
    const many = listEntries(Array.from({ length: 500 }, (_, at) => app(`c${at}`, `Command ${at}`)))
    expect(many.find('', noFrecency, 0)).toHaveLength(mostRows)
    expect(many.find('command', noFrecency, 0)).toHaveLength(mostFound)
  })

  test('says what each will do, before it does', () => {
    const whatOf = (query: string) => {
      const row = list.find(query, noFrecency, 0)[0]
      if (row === undefined) throw new Error(query)
      return previewOf(row)
    }
    expect(whatOf('bold').what).toBe('Runs a command of Obsidian.')
    expect(whatOf('explain to')).toEqual({
      what: 'Explains the selection. Wants whom and length, then asks your notes.',
      text: 'Explain to [whom], [length]: [what is selected in the note]',
      problems: [],
    })
    expect(whatOf('explain-to me length=long')).toMatchObject({
      what: 'Explains the selection. Asks your notes.',
      text: 'Explain to me, long: [what is selected in the note]',
    })
    expect(whatOf('explain-to me length=tall').problems).toEqual(['“length” is one of short, long.'])
    expect(whatOf('broken').problems).toEqual(['Why'])
    expect(whatOf('budget')).toMatchObject({ text: 'Who explains the budget?' })
  })
})

describe('what is remembered', () => {
  function open(keeps = { on: true }) {
    const stored = new Map<string, unknown>()
    let habits = noFrecency
    const settings = {
      deviceId: 'aaaa',
      get: () => keeps.on as never,
      habits: () => habits,
      setHabits: (next: typeof habits) => void (habits = next),
    }
    const parts = { settings, now: () => 0, read: (key: string) => stored.get(key) ?? null }
    const write = (key: string, value: unknown) => void (value === null ? stored.delete(key) : stored.set(key, value))
    return { memory: createMemory({ ...parts, write }), again: () => createMemory({ ...parts, write }), stored }
  }

  test('is there again after a restart: queries, questions, arguments and habits', () => {
    const { memory, again } = open()
    memory.used('b', 'bo')
    memory.ran('b', 'whom=me')
    memory.asked('Who?')
    expect(again().history()).toEqual({
      queries: ['bo'],
      questions: ['Who?'],
      lastArguments: [{ command: 'b', text: 'whom=me' }],
    })
    expect(again().habits().uses).toHaveProperty(['aaaa b'])
  })

  test('has no question that a command made', () => {
    const { memory } = open()
    memory.notAsked('A long prompt')
    memory.asked('A long prompt')
    memory.asked('Mine')
    expect(memory.history().questions).toEqual(['Mine'])
  })

  test('forgets one, or all, and nothing is kept while the setting says so', () => {
    const keeps = { on: true }
    const { memory, stored } = open(keeps)
    memory.used('b', 'bo')
    memory.used('c', 'ca')
    memory.ran('b', 'whom=me')
    memory.asked('Who?')
    memory.forgetQuestion('Who?')
    memory.forget('b')
    expect(memory.history()).toEqual({ queries: ['ca', 'bo'], questions: [], lastArguments: [] })
    const list = listEntries([app('b', 'Bold'), app('c', 'Cut')])
    expect(list.find('', memory.habits(), 0).map(({ isRecent }) => isRecent)).toEqual([true, false])
    keeps.on = false
    memory.follow()
    expect(stored.size).toBe(0)
    expect(list.find('', memory.habits(), 0).some(({ isRecent }) => isRecent)).toBe(false)
    memory.used('b', 'bo')
    memory.asked('Who?')
    expect(memory.history()).toEqual({ queries: [], questions: [], lastArguments: [] })
    expect(list.find('', memory.habits(), 0).some(({ isRecent }) => isRecent)).toBe(false)
  })
})
