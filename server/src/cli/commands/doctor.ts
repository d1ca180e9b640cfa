/** `cairn doctor`: looks at everything a server needs and says what to do about what is wrong. */
import { exitCodes } from '../failure.ts'
import { harmlessLine } from '../terminal/style.ts'
import { padEnd, wrap } from '../terminal/width.ts'
import type { CommandContext, CommandSpec } from '../types.ts'
import { checks, type Finding } from './doctor-checks.ts'

export const doctor: CommandSpec = {
  name: 'doctor',
  group: 'Look after',
  summary: 'Check the set-up, from Bun to disk space, and say what to do about what is wrong.',
  args: [],
  flags: [{ name: '--json', summary: 'Print the findings as JSON.' }],
  example: 'cairn doctor',
  answersNo: 'a check failed',
  run: async (context) => {
    const findings: ({ name: string } & Finding)[] = []
    for (const { name, check } of checks) {
      for (const finding of await check(context)) {
        findings.push({ name, ...finding })
        if (!context.json) printFinding(name, finding, context)
      }
    }
    if (context.json) context.print(JSON.stringify({ checks: findings }, null, 2))
    return findings.some(({ status }) => status === 'fail') ? exitCodes.no : exitCodes.done
  },
}

const width = 16

function printFinding(name: string, { status, detail, hint }: Finding, { print, style }: CommandContext): void {
  const mark = { ok: style.good('✓'), warn: style.warn('!'), fail: style.bad('✗') }[status]
  const room = style.textColumns - width - 2
  const [first = '', ...rest] = wrap(harmlessLine(detail), room)
  const hanging = ' '.repeat(width + 2)
  print(`${mark} ${padEnd(name, width)}${first}`)
  for (const line of rest) print(hanging + line)
  for (const line of hint === undefined ? [] : wrap(hint, room))
    print(hanging + (status === 'fail' ? style.bad(line) : style.warn(line)))
}
