/** Every command and address in the guide’s sections on asking the log and on reports works as written. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  auditPageSchema,
  auditReportIds,
  auditReportListSchema,
  auditReportSchema,
  auditReportTable,
  auditEntrySchema,
  auditSummarySchema,
  auditLevelsSchema,
  type AuditPageView,
} from '@cairn/contract'
import { repository, startServer, type RunningServer } from './harness.ts'

setDefaultTimeout(60_000)

const page = await readFile(join(repository, 'docs/guide/audit.md'), 'utf8')
const section = /## Ask the log\n([\s\S]*?)(?:\n## |$)/.exec(page)?.[1] ?? ''
const reports = /## Reports\n([\s\S]*?)(?:\n## |$)/.exec(page)?.[1] ?? ''
const commands = [...section.matchAll(/^cairn (.+)$/gm)].map(([, text = '']) => text.split(' '))
const addresses = [...section.matchAll(/"http:\/\/127\.0\.0\.1:8484(\/[^"]+)"/g)].map(([, path = '']) => path)

const reportCommands = [...reports.matchAll(/^cairn (.+)$/gm)].map(([, text = '']) => text.split(' '))
const reportAddresses = [...reports.matchAll(/"?http:\/\/127\.0\.0\.1:8484(\/[^"\s]+)"?/g)].map(([, path = '']) => path)

let server: RunningServer
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-guide-'))
  server = await startServer()
  await server.ask({ question: 'How long did our most recent recovery drill last?' })
  await server.call('/api/audit/events', { headers: { authorization: 'Bearer ck_nobody_0123456789abcdef0123456789' } })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

function cairn(args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const program = ['--no-env-file', join(repository, 'server/src/main.ts')]
  const child = spawn(process.execPath, [...program, ...args], {
    env: { ...server.env },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })))
}

test('the rules of the example are rules', () => {
  const [, example = ''] = /-d '(\{"keepDays"[\s\S]*?)' /.exec(page) ?? []
  expect(auditLevelsSchema.parse(JSON.parse(example)).rules).toHaveLength(2)
})

test('there are commands and addresses', () => {
  expect([commands.length, addresses.length]).toEqual([6, 4])
})

test.each(commands.map((args) => [args.join(' '), args] as const))('cairn %s', async (_, args) => {
  const { code, out, err } = await cairn(args)
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain(args.includes('--json') ? '"rows"' : 'As of ')
})

test.each(addresses.map((path) => [path]))('GET %s', async (path) => {
  if (path.includes('/stream')) {
    const reply = await server.call(path)
    const first = await reply.body?.getReader().read()
    expect(new TextDecoder().decode(first?.value)).toStartWith('event: ready\n')
    return
  }
  const reply = await server.call(path)
  expect(reply.status).toBe(200)
  const schema = path.includes('summary')
    ? auditSummarySchema
    : path.endsWith('/0')
      ? auditEntrySchema
      : auditPageSchema
  expect(schema.safeParse(await reply.json()).success).toBe(true)
})

test('every parameter in the table is one, and there is no other', async () => {
  const named = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  )
  const beside = ['order', 'limit', 'cursor', 'asOf', 'fresh']
  const { paths } = (await (await server.call('/openapi.json')).json()) as {
    paths: Record<string, { get: { parameters: { name: string }[] } }>
  }
  const known = paths['/api/audit/events']?.get.parameters.map(({ name }) => name)
  expect([...named, ...beside].toSorted()).toEqual(known?.toSorted() ?? [])
})

test('a program that keeps the cursor of an ascending question hears of everything once', async () => {
  const ask = async (cursor: string | null): Promise<AuditPageView> => {
    const more = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const reply = await server.call(`/api/audit/events?order=asc&fresh=true&type=question.asked${more}`)
    return (await reply.json()) as AuditPageView
  }
  const first = await ask(null)
  expect(first.entries).toHaveLength(1)
  await server.ask({ question: 'Who keeps the lamp?' })
  const second = await ask(first.next)
  expect(second.entries.map(({ seq }) => seq > (first.entries[0]?.seq ?? 0))).toEqual([true])
  expect((await ask(second.next)).entries).toEqual([])
})

test('the table of reports names each with what it is asked with', () => {
  const rows = [...reports.matchAll(/^\| `([\w-]+)` \| [^|]+ \| ([^|]*)\|$/gm)].map(([, id = '', asked = '']) => [
    id,
    [...asked.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  ])
  expect(rows).toEqual(auditReportIds.map((id) => [id, [...auditReportTable[id].parameters]]))
  expect([reportCommands.length, reportAddresses.length]).toEqual([5, 3])
})

test.each(reportCommands.map((args) => [args.join(' '), args] as const))('report: cairn %s', async (_, args) => {
  const { code, out, err } = await cairn(args)
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain(args.length === 2 ? 'access-review' : 'As of')
  const at = args.indexOf('--out')
  if (at > 0) expect(await readdir(folder)).toContain(args[at + 1] ?? '')
})

test.each(reportAddresses.map((path) => [path]))('report: GET %s', async (path) => {
  const reply = await server.call(path)
  expect(reply.status).toBe(200)
  if (path.includes('csv')) expect(await reply.text()).toStartWith('part,')
  else
    expect(
      (path.endsWith('/reports') ? auditReportListSchema : auditReportSchema).safeParse(await reply.json()).success,
    ).toBe(true)
})

test('the commands on how long it is kept work as written, one after the other', async () => {
  await server.post('/api/access/users', { name: 'Ann', email: 'ann@example.org' })
  const written = [...page.matchAll(/^npx cairn (audit (?:retention|hold).*)$/gm)].map(([, text = '']) => text)
  expect(written).toHaveLength(6)
  let hold = ''
  for (const text of written) {
    const words = [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word = '']) => quoted ?? word)
    const { code, out, err } = await cairn(words.map((word) => (word === 'HOLD' ? hold : word)))
    expect([text, code, err]).toEqual([text, 0, ''])
    hold = /hold_\w+/.exec(out)?.[0] ?? hold
  }
})
