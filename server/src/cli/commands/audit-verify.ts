/** `cairn audit verify`: whether the log is whole, asked of the server or of an archive alone. */
import { auditVerifyProgressSchema, auditVerifyReportSchema, type AuditVerifyReport } from '@cairn/contract'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { isVerifierKey, verifyArchive, verifyCodes } from '../../audit/index.ts'
import type { ServerEvent } from '../event-stream.ts'
import { CommandFailure, exitCodes, usageFailure } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { harmlessLine } from '../terminal/style.ts'
import type { CommandContext, CommandSpec } from '../types.ts'

export const auditVerify: CommandSpec = {
  name: 'audit verify',
  group: 'Look after',
  summary: 'Verify the audit log: that no entry was changed, left out or put in, and that every gap is explained.',
  args: [],
  flags: [
    { name: '--offline', value: 'FILE', path: true, summary: 'Verify an archive alone; no server is asked.' },
    {
      name: '--key',
      value: 'KEY',
      summary: 'Key of the log that you know from elsewhere, or a file that holds it; with --offline.',
    },
    {
      name: '--against',
      value: 'FILE',
      many: true,
      path: true,
      summary: 'File with a checkpoint that you have seen before; the log must go on from it. May be given many times.',
    },
    jsonFlag,
  ],
  example: 'cairn audit verify --offline audit.tar --key log.pub --against checkpoint.txt',
  answersNo: 'something is wrong with the log',
  run: async (context) => {
    const { flags, json, print } = context
    const archive = flags.value('--offline')
    if (archive === undefined && flags.has('--key'))
      throw usageFailure('--key goes with --offline; a server uses its own.')
    const against = await Promise.all(flags.values('--against').map((file) => readText(file)))
    const report =
      archive === undefined ? await askServer(context, against) : await verifyFile(context, { archive, against })
    if (json) print(JSON.stringify(report, null, 2))
    else for (const line of describeReport(report, context)) print(line)
    if (!json && archive !== undefined && !flags.has('--key'))
      print('  Its own key was used, which anybody could have put there. Give the one that you know with --key.')
    return report.ok ? exitCodes.done : exitCodes.no
  },
}

// --- The archive alone ------------------------------------------------------------------------------------------------

async function verifyFile(
  { flags, input }: CommandContext,
  { archive, against }: { readonly archive: string; readonly against: readonly string[] },
): Promise<AuditVerifyReport> {
  const given = flags.value('--key')
  const from = resolve(input.cwd, flags.value('--cwd') ?? '.')
  const key = given === undefined || isVerifierKey(given) ? given : await readText(resolve(from, given))
  try {
    const report = await verifyArchive({
      open: () => createReadStream(archive),
      against,
      ...(key === undefined ? {} : { key }),
    })
    return { ...report, errors: report.errors.map((each) => ({ ...each })) }
  } catch (cause) {
    if (cause instanceof TypeError) throw usageFailure(`${archive} cannot be verified: ${harmlessLine(cause.message)}.`)
    throw unreadable(archive, cause)
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function unreadable(file: string, cause: unknown): CommandFailure {
  const { code } = cause as NodeJS.ErrnoException
  return usageFailure(code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read (${code ?? 'error'}).`)
}

// --- The server -------------------------------------------------------------------------------------------------------

const errorSchema = z.object({ error: z.object({ message: z.string() }) })

async function askServer(
  { input, requireServer, json }: CommandContext,
  against: readonly string[],
): Promise<AuditVerifyReport> {
  const server = await requireServer()
  const output = input.stderr
  const isLive = output.isTTY === true && !json
  for await (const event of server.stream('/api/audit/verify', { against })) {
    const report = readReport(event)
    if (isLive) output.write('\r\u001B[2K')
    if (report !== null) return report
    const { data: progress } = auditVerifyProgressSchema.safeParse(parse(event.data))
    if (isLive && progress !== undefined)
      output.write(`${progress.done.toLocaleString('en')} of ${progress.size.toLocaleString('en')} entries`)
  }
  throw new CommandFailure(exitCodes.unreachable, 'The server closed the connection before it was done.')
}

function readReport({ event, data }: ServerEvent): AuditVerifyReport | null {
  if (event === 'error') {
    const { data: failure } = errorSchema.safeParse(parse(data))
    throw new CommandFailure(
      exitCodes.unreachable,
      harmlessLine(failure?.error.message ?? 'The log could not be verified.'),
    )
  }
  return event === 'report' ? auditVerifyReportSchema.parse(parse(data)) : null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

// --- What is printed --------------------------------------------------------------------------------------------------

const mostShown = 10

function describeReport(report: AuditVerifyReport, { style }: CommandContext): string[] {
  const number = (value: number) => value.toLocaleString('en')
  const { ok, size, minIndex, entries, blocks, checkpoints, root, origin, errors, errorCount } = report
  const found = errorCount === 1 ? 'One thing is' : `${number(errorCount)} things are`
  const shown = errors.slice(0, mostShown)
  const rest = errorCount - shown.length
  return [
    ok
      ? `${style.good('✓')} The log is whole: ${number(entries)} entries, ${number(checkpoints)} checkpoints.`
      : `${style.bad('✗')} ${found} wrong with the log.`,
    ...shown.flatMap(({ code, seq, detail }) => [
      `  ${style.bad(harmlessLine(code))}${seq === null ? '' : `  entry ${number(seq)}`}  ${harmlessLine(detail)}`,
      ...(explain(code) === null ? [] : [`    ${style.dim(explain(code) ?? '')}`]),
    ]),
    ...(rest > 0 ? [style.dim(`  and ${number(rest)} more; --json shows the first hundred`)] : []),
    `  ${style.dim('log')}     ${harmlessLine(origin)}`,
    `  ${style.dim('size')}    ${number(size)}${minIndex > 0 ? `, of which ${number(minIndex)} were pruned` : ''}`,
    `  ${style.dim('root')}    ${harmlessLine(root)}`,
    `  ${style.dim('blocks')}  ${number(blocks.full)} read, ${number(blocks.sealed)} sealed, ${number(blocks.gone)} gone${blocks.held > 0 ? `, ${number(blocks.held)} held` : ''}`,
  ]
}

function explain(code: string): string | null {
  return Object.hasOwn(verifyCodes, code) ? verifyCodes[code as keyof typeof verifyCodes] : null
}
