/** `cairn ask`: streams the answer, then the passages it stands on. */
import {
  citationSchema,
  outcomeSchema,
  receiptSchema,
  type Citation,
  type Outcome,
  type Receipt,
} from '@cairn/contract'
import { z } from 'zod'
import { CommandFailure, exitCodes } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { takeNumber } from '../take-number.ts'
import { harmless, harmlessLine, type Style } from '../terminal/style.ts'
import { createWrapper, cut, widthOf, wrap } from '../terminal/width.ts'
import type { CommandContext, CommandSpec } from '../types.ts'
import { chooseVault } from '../choose-vault.ts'

export const ask: CommandSpec = {
  name: 'ask',
  group: 'Ask and find',
  summary: 'Ask the notes a question; the answer cites the passages it comes from.',
  args: [{ name: 'QUESTION', many: true }],
  flags: [
    { name: '--vault', value: 'NAME', summary: 'Ask only this vault, by name or id; default: all you may use.' },
    { name: '--model', value: 'ID', summary: 'Model that answers; default: the one of the configuration.' },
    { name: '--limit', value: 'N', summary: 'At most this many citations, 1 to 20; default 5.' },
    { name: '--receipt', summary: 'End with a line on model, tokens, price and time.' },
    jsonFlag,
  ],
  example: 'cairn ask "When is the office closed?" --vault handbook',
  answersNo: 'not found in the notes, or refused',
  run: async (context) => {
    const { args, flags, requireServer, json } = context
    const limit = takeNumber(flags, '--limit', { min: 1, max: 20 })
    const server = await requireServer()
    const vault = await chooseVault(server.store, flags.value('--vault'))
    const request = {
      question: (args['QUESTION'] ?? []).join(' '),
      ...(vault === undefined ? {} : { vault: vault.id }),
      ...(flags.value('--model') === undefined ? {} : { model: flags.value('--model') }),
      ...(limit === undefined ? {} : { limit }),
    }
    if (json) return askForJson(context, server, request)
    const answer = await streamAnswer(context, server.stream('/v1/ask', { ...request, stream: true }))
    printSources(context, answer)
    if (flags.has('--receipt') && answer.receipt !== null) printReceipt(context, answer.receipt)
    return answer.outcome === 'answered' ? exitCodes.done : exitCodes.no
  },
}

type Server = Awaited<ReturnType<CommandContext['requireServer']>>

async function askForJson({ print }: CommandContext, server: Server, request: object): Promise<number> {
  const reply = await server.post('/v1/ask', request)
  print(JSON.stringify(reply, null, 2))
  const outcome = z.object({ outcome: outcomeSchema }).safeParse(reply)
  return outcome.success && outcome.data.outcome === 'answered' ? exitCodes.done : exitCodes.no
}

interface Answer {
  readonly citations: Citation[]
  readonly related: Citation[]
  receipt: Receipt | null
  outcome: Outcome
}

const tokenSchema = z.object({ text: z.string() })
const errorSchema = z.object({ error: z.object({ message: z.string() }) })
const doneSchema = z.object({ outcome: z.union([outcomeSchema, z.literal('error')]) })

/** Prints tokens as they come and collects the rest. Throws when the stream reports an error or ends without `done`. */
async function streamAnswer(
  { input, style }: CommandContext,
  events: AsyncIterable<{ event: string; data: string }>,
): Promise<Answer> {
  const wrapper = createWrapper({
    width: style.textColumns - 4,
    indent: style.columns === Infinity ? '' : '  ',
    write: (text) => void input.stdout.write(text),
    paint: (word) => word.replace(/\[\d+\]/g, (mark) => style.accent(mark)),
  })
  const answer: Answer = { citations: [], related: [], receipt: null, outcome: 'not-found' }
  if (style.columns !== Infinity) input.stdout.write('\n')
  for await (const { event, data } of events) {
    if (event === 'token') wrapper.add(harmless(tokenSchema.parse(JSON.parse(data)).text))
    else if (event === 'citation') answer.citations.push(citationSchema.parse(JSON.parse(data)))
    else if (event === 'related') answer.related.push(citationSchema.parse(JSON.parse(data)))
    else if (event === 'receipt') answer.receipt = receiptSchema.parse(JSON.parse(data))
    else if (event === 'error') {
      wrapper.end()
      throw new CommandFailure(exitCodes.no, harmlessLine(errorSchema.parse(JSON.parse(data)).error.message))
    } else if (event === 'done') {
      wrapper.end()
      const { outcome } = doneSchema.parse(JSON.parse(data))
      return { ...answer, outcome: outcome === 'error' ? 'refused' : outcome }
    }
  }
  wrapper.end()
  throw new CommandFailure(exitCodes.unreachable, 'The answer broke off: the server closed the connection.')
}

function printSources({ print, style }: CommandContext, answer: Answer): void {
  const indent = style.columns === Infinity ? '' : '  '
  if (answer.outcome === 'not-found') {
    print(`${indent}Not found in your notes.`)
    if (answer.related.length > 0) print(`\n${indent}${style.bold('Nearest passages')}`)
    for (const passage of answer.related.slice(0, mostNearest)) printPassage(passage, { print, style, mark: '·' })
    return
  }
  for (const citation of answer.citations) printPassage(citation, { print, style, mark: `[${citation.n}]` })
}

/** More of what is no answer would push the question off the screen. */
const mostNearest = 3

/** `[1] handbook/hours.md › Core time`, and the quote below it. */
function printPassage(
  passage: Citation,
  { print, style, mark }: { print: CommandContext['print']; style: Style; mark: string },
): void {
  const indent = style.columns === Infinity ? '' : '  '
  const hanging = indent + ' '.repeat(mark.length + 1)
  const width = style.textColumns - hanging.length - 2
  const note = harmlessLine(passage.note)
  const heading =
    passage.heading === '' ? '' : cut(` › ${harmlessLine(passage.heading)}`, Math.max(0, width - widthOf(note)))
  print(`\n${indent}${style.accent(mark)} ${style.bold(note)}${style.dim(heading)}`)
  for (const line of shorten(wrap(harmlessLine(withoutAddresses(passage.quote)), width), 4))
    print(`${hanging}${style.dim(line)}`)
}

/** `[the form](https://…)` as “the form”: a terminal shows neither the link nor lines as long as an address. */
function withoutAddresses(quote: string): string {
  return quote.replace(/!?\[([^\]\n]*)\]\([^)\n]*\)/g, '$1')
}

function shorten(lines: readonly string[], most: number): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), `${lines[most - 1] ?? ''} …`]
}

function printReceipt({ print, style }: CommandContext, receipt: Receipt): void {
  const indent = style.columns === Infinity ? '' : '  '
  print()
  for (const line of wrap(describeReceipt(receipt), style.textColumns - 4)) print(`${indent}${style.dim(line)}`)
}

/** `qwen3:8b at ollama (local) · 1,204 tokens in, 88 out · $0.00 · cache miss · 840 ms` */
function describeReceipt(receipt: Receipt): string {
  const where = { local: 'on this machine', external: 'external', none: 'nothing was sent' }[receipt.egress]
  const ms = receipt.attempts.reduce((sum, attempt) => sum + attempt.ms, 0) + receipt.overheadMs
  const parts = [
    `${receipt.model} at ${receipt.provider} (${where})`,
    `${receipt.tokens.input.toLocaleString('en')} tokens in, ${receipt.tokens.output.toLocaleString('en')} out`,
    `$${receipt.costUsd.toFixed(receipt.costUsd < 0.01 && receipt.costUsd > 0 ? 6 : 2)}`,
    `cache ${receipt.cache.status}`,
    `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`,
    receipt.requestId,
  ]
  return parts.map(harmlessLine).join(' · ')
}
